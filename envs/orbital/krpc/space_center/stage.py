"""Stage: what a stage fires or throws off, and what its engine can do; from kRPC 0.7 on.

The Lady has one stage with an engine, 0; a drone has none, as thrusters are no engines.
Nothing comes off any craft.
"""

from __future__ import annotations

from dataclasses import dataclass
from math import log
from typing import TYPE_CHECKING

from helmsight.envs.orbital.dynamics import G0
from helmsight.envs.orbital.krpc.errors import InvalidOperationException
from helmsight.envs.orbital.krpc.registry import named, since
from helmsight.envs.orbital.krpc.space_center.resources import Resources
from helmsight.envs.orbital.krpc.space_center.service import service
from helmsight.envs.orbital.krpc.types import Float

if TYPE_CHECKING:
    from helmsight.envs.orbital.krpc.space_center.engine import Engine
    from helmsight.envs.orbital.krpc.space_center.part import Part
    from helmsight.envs.orbital.krpc.space_center.vessel import Vessel

NEVER = -1
"""Number of the stage of parts that no stage fires or throws off."""


@service.remote
@since("0.7.0")
@dataclass(frozen=True)
class Stage:
    """A stage of a vessel; if `decoupling` of what comes off, else of what is fired."""

    vessel: Vessel
    of: int
    decoupling: bool

    @property
    def number(self) -> int:
        """Its number."""
        return self.of

    @property
    def parts(self) -> list[Part]:
        """The parts that it fires or throws off."""
        everything = self.vessel.parts.all
        if self.decoupling:
            return [part for part in everything if part.decouple_stage == self.of]
        return [part for part in everything if part.stage == self.of]

    def resources(self, cumulative: bool = True) -> Resources:
        """What is in the tanks that come off with it, or with it and those after it."""
        return Resources(self.vessel, everything=self.of == NEVER or (cumulative and self.of < 0))

    @property
    def delta_v(self) -> Float:
        """Change of velocity that its fuel is good for, m/s."""
        return self.specific_impulse * G0 * log(self.start_mass / self.end_mass)

    @property
    def vacuum_delta_v(self) -> Float:
        """Change of velocity in a vacuum, m/s."""
        return self.delta_v

    @property
    def sea_level_delta_v(self) -> Float:
        """Change of velocity at Kerbin's sea level, m/s."""
        return self.delta_v * self.sea_level_specific_impulse / self.specific_impulse

    @property
    def thrust(self) -> Float:
        """Thrust at full throttle, N."""
        return self._engine().max_thrust

    @property
    def vacuum_thrust(self) -> Float:
        """Thrust in a vacuum, N."""
        return self.thrust

    @property
    def sea_level_thrust(self) -> Float:
        """Thrust at Kerbin's sea level, N."""
        return self._engine().max_thrust_at(1.0)

    @property
    @named("TWR")
    def twr(self) -> Float:
        """Thrust over the weight on Kerbin's ground."""
        return self.thrust / (self.start_mass * G0)

    @property
    @named("VacuumTWR")
    def vacuum_twr(self) -> Float:
        """The same in a vacuum."""
        return self.twr

    @property
    @named("SeaLevelTWR")
    def sea_level_twr(self) -> Float:
        """The same at Kerbin's sea level."""
        return self.sea_level_thrust / (self.start_mass * G0)

    @property
    def specific_impulse(self) -> Float:
        """Specific impulse, s."""
        return self._engine().specific_impulse

    @property
    def vacuum_specific_impulse(self) -> Float:
        """Specific impulse in a vacuum, s."""
        return self.specific_impulse

    @property
    def sea_level_specific_impulse(self) -> Float:
        """Specific impulse at Kerbin's sea level, s."""
        return self._engine().kerbin_sea_level_specific_impulse

    @property
    def burn_time(self) -> Float:
        """Time at full throttle until its fuel is spent, s."""
        return self.fuel_mass * self.specific_impulse * G0 / self.thrust

    @property
    def start_mass(self) -> Float:
        """Mass of the vessel before it burns, kg."""
        return self.vessel.mass

    @property
    def end_mass(self) -> Float:
        """Mass of the vessel after it has burnt, kg."""
        return self.vessel.mass - self.fuel_mass

    @property
    def dry_mass(self) -> Float:
        """Mass of the vessel without propellant, kg."""
        self._engine()
        return self.vessel.dry_mass

    @property
    def fuel_mass(self) -> Float:
        """Mass of the fuel that it burns, kg."""
        self._engine()
        return self.vessel.mass - self.vessel.dry_mass

    def _engine(self) -> Engine:
        engines = self.vessel.parts.engines
        if self.decoupling or not engines or engines[0].of.stage != self.of:
            raise InvalidOperationException(
                f"stage {self.of} of {self.vessel.name} burns nothing; only the stage of a main "
                "engine has a delta-v"
            )
        return engines[0]
