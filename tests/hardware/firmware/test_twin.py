"""The Python twin says, byte for byte, what the firmware says: the same bytes go to both."""

from __future__ import annotations

import struct
from collections.abc import Iterator
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any

from hypothesis import example, given, settings
from hypothesis import strategies as st

from helmsight.hardware.emulators.helm import HelmBoard
from helmsight.hardware.emulators.simavr import SimavrBench
from helmsight.hardware.spec import load_spec
from helmsight.hardware.wire.helm import (
    CHANNELS,
    MAX_PAYLOAD,
    REPLY,
    Config,
    Hello,
    HelmCommand,
    HelmFrame,
    HelmReport,
    Move,
    Status,
)

if TYPE_CHECKING:
    from conftest import Talk

BEAT_S = 0.02  # all waits are whole beats: both boards then are in the same part of one


@dataclass(frozen=True)
class Said:
    """Bytes for the board, and whole beats until the next ones."""

    data: bytes
    beats: int = 1


width = st.one_of(st.integers(1300, 4700), st.sampled_from([0, 999, 1000, 5000, 5001, 65535]))
number = st.integers(1, 6)  # few, so that some come again
mask = st.sampled_from([0, 1, 2, 4, 0x3F, 0x3F, 0x3F, 0x40, 0xFF])
channel = st.integers(0, CHANNELS)
configs = st.builds(
    Config,
    channel,
    st.sampled_from([1000, 1200, 1200, 3000]),
    st.sampled_from([4800, 5000, 3000]),
    st.sampled_from([3000, 2500, 1100]),
    st.sampled_from([200, 1999, 4000, 32000, 100]),
)
moves = st.builds(
    Move,
    mask,
    st.one_of(st.integers(1, 2000), st.sampled_from([0, 2001])),
    st.tuples(*[width] * CHANNELS),
)
payloads = st.one_of(
    st.tuples(st.just(int(HelmCommand.CONFIG)), configs.map(Config.encode)),
    st.tuples(st.just(int(HelmCommand.MOVE)), moves.map(Move.encode)),
    st.tuples(st.sampled_from([4, 9]), mask.map(lambda value: bytes((value,)))),
    st.tuples(
        st.just(int(HelmCommand.WATCHDOG)),
        st.sampled_from([99, 100, 140, 500, 1000, 1001]).map(lambda ms: struct.pack("<H", ms)),
    ),
    st.tuples(st.sampled_from([1, 6, 7, 8, 10, 10, 10]), st.just(b"")),
    st.tuples(st.integers(0, 255), st.binary(max_size=MAX_PAYLOAD)),
)
frames = st.builds(lambda n, what: HelmFrame(n, *what).encode(), number, payloads)


def damaged(frame: bytes, bit: int) -> bytes:
    result = bytearray(frame)
    result[bit % (8 * len(frame)) // 8] ^= 1 << bit % 8
    return bytes(result)


messages = st.one_of(
    frames,
    frames,
    frames,
    st.builds(damaged, frames, st.integers(0, 440)),
    st.builds(lambda frame, end: frame[:end], frames, st.integers(1, 20)),
    st.builds(lambda noise, frame: noise + frame, st.binary(max_size=12), frames),
)
scripts = st.lists(
    st.builds(Said, messages, st.sampled_from([1, 1, 1, 2, 3, 10, 28, 55])),
    min_size=5,
    max_size=40,
)
READY = [
    *(
        Said(
            HelmFrame(
                100 + c, HelmCommand.CONFIG, Config(c, 1200, 4800, 3000, 4000).encode()
            ).encode()
        )
        for c in range(CHANNELS)
    ),
    Said(HelmFrame(110, HelmCommand.ARM, b"\x3f").encode()),
]
STATE = HelmFrame(200, HelmCommand.STATE).encode()


def comparable(frame: HelmFrame) -> object:
    """Return what must be the same: all but the build and when the clock was started."""
    if frame.payload[0] == Status.OK and frame.command == HelmCommand.HELLO | REPLY:
        return replace(Hello.decode(frame.payload[2:]), build=0)
    if frame.payload[0] == Status.OK and frame.command == HelmCommand.STATE | REPLY:
        return frame.sequence, replace(HelmReport.decode(frame.payload[2:]), uptime_ms=0)
    return frame


def both(talks: list[Talk], script: list[Said]) -> Iterator[tuple[Any, Any, bytes]]:
    """Yield what the first and the second say to each line, and the line."""
    for talk in talks:
        talk.wait(0.05)
    for said in script:
        for data, beats in ((said.data, said.beats), (STATE, 1)):
            real, twin = (
                [comparable(frame) for frame in talk.send(data, beats * BEAT_S)] for talk in talks
            )
            yield real, twin, data


# A frame within a forged one is answered with the counters of its moment.
FORGED = [
    Said(b"\xa5\x09\xf6"),
    Said(HelmFrame(3, HelmCommand.WATCHDOG, struct.pack("<H", 99)).encode()),
    Said(HelmFrame(4, HelmCommand.HELLO).encode()),
]


@settings(max_examples=60, deadline=None)
@given(scripts, st.booleans())
@example(FORGED, True)
@example(  # a motion that the watchdog ends
    [
        Said(
            HelmFrame(1, HelmCommand.MOVE, Move(63, 2000, (4000,) * CHANNELS).encode()).encode(), 55
        )
    ],
    True,
)
def test_twin_and_firmware_give_the_same_answers(
    talk_to: type[Talk], script: list[Said], ready: bool
) -> None:
    with SimavrBench() as bench:
        talks = [talk_to(bench), talk_to(HelmBoard(load_spec("helm_arm")))]
        for real, twin, sent in both(talks, [*(READY if ready else []), *script]):
            assert twin == real, sent.hex()
