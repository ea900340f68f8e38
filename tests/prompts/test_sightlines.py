"""What relations prove of a thing between the viewer and another."""

from __future__ import annotations

from itertools import product

import pytest
from hypothesis import given
from hypothesis import strategies as st

from helmsight.prompts.constraints import check
from helmsight.prompts.relations import Axis, claim
from helmsight.prompts.sightlines import between, sightline, told

SIGNS = (-1, 0, 1)


def placed(horizontal, vertical, depth):
    signs = zip(Axis, (horizontal, vertical, depth), strict=True)
    return [claim("guard", axis, sign, "lady") for axis, sign in signs if sign is not None]


@pytest.mark.parametrize("signs", list(product(SIGNS, repeat=3)))
def test_only_what_is_aligned_level_and_in_front_is_between(signs):
    assert between(placed(*signs), "guard", "lady") is (signs == (0, 0, -1))
    back = [one.inverse for one in placed(*signs)]
    assert between(back, "guard", "lady") is (signs == (0, 0, -1))


@pytest.mark.parametrize(
    ("signs", "proved"),
    [((0, 0, None), None), ((None, 0, -1), None), ((1, None, None), False),
     ((None, None, 0), False), ((None, None, None), None)],
)  # fmt: skip
def test_one_axis_can_refute_and_all_are_needed_to_prove(signs, proved):
    assert between(placed(*signs), "guard", "lady") is proved


def test_it_follows_also_from_what_is_said_of_a_third_thing():
    chain = [
        claim("guard", "depth", -1, "marker"), claim("marker", "depth", -1, "lady"),
        *placed(0, 0, None),
    ]  # fmt: skip
    assert between(chain, "guard", "lady") is True
    chain[0], chain[1] = claim("guard", "depth", 1, "marker"), claim("marker", "depth", 1, "lady")
    assert between(chain, "guard", "lady") is False


def test_a_contradicted_axis_proves_nothing_and_the_others_still_refute():
    torn = [*placed(0, 0, -1), claim("guard", "depth", 1, "lady")]
    assert between(torn, "guard", "lady") is None
    assert between([*torn, *placed(None, 1, None)], "guard", "lady") is None
    assert (
        between([*placed(1, 0, -1), claim("guard", "depth", 1, "lady")], "guard", "lady") is False
    )


coordinates = st.tuples(*[st.floats(-5, 5)] * 3)


@given(places=st.tuples(coordinates, coordinates, coordinates))
def test_what_is_proved_of_things_with_coordinates_is_true(places):
    def sign(x):
        return 0 if abs(x) <= 1 else 1 if x > 0 else -1

    named = dict(zip(("guard", "lady", "marker"), places, strict=True))
    pairs = [("guard", "marker"), ("marker", "lady")]
    said = [
        claim(a, axis, sign(named[a][i] - named[b][i]), b)
        for a, b in pairs
        for i, axis in enumerate(Axis)
    ]
    assert check(said).consistent
    gaps = [sign(g - x) for g, x in zip(named["guard"], named["lady"], strict=True)]
    assert between(said, "guard", "lady") in (None, gaps == [0, 0, -1])


def test_the_words_tell_what_is_proved_and_nothing_else():
    assert sightline(placed(0, 0, -1), "guard", "lady") == "guard stands between you and lady"
    refuted = sightline(placed(0, 0, 1), "guard", "lady")
    assert refuted == "guard does not stand between you and lady"
    assert sightline(placed(0, 0, None), "guard", "lady") == ""
    assert told("guard", "lady", stands=False) == refuted
