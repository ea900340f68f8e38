"""The port under the vendors' SDKs: every exchange comes to its end, however many bytes come."""

from __future__ import annotations

import os
import time
from typing import Any

import pytest

from helmsight.hardware.drivers.dynamixel import DxlSdk
from helmsight.hardware.drivers.feetech import ScsSdk
from helmsight.hardware.drivers.servoline import PATIENCE, SdkPort
from helmsight.hardware.link import SerialLink

REPLY_S = 0.01


class Endless:
    """A line that is never silent: a block every tenth of a millisecond, of its own clock."""

    baud = 1_000_000

    def __init__(self, block: bytes) -> None:
        self.seconds, self._block = 0.0, block

    def now(self) -> float:
        self.seconds += 1e-6  # a look at the clock takes time, too
        return self.seconds

    def read(self, within_s: float = 0.0, size: int = 4096) -> bytes:
        self.seconds += 1e-4
        return self._block[:size]

    def write(self, data: bytes) -> None:
        """Nobody hears it."""

    def flush_input(self) -> int:
        return 0


@pytest.mark.parametrize("sdk", [ScsSdk, DxlSdk])
@pytest.mark.parametrize("part", ["ff", "00", "fffffd00", "ffff0104"])
def test_a_line_that_is_stuck_ends_a_question_when_its_patience_is_over(monkeypatch, sdk, part):
    line: Any = Endless(bytes.fromhex(part) * 16)
    monkeypatch.setattr("helmsight.hardware.drivers.servoline.time.monotonic", line.now)
    port = SdkPort(line, REPLY_S)
    began = line.seconds
    assert not sdk().answers_ping(port, 1)
    assert line.seconds - began < 2 * PATIENCE * (REPLY_S + 0.001)


@pytest.mark.serial
def test_an_answer_that_came_in_time_counts_however_late_it_is_looked_for() -> None:
    """The thread that waits may be kept from looking for as long as the servos may take."""
    import pty
    import tty

    device, host = pty.openpty()
    tty.setraw(host)
    link = SerialLink(os.ttyname(host), 1_000_000)
    link.open()
    try:
        port = SdkPort(link, REPLY_S)
        port.setPacketTimeout(6)
        assert port.readPort(6) == b""
        os.write(device, b"answer")
        time.sleep(2 * PATIENCE * REPLY_S)
        assert not port.isPacketTimeout()
        assert port.readPort(6) == b"answer"
        assert port.readPort(6) == b""
        assert port.isPacketTimeout()
    finally:
        link.close()
        os.close(device)
        os.close(host)
