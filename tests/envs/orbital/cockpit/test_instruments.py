"""The instruments show the numbers of the state, digit by digit in fixed places."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from helmsight.envs.orbital.cockpit import instruments
from helmsight.envs.orbital.cockpit.layout import Layout
from helmsight.envs.orbital.cockpit.lettering import figures
from helmsight.envs.orbital.cockpit.picture import render

AHEAD = np.array([1.0, 0.0, 0.0])
# Of the nominal readouts panel: where the large figures end, and their baselines, px.
END, DISTANCE, SPEED = 792 + 184, 480 + 60, 480 + 124


def large_figures(picture, baseline):
    """Return the pixels of one row of large figures."""
    return picture[baseline - 34 : baseline + 3, 880:END]


@pytest.mark.parametrize(
    ("metres", "speed"), [(2618.2, 37.85), (5.04, 0.0), (98765.4, 1234.56), (462.0, 9.99)]
)
def test_distance_and_speed_stand_where_they_are_drawn_again(make_state, metres, speed):
    layout = Layout()
    picture = render(make_state(1, target=metres * AHEAD, velocity=speed * AHEAD))
    again = np.full_like(picture, layout.panel)
    for words, baseline in ((f"{metres:.1f}", DISTANCE), (f"{speed:.2f}", SPEED)):
        figures(again, words, (END, baseline), layout.text, instruments.READOUT_PITCH)
        np.testing.assert_array_equal(
            large_figures(picture, baseline), large_figures(again, baseline)
        )


def test_large_digits_are_at_least_26_px_tall(make_state):
    row = large_figures(render(make_state(1, target=2618.2 * AHEAD)), DISTANCE)
    bright = np.nonzero((row.min(axis=2) > 128).any(axis=1))[0]
    assert bright[-1] - bright[0] + 1 >= 26


def test_changing_one_digit_changes_only_its_column(make_state):
    first, second = (render(make_state(1, target=metres * AHEAD)) for metres in (1234.5, 1934.5))
    changed = np.nonzero((first != second)[DISTANCE - 34 : DISTANCE + 3].any(axis=(0, 2)))[0]
    pitch = instruments.READOUT_PITCH
    column = END - 3.45 * pitch  # behind it: two digits, the point and the decimal
    assert changed.min() >= column - pitch - 1
    assert changed.max() <= column + 1


def test_the_speed_above_the_ball_shows_the_speed(make_state):
    slow, fast = (render(make_state(1, velocity=v * AHEAD)) for v in (11.11, 88.88))
    changed = np.nonzero((slow != fast)[466:486, 540:740].any(axis=(0, 2)))[0]
    assert changed.size > 0


@pytest.mark.parametrize("axis", [0, 1, 2])
def test_each_throttle_bar_follows_its_own_axis_and_sign(make_state, axis):
    layout = Layout()
    picture = {}
    for amount in (-1.0, 0.0, 1.0):
        throttle = np.zeros(3)
        throttle[axis] = amount
        picture[amount] = render(make_state(1, throttle=throttle))
    y = 560 + 46 + 34 * axis + 9
    left, right = 376 + 61 - 30, 376 + 61 + 30
    assert tuple(picture[1.0][y, right]) == layout.accent
    assert tuple(picture[0.0][y, right]) == tuple(picture[-1.0][y, right])
    assert tuple(picture[-1.0][y, left]) != tuple(picture[0.0][y, left])


def test_lamps_go_out_with_rcs_and_sas(make_state):
    lit = render(make_state(1, rcs=True, sas="target"))
    out = render(make_state(1, rcs=False, sas="off"))
    for x in (640 - 98 - 16, 640 + 98 - 16):
        assert lit[592 - 85, x, 1] > 180
        assert out[592 - 85, x, 1] < 80


@given(seconds=st.floats(-5.0, 400_000.0))
def test_clocks_keep_their_shape(seconds):
    assert len(instruments.clock_text(seconds, hours=True)) == 8
    assert len(instruments.clock_text(seconds, hours=False)) == 5


@given(value=st.floats(0.0, 1e9))
def test_numbers_never_outgrow_their_columns(value):
    assert len(instruments.distance_text(value)) <= 7
    assert len(instruments.speed_text(value)) <= 7


def test_clock_counts_whole_seconds():
    assert instruments.clock_text(59.99, hours=False) == "00:59"
    assert instruments.clock_text(3671.0, hours=True) == "01:01:11"
