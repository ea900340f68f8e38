"""The finished picture: its shape, its repeatability, and the view outside."""

from __future__ import annotations

import signal
from dataclasses import replace

import cv2
import numpy as np
import pytest

from helmsight.envs.orbital.cockpit import instruments, outside
from helmsight.envs.orbital.cockpit.camera import FOCAL, project
from helmsight.envs.orbital.cockpit.layout import Layout
from helmsight.envs.orbital.cockpit.picture import render

UP = np.array([0.0, 0.0, -1.0])


@pytest.mark.parametrize("seed", range(12))
def test_every_state_gives_an_rgb_frame(make_state, seed):
    picture = render(make_state(seed), Layout.random(np.random.default_rng(seed)))
    assert picture.shape == (720, 1280, 3)
    assert picture.dtype == np.uint8


@pytest.mark.slow
def test_the_same_state_gives_the_same_bytes(make_state):
    layout = Layout.random(np.random.default_rng(4))
    for seed in range(8):
        np.testing.assert_array_equal(
            render(make_state(seed), layout), render(make_state(seed), layout)
        )


@pytest.mark.slow
def test_grain_is_placed_by_the_generator(make_state):
    layout = replace(Layout(), noise=4)
    first, again, other = (
        render(make_state(2), layout, np.random.default_rng(seed)) for seed in (1, 1, 2)
    )
    np.testing.assert_array_equal(first, again)
    assert (first != other).any()


def test_a_picture_is_not_changed_by_the_next_one(make_state):
    first = render(make_state(1))
    kept = first.copy()
    render(make_state(2))
    np.testing.assert_array_equal(first, kept)


def test_brightness_dims_the_picture(make_state):
    bright, dim = (
        render(make_state(2), replace(Layout(), brightness=b)).mean() for b in (1.0, 0.8)
    )
    assert dim == pytest.approx(0.8 * bright, rel=0.05)


def test_a_far_target_is_a_bright_dot_where_the_camera_has_it(make_state):
    target = 4000.0 * np.array([1.0, 0.2, -0.15])
    away = make_state(5, target=target, up=np.array([1.0, 0.0, 0.0]), north=np.array([0, 1.0, 0]))
    pixel = project(target)
    assert pixel is not None
    x, y = pixel
    assert (x, y) == pytest.approx((640 + 0.2 * FOCAL, 360 - 0.15 * FOCAL))
    assert outside.draw(away, Layout())[round(y), round(x)].min() > 200


def test_a_near_target_fills_more_of_the_view_than_a_far_one(make_state):
    lit = []
    for metres in (10.0, 60.0):
        state = make_state(5, up=-UP, sun=UP, target=metres * np.array([1.0, 0.0, 0.0]))
        hidden = replace(state, target=-state.target)
        seen, not_seen = outside.draw(state, Layout()), outside.draw(hidden, Layout())
        lit.append(int((seen != not_seen).any(axis=2).sum()))
    assert lit[0] > 4 * lit[1] > 400


def test_the_planet_lies_below_and_its_night_side_is_dark(make_state):
    nose_down = np.array([-0.6, 0.0, -0.8])
    north, sideways = np.array([0.0, 1.0, 0.0]), np.array([-1.0, 0.0, 0.0])
    shown = {}
    for name, sun in (("day", nose_down), ("night", -nose_down)):
        state = make_state(1, up=nose_down, north=north, sun=sun, target=500.0 * sideways)
        shown[name] = outside.draw(state, Layout())[:, ::8].mean(axis=(1, 2))
    assert shown["day"][700] > 60.0
    assert shown["day"][700] > 5.0 * shown["night"][700]
    assert shown["day"][20] < 15.0


def test_what_is_nothing_but_space_is_left_out_of_the_enlarging_to_no_other_byte():
    rng, count = np.random.default_rng(3), 0
    for _ in range(60):
        seen = np.zeros((144, 256), np.bool_)
        for _ in range(3):
            (top, bottom), (left, right) = np.sort(rng.integers(0, (144, 256), (2, 2)), axis=0).T
            seen[top : bottom + 1, left : right + 1] = True
        coarse = rng.integers(0, 256, (144, 256, 3), np.uint8)
        coarse[~seen] = outside._SPACE
        whole = cv2.resize(coarse, (1280, 720), interpolation=cv2.INTER_LINEAR)
        np.testing.assert_array_equal(outside._enlarged(coarse, seen), whole)
        count += not seen.any(axis=0).all()
    assert count > 20  # with space beside what is seen


@pytest.mark.parametrize("roll", range(0, 360, 45))
def test_what_is_enlarged_holds_all_of_the_planet(make_state, monkeypatch, roll):
    side = np.radians(roll)
    up = np.array([-0.2, 0.98 * np.sin(side), 0.98 * np.cos(side)])
    state = make_state(roll, up=up / np.linalg.norm(up))
    drawn = outside.draw(state, Layout())
    enlarged, asked = outside._enlarged, []

    def whole(coarse, seen):
        asked.append(seen.mean())
        return enlarged(coarse, np.ones_like(seen))

    monkeypatch.setattr(outside, "_enlarged", whole)
    np.testing.assert_array_equal(outside.draw(state, Layout()), drawn)
    assert 0.0 < asked[0] < 1.0


def test_the_planet_hides_the_sun(make_state):
    sun = np.array([0.97, 0.0, np.sqrt(1 - 0.97**2)])
    x, y = (round(part) for part in project(sun))
    free = make_state(1, up=-UP, north=np.array([1.0, 0, 0]), sun=sun)
    hidden = make_state(1, up=-sun, north=np.array([0.0, 1.0, 0]), sun=sun)
    assert outside.draw(free, Layout())[y, x].min() > 200
    assert outside.draw(hidden, Layout())[y, x].max() < 60


def test_a_sun_straight_over_the_pole_is_still_drawn(make_state):
    north = np.array([0.6, 0.8, 0.0])
    assert render(make_state(1, up=UP, north=north, sun=north)).any()


def test_without_a_target_nothing_of_one_is_drawn(make_state):
    target = np.array([60.0, 4.0, -3.0])
    alone, other = (
        render(replace(make_state(3), target=place, target_name="")) for place in (target, -target)
    )
    np.testing.assert_array_equal(alone, other)
    assert (render(replace(make_state(3), target=target)) != alone).any()


def test_a_signal_waits_until_the_picture_is_drawn(make_state, monkeypatch):
    drawn, draw = [], instruments.draw

    def hit(*arguments):
        signal.raise_signal(signal.SIGINT)  # raised here it would come out of a letter of OpenCV's
        draw(*arguments)
        drawn.append("instruments")

    monkeypatch.setattr(instruments, "draw", hit)
    with pytest.raises(KeyboardInterrupt):
        render(make_state(0))
    assert drawn == ["instruments"]
