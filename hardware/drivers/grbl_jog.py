"""Where a jog should be going: feeds that fit a time, and a watch over what was sent.

grbl has no checksum: a bit that turns over on the way can make another valid command. A
planned jog is what was really meant; every reading is compared with it.
"""

from __future__ import annotations

import math
import time
from collections.abc import Sequence
from dataclasses import dataclass, replace

Point = tuple[float, ...]
LEAD_S = 0.07  # controllers tell the speed of the step segment they plan, up to 60 ms ahead
BRAKED = 0.9  # share of the least speed below which somebody brakes, ...
JITTER = 1.0  # ... and by more than this, mm/s


@dataclass(frozen=True)
class AxisLimits:
    """Speeds (mm/s) and accelerations (mm/s^2) of the axes."""

    speeds: Point
    accelerations: Point

    def top(self, way: Sequence[float]) -> float:
        """Return the speed along `way` (mm) at which the first axis reaches its own, mm/s."""
        return _along(way, self.speeds)

    def ramp(self, way: Sequence[float]) -> float:
        """Return the acceleration along `way`, mm/s^2."""
        return _along(way, self.accelerations)

    def braking_s(self) -> float:
        """Return the seconds that the slowest axis needs from full speed to standstill."""
        return max(v / a for v, a in zip(self.speeds, self.accelerations, strict=True))

    def reach(self, way: Sequence[float], seconds: float) -> float:
        """Return how far it comes along `way` from rest to rest within `seconds`, mm."""
        v, a = self.top(way), self.ramp(way)
        if seconds < 2.0 * v / a:
            return a * seconds**2 / 4.0
        return v * (seconds - v / a)

    def speed_for(self, way: Sequence[float], seconds: float) -> float:
        """Return the speed with which `way` takes `seconds` from rest to rest, mm/s.

        A trapezoid with ramps a: d = v (T - v / a), so v = (a T - sqrt((a T)^2 - 4 a d)) / 2.
        """
        v, a, d = self.top(way), self.ramp(way), math.hypot(*way)
        root = (a * seconds) ** 2 - 4.0 * a * d
        return v if root < 0.0 else min(v, (a * seconds - math.sqrt(root)) / 2.0)

    def takes(self, way: Sequence[float], speed: float) -> float:
        """Return the seconds that `way` takes from rest to rest at `speed` (mm/s)."""
        d, a = math.hypot(*way), self.ramp(way)
        if d >= speed**2 / a:
            return d / speed + speed / a
        return 2.0 * math.sqrt(d / a)


@dataclass(frozen=True)
class PlannedJog:
    """One jog as it was meant. start, target: machine positions, mm; speed: mm/s.

    ends_s: time.monotonic() at which it should have arrived. ramp: acceleration, mm/s^2; 0 where
    brakes are not looked for. before: the jog that it was appended to, while that is under way.
    """

    start: Point
    target: Point
    speed: float
    ends_s: float
    ramp: float = 0.0
    before: PlannedJog | None = None

    def direction(self) -> Point:
        """Return the unit vector of the way; zeros for none."""
        way = tuple(t - s for t, s in zip(self.target, self.start, strict=True))
        length = math.hypot(*way)
        return tuple(part / length if length else 0.0 for part in way)

    def ends(self) -> tuple[Point, ...]:
        """Return where it may stand with nobody having stopped it: at the targets, last first."""
        return (self.target, *(self.before.ends() if self.before else ()))

    def trimmed(self, position: Point) -> PlannedJog:
        """Return it without the jogs before that are over at `position`."""
        if self.before is None:
            return self
        if self.before.ahead(position) <= 0.0:
            return replace(self, start=self.before.target, before=None)
        return replace(self, before=self.before.trimmed(position))

    def braked(self, position: Point, speed: float, grain: float) -> bool:
        """Return whether it goes slower (mm/s) than it does unless somebody brakes it."""
        return speed < BRAKED * self.least_speed(position, grain) - JITTER

    def least_speed(self, position: Point, grain: float = 0.0) -> float:
        """Return the speed that it has at `position` at least, mm/s; grain: how exact that is, mm.

        From rest to rest with ramps a: v = min(top, sqrt(2 a s), sqrt(2 a d)), s of the way behind
        and d ahead. A jog that others precede or follow is nowhere slower than that.
        """
        if self.before is not None and self.before.ahead(position) > 0.0:
            return self.before.least_speed(position, grain)
        start = self.start if self.before is None else self.before.target
        left = self.ahead(position)
        behind, ahead = math.dist(start, self.target) - left, left - self.speed * LEAD_S
        way = max(0.0, min(behind, ahead) - grain)
        return min(self.speed, math.sqrt(2.0 * self.ramp * way))

    def ahead(self, position: Point) -> float:
        """Return how much of the way is left at `position`, along it, mm; negative beyond."""
        way = self.direction()
        return sum(w * (t - p) for w, t, p in zip(way, self.target, position, strict=True))

    def fault(
        self, position: Point, at_rest: bool, *, tolerance: float, blend: float, slack_s: float
    ) -> str:
        """Return what is wrong with a reading, "" if nothing is.

        tolerance, blend: mm that the end and the way may be off; slack_s: how late it may be.
        """
        astray = distance_to(position, self.start, self.target)
        if astray > tolerance + blend:
            return f"off course by {astray:.2f} mm: a command was damaged on the way"
        short = math.dist(position, self.target)
        late = time.monotonic() - self.ends_s
        if at_rest and short > tolerance:
            return f"stands {short:.2f} mm before its target: a command was damaged or cut short"
        if not at_rest and late > slack_s:
            return f"still under way {late:.2f} s after it should have arrived"
        return ""


def distance_to(point: Point, start: Point, end: Point) -> float:
    """Return the distance of a point from the straight line between two others, mm."""
    way = [e - s for e, s in zip(end, start, strict=True)]
    square = sum(part * part for part in way)
    along = 0.0
    if square > 0.0:
        along = sum((p - s) * w for p, s, w in zip(point, start, way, strict=True)) / square
        along = min(1.0, max(0.0, along))
    return math.dist(point, [s + along * w for s, w in zip(start, way, strict=True)])


def _along(way: Sequence[float], most: Sequence[float]) -> float:
    length = math.hypot(*way)
    return min(
        (limit * length / abs(part) for part, limit in zip(way, most, strict=True) if part),
        default=min(most),
    )
