"""A link whose thread is kept waiting, and one whose other end is."""

from __future__ import annotations

import os
import threading
import time
from collections.abc import Iterator
from types import SimpleNamespace

import pytest

from helmsight.hardware import line_clocks
from helmsight.hardware.emulators.device import Device
from helmsight.hardware.emulators.serve import Emulation
from helmsight.hardware.framing import Lines
from helmsight.hardware.link import SerialLink
from helmsight.hardware.spec import load_spec

pytestmark = pytest.mark.serial


@pytest.fixture
def ends() -> Iterator[tuple[int, SerialLink]]:
    """The device's end of a line, and the link at the other end of it."""
    import pty
    import tty

    device, host = pty.openpty()
    tty.setraw(host)
    line = SerialLink(os.ttyname(host), 115200)
    line.open()
    yield device, line
    line.close()
    os.close(device)
    os.close(host)


def arrives(device: int, line: SerialLink, data: bytes) -> None:
    """Send from the device, and wait until the system has it at the other end."""
    os.write(device, data)
    port = line._serial
    assert port is not None
    end = time.monotonic() + 600.0
    while port.in_waiting < len(data):
        assert time.monotonic() < end
        time.sleep(0.001)


@pytest.mark.parametrize(("what", "looks"), [("bytes", 1), ("frames", 3)])
def test_a_host_that_was_kept_from_looking_looks_once_more(ends, monkeypatch, what, looks) -> None:
    device, line = ends
    arrived = [b"re\n", b"he"]  # half of it is there before
    if what == "frames":
        arrives(device, line, arrived.pop())
    seconds = [0.0] * looks  # then the thread is kept waiting until all time is over

    def monotonic() -> float:
        if seconds:
            return seconds.pop()
        while arrived:
            arrives(device, line, arrived.pop())
        return 1e9

    monkeypatch.setattr(line_clocks, "time", SimpleNamespace(monotonic=monotonic))
    if what == "bytes":
        assert line.read(0.03) == b"here\n"
    else:
        assert list(line.frames(Lines(), 0.03)) == ["here"]


class Slow(Device):
    """Answers when it is let, as an emulator does that gets no processor before."""

    def __init__(self) -> None:
        super().__init__(load_spec("gantry"))
        self.asked, self.let = threading.Event(), threading.Event()

    def receive(self, data: bytes, now: float) -> list[bytes]:
        self.asked.set()
        assert self.let.wait(600.0)
        return [data]


@pytest.fixture
def asked() -> Iterator[tuple[Slow, SerialLink]]:
    """A device that was asked and has not answered yet, and the line to it."""
    device = Slow()
    with Emulation(device) as emulation:
        line = SerialLink(emulation.port, 115200)
        line.open()
        line.write(b"well?")
        assert device.asked.wait(600.0)
        yield device, line
        line.close()


def test_an_emulator_that_is_kept_waiting_is_not_silent(asked: tuple[Slow, SerialLink]) -> None:
    device, line = asked
    begun = time.monotonic()
    threading.Timer(0.2, device.let.set).start()
    assert line.read(4 * line_clocks.TURN_S) == b"well?"
    assert time.monotonic() - begun > 4 * line_clocks.TURN_S  # it was late by the system's


def test_an_emulator_that_has_died_is_not_waited_for_for_ever(
    asked: tuple[Slow, SerialLink],
) -> None:
    device, line = asked
    assert line.read(0.5) == b""
    device.let.set()


def test_a_port_goes_by_the_system_s_clock_before_and_after_its_emulation() -> None:
    with Emulation(Slow()) as emulation:
        port = emulation.port
        assert port in line_clocks._EMULATED
    assert port not in line_clocks._EMULATED
    before = time.monotonic()
    assert before <= line_clocks.now(port) <= time.monotonic()
    assert before <= line_clocks.now("/dev/ttyACM0") <= time.monotonic()


def test_a_turn_counts_as_long_as_one_takes_and_a_dead_emulator_s_in_full(monkeypatch) -> None:
    now = SimpleNamespace(seconds=100.0)
    clock_of = SimpleNamespace(monotonic=lambda: now.seconds)
    monkeypatch.setattr(line_clocks, "time", clock_of)
    clock = line_clocks.TurnClock()
    for _ in range(10):
        now.seconds += 0.01
        clock.turned()
    assert clock() == pytest.approx(100.1)
    now.seconds += 1.0  # kept waiting
    assert clock() == pytest.approx(100.1 + line_clocks.TURN_S)
    clock.turned()
    assert clock() == pytest.approx(100.1 + line_clocks.TURN_S)
    clock.turned(waits=True)
    now.seconds += 1.0  # the kernel keeps what was answered
    assert clock() == pytest.approx(100.1 + line_clocks.TURN_S)
    clock.turned()
    now.seconds += line_clocks.DEAD_S
    assert clock() == pytest.approx(105.1 + line_clocks.TURN_S)
