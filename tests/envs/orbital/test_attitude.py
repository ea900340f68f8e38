"""Attitude: where SAS points, how fast the nose gets there, and that a triad stays one."""

from __future__ import annotations

from itertools import pairwise

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from helmsight.envs.orbital.attitude import SAS, pointing, roll, rotate, slew, turned_by
from helmsight.envs.orbital.vehicles import DRONE

DT = 0.02
POSITION = np.array([[7.5e5, 0.0, 0.0]])
VELOCITY = np.array([[100.0, 2170.0, 0.0]])
PROGRADE = VELOCITY[0] / np.linalg.norm(VELOCITY[0])
RADIAL = np.array([PROGRADE[1], -PROGRADE[0], 0.0])
DIRECTIONS = {
    SAS.PROGRADE: PROGRADE,
    SAS.RETROGRADE: -PROGRADE,
    SAS.NORMAL: np.array([0.0, 0.0, 1.0]),
    SAS.ANTINORMAL: np.array([0.0, 0.0, -1.0]),
    SAS.RADIAL: RADIAL,
    SAS.ANTIRADIAL: -RADIAL,
    SAS.TARGET: np.array([0.6, 0.0, 0.8]),
    SAS.ANTITARGET: np.array([-0.6, 0.0, -0.8]),
}


def triad(seed):
    axes = np.linalg.qr(np.random.default_rng(seed).standard_normal((3, 3)))[0]
    axes[2] *= np.sign(np.linalg.det(axes))
    return axes[None]


def wanted_by(mode, axes):
    target = np.array([[60.0, 0.0, 80.0]])
    return pointing(np.array([int(mode)]), axes, POSITION, VELOCITY, target)


def turn(axes, wanted, seconds):
    """Yield (axes, rate) at every step of a slew by a drone that starts at rest."""
    rate = np.zeros(1)
    limit, acceleration = np.asarray(DRONE.slew_rate), np.asarray(DRONE.slew_acceleration)
    for _ in range(round(seconds / DT)):
        axes, rate = slew(axes, rate, wanted, limit, acceleration, DT)
        yield axes, rate


def degrees_between(a, b):
    return np.degrees(np.arctan2(np.linalg.norm(np.cross(a, b)), a @ b))


@pytest.mark.parametrize("mode", list(DIRECTIONS), ids=lambda mode: mode.name.lower())
def test_a_mode_points_where_its_name_says(mode):
    np.testing.assert_allclose(wanted_by(mode, triad(1))[0], DIRECTIONS[mode], atol=1e-12)


def test_stability_keeps_the_nose_where_it_is():
    axes = triad(2)
    np.testing.assert_array_equal(wanted_by(SAS.STABILITY, axes), axes[:, 0])


def test_worlds_of_one_batch_have_modes_of_their_own():
    modes = np.array([*DIRECTIONS, SAS.STABILITY], dtype=np.int64)
    n = len(modes)
    axes = np.repeat(triad(3), n, axis=0)
    got = pointing(
        modes,
        axes,
        POSITION.repeat(n, 0),
        VELOCITY.repeat(n, 0),
        np.tile([60.0, 0.0, 80.0], (n, 1)),
    )
    np.testing.assert_allclose(got, [*DIRECTIONS.values(), axes[0, 0]], atol=1e-12)


@pytest.mark.parametrize(("away", "seconds"), [(90.0, 2.0), (179.9, 3.0), (180.0, 3.0)])
@pytest.mark.parametrize("mode", [SAS.TARGET, SAS.PROGRADE, SAS.NORMAL])
def test_the_nose_arrives_in_time(mode, away, seconds):
    goal = DIRECTIONS[mode]
    axes = triad(4)
    # Turn some triad so that its nose is `away` degrees from the goal.
    side = np.cross(goal, [0.3, 0.5, -0.2])
    side /= np.linalg.norm(side)
    nose = np.cos(np.radians(away)) * goal + np.sin(np.radians(away)) * side
    right = np.cross(nose, [0.1, 0.9, 0.3])
    right /= np.linalg.norm(right)
    axes = np.stack([nose, right, np.cross(nose, right)])[None]
    *_, (axes, _) = turn(axes, wanted_by(mode, axes), seconds)
    assert degrees_between(axes[0, 0], goal) < 0.5


@pytest.mark.slow
@given(seed=st.integers(0, 10_000), goal=st.integers(0, 10_000))
@settings(max_examples=30, deadline=None)
def test_a_slew_keeps_the_triad_right_handed_and_the_rate_within_its_limit(seed, goal):
    wanted = triad(goal)[:, 0]
    before = triad(seed)
    for axes, rate in turn(before, wanted, 2.0):
        assert 0.0 <= rate[0] <= DRONE.slew_rate
        moved = np.radians(degrees_between(before[0, 0], axes[0, 0]))
        assert moved <= DRONE.slew_rate * DT + 1e-9
        np.testing.assert_allclose(axes[0] @ axes[0].T, np.eye(3), atol=1e-9)
        assert np.linalg.det(axes[0]) > 0
        before = axes
    assert degrees_between(before[0, 0], wanted[0]) < 1.0


@given(seed=st.integers(0, 10_000))
@settings(max_examples=20, deadline=None)
def test_the_nose_never_swings_past_its_goal(seed):
    wanted = triad(seed + 1)[:, 0]
    angles = [degrees_between(axes[0, 0], wanted[0]) for axes, _ in turn(triad(seed), wanted, 2.0)]
    assert all(later <= sooner + 1e-6 for sooner, later in pairwise(angles))


@given(angle=st.floats(-10.0, 10.0), seed=st.integers(0, 1000))
def test_a_rotation_turns_about_its_axis_by_its_angle(angle, seed):
    axes = triad(seed)
    turned = rotate(axes, axes[:, 2], np.array([angle]))
    np.testing.assert_allclose(turned[0, 2], axes[0, 2], atol=1e-9)
    assert turned[0, 0] @ axes[0, 0] == pytest.approx(np.cos(angle), abs=1e-9)
    assert turned[0, 0] @ axes[0, 1] == pytest.approx(np.sin(angle), abs=1e-9)


def test_a_roll_brings_the_wing_round_and_leaves_the_nose():
    axes = triad(7)
    nose, wing = axes[0, 0].copy(), rotate(axes, axes[:, 0], np.array([2.0]))[:, 1]
    for _ in range(150):
        axes = roll(axes, wing, np.array([True]), np.array([2.5]), np.array([4.6]), DT)
    np.testing.assert_allclose(axes[0, 0], nose, atol=1e-9)
    np.testing.assert_allclose(axes[0, 1], wing[0], atol=1e-6)


@pytest.mark.parametrize(
    ("wing", "chosen"), [((np.nan,) * 3, True), ((0.0, 0.0, 1.0), False)], ids=["nan", "not chosen"]
)
def test_a_roll_that_nobody_asked_for_does_not_happen(wing, chosen):
    axes = np.eye(3)[None]
    limit = np.array([2.5])
    rolled = roll(axes, np.array([wing]), np.array([chosen]), limit, limit, DT)
    np.testing.assert_allclose(rolled, axes, atol=1e-12)


@given(
    seed=st.integers(0, 10_000),
    angle=st.floats(1e-6, 1.5),
)
def test_a_turn_is_read_back_from_the_triads(seed, angle):
    rng = np.random.default_rng(seed)
    around = rng.standard_normal((1, 3))
    around /= np.linalg.norm(around)
    before = triad(seed)
    after = rotate(before, around, np.array([angle]))
    np.testing.assert_allclose(turned_by(before, after), around * angle, atol=1e-9)
