"""The wire format of the helm firmware: what is written can be read, what is damaged cannot."""

from __future__ import annotations

from random import Random

import pytest
from hypothesis import given
from hypothesis import strategies as st

from helmsight.hardware.errors import InvalidSpec
from helmsight.hardware.spec import load_spec, parse_spec, shipped
from helmsight.hardware.wire.helm import (
    HELLO_SEQUENCE,
    MAX_FRAME,
    MAX_PAYLOAD,
    BoardMode,
    Flag,
    Hello,
    HelmCommand,
    HelmFrame,
    HelmReport,
    crc16,
    packets,
    scan,
)
from helmsight.hardware.wire.helm_servos import servos

byte = st.integers(0, 255)
frames = st.builds(HelmFrame, byte, byte, st.binary(max_size=MAX_PAYLOAD))
REPORT = HelmReport(
    BoardMode.MOVING, Flag.WATCHDOG, 31, 63, 123456, 500, 1, 2, 3, 4, 5,
    (1000, 2000, 3000, 4000, 5000, 3001), (-32000, 32000, 0, 1, -1, 50),
)  # fmt: skip


def test_the_checksum_is_the_catalogued_one() -> None:
    """CRC-16/IBM-3740 in the CRC RevEng catalogue."""
    assert crc16(b"123456789") == 0x29B1


@given(st.lists(frames, max_size=8), st.integers(1, 70))
def test_what_is_written_is_read_whatever_the_pieces(sent: list[HelmFrame], piece: int) -> None:
    stream = b"".join(frame.encode() for frame in sent)
    deframer = packets()
    got = [
        frame
        for start in range(0, len(stream), piece)
        for frame in deframer.feed(stream[start : start + piece])
    ]
    assert got == sent
    assert deframer.dropped == 0


@given(frames)
def test_every_single_flipped_bit_is_noticed(frame: HelmFrame) -> None:
    whole = frame.encode()
    for bit in range(8 * len(whole)):
        damaged = bytearray(whole)
        damaged[bit // 8] ^= 1 << bit % 8
        found = scan(bytes(damaged))
        assert found == (1, None), f"bit {bit} of {whole.hex()}"


@given(st.binary(max_size=60), frames, frames)
def test_after_noise_frames_are_read_again(
    noise: bytes, first: HelmFrame, second: HelmFrame
) -> None:
    """One frame may wait behind a forged header; it comes with the bytes after it."""
    deframer = packets()
    got = deframer.feed(noise + first.encode() + second.encode() + bytes(MAX_FRAME))
    assert second in got


@pytest.mark.slow
def test_a_million_random_bytes_are_bounded_and_harmless() -> None:
    random = Random(5)
    deframer = packets()
    for _ in range(250):
        deframer.feed(random.randbytes(4000))
        assert len(deframer) < MAX_FRAME


def test_a_payload_that_does_not_fit_is_refused() -> None:
    with pytest.raises(ValueError, match="49 bytes"):
        HelmFrame(0, 1, bytes(49)).encode()


def test_answers_survive_the_wire() -> None:
    assert HelmReport.decode(REPORT.encode()) == REPORT
    hello = Hello(1, 6, b"helm", (1, 2, 3), 0xDEADBEEF)
    assert Hello.decode(hello.encode()) == hello


@pytest.mark.parametrize("decode", [HelmReport.decode, Hello.decode])
@pytest.mark.parametrize("length", [0, 1, 14, 45, 48])
def test_answers_of_another_length_are_no_answers(decode: object, length: int) -> None:
    with pytest.raises(ValueError, match=f"{length} bytes"):
        decode(bytes(length))  # type: ignore[operator]


def test_a_mode_that_does_not_exist_is_no_answer() -> None:
    with pytest.raises(ValueError, match="9"):
        HelmReport.decode(b"\x09" + REPORT.encode()[1:])


def test_a_probe_holds_no_byte_that_a_gcode_controller_acts_on() -> None:
    acting = {0x18, *b"!?~$\r\n", *range(0x80, 0xA5)}
    assert not acting & set(HelmFrame(HELLO_SEQUENCE, HelmCommand.HELLO).encode())


def test_positions_and_widths_are_each_others_inverse() -> None:
    spec = load_spec("helm_arm")
    for joint, servo in zip(spec.joint, servos(spec), strict=True):
        config = servo.config(joint.lower, joint.upper, joint.home, joint.speed)
        for ticks in range(config.lower, config.upper + 1, 7):
            assert servo.ticks(servo.position(ticks)) == ticks
        ends = {servo.position(config.lower), servo.position(config.upper)}
        assert joint.lower - 1e-6 <= min(ends)
        assert max(ends) <= joint.upper + 1e-6
        sent = {
            servo.ticks_within(end, joint.lower, joint.upper) for end in (joint.lower, joint.upper)
        }
        assert sent == {config.lower, config.upper}


@pytest.mark.parametrize(
    ("was", "becomes", "said"),
    [
        ("channel = 1,", "channel = 0,", "channel 0"),
        ("channel = 1,", "channel = 6,", r"device\.channel"),
        ("zero_us = 2264", "zero_us = 1500", r"elbow.*us_per_rad"),
        ("us_per_rad = 636.6, sign = -1", "us_per_rad = 636.6, sign = 0", "sign must be"),
        ("zero_us = 1200, us_per_rad = 636.6", "zero_us = 1200", "us_per_rad.*missing"),
        ("zero_us = 1200", "zero_us = 1200, pin = 3", "pin.*unknown key"),
        ("speed = 1.2", "speed = 0.1", "slowest"),
    ],
)
def test_servos_that_cannot_be_are_named(was: str, becomes: str, said: str) -> None:
    text = shipped()["helm_arm"].read_text(encoding="utf-8")
    assert was in text
    with pytest.raises(InvalidSpec, match=said):
        servos(parse_spec(text.replace(was, becomes, 1)))


def test_a_joint_that_does_not_turn_is_refused() -> None:
    text = shipped()["helm_arm"].read_text(encoding="utf-8")
    with pytest.raises(InvalidSpec, match="revolute"):
        servos(parse_spec(text.replace('"revolute"', '"prismatic"', 1)))
