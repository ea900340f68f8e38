"""The port under the vendors' SDKs: every exchange comes to its end, however many bytes come."""

from __future__ import annotations

from typing import Any

import pytest

from helmsight.hardware.drivers.dynamixel import DxlSdk
from helmsight.hardware.drivers.feetech import ScsSdk
from helmsight.hardware.drivers.servoline import PATIENCE, SdkPort

REPLY_S = 0.01


class Endless:
    """A line that is never silent: a block every tenth of a millisecond, of its own clock."""

    baud = 1_000_000

    def __init__(self, block: bytes) -> None:
        self.now, self._block = 0.0, block

    def read(self, within_s: float = 0.0, size: int = 4096) -> bytes:
        self.now += 1e-4
        return self._block[:size]

    def write(self, data: bytes) -> None:
        """Nobody hears it."""

    def flush_input(self) -> int:
        return 0


@pytest.mark.parametrize("sdk", [ScsSdk, DxlSdk])
@pytest.mark.parametrize("part", ["ff", "00", "fffffd00", "ffff0104"])
def test_a_line_that_is_stuck_ends_a_question_when_its_patience_is_over(monkeypatch, sdk, part):
    line: Any = Endless(bytes.fromhex(part) * 16)

    def monotonic() -> float:
        line.now += 1e-6  # a look at the clock takes time, too
        return line.now

    monkeypatch.setattr("helmsight.hardware.drivers.servoline.time.monotonic", monotonic)
    port = SdkPort(line, REPLY_S)
    began = line.now
    assert not sdk().answers_ping(port, 1)
    assert line.now - began < 2 * PATIENCE * (REPLY_S + 0.001)
