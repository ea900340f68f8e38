"""The firmware on a bench whose clock the tests own, and a way to talk to it and to its twin."""

from __future__ import annotations

import struct
from collections.abc import Iterator
from pathlib import Path

import pytest

from helmsight.hardware.emulators import simavr
from helmsight.hardware.emulators.helm import HelmBoard
from helmsight.hardware.emulators.simavr import Event, SimavrBench
from helmsight.hardware.framing import Packets
from helmsight.hardware.wire.helm import (
    CHANNELS,
    REPLY,
    Config,
    HelmCommand,
    HelmFrame,
    HelmReport,
    Move,
    Status,
    packets,
)

HERE = Path(__file__).parent
ALL = (1 << CHANNELS) - 1


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Everything here needs the compilers and the emulator."""
    ours = [item for item in items if HERE in item.path.parents]
    lack = simavr.missing() if ours else None
    for item in ours:
        item.add_marker(pytest.mark.serial)
        if lack:
            item.add_marker(pytest.mark.skip(reason=lack))


class Talk:
    """A host on the line of a board whose time passes in `send` and `wait` only."""

    def __init__(self, board: SimavrBench | HelmBoard) -> None:
        self.board = board
        self.now = 0.0
        self.events: list[Event] = []
        self._packets: Packets[HelmFrame] = packets()
        self._number = 0

    def send(self, data: bytes, seconds: float = 0.02) -> list[HelmFrame]:
        """Send bytes, let time pass, return the frames that came back."""
        if isinstance(self.board, SimavrBench):
            happened = self.board.run(seconds, data)
            self.events += happened
            back = bytes(event.byte for event in happened if event.kind == "tx")
        else:
            self.board.tick(self.now)
            back = b"".join(self.board.receive(data, self.now)) if data else b""
            self.now += seconds
            self.board.tick(self.now)
        return self._packets.feed(back)

    def wait(self, seconds: float) -> None:
        """Say nothing."""
        self.send(b"", seconds)

    def ask(self, command: int, payload: bytes = b"", number: int | None = None) -> bytes:
        """Return status, channel and what follows them."""
        if number is None:
            number = self._number = self._number % 255 + 1
        (answer,) = self.send(HelmFrame(number, command, payload).encode())
        assert (answer.sequence, answer.command) == (number, command | REPLY)
        return answer.payload

    def do(self, command: int, payload: bytes = b"", number: int | None = None) -> Status:
        """Return the status only."""
        return Status(self.ask(command, payload, number)[0])

    def state(self) -> HelmReport:
        """Return what the board says of itself."""
        return HelmReport.decode(self.ask(HelmCommand.STATE)[2:])

    def configure(
        self, lower: int = 1200, upper: int = 4800, start: int = 3000, speed: int = 4000
    ) -> None:
        """Give every channel the same limits."""
        for channel in range(CHANNELS):
            config = Config(channel, lower, upper, start, speed)
            assert self.do(HelmCommand.CONFIG, config.encode()) == Status.OK

    def arm(self) -> None:
        """Configure and switch all pulses on."""
        self.configure()
        assert self.do(HelmCommand.ARM, bytes((ALL,))) == Status.OK

    def move(self, *targets: int, ms: int = 200, mask: int = ALL, number: int | None = None) -> int:
        """Move (a single target is for all channels) and return the time that it takes, ms."""
        widths = targets * CHANNELS if len(targets) == 1 else targets
        answer = self.ask(HelmCommand.MOVE, Move(mask, ms, widths).encode(), number)
        assert answer[0] == Status.OK, Status(answer[0])
        return int(struct.unpack("<H", answer[2:])[0])

    def pulses(self, channel: int = 0) -> list[tuple[float, float]]:
        """Return (end s, width us) of every pulse so far on a channel's pin."""
        return [
            (event.at_s, event.width_us)
            for event in self.events
            if event.kind == "pulse" and event.channel == channel
        ]


@pytest.fixture
def host() -> Iterator[Talk]:
    """Return a host of the firmware on the bench."""
    with SimavrBench() as bench:
        talk = Talk(bench)
        talk.wait(0.05)
        yield talk


@pytest.fixture(scope="session")
def talk_to() -> type[Talk]:
    """Return what makes a host of a bench or a twin."""
    return Talk
