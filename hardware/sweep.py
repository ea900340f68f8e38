"""Zeros from joints that were moved from end stop to end stop.

Only the middle of a range is the same on every arm, so the middle of what was seen becomes the
middle between the end stops; that is LeRobot's rule, too. A joint that is the tool is the
exception: how far a gripper opens differs, and a hand opens and closes it from its closed end, so
that end is what is the same. What was not seen of a range moves the zero, by half of it at the
middle and by all of it at an end: `ZERO_ERROR` says how much that may be.
"""

from __future__ import annotations

import math
from dataclasses import dataclass

from helmsight.hardware.spec import Joint, RobotSpec
from helmsight.hardware.ticks import ServoOptions, range_ticks, ticks_per_unit

ZERO_ERROR = 0.1  # rad of the servo's shaft by which an end that was not reached may move a zero
# rad of the servo's shaft by which a range may exceed the described one. Public calibrations of
# SO-101 arms exceed its URDF by up to 0.53 rad.
TOO_WIDE = 0.7
NEARLY_A_TURN = 0.75  # of the servo: a joint that moves so far may not have been swept at all


@dataclass(frozen=True)
class Swept:
    """One joint and the lowest and highest tick that were seen of it. sign: of ticks a rad or m.

    anchor: the position, rad or m, whose tick is sought, and the share of the range, from its
    lowest tick on, where it lies.
    """

    joint: Joint
    servo: ServoOptions
    low: int
    high: int
    sign: int
    anchor: tuple[float, float]

    @property
    def per_unit(self) -> float:
        """Ticks a rad or m, with its sign. Raises InvalidSpec as ticks_per_unit."""
        return self.sign * abs(ticks_per_unit(self.joint, self.servo))

    @property
    def zero(self) -> int:
        """The tick at 0 rad or m."""
        place, share = self.anchor
        return round(self.low + share * (self.high - self.low) - self.per_unit * place)

    @property
    def whole(self) -> float:
        """Ticks between the end stops."""
        return range_ticks(self.joint, self.servo)

    @property
    def missing(self) -> float:
        """Ticks between the end stops that were not seen."""
        return max(0.0, self.whole - (self.high - self.low))

    @property
    def zero_error(self) -> float:
        """By how much the zero may be wrong for what was not seen, rad of the servo's shaft."""
        share = 0.5 if self.anchor[1] == 0.5 else 1.0
        return share * self.missing * 2.0 * math.pi / self.servo.ticks

    @property
    def complete(self) -> bool:
        """Whether both ends were reached, as far as that can be told."""
        return self.zero_error <= ZERO_ERROR

    def mistake(self) -> str | None:
        """Return what is wrong with the range and what mends it, None if it gives a zero."""
        name, turn = self.joint.name, self.servo.ticks
        seen = self.high - self.low
        said = f"{name} was seen from tick {self.low} to {self.high}"
        if (self.low, self.high) == (0, turn - 1):
            if self.whole >= NEARLY_A_TURN * turn:
                return None  # LeRobot does not sweep a joint that turns all the way round
            return (
                f"{said}, all that its servo can count: it was never moved from end stop to end "
                "stop. Calibrate the arm (helmsight calibrate, or lerobot-calibrate)"
            )
        if not self.complete:
            return (
                f"{said}, {seen / self.whole:.0%} of the {self.whole:.0f} ticks between its end "
                f"stops: its zero could be {self.zero_error:.2f} rad wrong, {ZERO_ERROR:g} is "
                "allowed. Calibrate again and move it slowly from one end stop to the other; where "
                f"this arm's end stops are nearer, write them down: stops of {name}'s device table"
            )
        if (seen - self.whole) * 2.0 * math.pi / turn > TOO_WIDE:
            return (
                f"{said}, {seen} ticks, where {self.whole:.0f} lie between its end stops: this is "
                "another joint's range, or the end stops are further apart than the limits. Write "
                f"them down, then: stops of {name}'s device table"
            )
        return None


def missing_end(seen: Swept, own: Swept) -> str | None:
    """Return which end was not reached by the servo's own limits, "lower" or "upper", in ticks.

    None: both were, or the limits say nothing: of no plausible range, or of another count (one end
    has to agree for the other to be missed).
    """
    allowed = ZERO_ERROR * seen.servo.ticks / (2.0 * math.pi)
    if own.mistake() is not None or own.high - own.low >= seen.servo.ticks - 1:
        return None
    gaps = {"lower": seen.low - own.low, "upper": own.high - seen.high}
    for end, other in (("lower", "upper"), ("upper", "lower")):
        share = 1.0 - seen.anchor[1] if end == "lower" else seen.anchor[1]
        if abs(gaps[other]) <= allowed and share * gaps[end] > allowed:
            return end
    return None


def swept(spec: RobotSpec, index: int, low: int, high: int, sign: int | None = None) -> Swept:
    """Return joint `index` with what was seen of it. sign: the description's unless given."""
    joint = spec.joint[index]
    servo = spec.joint_options(ServoOptions)[index]
    sign = sign or servo.sign
    lower, upper = servo.stops_of(joint)
    anchor = ((lower + upper) / 2.0, 0.5)
    tool = spec.tool
    if tool.kind == "joint" and tool.joint == joint.name:
        assert tool.closed is not None
        at_lower = abs(tool.closed - lower) <= abs(tool.closed - upper)
        # the end with the fewer ticks is the lower one, unless ticks fall while the joint rises
        anchor = (lower if at_lower else upper, 0.0 if at_lower == (sign > 0) else 1.0)
    return Swept(joint, servo, low, high, sign, anchor)
