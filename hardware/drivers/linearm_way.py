"""How a text-protocol arm is told to go somewhere: units, speeds, and ways in pieces. No I/O."""

from __future__ import annotations

import math
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass

from helmsight.hardware.errors import BadReply
from helmsight.hardware.robot import JointTargets
from helmsight.hardware.spec import RobotSpec
from helmsight.hardware.ticks import inward
from helmsight.hardware.wire.linearm import Protocol

SLACK = 1.02  # of the horizon: positions are rounded


@dataclass(frozen=True)
class Leg:
    """One command of a way. place: joint targets, rad or m; speed: units of the wire."""

    place: tuple[float, ...]
    speed: float
    seconds: float


class WireUnits:
    """Joint positions in SI units and in the units of the wire."""

    def __init__(self, spec: RobotSpec, protocol: Protocol) -> None:
        self._names = spec.names
        self._digits = protocol.decimals
        self._joints = spec.joint
        self.units = tuple(
            protocol.length_unit if joint.kind == "prismatic" else protocol.angle_unit
            for joint in spec.joint
        )

    def words(self, place: Sequence[float]) -> dict[str, str]:
        """Return the placeholders of a place, rounded to what is sent."""
        # + 0.0: no "-0.00", which some parsers refuse
        numbers = (f"{number + 0.0:.{self._digits}f}" for number in self._numbers(place))
        return dict(zip(self._names, numbers, strict=True))

    def rounded(self, place: Sequence[float]) -> tuple[float, ...]:
        """Return `place` as it is sent, rad or m."""
        return tuple(n * u for n, u in zip(self._numbers(place), self.units, strict=True))

    def _numbers(self, place: Sequence[float]) -> Iterator[float]:
        """Yield what is nearest to a place in units of the wire, within the joints' limits."""
        step = 10.0**-self._digits
        for joint, value, unit in zip(self._joints, place, self.units, strict=True):
            low, high = inward(joint.lower / unit / step, joint.upper / unit / step)
            whole = round(value / unit / step)
            inside = min(high, max(low, whole)) if joint.lower <= value <= joint.upper else whole
            yield round(inside * step, self._digits)

    def read(self, groups: Mapping[str, str], prefix: str = "") -> tuple[float, ...] | None:
        """Return the place in the groups of a reply, None where it does not tell one."""
        try:
            texts = [groups[prefix + name] for name in self._names]
            return tuple(float(t) * u for t, u in zip(texts, self.units, strict=True))
        except KeyError:
            return None
        except ValueError:
            raise BadReply(f"expected numbers for {', '.join(self._names)}: {groups}") from None

    def agree(self, first: Sequence[float], second: Sequence[float], tolerance: float) -> bool:
        """Return whether two places are the same within `tolerance` units of the wire."""
        return all(
            abs(a - b) <= tolerance * u * 1.001
            for a, b, u in zip(first, second, self.units, strict=True)
        )


