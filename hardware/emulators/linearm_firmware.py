"""What the emulated firmwares of text-protocol arms have in common: lines, moves, the joints.

The dialects are written from the firmwares' own behaviour, not from the descriptions that the
driver reads: a device made of the same templates would prove nothing about them.
"""

from __future__ import annotations

import math
import re
from abc import ABC, abstractmethod
from collections.abc import Callable, Sequence
from dataclasses import dataclass

from helmsight.hardware.emulators.device import Device

LINE_BYTES = 256  # beyond it a line is forgotten, as a firmware out of memory would
Position = tuple[float, ...]  # in units of the wire


@dataclass
class StraightMove:
    """A straight way in units of the wire, `run(t)` of it done after t seconds.

    run: share of the way, 0 to 1; seconds: when it is 1.
    """

    start: Position
    end: Position
    seconds: float
    run: Callable[[float], float]
    elapsed: float = 0.0

    def place(self) -> Position:
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
    match = re.match(r"\s*[-+]?(\d+\.?\d*|\.\d+)", text)
    return float(match[0]) if match else 0.0


class ArmJoints:
    """The joints of an emulated arm, as its firmware drives them: in units of the wire.

    What the firmware believes and where the joints are differ while the motors are off: then the
    joints stay, and the belief goes on. scale: m in one unit.
    """

    def __init__(self, device: Device, scale: float) -> None:
        self._device = device
        self._scale = scale

    @property
    def home(self) -> Position:
        """The home positions of the description."""
        return tuple(joint.home / self._scale for joint in self._device.spec.joint)

    @property
    def positions(self) -> Position:
        """Where the joints really are."""
        return tuple(position / self._scale for position in self._device.positions)

    @property
    def acceleration(self) -> float:
        """The acceleration that all joints can do, units/s^2."""
        return min(joint.acceleration for joint in self._device.spec.joint) / self._scale

    def record(self, kind: str) -> None:
        """Write down in the device's journal that something was carried out."""
        self._device.record(kind, self._device.now)

    def aim(self, start: Position, end: Position) -> None:
        """Set the joint targets to where a move from `start` to `end` leads."""
        axes = self._device.axes
        before = tuple(axis.target for axis in axes)
        for axis, way in zip(axes, _ways(start, end), strict=True):
            axis.target = axis.position + way * self._scale
        # the firmware takes hundredths: the same target again differs by rounding of floats only
        if any(abs(a - axis.target) > 1e-9 for a, axis in zip(before, axes, strict=True)):
            self.record("move")

    def follow(self, start: Position, end: Position, seconds: float) -> None:
        """Move the joints as the firmware's position goes from `start` to `end`."""
        for axis, way in zip(self._device.axes, _ways(start, end), strict=True):
            axis.velocity = way * self._scale / seconds if seconds else 0.0
            axis.position += way * self._scale

    def arrive(self) -> None:
        """End the motion at the target."""
        for axis in self._device.axes:
            if axis.moving:
                axis.position, axis.velocity = axis.target, 0.0

    def halt(self) -> None:
        """End the motion where the joints are."""
        for axis in self._device.axes:
            axis.freeze()


class Firmware(ABC):
    """A dialect: lines in, lines out, the moves in between. Units are those of the wire.

    place: where it believes to be. move: what is under way. energised: whether the motors hold.
    """

    scale = 0.001  # m in one unit

    def __init__(self, device: Device) -> None:
        self.joints = ArmJoints(device, self.scale)
        self.energised = False
        self.tool = False
        self.move: StraightMove | None = None
        self.place: Position = self.joints.home
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

    def barred(self, place: Position) -> str | None:
        """Return what is said when a move may not go on to `place`; it then ends."""
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

    def go(self, move: StraightMove) -> None:
        """Start a move now; the joints follow where the motors hold."""
        self.move = move
        if self.energised:
            self.joints.aim(self.place, move.end)

    def advance(self, seconds: float) -> list[str]:
        """Move for `seconds`; return what is said meanwhile."""
        if self.move is None:
            return []
        self.move.elapsed += seconds
        place = self.move.place()
        refusal = self.barred(place)
        if refusal is not None:
            self.move = None
            self.joints.halt()
            return [refusal]
        if self.energised:
            self.joints.follow(self.place, place, seconds)
        self.place = place
        if self.move.done:
            self.move = None
            self.joints.arrive()
        return []

    def switch_motors(self, *, on: bool) -> None:
        """Switch the motors, and write down a release."""
        if self.energised and not on:
            self.energised = on
            self.joints.record("release")
        self.energised = on

    def switch_tool(self, *, on: bool) -> None:
        """Switch the tool, and write it down if that is new."""
        if self.tool != on:
            self.tool = on
            self.joints.record("tool")


def _ways(start: Sequence[float], end: Sequence[float]) -> list[float]:
    return [b - a for a, b in zip(start, end, strict=True)]
