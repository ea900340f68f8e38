"""Engine and Propellant: the main engine and what it burns. Thrusts are of a vacuum."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from helmsight.envs.orbital import vehicles
from helmsight.envs.orbital.dynamics import G0
from helmsight.envs.orbital.krpc.errors import InvalidOperationException
from helmsight.envs.orbital.krpc.registry import absent, hidden, since
from helmsight.envs.orbital.krpc.space_center import thrust
from helmsight.envs.orbital.krpc.space_center.service import (
    NOTHING,
    AxisRange,
    clamped,
    finite,
    kept_property,
    service,
)
from helmsight.envs.orbital.krpc.space_center.thruster import ENGINE, Thruster
from helmsight.envs.orbital.krpc.types import Float
from helmsight.envs.orbital.stepping import DT
from helmsight.envs.orbital.vehicles import FUEL_UNIT_MASS

if TYPE_CHECKING:
    from helmsight.envs.orbital.krpc.space_center.part import Part

ONE_MODE = "the engine has one mode only"
RIGID = "the engine has no gimbal in the twin"


def _refused(kind: Any, why: str, doc: str) -> Any:
    """Return the property of what the engine has not, which the game refuses to tell or set."""

    def get(self: Engine) -> Any:
        raise InvalidOperationException(why)

    def put(self: Engine, value: Any) -> None:
        raise InvalidOperationException(why)

    return kept_property(absent(get), absent(put), kind, doc)


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

    @hidden
    def shares(self) -> dict[str, float]:
        """Return the shares by volume of what it burns; they add up to one."""
        figures = self.figures()
        fuel, oxidizer = figures.fuel_units, figures.oxidizer_units
        whole = fuel + oxidizer
        return {"LiquidFuel": fuel / whole, "Oxidizer": oxidizer / whole}

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

    def available_thrust_at(self, pressure: float) -> Float:
        """Thrust that it would have at full throttle in air of a pressure, atm, N."""
        return self.available_thrust * thrust.air_factor(self.of.owner, pressure)

    def max_thrust_at(self, pressure: float) -> Float:
        """Thrust at full throttle without a limit in air of a pressure, atm, N."""
        return self.max_thrust * thrust.air_factor(self.of.owner, pressure)

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

    @throttle.setter
    def throttle(self, value: Float) -> None:
        """Set a throttle of its own, which as in the game does nothing: it follows the vessel's."""
        finite(value, "the throttle")
        self.of.check()

    @property
    def independent_throttle(self) -> bool:
        """Whether it has a throttle of its own: it follows the vessel's."""
        self.of.check()
        return False

    @independent_throttle.setter
    def independent_throttle(self, value: bool) -> None:
        if value:
            raise InvalidOperationException(
                "the twin's engine follows Control.Throttle; limit it with ThrustLimit"
            )

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
    def kerbin_sea_level_specific_impulse(self) -> Float:
        """Specific impulse at Kerbin's sea level, s."""
        return self.specific_impulse_at(1.0)

    def specific_impulse_at(self, pressure: float) -> Float:
        """Specific impulse in air of a pressure, atm, s."""
        return self.specific_impulse * thrust.air_factor(self.of.owner, pressure)

    @property
    def propellant_names(self) -> list[str]:
        """What it burns."""
        return list(self.shares())

    @property
    def propellant_ratios(self) -> dict[str, Float]:
        """The parts by volume of what it burns; the largest counts as one."""
        shares = self.shares()
        most = max(shares.values())
        return {name: share / most for name, share in shares.items()}

    @property
    def propellants(self) -> list[Propellant]:
        """What it burns, and how much of it there is."""
        return [Propellant(self, name) for name in self.shares()]

    @property
    def can_restart(self) -> bool:
        """Whether it can be lit again."""
        return True

    @property
    def can_shutdown(self) -> bool:
        """Whether it can be shut down."""
        return True

    @property
    def thrusters(self) -> list[Thruster]:
        """Its nozzle."""
        self.of.check()
        return [Thruster(self.of, push) for push in ENGINE]

    @property
    @absent
    def has_modes(self) -> bool:
        """Whether it has several modes."""
        self.of.check()
        return False

    mode = _refused(str, ONE_MODE, "The mode that it is in; it has one only.")
    auto_mode_switch = _refused(bool, ONE_MODE, "Whether it changes its mode by itself.")

    @property
    @absent
    def modes(self) -> dict[str, Engine]:
        """Its modes, which engines with one only do not tell."""
        raise InvalidOperationException(ONE_MODE)

    @absent
    def toggle_mode(self) -> None:
        """Change to its other mode, which it has not."""
        raise InvalidOperationException(ONE_MODE)

    @property
    @absent
    def gimballed(self) -> bool:
        """Whether its nozzle swivels: the twin's does not, the wheels steer."""
        self.of.check()
        return False

    @property
    @absent
    def gimbal_range(self) -> Float:
        """How far its nozzle swivels, degrees."""
        self.of.check()
        return 0.0

    gimbal_locked = _refused(bool, RIGID, "Whether its gimbal is locked.")
    gimbal_limit = _refused(Float, RIGID, "The limit of its gimbal.")

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
class Propellant:
    """Something that an engine burns."""

    engine: Engine
    called: str

    @property
    def name(self) -> str:
        """Its name."""
        return self.called

    @property
    def ratio(self) -> Float:
        """Its part by volume of what is burnt, 0.9 or 1.1 as KSP's part files have it."""
        return 2.0 * self.engine.shares()[self.called]

    @property
    def current_amount(self) -> float:
        """What the engine got of it in the last tick, units."""
        return self.current_requirement if self.engine.has_fuel else 0.0

    @property
    def current_requirement(self) -> float:
        """What the engine wants of it in a tick as it is throttled now, units."""
        engine = self.engine
        if not engine.active:
            return 0.0
        wanted = engine.max_thrust * engine.thrust_limit * engine.throttle
        flow = wanted / (engine.specific_impulse * G0 * FUEL_UNIT_MASS)
        return flow * DT * engine.shares()[self.called]

    @property
    def total_resource_available(self) -> float:
        """What the engine can reach of it, units."""
        return self.engine.of.owner.resources.amount(self.called)

    @property
    def total_resource_capacity(self) -> float:
        """What the tanks hold of it when they are full, units."""
        return self.engine.of.owner.resources.max(self.called)

    @property
    def ignore_for_isp(self) -> bool:
        """Whether it does not count for the specific impulse: it does."""
        self.engine.of.check()
        return False

    @property
    def ignore_for_thrust_curve(self) -> bool:
        """Whether it does not count for the thrust: it does."""
        self.engine.of.check()
        return False

    @property
    def draw_stack_gauge(self) -> bool:
        """Whether the game draws a gauge of it: of liquid fuel."""
        self.engine.of.check()
        return self.called == "LiquidFuel"

    @property
    def is_deprived(self) -> bool:
        """Whether the engine lacks it."""
        return not self.engine.has_fuel
