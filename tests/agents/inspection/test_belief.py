from __future__ import annotations

import math

import pytest
from hypothesis import given
from hypothesis import strategies as st

from helmsight.agents.inspection.belief import Belief, Seen
from helmsight.envs.inspection.parts import DEFECTS, PARTS
from helmsight.envs.inspection.sites import SITES
from helmsight.envs.inspection.states import states


def belief(part: str) -> Belief:
    return Belief(part, [site.label for site in SITES if site.part == part])


def seen(part: str, state: str, look: int = 1, sure: float = 0.9, share: float = 0.9) -> Seen:
    site = next(site.label for site in SITES if site.part == part)
    every = states(DEFECTS[PARTS[part]])
    rest = (1.0 - sure) / (len(every) - 1)
    return Seen(site, look, share, 1.0, {s: sure if s == state else rest for s in every})


@st.composite
def looked(draw):
    """A part and crops of its sites, with any likelihoods."""
    part = draw(st.sampled_from(list(PARTS)))
    sites = [site.label for site in SITES if site.part == part]
    every = states(DEFECTS[PARTS[part]])
    crops = [
        Seen(
            draw(st.sampled_from(sites)),
            look,
            draw(st.floats(0, 1)),
            draw(st.floats(0.1, 1)),
            {state: draw(st.floats(1e-6, 1.0)) for state in every},
        )
        for look in range(1, 1 + draw(st.integers(0, 6)))
    ]
    return part, crops


@given(looked())
def test_odds_are_probabilities_of_every_state(given_crops):
    part, crops = given_crops
    of = belief(part)
    for crop in crops:
        of.add(crop)
    odds = of.odds()
    assert math.isclose(sum(odds.values()), 1.0)
    assert all(0.0 < p < 1.0 for p in odds.values())
    state, confidence = of.state()
    assert state in (*odds, "not seen", "unsure")
    assert 0.0 <= confidence <= 1.0


@given(looked(), st.randoms())
def test_the_order_of_looks_does_not_matter(given_crops, random):
    part, crops = given_crops
    one, other = belief(part), belief(part)
    for crop in crops:
        one.add(crop)
    for crop in random.sample(crops, len(crops)):
        other.add(crop)
    assert one.odds() == pytest.approx(other.odds())


@given(looked(), st.floats(0.1, 100.0))
def test_likelihoods_count_up_to_a_factor(given_crops, factor):
    part, crops = given_crops
    one, other = belief(part), belief(part)
    for crop in crops:
        one.add(crop)
        fits = {state: factor * fit for state, fit in crop.fits.items()}
        other.add(Seen(crop.site, crop.look, crop.share, crop.near, fits))
    assert one.odds() == pytest.approx(other.odds())


@given(looked())
def test_a_crop_that_shows_a_defect_makes_that_defect_likelier(given_crops):
    part, crops = given_crops
    of = belief(part)
    for crop in crops:
        of.add(crop)
    defect = of.defects[0]
    before = of.odds()[defect]
    of.add(seen(part, defect, look=99, sure=0.95))
    assert of.odds()[defect] > before


@pytest.mark.parametrize("part", list(PARTS))
def test_two_crops_of_a_defect_outweigh_that_most_parts_are_sound(part):
    of = belief(part)
    defect = of.defects[-1]
    for look in (1, 2):
        of.add(seen(part, defect, look, sure=0.95))
    assert of.state()[0] == defect


@pytest.mark.parametrize("part", list(PARTS))
def test_a_clear_look_at_a_sound_part_settles_it(part):
    of = belief(part)
    assert not of.settled
    for look, site in enumerate(of.sites, 1):
        crop = seen(part, "sound", look, sure=0.95)
        of.add(Seen(site, look, crop.share, crop.near, crop.fits))
    assert of.settled
    assert of.state()[0] == "sound"


def test_a_part_of_which_nothing_was_shown_is_not_seen():
    assert belief("dish").state() == ("not seen", 1.0)
    of = belief("dish")
    of.add(seen("dish", "not seen"))
    assert of.state()[0] == "not seen"


def test_hidden_crops_speak_neither_for_sound_nor_for_a_defect():
    of = belief("dish")
    before = of.odds()
    of.add(seen("dish", "not seen", share=0.6))
    after = of.odds()
    assert after["dent"] / after["sound"] == pytest.approx(
        before["dent"] / before["sound"], rel=0.1
    )


def test_several_clear_views_of_nothing_mean_that_the_part_is_not_there():
    of = belief("mast")
    of.add(seen("mast", "not seen", 1))
    assert of.state()[0] != "absent"
    for look in (2, 3):
        of.add(seen("mast", "not seen", look))
    assert of.state()[0] == "absent"


def test_one_sight_of_the_part_takes_back_that_it_is_not_there():
    of = belief("mast")
    for look in (1, 2, 3):
        of.add(seen("mast", "not seen", look))
    for look in (4, 5):
        of.add(seen("mast", "sound", look, sure=0.97))
    assert of.state()[0] != "absent"


def test_a_defect_on_one_sheet_is_not_outvoted_by_sound_ones():
    of = belief("foil")
    for look, site in enumerate(of.sites, 1):
        state = "tear" if site == "foil: left" else "sound"
        crop = seen("foil", state, look, sure=0.99)
        of.add(Seen(site, look, crop.share, crop.near, crop.fits))
    odds = of.odds()
    assert odds["tear"] > odds["sound"]
    assert of.site_in_doubt() == "foil: left"


def test_a_larger_crop_of_the_same_look_takes_the_place_of_the_small_one():
    of = belief("dish")
    of.add(seen("dish", "dent", 1))
    of.add(seen("dish", "sound", 1))
    assert len(of.seen) == 1
