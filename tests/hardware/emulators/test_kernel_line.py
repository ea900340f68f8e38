"""An emulator, and the fair clock of the tests, notice bytes that wait in the kernel."""

from __future__ import annotations

import os
import select
from contextlib import closing

import pytest

from helmsight.hardware.emulators.kernel_line import KernelLine

pytestmark = pytest.mark.serial


def test_a_byte_that_has_not_come_is_waited_for_and_the_next_one_sent_after_it() -> None:
    with closing(KernelLine()) as line:
        for _ in range(2):
            assert not line.waits()
            assert select.select([line.host], [], [], 600.0)[0]
        os.read(line.host, 1)  # as if it were still on its way
        assert line.waits()
        assert line.waits()
        os.write(line.device, b"\0")
        assert select.select([line.host], [], [], 600.0)[0]
        assert not line.waits()
