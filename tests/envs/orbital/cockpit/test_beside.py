"""The panel beside the readouts, and what of it a model reads in its own small view."""

from __future__ import annotations

import cv2
import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from helmsight.envs.orbital.cockpit import beside
from helmsight.envs.orbital.cockpit.dial import Dial
from helmsight.envs.orbital.cockpit.layout import Layout
from helmsight.envs.orbital.cockpit.lettering import figures
from helmsight.envs.orbital.cockpit.picture import render
from helmsight.envs.orbital.cockpit.state import Contact

AHEAD, RIGHT, DOWN = np.eye(3)
SMALL = 128  # px: how large a small model sees a region


def guard(place, velocity=(0.0, 0.0, 0.0)):
    return Contact("Guard", np.array(place, float), np.array(velocity, float), np.eye(3))


def radar(state, layout=None):
    """Return the region of the radar."""
    layout = layout or Layout()
    x0, y0, x1, y1 = layout.regions(beside.RADAR)[beside.RADAR]
    return render(state, layout)[y0:y1, x0:x1]


@pytest.fixture
def three(make_state):
    """Return a maker of states with a guard at `place` that comes nearer at `closing`."""

    def make(place, closing=0.0, **changes):
        way = np.array(place, float) / np.linalg.norm(place)
        told = {"target": 2000.0 * AHEAD, "velocity": 7.5 * AHEAD, "target_name": "Lady"}
        return make_state(1, contacts=(guard(place, closing * way),), **(told | changes))

    return make


def test_a_pursuit_has_no_panel_there(make_state):
    state = make_state(3, target=2000.0 * AHEAD)
    left = 904 + 112 + 14
    assert not (render(state)[481:703, left + 1 : left + 199] == Layout().panel).all(axis=2).any()


@pytest.mark.parametrize(("metres", "closing"), [(1234.5, 5.68), (8.9, -41.25), (98765.4, 0.0)])
def test_the_figures_of_the_guard_stand_where_they_are_drawn_again(three, metres, closing):
    layout = Layout()
    picture = render(three((metres, 0.0, 0.0), closing))
    again = np.full_like(picture, layout.panel)
    left, top = 904 + 112 + 14, 592 - 112
    for words, base in ((f"{metres:.1f}", 48), (f"{closing:+.2f}", 97)):
        figures(again, words, (left + 163, top + base), layout.text, beside.PITCH)
        rows, columns = slice(top + base - 28, top + base + 2), slice(left + 4, left + 163)
        np.testing.assert_array_equal(picture[rows, columns], again[rows, columns])


def test_large_digits_have_twelve_rows_in_a_small_view(three):
    seen = cv2.resize(radar(three((1888.8, 0, 0))), (SMALL, SMALL), interpolation=cv2.INTER_AREA)
    bright = (seen[15:34, 24:96].min(axis=2) > 128).any(axis=1)
    assert int(bright.sum()) >= 12


@given(value=st.floats(-1e9, 1e9))
def test_signed_speeds_never_outgrow_their_columns(value):
    text = beside.signed_text(value)
    assert len(text) <= 7
    assert text[0] in "+-"


@settings(max_examples=30)
@given(far=st.floats(6.0, 9000.0), angle=st.floats(0.0, 180.0), turn=st.floats(0.0, 360.0))
def test_the_dial_keeps_every_angle_whichever_way_it_is_turned(far, angle, turn):
    dial = Dial(np.zeros((8, 8, 3), np.uint8), (0.0, 0.0), 100.0, 1.0, AHEAD)
    off, around = np.radians(angle), np.radians(turn)
    aside = np.cos(around) * RIGHT + np.sin(around) * DOWN
    x, y = dial.place(far * (np.cos(off) * AHEAD + np.sin(off) * aside))
    assert np.degrees(np.arctan2(-y, x)) == pytest.approx(angle, abs=1e-6)
    assert 0.0 < np.hypot(x, y) < 100.0


def test_each_ring_of_the_dial_is_ten_times_as_far():
    dial = Dial(np.zeros((8, 8, 3), np.uint8), (0.0, 0.0), 100.0, 1.0, AHEAD)
    steps = np.diff([dial.place(far * AHEAD)[0] for far in (10.0, 100.0, 1000.0, 10_000.0)])
    np.testing.assert_allclose(steps, steps[0])
    assert dial.place(50_000.0 * AHEAD)[0] == dial.place(10_000.0 * AHEAD)[0] == 100.0


def coloured(picture, colour):
    """Return the middle (x, y) of the pixels of a colour."""
    rows, columns = np.nonzero(np.abs(picture.astype(int) - colour).max(axis=2) < 40)
    assert rows.size > 8
    return float(np.median(columns)), float(np.median(rows))


@pytest.mark.parametrize("side", [1.0, -1.0])
def test_a_guard_in_the_way_is_on_the_base_before_the_lady(three, side):
    layout = Layout()
    dial = np.s_[150:, :]
    in_the_way = radar(three((700.0, 0, 0)))[dial]
    beyond = radar(three((5000.0, 0, 0)))[dial]
    aside = radar(three((700.0, side * 700.0, 0)))[dial]
    lady = coloured(beyond, layout.target)
    assert coloured(in_the_way, layout.contact)[0] < lady[0] - 10
    assert coloured(beyond, layout.contact)[0] > lady[0] + 8
    assert coloured(in_the_way, layout.contact)[1] == pytest.approx(lady[1], abs=2)
    assert coloured(aside, layout.contact)[1] < lady[1] - 30


def test_the_sundial_has_this_craft_on_its_ring_at_the_best_place(make_state):
    layout = Layout()
    sun = np.array([-0.6, 0.0, 0.8])
    x0, y0, x1, y1 = layout.regions(beside.SUNDIAL)[beside.SUNDIAL]
    places = {}
    for name, here in (("best", 100.0 * sun), ("wrong", -100.0 * sun)):
        state = make_state(2, sun=sun, target=-here, velocity=np.zeros(3), sunlit=True)
        assert state.phase == pytest.approx(0.0 if name == "best" else 180.0, abs=1e-4)
        seen = render(state, layout)[y0 + 150 : y1, x0 + 20 : x1]
        places[name] = coloured(seen, layout.accent)
    middle = 904 + 112 + 14 + 100 - x0 - 20
    reach = 80 * np.log10(100.0 / 5.0) / np.log10(2000.0)
    assert places["best"][0] == pytest.approx(middle + reach, abs=2)
    assert places["wrong"][0] < middle
