"""Attitude: where SAS points, how fast the nose gets there, and that a triad stays one."""

from __future__ import annotations

from itertools import pairwise

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from helmsight.envs.orbital.attitude import SAS, error, pointing, rate, rotate, turn, turned_by
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


LIMIT = np.full(3, DRONE.slew_rate)
ACCELERATION = np.array(DRONE.angular_acceleration)


def slew(axes, wanted, seconds, wing=None):
    """Yield (axes, spin) at every step of a slew by a drone that starts at rest."""
    spin = np.zeros((1, 3))
    most = ACCELERATION * DT
    for _ in range(round(seconds / DT)):
        asked = rate(error(axes, wanted, wing), ACCELERATION, LIMIT, DT)
        spin = spin + np.clip(asked - spin, -most, most)
        axes = turn(axes, spin, DT)
        yield axes, spin


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
    *_, (axes, _) = slew(axes, wanted_by(mode, axes), seconds)
    assert degrees_between(axes[0, 0], goal) < 0.5


@pytest.mark.slow
@pytest.mark.uncounted
@given(seed=st.integers(0, 10_000), goal=st.integers(0, 10_000))
@settings(max_examples=30, deadline=None)
def test_a_slew_keeps_the_triad_right_handed_and_the_rate_within_its_limit(seed, goal):
    wanted = triad(goal)[:, 0]
    before = triad(seed)
    for axes, spin in slew(before, wanted, 2.0):
        assert np.abs(spin).max() <= DRONE.slew_rate
        moved = np.radians(degrees_between(before[0, 0], axes[0, 0]))
        assert moved <= np.sqrt(2.0) * DRONE.slew_rate * DT + 1e-9
        np.testing.assert_allclose(axes[0] @ axes[0].T, np.eye(3), atol=1e-9)
        assert np.linalg.det(axes[0]) > 0
        before = axes
    assert degrees_between(before[0, 0], wanted[0]) < 1.0


@pytest.mark.slow
@given(seed=st.integers(0, 10_000))
@settings(max_examples=20, deadline=None)
def test_the_nose_does_not_swing_past_its_goal(seed):
    wanted = triad(seed + 1)[:, 0]
    angles = [degrees_between(axes[0, 0], wanted[0]) for axes, _ in slew(triad(seed), wanted, 2.0)]
    assert all(later <= sooner + 0.2 for sooner, later in pairwise(angles))


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
    *_, (axes, _) = slew(axes, axes[:, 0], 3.0, wing)
    np.testing.assert_allclose(axes[0, 0], nose, atol=1e-9)
    np.testing.assert_allclose(axes[0, 1], wing[0], atol=1e-6)


@pytest.mark.parametrize("wing", [(np.nan,) * 3, (1.0, 0.0, 0.0)], ids=["nan", "along the nose"])
def test_a_roll_that_nobody_asked_for_does_not_happen(wing):
    axes = np.eye(3)[None]
    np.testing.assert_array_equal(error(axes, axes[:, 0], np.array([wing])), np.zeros((1, 3)))


@given(size=st.floats(1e-9, 3.0), acceleration=st.floats(0.5, 50.0))
def test_a_rate_lets_an_axis_stop_where_it_should(size, acceleration):
    left, spin, steps = size, np.zeros(1), 0
    while abs(left) > 1e-12 or abs(spin[0]) > 1e-9:
        asked = rate(np.array([left]), np.array([acceleration]), np.array([2.5]), DT)
        spin = spin + np.clip(asked - spin, -acceleration * DT, acceleration * DT)
        left -= float(spin[0]) * DT
        steps += 1
        assert left > -1e-9
        assert steps < 1000


def test_pitch_and_yaw_saturate_alike_so_the_nose_leaves_the_shortest_way():
    """Ninety degrees, mostly to the right: the first steps pitch as fast as they yaw."""
    wanted = np.array([[0.0, 0.94, -0.342]])
    path = list(slew(np.eye(3)[None], wanted / np.linalg.norm(wanted), 2.0))
    _, pitch, yaw = path[5][1][0]
    assert pitch == pytest.approx(yaw)
    rolled = path[-1][0][0, 1] @ shortest(np.eye(3), path[-1][0][0, 0])[1]
    assert np.degrees(np.arccos(rolled)) == pytest.approx(15.4, abs=1.5)


def shortest(axes, nose):
    """Return body axes (3, 3) turned by the shortest way until the nose is there."""
    around = np.cross(axes[0], nose)
    angle = np.arctan2(np.linalg.norm(around), axes[0] @ nose)
    return rotate(axes[None], around[None] / np.linalg.norm(around), np.array([angle]))[0]


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
