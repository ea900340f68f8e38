"""What a pulse width means: the joints of a description and the channels of a helm board."""

from __future__ import annotations

from typing import Annotated, Self

from pydantic import Field, model_validator

from helmsight.hardware.errors import InvalidSpec
from helmsight.hardware.spec import Finite, Positive, RobotSpec, Table
from helmsight.hardware.ticks import inward
from helmsight.hardware.wire.helm import (
    CHANNELS,
    SPEED_MAX,
    SPEED_MIN,
    TICKS_PER_US,
    WIDTH_MAX,
    WIDTH_MIN,
    Config,
)


class HobbyServo(Table):
    """A joint's `device` table: which channel drives it and what a pulse width means.

    zero_us: the width at position 0. us_per_rad: how much longer a radian makes it.
    """

    channel: Annotated[int, Field(ge=0, lt=CHANNELS)]
    zero_us: Finite
    us_per_rad: Positive
    sign: Annotated[int, Field(ge=-1, le=1)] = 1

    @model_validator(mode="after")
    def _turns(self) -> Self:
        if self.sign == 0:
            raise ValueError("sign must be 1 or -1")
        return self

    def ticks(self, position: float) -> int:
        """Return the width for `position` (rad), in ticks."""
        return round(self._width(position))

    def ticks_within(self, position: float, lower: float, upper: float) -> int:
        """Return the nearest width for `position` within two limits (rad), in ticks."""
        low, high = inward(self._width(lower), self._width(upper))
        return min(high, max(low, self.ticks(position)))

    def _width(self, position: float) -> float:
        return TICKS_PER_US * (self.zero_us + self.sign * self.us_per_rad * position)

    def position(self, ticks: int) -> float:
        """Return the position (rad) that a width stands for."""
        return (ticks / TICKS_PER_US - self.zero_us) / (self.sign * self.us_per_rad)

    def rate(self, ticks_per_s: float) -> float:
        """Return the velocity (rad/s) that a change of width stands for."""
        return ticks_per_s / TICKS_PER_US / (self.sign * self.us_per_rad)

    def config(self, lower: float, upper: float, start: float, speed: float) -> Config:
        """Return the channel's limits on the board for those of the joint (rad, rad/s)."""
        low, high = inward(self._width(lower), self._width(upper))
        widest = int(speed * self.us_per_rad * TICKS_PER_US)
        first = self.ticks_within(start, lower, upper)
        return Config(self.channel, low, high, first, min(widest, SPEED_MAX))


def servos(spec: RobotSpec) -> tuple[HobbyServo, ...]:
    """Return the servo of every joint.

    Raises:
        InvalidSpec: a missing or unknown key, two joints on one channel, a joint that does not
            turn, or limits beyond what the board drives.
    """
    spec.options(Table)  # no keys: a misspelt one is an error here, too
    result = spec.joint_options(HobbyServo)
    taken: dict[int, str] = {}
    for joint, servo in zip(spec.joint, result, strict=True):
        if joint.kind != "revolute":
            raise InvalidSpec(f"{spec.name}: joint {joint.name!r}: helm drives revolute joints")
        if servo.channel in taken:
            raise InvalidSpec(
                f"{spec.name}: joints {taken[servo.channel]!r} and {joint.name!r} "
                f"are both on channel {servo.channel}"
            )
        taken[servo.channel] = joint.name
        config = servo.config(joint.lower, joint.upper, joint.home, joint.speed)
        if config.lower < WIDTH_MIN or config.upper > WIDTH_MAX:
            raise InvalidSpec(
                f"{spec.name}: joint {joint.name!r}: its limits are pulses of "
                f"{config.lower / TICKS_PER_US:g} to {config.upper / TICKS_PER_US:g} us; "
                f"expected {WIDTH_MIN / TICKS_PER_US:g} to {WIDTH_MAX / TICKS_PER_US:g} us: "
                "check lower, upper, zero_us and us_per_rad"
            )
        if config.speed < SPEED_MIN:
            raise InvalidSpec(
                f"{spec.name}: joint {joint.name!r}: speed {joint.speed:g} rad/s is below "
                f"{servo.rate(SPEED_MIN) * servo.sign:.3g} rad/s, the slowest that the board keeps"
            )
    return result
