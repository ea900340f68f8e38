"""Emulated text-protocol arms: the controller, and what its firmwares have in common.

The dialects are written from the firmwares' own behaviour, not from the descriptions that the
driver reads: a device made of the same templates would prove nothing about them.
"""

from __future__ import annotations

import math
import re
from abc import ABC, abstractmethod
from collections.abc import Callable, Sequence
from dataclasses import dataclass

from helmsight.contract.errors import InvalidOption
from helmsight.hardware.emulators.device import Device
from helmsight.hardware.spec import RobotSpec

STEP_S = 0.001
LINE_BYTES = 256  # beyond it a line is forgotten, as a firmware out of memory would
Place = tuple[float, ...]


@dataclass
class StraightMove:
    """A straight way in units of the wire, `run(t)` of it done after t seconds.

    run: share of the way, 0 to 1; seconds: when it is 1.
    """

    start: Place
    end: Place
    seconds: float
    run: Callable[[float], float]
    elapsed: float = 0.0

    def place(self) -> Place:
        """Return where it leads to by now."""
        share = 1.0 if self.elapsed >= self.seconds else self.run(self.elapsed)
        return tuple(a + (b - a) * share for a, b in zip(self.start, self.end, strict=True))

    @property
    def done(self) -> bool:
        """Whether the end is reached."""
        return self.elapsed >= self.seconds


def trapezoid(
    distance: float, speed: float, acceleration: float
) -> tuple[float, Callable[[float], float]]:
    """Return the seconds of a way with ramps, and the share of it done after t seconds."""
    peak = min(speed, math.sqrt(distance * acceleration))
    ramp = peak / acceleration
    seconds = distance / peak + ramp if peak else 0.0

    def run(t: float) -> float:
        t = min(max(t, 0.0), seconds)
        if t < ramp:
            done = acceleration * t * t / 2.0
        elif t < seconds - ramp:
            done = peak * (t - ramp / 2.0)
        else:
            done = distance - acceleration * (seconds - t) ** 2 / 2.0
        return done / distance

    return seconds, run


def number(text: str) -> float:
    """Return the number that `text` begins with, 0 if it begins with none (Arduino's toFloat)."""
    found = re.match(r"\s*[-+]?(\d+\.?\d*|\.\d+)", text)
    return float(found[0]) if found else 0.0


class Firmware(ABC):
    """A dialect: lines in, lines out, the courses in between. Units are those of the wire."""

    scale = 0.001  # m in one unit

    def __init__(self, device: LineArmController) -> None:
        self.device = device
        self.energised = False
        self.tool = False
        self.course: StraightMove | None = None
        self.place: Place = tuple(joint.home / self.scale for joint in device.spec.joint)
        self._typed = bytearray()

    @abstractmethod
    def start(self) -> list[str]:
        """Return what is said at power up."""

    @abstractmethod
    def line(self, text: str) -> list[str]:
        """Take a whole line and return what is said to it at once."""

    def idle(self) -> list[str] | None:
        """Carry out one thing that waited for the end of the motion; None when nothing waits."""
        return None

    def on_way(self, place: Place) -> str | None:
        """Return what is said when a course may not go on to `place`; it then ends."""
        return None

    def take(self, byte: int) -> list[str]:
        """Take one byte. Lines end at CR or LF here."""
        if byte in b"\r\n":
            text, self._typed = bytes(self._typed), bytearray()
            return self.line(text.decode("latin-1")) if text else []
        self._typed.append(byte)
        if len(self._typed) > LINE_BYTES:
            self._typed.clear()
        return []

    def go(self, course: StraightMove) -> None:
        """Start a course now; the joints follow where the motors hold."""
        self.course = course
        self.device.aim(self.place, course.end, self.energised)

    def advance(self, seconds: float) -> list[str]:
        """Move for `seconds`; return what is said meanwhile."""
        if self.course is None:
            return []
        self.course.elapsed += seconds
        place = self.course.place()
        refused = self.on_way(place)
        if refused is not None:
            self.course = None
            self.device.follow(self.place, self.place, 1.0, self.energised)
            self.device.halt()
            return [refused]
        self.device.follow(self.place, place, seconds, self.energised)
        self.place = place
        if self.course.done:
            self.course = None
            self.device.arrive()
        return []


