"""The Python twin of the helm firmware, on a clock that the test owns."""

from __future__ import annotations

import struct
from random import Random

import pytest
from hypothesis import given
from hypothesis import strategies as st

from helmsight.hardware.emulators import make_device
from helmsight.hardware.emulators.helm import HelmBoard
from helmsight.hardware.spec import load_spec
from helmsight.hardware.wire.helm import (
    CHANNELS,
    MAX_FRAME,
    BoardMode,
    Config,
    Flag,
    Hello,
    HelmCommand,
    HelmFrame,
    HelmReport,
    Move,
    Status,
    packets,
)

ALL = (1 << CHANNELS) - 1


class Host:
    """Talks to a twin; time passes when it says so."""

    def __init__(self) -> None:
        self.board = HelmBoard(load_spec("helm_arm"))
        self.now = 100.0
        self.number = 0
        self.wait(0.05)

    def wait(self, seconds: float) -> None:
        self.now += seconds
        assert self.board.tick(self.now) == []

    def ask(self, command: int, payload: bytes = b"", number: int | None = None) -> bytes:
        if number is None:
            number = self.number = self.number % 255 + 1
        answers = self.board.receive(HelmFrame(number, command, payload).encode(), self.now)
        (answer,) = packets().feed(b"".join(answers))
        assert answer.sequence == number
        self.wait(0.02)
        return answer.payload

    def do(self, command: int, payload: bytes = b"", number: int | None = None) -> Status:
        return Status(self.ask(command, payload, number)[0])

    def state(self) -> HelmReport:
        return HelmReport.decode(self.ask(HelmCommand.STATE)[2:])

    def arm(self) -> None:
        for channel in range(CHANNELS):
            config = Config(channel, 1200, 4800, 3000, 4000)
            assert self.do(HelmCommand.CONFIG, config.encode()) == Status.OK
        assert self.do(HelmCommand.ARM, bytes((ALL,))) == Status.OK

    def move(self, target: int, ms: int, number: int | None = None) -> Status:
        return self.do(HelmCommand.MOVE, Move(ALL, ms, (target,) * CHANNELS).encode(), number)


@pytest.fixture
def host() -> Host:
    return Host()


def test_it_is_what_is_emulated_for_helm() -> None:
    assert isinstance(make_device("helm"), HelmBoard)
    assert isinstance(make_device("helm_arm"), HelmBoard)


def test_it_says_that_it_is_no_real_firmware(host: Host) -> None:
    hello = Hello.decode(host.ask(HelmCommand.HELLO)[2:])
    assert hello.name == b"helm"
    assert hello.build == 0


def test_it_starts_released_and_refuses_to_move(host: Host) -> None:
    assert host.state().mode == BoardMode.RELEASED
    assert host.move(3000, 100) == Status.UNCONFIGURED
    assert host.do(HelmCommand.ARM, b"\x01") == Status.UNCONFIGURED


def test_the_axes_stand_where_the_pulses_are(host: Host) -> None:
    host.arm()
    host.move(3400, 400)
    host.wait(0.2)
    velocity = host.board.axes[0].velocity
    assert velocity == pytest.approx(400 / 0.4 / 2 / 636.6, rel=0.1)
    assert not host.board.standing
    host.wait(0.4)
    assert host.board.standing
    assert host.board.positions[0] == pytest.approx((1700 - 1500) / 636.6)


def test_silence_ends_motion_where_it_is(host: Host) -> None:
    host.arm()
    host.move(4700, 2000)
    host.wait(0.53)
    there = host.board.positions
    host.wait(1.0)
    assert host.board.positions == there
    assert host.board.standing
    report = host.state()
    assert (report.mode, report.flags, report.trips) == (BoardMode.HELD, Flag.WATCHDOG, 1)


def test_the_watchdog_has_bounds(host: Host) -> None:
    for ms, verdict in ((0, 3), (99, 3), (100, 0), (1000, 0), (1001, 3)):
        assert host.do(HelmCommand.WATCHDOG, struct.pack("<H", ms)) == verdict


def test_the_journal_has_every_change_once(host: Host) -> None:
    host.arm()
    assert host.move(3100, 100, number=200) == Status.OK
    assert host.move(3100, 100, number=200) == Status.OK  # sent again
    assert host.move(3100, 100) == Status.OK  # asked again
    host.do(HelmCommand.STOP)
    host.do(HelmCommand.STOP)
    assert host.move(3200, 100) == Status.STOPPED
    host.do(HelmCommand.RESET)
    host.do(HelmCommand.RELEASE, bytes((ALL,)))
    assert [entry.kind for entry in host.board.journal] == ["move", "stop", "reset", "release"]
    assert host.state().duplicates == 1


def test_a_target_outside_the_description_is_noted(host: Host) -> None:
    """The board knows only what it was told; the test double knows the robot's real limits."""
    host.arm()
    host.move(4800, 500)  # 1.41 rad; the arm's base ends at 1.4
    assert [entry.kind for entry in host.board.outside] == ["move"]


def test_a_host_that_does_not_listen_loses_answers_and_nothing_else(host: Host) -> None:
    stream = b"".join(HelmFrame(number, HelmCommand.STATE).encode() for number in range(9))
    answers = host.board.receive(stream, host.now)
    assert len(answers) == 4
    host.wait(0.1)
    assert host.state().bad_frames == 0


def test_a_host_that_waits_for_answers_gets_every_one(host: Host) -> None:
    """However fast it asks: the twin does not model the time that the line takes."""
    ask = HelmFrame(1, HelmCommand.STATE).encode()
    assert all(len(host.board.receive(ask, host.now)) == 1 for _ in range(100))


@pytest.mark.slow
@given(st.lists(st.binary(max_size=80), max_size=20))
def test_no_bytes_make_it_fail_or_grow(chunks: list[bytes]) -> None:
    host = Host()
    for chunk in chunks:
        for answer in host.board.receive(chunk, host.now):
            assert len(packets().feed(answer)) == 1
        host.wait(0.01)
        assert len(host.board._packets) < MAX_FRAME


@pytest.mark.slow
def test_a_million_random_bytes_leave_it_as_it_was(host: Host) -> None:
    random = Random(7)
    for _ in range(250):
        host.board.receive(random.randbytes(4000), host.now)
        host.wait(0.4)
    report = host.state()
    assert report.mode == BoardMode.RELEASED
    assert report.configured == 0
    assert report.dropped_bytes == 65535
    assert host.board.journal == []
