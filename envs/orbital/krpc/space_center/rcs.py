"""RCS: the thruster blocks. They push and do not turn the craft; their thrusts are of a vacuum."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from helmsight.envs.orbital.krpc.errors import InvalidOperationException
from helmsight.envs.orbital.krpc.space_center.service import (
    NOTHING,
    AxisRange,
    kept_property,
    service,
)
from helmsight.envs.orbital.krpc.space_center.thruster import BLOCK, Thruster
from helmsight.envs.orbital.krpc.space_center.vectors import Vector, dot, scale
from helmsight.envs.orbital.krpc.types import Float

if TYPE_CHECKING:
    from helmsight.envs.orbital.krpc.space_center.part import Part

NOZZLE = 1000.0
"""Thrust of a nozzle of a thruster block, N."""
SEA_LEVEL_IMPULSE = 100.0
"""Specific impulse of the thrusters at Kerbin's sea level, s."""
AXES: tuple[Vector, ...] = ((1.0, 0.0, 0.0), (0.0, 1.0, 0.0), (0.0, 0.0, 1.0))


def _use(what: str, *, used: bool) -> Any:
    """Return the property of what the thrusters are used for, which the twin does not change."""

    def get(self: RCS) -> bool:
        self.of.check()
        return used

    def put(self: RCS, value: bool) -> None:
        self.of.check()
        if value != used:
            raise InvalidOperationException(
                "the twin's thruster blocks fire together, to translate and not to turn; switch "
                "them with Control.RCS"
            )

    return kept_property(get, put, bool, f"Whether it fires to {what}: {'yes' if used else 'no'}.")


def _pushed(nozzles: list[Thruster], force: float) -> Vector:
    """Return the force along the craft's axes, each of them either way by the sign of `force`."""
    x, y, z = (
        force * sum(max(0.0, dot(nozzle.along_craft(), scale(axis, force))) for nozzle in nozzles)
        for axis in AXES
    )
    return (x, y, z)


@service.remote
@dataclass(frozen=True)
class RCS:
    """A thruster block: nozzles to the nose, to the rear and to either side of its arm."""

    of: Part

    enabled = _use("work at all", used=True)
    forward_enabled = _use("go forward and back", used=True)
    right_enabled = _use("go right and left", used=True)
    up_enabled = _use("go up and down", used=True)
    pitch_enabled = _use("pitch", used=False)
    yaw_enabled = _use("yaw", used=False)
    roll_enabled = _use("roll", used=False)

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
    def has_fuel(self) -> bool:
        """Whether there is mono-propellant for it."""
        vessel = self.of.owner
        return bool(vessel.game.fleet.propellant[0, vessel.index()] > 0.0)

    @property
    def thrusters(self) -> list[Thruster]:
        """Its nozzles."""
        self.of.check()
        return [Thruster(self.of, push) for push in BLOCK]

    @property
    def available_force(self) -> AxisRange:
        """Force along right, forward and down, N, while RCS is on and fed."""
        if not (self.active and self.has_fuel):
            return NOTHING
        nozzles = self.thrusters
        return AxisRange(*(scale(_pushed(nozzles, way), NOZZLE) for way in (1.0, -1.0)))

    @property
    def available_torque(self) -> AxisRange:
        """Torque, N m: the twin fires thrusters for translation only."""
        self.of.check()
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
    def thrust_limit(self) -> Float:
        """The limit of its thrust, 0 to 1: the twin's is always 1."""
        self.of.check()
        return 1.0

    @thrust_limit.setter
    def thrust_limit(self, value: Float) -> None:
        if value != 1.0:
            raise InvalidOperationException(
                "the thrust of the twin's thruster blocks has no limit; give a smaller input"
            )

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