class LineArmController(Device):
    """A text-protocol arm; `device.dialect` of its description picks the firmware.

    `reboot` is what a power cut does to it. `firmware` is for tests to look into.
    """

    def __init__(self, spec: RobotSpec) -> None:
        from helmsight.hardware.emulators.linearm_dialects import DIALECTS

        super().__init__(spec)
        name = str(spec.device.get("dialect", ""))
        if name not in DIALECTS:
            raise InvalidOption(
                f"{spec.name}: nothing emulates device.dialect {name!r}; "
                f"there are {', '.join(DIALECTS)}"
            )
        if len(spec.joint) != 3 or any(joint.kind != "prismatic" for joint in spec.joint):
            raise InvalidOption(f"{spec.name}: the emulated firmwares have axes x, y, z in metres")
        self._kind = DIALECTS[name]
        self.firmware = self._kind(self)
        self._greeting = self.firmware.start()
        self._restarted = False

    @property
    def now(self) -> float:
        """The device's clock, s."""
        return self._now or 0.0

    def opened(self, now: float) -> list[bytes]:
        """Return the start lines after power up; opening again does not restart it."""
        said, self._greeting = self._greeting, []
        return _encoded(said)

    def reboot(self) -> None:
        """Restart the firmware: it believes to be at home, the joints stay where they are."""
        self.halt()
        self.firmware = self._kind(self)
        self._greeting = self.firmware.start()
        self._restarted = True

    def receive(self, data: bytes, now: float) -> list[bytes]:
        """Take bytes at `now`; see Device."""
        said = self.tick(now)
        for byte in data:
            said += _encoded(self.firmware.take(byte) + self._settle())
        return said

    def _pass(self, seconds: float, now: float) -> list[bytes]:
        said: list[str] = []
        if self._restarted:
            self._restarted = False
            said, self._greeting = self._greeting, []
        while seconds > 0.0 and self.firmware.course is not None:
            step = min(seconds, STEP_S)
            said += self.firmware.advance(step) + self._settle()
            seconds -= step
        return _encoded(said)

    def _settle(self) -> list[str]:
        """Let the firmware carry out what waits while nothing moves."""
        said: list[str] = []
        while self.firmware.course is None and (more := self.firmware.idle()) is not None:
            said += more
        return said

    # -- the joints, for the firmware -----------------------------------------------------------

    def switch(self, kind: str, firmware: Firmware, *, on: bool) -> None:
        """Switch the motors (kind `release`) or the tool, and write it down if that is new."""
        name = "energised" if kind == "release" else "tool"
        if getattr(firmware, name) != on:
            setattr(firmware, name, on)
            if kind == "tool" or not on:
                self.record(kind, self.now)

    def aim(self, here: Place, end: Place, energised: bool) -> None:
        """Set the joint targets to where a course from `here` to `end` leads."""
        if not energised:
            return
        before = tuple(axis.target for axis in self.axes)
        for axis, way in zip(self.axes, _ways(here, end), strict=True):
            axis.target = axis.position + way * self.firmware.scale
        # the firmware takes hundredths: the same target again differs by rounding of floats only
        if any(abs(a - axis.target) > 1e-9 for a, axis in zip(before, self.axes, strict=True)):
            self.record("move", self.now)

    def follow(self, here: Place, place: Place, seconds: float, energised: bool) -> None:
        """Move the joints as the firmware's place goes from `here` to `place`."""
        if not energised:
            return
        for axis, way in zip(self.axes, _ways(here, place), strict=True):
            axis.velocity = way * self.firmware.scale / seconds if seconds else 0.0
            axis.position += way * self.firmware.scale

    def arrive(self) -> None:
        """End the motion at the target."""
        for axis in self.axes:
            if axis.moving:
                axis.position, axis.velocity = axis.target, 0.0

    def halt(self) -> None:
        """End the motion where the joints are."""
        for axis in self.axes:
            axis.freeze()


def _ways(here: Sequence[float], end: Sequence[float]) -> list[float]:
    return [b - a for a, b in zip(here, end, strict=True)]


def _encoded(lines: list[str]) -> list[bytes]:
    return [line.encode("latin-1") for line in lines]
