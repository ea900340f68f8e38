"""Emulated text-protocol arms: the controller around a firmware's dialect."""

from __future__ import annotations

from helmsight.contract.errors import InvalidOption
from helmsight.hardware.emulators.device import Device
from helmsight.hardware.emulators.linearm_dialects import DIALECTS
from helmsight.hardware.spec import RobotSpec

STEP_S = 0.001


class LineArmController(Device):
    """A text-protocol arm; `device.dialect` of its description picks the firmware.

    `reboot` is what a power cut does to it. `firmware` is for tests to look into.
    """

    def __init__(self, spec: RobotSpec) -> None:
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

    def opened(self, now: float) -> list[bytes]:
        """Return the start lines after power up; opening again does not restart it."""
        return _encoded(self._greet())

    def reboot(self) -> None:
        """Restart the firmware: it believes to be at home, the joints stay where they are."""
        self.firmware.joints.halt()
        self.firmware = self._kind(self)
        self._greeting = self.firmware.start()
        self._restarted = True

    def receive(self, data: bytes, now: float) -> list[bytes]:
        """Take bytes at `now`; see Device."""
        messages = self.tick(now)
        for byte in data:
            messages += _encoded(self.firmware.take(byte) + self._settle())
        return messages

    def _pass(self, seconds: float, now: float) -> list[bytes]:
        lines: list[str] = []
        if self._restarted:
            self._restarted = False
            lines += self._greet()
        while seconds > 0.0 and self.firmware.move is not None:
            step = min(seconds, STEP_S)
            lines += self.firmware.advance(step) + self._settle()
            seconds -= step
        return _encoded(lines)

    def _greet(self) -> list[str]:
        """Return the start lines, once."""
        lines, self._greeting = self._greeting, []
        return lines

    def _settle(self) -> list[str]:
        """Let the firmware carry out what waits while nothing moves."""
        lines: list[str] = []
        while self.firmware.move is None and (more := self.firmware.idle()) is not None:
            lines += more
        return lines


def _encoded(lines: list[str]) -> list[bytes]:
    return [line.encode("latin-1") for line in lines]