@dataclass(frozen=True)
class SpeedProfile:
    """How fast a way may be gone. top: rad/s or m/s; ramp: rad/s^2 or m/s^2, None without ramps."""

    top: float
    ramp: float | None
    protocol: Protocol

    @classmethod
    def along(cls, spec: RobotSpec, protocol: Protocol, delta: Sequence[float]) -> SpeedProfile:
        """Return the pace in the direction of `delta` that keeps every joint and the tool slow."""
        slides = [d for d, j in zip(delta, spec.joint, strict=True) if j.kind == "prismatic"]
        least = max(abs(d) / j.speed for d, j in zip(delta, spec.joint, strict=True))
        least = protocol.peak * max(least, math.hypot(*slides) / spec.limits.tool_speed)
        top = math.hypot(*delta) / least if least else 0.0
        return cls(
            top, min(j.acceleration for j in spec.joint) if protocol.ramps else None, protocol
        )

    def least(self, distance: float) -> float:
        """Return the shortest time for `distance`, s."""
        if not distance:
            return 0.0
        if self.ramp is None:
            return distance / self.top
        peak = min(self.top, math.sqrt(distance * self.ramp))
        whole = distance / peak + peak / self.ramp
        piece = self.protocol.slice_s
        if piece is None or whole <= piece:
            return whole
        return math.ceil(distance / self._reach(piece) - 1e-6) * piece

    def _reach(self, seconds: float) -> float:
        """Return how far one command leads at most, from rest to rest in `seconds`."""
        assert self.ramp is not None
        peak = min(self.top, self.ramp * seconds / 2.0)
        return peak * (seconds - peak / self.ramp)

    def split(self, distance: float, seconds: float) -> tuple[float, float, int]:
        """Return the speed (units of the wire) and seconds of every command, and their number."""
        unit, piece = self.protocol.speed_unit, self.protocol.slice_s
        if not distance:
            return max(self.protocol.speed_least, 1.0), 0.0, 1
        if self.ramp is not None and piece and seconds > piece:  # whole pieces, as `least` counts
            count = max(math.ceil(distance / self._reach(piece) - 1e-6), int(seconds / piece))
            seconds = count * piece
        else:
            count = max(1, math.ceil(seconds / piece - 1e-6)) if piece else 1
        way, time_s = distance / count, seconds / count
        if self.ramp is not None:  # time = way / speed + speed / ramp
            root = (self.ramp * time_s) ** 2 - 4.0 * self.ramp * way
            return (self.ramp * time_s - math.sqrt(max(0.0, root))) / 2.0 / unit, time_s, count
        speed = way / time_s / unit
        if speed < self.protocol.speed_least:
            speed, seconds = self.protocol.speed_least, distance / self.protocol.speed_least / unit
            count = max(1, math.ceil(seconds / piece - 1e-6)) if piece else 1
        return speed, seconds / count, count


def legs(
    spec: RobotSpec,
    protocol: Protocol,
    here: Sequence[float],
    targets: JointTargets,
) -> tuple[list[Leg], tuple[str, ...]]:
    """Return the commands that lead from `here` towards the targets, and notes.

    A way that takes longer than the horizon, at the speed asked for or at full speed, is cut short
    there: the note says so, `Sent.positions` where. An arm that was taken out of its limits can so
    be brought back in steps.
    """
    delta = [b - a for a, b in zip(here, targets.positions, strict=True)]
    distance, horizon = math.hypot(*delta), spec.limits.horizon_s
    pace = SpeedProfile.along(spec, protocol, delta)
    least = pace.least(distance)
    duration = max(targets.duration_s or horizon, least)
    part = 1.0 if duration <= horizon * SLACK else horizon / duration
    notes = () if part == 1.0 else (f"cut to {part:.0%} of the way, {horizon:g} s of motion",)
    speed, seconds, count = pace.split(distance * part, duration * part)
    steps = [part * (i + 1) / count for i in range(count)]
    return [
        Leg(tuple(a + d * s for a, d in zip(here, delta, strict=True)), speed, seconds)
        for s in steps
    ], notes


def full_speed(spec: RobotSpec, protocol: Protocol) -> float:
    """Return a speed that no joint exceeds in any direction, units of the wire."""
    slowest = min(joint.speed for joint in spec.joint)
    return max(protocol.speed_least, slowest / protocol.peak / protocol.speed_unit)


def rates(
    spec: RobotSpec,
    protocol: Protocol,
    places: tuple[tuple[float, ...], tuple[float, ...]],
    took_s: float,
) -> tuple[float, ...]:
    """Return the velocities between two readings, rad/s or m/s.

    Raises:
        BadReply: no joint could go that far in `took_s`, so one of them was damaged.
    """
    velocities = []
    still = protocol.answers == "standing"
    for joint, before, after in zip(spec.joint, *places, strict=True):
        unit = protocol.length_unit if joint.kind == "prismatic" else protocol.angle_unit
        way = 0.0 if still else 2.0 * joint.speed * protocol.peak * took_s
        if abs(after - before) > way + protocol.tolerance * unit:
            raise BadReply(
                f"{joint.name}: readings {1000.0 * took_s:.0f} ms apart: {before:g} and {after:g}"
            )
        velocities.append(0.0 if still else (after - before) / took_s)
    return tuple(velocities)


def restart(name: str) -> str:
    """Return what is said of an arm that has started again by itself."""
    return (
        f"{name} has restarted: it no longer knows where it stands. Put it at its start pose or "
        "home it (LineArm.home), then connect again"
    )
