"""Bytes of the protocol: the same as protobuf's, whole messages however they are cut, bounds."""

from __future__ import annotations

from random import Random

import krpc.schema.KRPC_pb2 as KRPC
import pytest
from google.protobuf.internal.encoder import _VarintBytes
from hypothesis import given
from hypothesis import strategies as st

from helmsight.envs.orbital.krpc.errors import MalformedMessage
from helmsight.envs.orbital.krpc.wire import (
    Frames,
    field,
    read_varint,
    repeated,
    sized,
    unzigzag,
    varint,
    zigzag,
)

unsigned = st.integers(0, 2**64 - 1)


@given(unsigned)
def test_varints_are_those_of_protobuf(value: int) -> None:
    assert varint(value) == _VarintBytes(value)
    assert read_varint(b"\xff" + varint(value), 1) == (value, 1 + len(varint(value)))


@given(st.integers(-(2**63), 2**63 - 1))
def test_zigzag_gives_back_what_it_was_given(value: int) -> None:
    assert 0 <= zigzag(value) < 2**64
    assert unzigzag(zigzag(value)) == value


@pytest.mark.parametrize("data", [b"", b"\x80", b"\xff" * 9, b"\xff" * 10, b"\xff" * 9 + b"\x02"])
def test_a_varint_that_is_cut_off_or_too_long_is_refused(data: bytes) -> None:
    with pytest.raises(MalformedMessage, match="varint"):
        read_varint(data)


@given(st.lists(st.binary(max_size=300), max_size=5))
def test_repeated_fields_are_those_of_protobuf(items: list[bytes]) -> None:
    assert repeated(items) == KRPC.List(items=items).SerializeToString()


@given(st.binary(min_size=1, max_size=300))
def test_fields_are_those_of_protobuf(value: bytes) -> None:
    assert field(2, value) == KRPC.ProcedureResult(value=value).SerializeToString()


@given(st.lists(st.binary(max_size=300), max_size=8), st.randoms(use_true_random=False))
def test_messages_come_out_whole_however_they_are_cut(sent: list[bytes], random: Random) -> None:
    stream = b"".join(map(sized, sent))
    cut = sorted(random.randrange(len(stream) + 1) for _ in range(5))
    frames, messages = Frames(), []
    for a, b in zip([0, *cut], [*cut, len(stream)], strict=True):
        frames.feed(stream[a:b])
        while (message := frames.next()) is not None:
            messages.append(message)
    assert messages == sent
    assert len(frames) == 0


def test_a_message_above_the_limit_is_refused_at_its_length_already() -> None:
    frames = Frames(limit=1000)
    frames.feed(varint(1001))
    with pytest.raises(MalformedMessage, match="1001 bytes; the limit is 1000"):
        frames.next()


def test_a_length_that_does_not_end_is_refused() -> None:
    frames = Frames()
    frames.feed(b"\xff" * 5)
    with pytest.raises(MalformedMessage, match="does not end"):
        frames.next()


@given(st.binary(max_size=200))
def test_any_bytes_are_messages_or_are_refused(noise: bytes) -> None:
    frames = Frames(limit=100)
    frames.feed(noise)
    try:
        while frames.next() is not None:
            pass
    except MalformedMessage:
        return
    assert len(frames) <= 100 + 5
