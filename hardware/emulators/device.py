"""The emulated device: bytes in, bytes out, motion in time. No I/O, so tests can own the clock."""

from __future__ import annotations

from abc import ABC, abstractmethod
from dataclasses import dataclass

from helmsight.hardware.emulators.motion import EmulatedAxis
from helmsight.hardware.spec import RobotSpec


@dataclass(frozen=True)
class JournalEntry:
    """One command that the device carried out.

    kind: `move`, `hold`, `stop`, `release`, `reset` or `tool`. positions: the joint targets that
    are in force afterwards, rad or m; `place` is where they were then. Commands that changed
    nothing (the same absolute target again) are not listed.
    """

    at_s: float
    kind: str
    positions: tuple[float, ...] = ()
    place: tuple[float, ...] = ()


class Device(ABC):
    """A stateful device of one robot description, at byte level.

    `axes` is the truth about its joints; `journal` is what it carried out, in order;
    `outside` lists targets beyond the description's limits that it was told to go to.
    """

    def __init__(self, spec: RobotSpec) -> None:
        self.spec = spec
        self.axes = [
            EmulatedAxis(j.home, 0.0, j.home, speed=j.speed, acceleration=j.acceleration)
            for j in spec.joint
        ]
        self.journal: list[JournalEntry] = []
        self.outside: list[JournalEntry] = []
        self._now: float | None = None

    @abstractmethod
    def receive(self, data: bytes, now: float) -> list[bytes]:
        """Take bytes from the host at `now` (s, monotonic) and return messages in answer."""

    def opened(self, now: float) -> list[bytes]:
        """Return what the device says when a host opens the port (a banner, or nothing)."""
        return []

    def tick(self, now: float) -> list[bytes]:
        """Let time pass up to `now`; return what the device says unasked."""
        if self._now is None:
            self._now = now
        seconds, self._now = max(0.0, now - self._now), max(now, self._now)
        return self._pass(seconds, now)

    def _pass(self, seconds: float, now: float) -> list[bytes]:
        """Move the axes; devices with watchdogs and alarms add theirs."""
        for axis in self.axes:
            axis.advance(seconds)
        return []

    def start_homed(self) -> None:
        """Stand at `home`, homed by an earlier run; devices without homing do so anyway."""
        for axis, joint in zip(self.axes, self.spec.joint, strict=True):
            axis.position = axis.target = joint.home

    @property
    def now(self) -> float:
        """The device's clock, s."""
        return self._now or 0.0

    @property
    def positions(self) -> tuple[float, ...]:
        """Where the joints really are, rad or m."""
        return tuple(axis.position for axis in self.axes)

    @property
    def standing(self) -> bool:
        """Whether no joint moves."""
        return not any(axis.moving for axis in self.axes)

    @property
    def resting(self) -> bool:
        """Whether nothing happens in it until it is sent something that finer ticks would show."""
        return False

    def record(self, kind: str, now: float) -> None:
        """Write down a command that was carried out, and whether it leads out of the limits."""
        entry = JournalEntry(now, kind, tuple(axis.target for axis in self.axes), self.positions)
        self.journal.append(entry)
        if kind == "move" and any(
            not joint.lower - 1e-3 <= target <= joint.upper + 1e-3
            for joint, target in zip(self.spec.joint, entry.positions, strict=True)
        ):
            self.outside.append(entry)
