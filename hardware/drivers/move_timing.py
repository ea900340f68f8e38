"""How fast each joint must go so that all of them arrive together, in time."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass

from helmsight.hardware.spec import Joint


@dataclass(frozen=True)
class MoveTiming:
    """share: of the way that can be gone; speeds: rad/s or m/s; seconds: until all arrive."""

    share: float
    speeds: tuple[float, ...]
    seconds: float


def time_move(
    ways: Sequence[float], joints: Sequence[Joint], duration_s: float, horizon_s: float
) -> MoveTiming:
    """Return the pace of a move from standstill to standstill on trapezoidal profiles.

    It takes `duration_s`, or as long as the joints need with their speeds and accelerations, but
    never longer than the horizon: of a longer way only the share that fits is gone.
    """
    lengths = [abs(way) for way in ways]
    share = min(1.0, horizon_s / duration_s)
    for length, joint in zip(lengths, joints, strict=True):
        furthest = _furthest(joint, horizon_s)
        if share * length > furthest:
            share = furthest / length
    lengths = [share * length for length in lengths]
    needed = [_needed(joint, length) for length, joint in zip(lengths, joints, strict=True)]
    seconds = min(horizon_s, max(min(duration_s, horizon_s), *needed))
    speeds = tuple(
        min(joint.speed, _speed(joint, length, seconds))
        for length, joint in zip(lengths, joints, strict=True)
    )
    return MoveTiming(share, speeds, seconds)


def _furthest(joint: Joint, seconds: float) -> float:
    """Return the longest way in `seconds`, from standstill to standstill."""
    v, a = joint.speed, joint.acceleration
    return v * (seconds - v / a) if seconds >= 2.0 * v / a else a * seconds**2 / 4.0


def _needed(joint: Joint, length: float) -> float:
    """Return the shortest time of a way."""
    v, a = joint.speed, joint.acceleration
    return length / v + v / a if length >= v * v / a else 2.0 * math.sqrt(length / a)


def _speed(joint: Joint, length: float, seconds: float) -> float:
    """Return the cruising speed of a way that takes `seconds`: length / v + v / a = seconds."""
    a = joint.acceleration
    root = math.sqrt(max(0.0, (a * seconds) ** 2 - 4.0 * a * length))
    return 2.0 * a * length / (a * seconds + root)  # the smaller root, without cancellation
