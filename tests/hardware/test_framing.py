"""Framing: whole frames whatever the chunks, back in step after noise, never more than a bound."""

from __future__ import annotations

from random import Random

import pytest
from hypothesis import given
from hypothesis import strategies as st

from helmsight.hardware.framing import Lines, Packets

LIMIT = 64


def scan(data: bytes) -> tuple[int, bytes | None] | None:
    """A packet is 0xAA, a length, as many bytes, and their sum."""
    if data[0] != 0xAA:
        return 1, None
    if len(data) < 2:
        return None
    size = data[1] + 3
    if len(data) < size:
        return None
    if sum(data[2 : size - 1]) & 0xFF != data[size - 1]:
        return 1, None
    return size, data[2 : size - 1]


def packet(body: bytes) -> bytes:
    return bytes([0xAA, len(body), *body, sum(body) & 0xFF])


def chunks(data: bytes, random: Random) -> list[bytes]:
    cut = sorted(random.randrange(len(data) + 1) for _ in range(5))
    return [data[a:b] for a, b in zip([0, *cut], [*cut, len(data)], strict=True)]


bodies = st.lists(st.binary(max_size=LIMIT - 3), max_size=8)


@given(bodies, st.randoms(use_true_random=False))
def test_packets_come_out_whole_however_they_are_cut(sent: list[bytes], random: Random) -> None:
    packets: Packets[bytes] = Packets(scan, LIMIT)
    stream = b"".join(map(packet, sent))
    got = [frame for chunk in chunks(stream, random) for frame in packets.feed(chunk)]
    assert got == sent
    assert (packets.dropped, len(packets)) == (0, 0)


@given(st.binary(max_size=40).filter(lambda noise: 0xAA not in noise), st.binary(max_size=20))
def test_noise_before_a_packet_is_dropped_and_counted(noise: bytes, body: bytes) -> None:
    packets: Packets[bytes] = Packets(scan, LIMIT)
    assert packets.feed(noise + packet(body)) == [body]
    assert packets.dropped == len(noise)


def test_a_forged_length_swallows_no_more_than_the_limit() -> None:
    packets: Packets[bytes] = Packets(scan, LIMIT)
    forged = bytes([0xAA, 0xF0])
    assert packets.feed(forged) == []
    got = [frame for _ in range(20) for frame in packets.feed(packet(b"good"))]
    assert got[-1] == b"good"
    assert len(got) >= 19


@pytest.mark.slow
def test_a_million_random_bytes_leave_packets_bounded() -> None:
    random, packets = Random(1), Packets(scan, LIMIT)
    for _ in range(1000):
        packets.feed(random.randbytes(1000))
        assert len(packets) < LIMIT
    packets.feed(bytes(LIMIT))
    assert packets.feed(packet(b"after"))[-1] == b"after"


ascii_lines = st.lists(
    st.text(st.characters(min_codepoint=33, max_codepoint=126), min_size=1, max_size=40), max_size=8
)


@given(ascii_lines, st.sampled_from(["\r", "\n", "\r\n"]), st.randoms(use_true_random=False))
def test_lines_come_out_whole_however_they_are_cut(
    sent: list[str], end: str, random: Random
) -> None:
    lines = Lines()
    stream = "".join(line + end for line in sent).encode()
    assert [line for chunk in chunks(stream, random) for line in lines.feed(chunk)] == sent
    assert lines.dropped == 0


@given(st.binary(min_size=1, max_size=30).filter(lambda b: any(x > 126 for x in b)))
def test_a_line_with_other_than_ascii_is_dropped_whole(noise: bytes) -> None:
    lines = Lines()
    spoiled = b"ok" + noise.replace(b"\n", b"").replace(b"\r", b"") + b"ok\n"
    assert lines.feed(spoiled + b"ok\n") == ["ok"]
    assert lines.dropped == len(spoiled) - 1


def test_a_line_without_end_is_dropped_to_its_end() -> None:
    lines = Lines(limit=10)
    assert lines.feed(b"x" * 1000) == []
    assert lines.feed(b"tail\nok\n") == ["ok"]
    assert lines.dropped == 1004


def test_a_million_random_bytes_leave_lines_bounded() -> None:
    random, lines = Random(2), Lines(limit=80)
    for _ in range(1000):
        for line in lines.feed(random.randbytes(1000)):
            assert line.isascii()
            assert len(line) <= 80
        assert len(lines) <= 80


def test_what_was_unfinished_before_a_reconnect_is_forgotten() -> None:
    lines, packets = Lines(), Packets(scan, LIMIT)
    lines.feed(b"half a li")
    lines.clear()
    assert lines.feed(b"ok\n") == ["ok"]
    packets.feed(packet(b"whole")[:4])
    packets.clear()
    assert packets.feed(packet(b"next")) == [b"next"]
