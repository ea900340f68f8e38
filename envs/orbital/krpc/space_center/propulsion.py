"""Engine, RCS and ReactionWheel: what moves and turns a craft. Thrusts are those of a vacuum."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from helmsight.envs.orbital import vehicles
from helmsight.envs.orbital.krpc.errors import InvalidOperationException
from helmsight.envs.orbital.krpc.registry import hidden, since
from helmsight.envs.orbital.krpc.space_center import thrust
from helmsight.envs.orbital.krpc.space_center.service import (
    NOTHING,
    AxisRange,
    both_ways,
    clamped,
    service,
)
from helmsight.envs.orbital.krpc.space_center.vectors import scale
from helmsight.envs.orbital.krpc.types import Float

if TYPE_CHECKING:
    from helmsight.envs.orbital.krpc.space_center.parts import Part

BLOCKS = 8  # that share a drone's thrust
NOZZLE = 1000.0
"""Thrust of a nozzle of a thruster block, N."""
SEA_LEVEL_IMPULSE = 100.0
"""Specific impulse of the thrusters at Kerbin's sea level, s."""


@service.remote
@dataclass(frozen=True)
class Engine:
    """A main engine, along the nose. It is off until its stage is fired or it is set active."""

    of: Part

    @hidden
    def figures(self) -> vehicles.MainEngine:
        """Return what it can do."""
        engine = self.of.owner.vehicle().engine
        assert engine is not None
        return engine

    @property
    def part(self) -> Part:
        """The part that it is."""
        return self.of

    @property
    def active(self) -> bool:
        """Whether it is on."""
        vessel = self.of.owner
        return bool(vessel.game.fleet.ignited[0, vessel.index()])

    @active.setter
    def active(self, value: bool) -> None:
        vessel = self.of.owner
        vessel.game.fleet.ignited[0, vessel.index()] = value

    @property
    def has_fuel(self) -> bool:
        """Whether there is fuel for it."""
        return thrust.has_fuel(self.of.owner)

    @property
    def thrust(self) -> Float:
        """Thrust now, N."""
        return thrust.current(self.of.owner)

    @property
    def available_thrust(self) -> Float:
        """Thrust that it would have at full throttle, N: none while it is off or dry."""
        return thrust.available(self.of.owner)

    @property
    def max_thrust(self) -> Float:
        """Thrust at full throttle without a limit, N."""
        return self.figures().thrust

    @property
    def max_vacuum_thrust(self) -> Float:
        """Thrust at full throttle in a vacuum, N."""
        return self.figures().thrust

    @property
    def thrust_limit(self) -> Float:
        """The limit of the thrust, 0 to 1."""
        return thrust.limit(self.of.owner)

    @thrust_limit.setter
    def thrust_limit(self, value: Float) -> None:
        thrust.set_limit(self.of.owner, clamped(value, 0.0, 1.0, "the thrust limit"))

    @property
    def throttle(self) -> Float:
        """The throttle that it follows, 0 to 1."""
        return thrust.throttle(self.of.owner)

    @property
    def throttle_locked(self) -> bool:
        """Whether the throttle cannot be changed."""
        return False

    @property
    def specific_impulse(self) -> Float:
        """Specific impulse, s."""
        return self.figures().specific_impulse

    @property
    def vacuum_specific_impulse(self) -> Float:
        """Specific impulse in a vacuum, s."""
        return self.figures().specific_impulse

    @property
    def propellant_names(self) -> list[str]:
        """What it burns."""
        return ["LiquidFuel", "Oxidizer"]

    @property
    def propellant_ratios(self) -> dict[str, Float]:
        """The parts by volume of what it burns; liquid fuel counts as one."""
        figures = self.figures()
        return {"LiquidFuel": 1.0, "Oxidizer": figures.oxidizer_units / figures.fuel_units}

    @property
    def can_restart(self) -> bool:
        """Whether it can be lit again."""
        return True

    @property
    def can_shutdown(self) -> bool:
        """Whether it can be shut down."""
        return True

    @property
    def has_modes(self) -> bool:
        """Whether it has several modes."""
        return False

    @property
    def gimballed(self) -> bool:
        """Whether its nozzle swivels: the twin's does not, the wheels steer."""
        return False

    @property
    def available_torque(self) -> AxisRange:
        """Torque by its gimbal, N m: none."""
        return NOTHING

    @property
    @since("0.7.0")
    def flameout(self) -> bool:
        """Whether it is on and gets no fuel."""
        return self.active and not self.has_fuel


