"""Register ticks of one servo against rad or m of its joint."""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import Annotated, Literal, Self

from pydantic import Field, model_validator

from helmsight.hardware.errors import InvalidSpec
from helmsight.hardware.spec import Finite, Joint, Positive, Table

EXACT = 1e-4  # of a tick: a limit that is a tick, but for the dust of floating point


def inward(one: float, other: float) -> tuple[int, int]:
    """Return the lowest and the highest whole tick between two limits in ticks, in any order."""
    low, high = sorted((one, other))
    return math.ceil(low - EXACT), math.floor(high + EXACT)


class ServoOptions(Table):
    """`joint.device` of a servo bus.

    id: on the bus. zero: tick at 0 rad or m. sign: 1 when ticks rise with the joint. ticks: a turn
    of the servo. travel: m a turn of the servo, for prismatic joints only. stops: where the end
    stops of this arm are, rad or m; None: at the joint's limits. model, mode: what the servo's
    registers must say; None: what the driver expects. torque_limit: share of full torque; None:
    the bus's.
    """

    id: Annotated[int, Field(ge=0, le=252)]
    zero: int = 2048
    sign: Literal[1, -1] = 1
    ticks: Annotated[int, Field(gt=0)] = 4096
    travel: Positive | None = None
    stops: tuple[Finite, Finite] | None = None
    model: int | None = None
    mode: int | None = None
    torque_limit: Annotated[float, Field(gt=0, le=1)] | None = None

    @model_validator(mode="after")
    def _in_order(self) -> Self:
        if self.stops is not None and self.stops[0] >= self.stops[1]:
            raise ValueError(f"stops {list(self.stops)}: the first must be below the second")
        return self

    def stops_of(self, joint: Joint) -> tuple[float, float]:
        """Return where the end stops of a joint are, rad or m."""
        return self.stops or (joint.lower, joint.upper)


@dataclass(frozen=True)
class TickScale:
    """One joint's conversion. per_unit: ticks a rad or m, with its sign. lower, upper: ticks."""

    id: int
    zero: int
    per_unit: float
    lower: int
    upper: int

    def tick(self, value: float) -> int:
        """Return the nearest tick of a position, rad or m."""
        return round(self.zero + value * self.per_unit)

    def value(self, ticks: float) -> float:
        """Return the position at a tick, rad or m."""
        return (ticks - self.zero) / self.per_unit + 0.0  # never -0

    def rate(self, ticks: float) -> float:
        """Return the velocity, rad/s or m/s, of so many ticks a second."""
        return ticks / self.per_unit + 0.0

    def within(self, lower: int, upper: int) -> TickScale:
        """Return this scale with a range that is not wider than the given one."""
        low, high = max(self.lower, lower), min(self.upper, upper)
        return TickScale(self.id, self.zero, self.per_unit, low, high)


def ticks_per_unit(joint: Joint, servo: ServoOptions) -> float:
    """Return ticks a rad or m, with the described sign.

    Raises:
        InvalidSpec: a prismatic joint without `travel`, or another joint with it.
    """
    if (joint.kind == "prismatic") != (servo.travel is not None):
        raise InvalidSpec(
            f"{joint.name} is {joint.kind}: device.travel (m a turn of the servo) belongs to "
            "prismatic joints, and only to them"
        )
    return servo.sign * servo.ticks / (servo.travel or 2.0 * math.pi)


def range_ticks(joint: Joint, servo: ServoOptions) -> float:
    """Return the ticks from end stop to end stop, above 0. Raises as ticks_per_unit."""
    lower, upper = servo.stops_of(joint)
    return abs(ticks_per_unit(joint, servo)) * (upper - lower)
