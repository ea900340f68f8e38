"""Emulations behind a device node, and the link that opens them."""

from __future__ import annotations

import os
import time
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from helmsight.contract.errors import InvalidOption
from helmsight.hardware.emulators.device import Device
from helmsight.hardware.emulators.serve import Emulation
from helmsight.hardware.errors import LinkLost, PortUnavailable
from helmsight.hardware.framing import Lines
from helmsight.hardware.link import SerialLink
from helmsight.hardware.spec import load_spec

pytestmark = pytest.mark.serial


class Echo(Device):
    """Says hello to whoever opens the port and gives back what it hears."""

    def opened(self, now: float) -> list[bytes]:
        return [b"hello\n"]

    def receive(self, data: bytes, now: float) -> list[bytes]:
        return [data]


@pytest.fixture
def echo() -> Iterator[Emulation]:
    with Emulation(Echo(load_spec("gantry"))) as emulation:
        yield emulation


@pytest.fixture
def link(echo: Emulation) -> Iterator[SerialLink]:
    link = SerialLink(echo.port, 115200)
    link.open()
    yield link
    link.close()


def heard(link: SerialLink, size: int, within_s: float = 600.0) -> bytes:
    deadline, got = time.monotonic() + within_s, b""
    while len(got) < size and time.monotonic() < deadline:
        got += link.read(0.05)
    return got


def repeat(work: Callable[[], object]) -> None:
    for _ in range(100):
        work()


def wait_for(condition: Callable[[], bool], within_s: float = 600.0) -> None:
    deadline = time.monotonic() + within_s
    while not condition():
        assert time.monotonic() < deadline, "waited in vain"
        time.sleep(0.005)


def test_every_byte_comes_back(link: SerialLink) -> None:
    assert heard(link, 6) == b"hello\n"
    sent = bytes(range(256))
    link.write(sent)
    assert heard(link, 256) == sent
    assert (link.counters.bytes_in, link.counters.bytes_out) == (262, 256)


def test_whoever_opens_the_port_again_is_greeted_again(echo: Emulation) -> None:
    for _ in range(2):
        link = SerialLink(echo.port, 115200)
        link.open()
        assert heard(link, 6) == b"hello\n"
        link.close()
        wait_for(lambda: not echo._present)


def test_a_port_is_opened_once(echo: Emulation, link: SerialLink) -> None:
    with pytest.raises(PortUnavailable, match="busy"):
        SerialLink(echo.port, 115200).open()


def test_an_unplug_is_a_lost_link_and_comes_back(echo: Emulation, link: SerialLink) -> None:
    heard(link, 6)
    echo.unplug(0.2)

    def lost() -> bool:
        try:
            link.write(b"x")
            link.read(0.01)
        except LinkLost:
            return True
        return False

    wait_for(lost)
    link.reopen(5.0)
    assert heard(link, 6) == b"hello\n"
    assert link.counters.reconnects == 1


@pytest.mark.parametrize(
    "use", [SerialLink.flush_input, SerialLink.read, lambda link: link.write(b"x")]
)
def test_every_use_of_an_unplugged_port_is_one_kind_of_error(
    echo: Emulation, link: SerialLink, use: Callable[[SerialLink], object]
) -> None:
    echo.unplug(60.0)
    wait_for(lambda: not os.path.exists(echo.port))
    with pytest.raises(LinkLost):
        repeat(lambda: use(link))


def test_a_port_that_does_not_come_back_is_given_up(echo: Emulation, link: SerialLink) -> None:
    assert link.is_there
    echo.unplug(60.0)
    wait_for(lambda: not os.path.exists(echo.port))
    assert not link.is_there
    with pytest.raises(LinkLost, match=r"not back within 0\.1 s"):
        link.reopen(0.1)
    assert SerialLink("socket://127.0.0.1:1", 9600).is_there  # nothing tells before it is opened


def test_a_peer_that_takes_nothing_blocks_nobody(tmp_path: Path) -> None:
    import pty

    master, slave = pty.openpty()  # nobody reads the other end
    link = SerialLink(os.ttyname(slave), 115200, write_s=0.1)
    link.open()
    try:
        with pytest.raises(LinkLost, match="write"):
            repeat(lambda: link.write(bytes(4096)))
    finally:
        link.close()
        os.close(master)
        os.close(slave)


def test_late_replies_are_thrown_away_and_stay_in_order() -> None:
    with Emulation(Echo(load_spec("gantry")), faults="delay=60ms:0.5", seed=4) as emulation:
        link = SerialLink(emulation.port, 115200)
        link.open()
        heard(link, 6)
        for n in range(20):
            link.write(b"%02d\n" % n)
            time.sleep(0.005)
        assert heard(link, 60).split() == [b"%02d" % n for n in range(20)]
        link.write(b"late\n")
        time.sleep(0.2)
        assert link.flush_input() == 5
        assert link.read() == b""
        link.close()


def test_frames_are_yielded_as_they_arrive(link: SerialLink) -> None:
    link.write(b"one\r\ntwo\r")
    got = []
    for line in link.frames(Lines(), 2.0):
        got.append(line)
        if len(got) == 3:
            break
    assert got == ["hello", "one", "two"]
    assert link.counters.frames_in == 3


def test_a_port_that_is_not_there_says_so() -> None:
    with pytest.raises(PortUnavailable, match=r"not there. Ports that are: .*cable"):
        SerialLink("/dev/ttyNONE7", 9600).open()


def test_a_file_is_no_port(tmp_path: Path) -> None:
    path = tmp_path / "notes.txt"
    path.write_text("x", encoding="utf-8")
    with pytest.raises(PortUnavailable, match="cannot be opened as a serial port"):
        SerialLink(str(path), 9600).open()


def test_an_emulation_does_not_replace_a_file(tmp_path: Path) -> None:
    path = tmp_path / "precious"
    path.write_text("x", encoding="utf-8")
    with pytest.raises(InvalidOption, match="there already"):
        Emulation(Echo(load_spec("gantry")), path)
    assert path.read_text(encoding="utf-8") == "x"


def test_an_emulation_leaves_nothing_behind(tmp_path: Path) -> None:
    with Emulation(Echo(load_spec("gantry")), tmp_path / "robot") as emulation:
        assert emulation.port == str(tmp_path / "robot")
    assert list(tmp_path.iterdir()) == []