@service.remote
@dataclass(frozen=True)
class RCS:
    """A thruster block: an eighth of the drone's thrust. It pushes and does not turn the craft."""

    of: Part

    @property
    def part(self) -> Part:
        """The part that it is."""
        return self.of

    @property
    def active(self) -> bool:
        """Whether it would fire: RCS is on."""
        vessel = self.of.owner
        return bool(vessel.game.fleet.rcs[0, vessel.index()])

    @property
    def enabled(self) -> bool:
        """Whether it is enabled."""
        return True

    @enabled.setter
    def enabled(self, value: bool) -> None:
        if not value:
            raise InvalidOperationException(
                "the twin's thruster blocks fire together; switch them with Control.RCS"
            )

    @property
    def has_fuel(self) -> bool:
        """Whether there is mono-propellant for it."""
        vessel = self.of.owner
        return bool(vessel.game.fleet.propellant[0, vessel.index()] > 0.0)

    @property
    def available_force(self) -> AxisRange:
        """Force along right, forward and down, N, while RCS is on and fed."""
        whole = self.of.owner.available_rcs_force
        return both_ways(scale(whole.positive, 1.0 / BLOCKS))

    @property
    def available_torque(self) -> AxisRange:
        """Torque, N m: the twin fires thrusters for translation only."""
        return NOTHING

    @property
    def available_thrust(self) -> Float:
        """Thrust of a nozzle, N, while RCS is on and fed."""
        return NOZZLE if self.active and self.has_fuel else 0.0

    @property
    def max_thrust(self) -> Float:
        """Thrust of a nozzle, N."""
        return NOZZLE

    @property
    def max_vacuum_thrust(self) -> Float:
        """Thrust of a nozzle in a vacuum, N."""
        return NOZZLE

    @property
    def specific_impulse(self) -> Float:
        """Specific impulse, s."""
        return self.of.owner.vehicle().specific_impulse

    @property
    def vacuum_specific_impulse(self) -> Float:
        """Specific impulse in a vacuum, s."""
        return self.of.owner.vehicle().specific_impulse

    @property
    def kerbin_sea_level_specific_impulse(self) -> Float:
        """Specific impulse at Kerbin's sea level, s."""
        return SEA_LEVEL_IMPULSE

    @property
    def propellants(self) -> list[str]:
        """What it burns."""
        return ["MonoPropellant"]

    @property
    def propellant_ratios(self) -> dict[str, Float]:
        """The parts by volume of what it burns."""
        return {"MonoPropellant": 1.0}

    @property
    def forward_enabled(self) -> bool:
        """Whether it fires forward and back."""
        return True

    @property
    def right_enabled(self) -> bool:
        """Whether it fires right and left."""
        return True

    @property
    def up_enabled(self) -> bool:
        """Whether it fires up and down."""
        return True

    @property
    def pitch_enabled(self) -> bool:
        """Whether it fires to pitch: not in the twin."""
        return False

    @property
    def yaw_enabled(self) -> bool:
        """Whether it fires to yaw: not in the twin."""
        return False

    @property
    def roll_enabled(self) -> bool:
        """Whether it fires to roll: not in the twin."""
        return False


@service.remote
@dataclass(frozen=True)
class ReactionWheel:
    """A reaction wheel. The twin's are never shut off and never break."""

    of: Part

    @property
    def part(self) -> Part:
        """The part that it is, or that holds it."""
        return self.of

    @property
    def active(self) -> bool:
        """Whether it is on."""
        return True

    @active.setter
    def active(self, value: bool) -> None:
        if not value:
            raise InvalidOperationException("the twin's reaction wheels cannot be shut off")

    @property
    def broken(self) -> bool:
        """Whether it is broken."""
        return False

    @property
    def available_torque(self) -> AxisRange:
        """Torque in pitch, roll and yaw, N m: an equal share of the craft's."""
        whole = self.of.owner.available_reaction_wheel_torque
        share = 1.0 / len(self.of.owner.parts.reaction_wheels)
        return both_ways(scale(whole.positive, share))

    @property
    def max_torque(self) -> AxisRange:
        """Torque in pitch, roll and yaw, N m."""
        return self.available_torque
