"""The navball shows what the state says."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from helmsight.envs.orbital.cockpit import navball
from helmsight.envs.orbital.cockpit.layout import HEIGHT, WIDTH, Layout
from helmsight.envs.orbital.cockpit.picture import render

SEEDS = st.integers(0, 2**32 - 1)
MANY = settings(
    max_examples=200,
    deadline=None,
    suppress_health_check=[HealthCheck.function_scoped_fixture],
)
FEW = settings(MANY, max_examples=30)


def towards(rng, degrees):
    """Return a random unit direction `degrees` off the nose."""
    angle, turn = np.radians(degrees), rng.uniform(0.0, 2 * np.pi)
    return np.array([np.cos(angle), np.sin(angle) * np.cos(turn), np.sin(angle) * np.sin(turn)])


def apart(first, second):
    """Return the angle between two directions, degrees."""
    cosine = first @ second / np.linalg.norm(first) / np.linalg.norm(second)
    return float(np.degrees(np.arccos(np.clip(cosine, -1.0, 1.0))))


def placed(direction, layout):
    """Return the pixel of a marker that is on the ball."""
    pixel = navball.place(direction, layout)
    assert pixel is not None
    return pixel


def two_markers(rng, layout):
    """Return two directions within 70 degrees of the nose whose markers do not touch."""
    while True:
        first, second = (towards(rng, rng.uniform(0.0, 70.0)) for _ in range(2))
        if np.linalg.norm(first[1:] - second[1:]) * layout.radius > 0.42 * layout.radius:
            return first, second


@pytest.mark.slow
@MANY
@given(seed=SEEDS, disturbed=st.booleans())
def test_prograde_and_target_are_found_where_the_state_has_them(
    make_state, find_ring, seed, disturbed
):
    rng = np.random.default_rng(seed)
    layout = Layout.random(rng) if disturbed else Layout()
    velocity, target = two_markers(rng, layout)
    picture = render(make_state(seed, velocity=12.3 * velocity, target=456.0 * target), layout, rng)
    size = 0.1 * layout.radius
    seen = np.clip(np.multiply((layout.prograde, layout.target), layout.brightness), 0, 255)
    prograde = find_ring(picture, layout, seen[0], size)
    target_ring = find_ring(picture, layout, seen[1], 1.4 * size)
    assert prograde is not None
    assert target_ring is not None
    assert apart(prograde, velocity) < 2.0
    assert apart(target_ring, target) < 2.0


@pytest.mark.slow
@FEW
@given(seed=SEEDS)
def test_moving_away_shows_retrograde_opposite_to_the_velocity(make_state, find_ring, seed):
    rng, layout = np.random.default_rng(seed), Layout()
    back, target = two_markers(rng, layout)
    picture = render(make_state(seed, velocity=-5.0 * back, target=300.0 * target))
    found = find_ring(picture, layout, layout.prograde, 0.1 * layout.radius)
    assert found is not None
    assert apart(found, back) < 2.0


def test_retrograde_has_a_cross_and_prograde_is_open(make_state):
    layout = Layout()
    crossed = {}
    for sign in (1.0, -1.0):
        velocity = sign * np.array([0.8, 0.6, 0.0])
        picture = render(make_state(3, velocity=velocity, target=np.array([-9.0, 0.0, 0.0])))
        x, y = layout.navball_centre[0] + 60, layout.navball_centre[1]
        crossed[sign] = bool(np.all(np.abs(picture[y, x].astype(int) - layout.prograde) < 60))
    assert crossed == {1.0: False, -1.0: True}


def test_a_target_behind_shows_the_three_arms_of_the_anti_target(make_state):
    layout, back = Layout(), np.array([0.8, -0.6, 0.0])
    picture = render(make_state(3, velocity=np.zeros(3), target=-70.0 * back))
    x, y = layout.navball_centre[0] - 60, layout.navball_centre[1]
    arms = np.radians([60.0, 180.0, 300.0])
    gaps = np.radians([0.0, 120.0, 240.0])

    def magenta(angle):
        place = picture[round(y - 11 * np.cos(angle)), round(x + 11 * np.sin(angle))]
        return bool(np.all(np.abs(place.astype(int) - layout.target) < 80))

    assert [magenta(angle) for angle in arms] == [True, True, True]
    assert [magenta(angle) for angle in gaps] == [False, False, False]


def test_no_velocity_marker_is_drawn_when_at_rest(make_state):
    layout = Layout()
    marked = [
        np.any(np.all(np.abs(ball.astype(int) - layout.prograde) < 25, axis=2))
        for speed in (0.009, 0.011)
        for ball in [
            render(make_state(7, velocity=np.array([speed, 0, 0])))[484:700, 532:748],
        ]
    ]
    assert marked == [False, True]


@pytest.mark.slow
@FEW
@given(seed=SEEDS)
def test_the_horizon_tells_up(make_state, seed):
    layout = Layout()
    state = make_state(seed)
    ball = np.zeros((HEIGHT, WIDTH, 3), dtype=np.uint8)
    navball.draw_ball(ball, state, layout)
    rng = np.random.default_rng(seed)
    checked = 0
    for _ in range(150):
        way = towards(rng, rng.uniform(0.0, 65.0))
        x, y = placed(way, layout)
        red, _, blue = ball[round(y), round(x)].astype(int)
        if abs(way @ state.up) < 0.08 or abs(red - blue) < 40:
            continue  # on the horizon line, or on a graduation
        checked += 1
        assert (blue > red) == (way @ state.up > 0.0)
    assert checked > 50


@pytest.mark.parametrize("side", [-1.0, 1.0])
def test_right_of_the_nose_is_right_in_the_picture_and_down_is_down(side):
    layout = Layout()
    x, _ = placed(np.array([1.0, side, 0.0]), layout)
    assert x == pytest.approx(640 + side * 100 / np.sqrt(2))
    _, y = placed(np.array([1.0, 0.0, side]), layout)
    assert y == pytest.approx(592 + side * 100 / np.sqrt(2))


def test_the_far_side_of_the_ball_has_no_place():
    assert navball.place(np.array([-1.0, 0.2, 0.0]), Layout()) is None
    assert navball.place(np.zeros(3), Layout()) is None
