"""Bits that are turned over in one direction of a line only."""

from __future__ import annotations

from random import Random

import pytest

from helmsight.contract.errors import InvalidOption
from helmsight.hardware.emulators.faults import Faults, Line


@pytest.mark.parametrize(
    ("text", "replies", "commands"),
    [("flip=1", True, True), ("flip=1:replies", True, False), ("flip=1:commands", False, True)],
)
def test_bits_turn_over_in_the_direction_that_is_named(text, replies, commands):
    faults = Faults.parse(text)
    for side, expected in ((True, replies), (False, commands)):
        line = Line(faults, Random(1), replies=side)
        assert (line.carry(b"G1 X10")[0] != b"G1 X10") is expected
        assert line.counts["flipped"] == int(expected)


@pytest.mark.parametrize(
    "text", ["flip=1:both", "drop=1:replies", "flip=:replies", "flip=2:replies"]
)
def test_other_directions_are_refused_with_what_may_be_written(text):
    with pytest.raises(InvalidOption, match="expected"):
        Faults.parse(text)
