"""Vectors and rotations as tuples: against numpy, and against themselves."""

from __future__ import annotations

from math import isclose

import numpy as np
import pytest
from hypothesis import assume, given, settings
from hypothesis import strategies as st

from helmsight.envs.orbital.krpc.space_center import vectors

unhurried = settings(deadline=None)
number = st.floats(-1e3, 1e3)
vector = st.tuples(number, number, number)
rotation = st.tuples(*[st.floats(-1.0, 1.0)] * 4).filter(lambda q: sum(x * x for x in q) > 1e-3)
degree = st.floats(-89.0, 89.0)


def matrix(axes: vectors.FrameAxes) -> np.ndarray:
    """Return the matrix whose columns are the axes."""
    return np.array(axes).T


@given(vector, vector)
@unhurried
def test_products_are_numpys(a, b):
    assert vectors.dot(a, b) == pytest.approx(np.dot(a, b), abs=1e-6)
    np.testing.assert_allclose(vectors.cross(a, b), np.cross(a, b), atol=1e-6)
    assert vectors.length(a) == pytest.approx(np.linalg.norm(a))


@given(rotation)
@unhurried
def test_a_rotation_comes_back_from_its_axes(q):
    axes = vectors.axes_turned_by(q)
    m = matrix(axes)
    np.testing.assert_allclose(m @ m.T, np.eye(3), atol=1e-12)
    assert np.linalg.det(m) == pytest.approx(1.0)
    back = np.array(vectors.quaternion(axes))
    given_one = np.array(q) / np.linalg.norm(q)
    assert min(np.abs(back - given_one).max(), np.abs(back + given_one).max()) < 1e-9


@given(rotation, vector)
@unhurried
def test_a_quaternion_turns_vectors_by_hamiltons_product(q, a):
    x, y, z, w = np.array(q) / np.linalg.norm(q)
    u, v = np.array([x, y, z]), np.array(a)
    wanted = 2 * (u @ v) * u + (w * w - u @ u) * v + 2 * w * np.cross(u, v)
    np.testing.assert_allclose(vectors.turned(vectors.axes_turned_by(q), a), wanted, atol=1e-9)


@given(rotation, vector)
@unhurried
def test_along_undoes_turned(q, a):
    axes = vectors.axes_turned_by(q)
    np.testing.assert_allclose(vectors.along(axes, vectors.turned(axes, a)), a, atol=1e-9)


def test_a_rotation_of_no_length_is_refused():
    with pytest.raises(ValueError, match="no rotation"):
        vectors.axes_turned_by((0.0, 0.0, 0.0, 0.0))


@given(vector, vector)
@unhurried
def test_axes_follow_the_first_direction_exactly_and_the_second_nearly(y, z):
    assume(np.linalg.norm(np.cross(y, z)) > 1e-3 * np.linalg.norm(y) * np.linalg.norm(z) > 0.0)
    axes = vectors.axes_of(y, z)
    np.testing.assert_allclose(axes.y, np.array(y) / np.linalg.norm(y), atol=1e-9)
    assert vectors.dot(axes.z, z) > 0.0
    assert np.linalg.det(matrix(axes)) == pytest.approx(1.0)


@pytest.mark.parametrize(
    ("pitch", "heading", "wanted"),
    [(90, 0, (1, 0, 0)), (0, 0, (0, 1, 0)), (0, 90, (0, 0, 1)), (0, 270, (0, 0, -1))],
)
def test_up_is_x_north_is_y_and_east_is_z(pitch, heading, wanted):
    np.testing.assert_allclose(vectors.direction_at(pitch, heading), wanted, atol=1e-12)


@given(degree, st.floats(0.0, 359.0), st.floats(-179.0, 179.0))
@unhurried
def test_pitch_heading_and_roll_come_back_from_the_attitude_they_make(pitch, heading, roll):
    nose = vectors.direction_at(pitch, heading)
    right, belly = vectors.wings_at(nose)
    c, s = np.cos(np.radians(roll)), np.sin(np.radians(roll))
    wing = tuple(c * np.array(right) + s * np.array(belly))  # a positive roll lowers this wing
    axes = vectors.FrameAxes(wing, nose, vectors.cross(wing, nose))
    angles = vectors.pitch_heading_roll(axes)
    assert angles[0] == pytest.approx(pitch, abs=1e-6)
    assert isclose((angles[1] - heading + 180) % 360 - 180, 0.0, abs_tol=1e-6)
    assert angles[2] == pytest.approx(roll, abs=1e-6)


def test_a_craft_flying_level_to_the_north_has_its_right_wing_in_the_east_and_no_roll():
    axes = vectors.FrameAxes((0.0, 0.0, 1.0), (0.0, 1.0, 0.0), (-1.0, 0.0, 0.0))
    assert vectors.pitch_heading_roll(axes) == pytest.approx((0.0, 0.0, 0.0))


def test_a_right_wing_that_is_low_is_a_positive_roll():
    axes = vectors.FrameAxes((-0.5, 0.0, 0.75**0.5), (0.0, 1.0, 0.0), (-(0.75**0.5), 0.0, -0.5))
    assert vectors.pitch_heading_roll(axes)[2] == pytest.approx(30.0)
