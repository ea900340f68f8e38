"""Faults of a line: what may be written, and that the shares are kept by seed."""

from __future__ import annotations

from contextlib import suppress
from random import Random

import pytest
from hypothesis import given
from hypothesis import strategies as st

from helmsight.contract.errors import InvalidOption
from helmsight.hardware.emulators.faults import Faults, Line


def test_a_whole_list_is_read() -> None:
    faults = Faults.parse("drop=0.01, flip=0.001,delay=20ms:0.5,unplug@5s,unplug@2.5s+1s,noise=.1")
    assert faults == Faults(0.01, 0.001, 0.1, 0.02, 0.5, ((2.5, 1.0), (5.0, 0.5)))


def test_nothing_is_no_fault() -> None:
    assert Faults.parse("") == Faults()


@pytest.mark.parametrize(
    "text", ["drop", "drop=2", "drop=x", "flip=-1", "delay=20", "unplug=5s", "unplug@", "burn=1"]
)
def test_what_cannot_be_read_says_what_can(text: str) -> None:
    with pytest.raises(InvalidOption, match="expected"):
        Faults.parse(text)


@given(st.text(max_size=30))
def test_any_text_is_read_or_refused(text: str) -> None:
    with suppress(InvalidOption):
        assert isinstance(Faults.parse(text), Faults)


def test_a_clean_line_changes_nothing() -> None:
    line = Line(Faults(), Random(0), replies=True)
    assert [line.carry(bytes([n])) for n in range(256)] == [(bytes([n]), 0.0) for n in range(256)]


def test_shares_are_kept_and_the_seed_decides() -> None:
    faults = Faults.parse("drop=0.1,flip=0.1,delay=5ms:0.2")
    line, again = (Line(faults, Random(3), replies=True) for _ in range(2))
    sent = b"0123456789"
    first = [line.carry(sent) for _ in range(5000)]
    assert first == [again.carry(sent) for _ in range(5000)]
    lost = [got for got, _ in first if not got]
    turned = [got for got, _ in first if got and got != sent]
    late = [wait for _, wait in first if wait]
    assert 400 < len(lost) < 600
    assert 370 < len(turned) < 530
    assert 780 < len(late) < 1020
    assert all(bits(got, sent) == 1 for got in turned)
    assert line.counts == {
        "messages": 5000, "dropped": len(lost), "flipped": len(turned), "delayed": len(late),
    }  # fmt: skip


def test_only_replies_are_late() -> None:
    line = Line(Faults(delay_s=1.0, noise=1.0), Random(0), replies=False)
    assert line.carry(b"x") == (b"x", 0.0)


def bits(a: bytes, b: bytes) -> int:
    return sum((x ^ y).bit_count() for x, y in zip(a, b, strict=True))
