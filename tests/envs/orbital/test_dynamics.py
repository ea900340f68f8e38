"""Two-body motion: elements, Kepler's solution, conserved quantities."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from helmsight.envs.orbital import dynamics
from helmsight.envs.orbital.dynamics import (
    MU,
    cross,
    norm,
    orbital_axes,
    propagate,
    state_from_elements,
    track_axes,
)

ANGLE = st.floats(-2 * np.pi, 2 * np.pi)
ORBIT = st.tuples(
    st.floats(6.5e5, 5e6), st.floats(0.0, 0.9), st.floats(0.0, np.pi), ANGLE, ANGLE, ANGLE
)
VECTOR = st.tuples(*[st.floats(-1e3, 1e3)] * 3).map(np.array)


def period(sma):
    return 2 * np.pi * np.sqrt(sma**3 / MU)


def turned(orbit, angle):
    """Return the elements with a mean anomaly that is `angle` greater."""
    return [*orbit[:5], orbit[5] + angle]


def invariants(position, velocity):
    """Return semi-major axis, eccentricity and inclination of a state."""
    sma = 1.0 / (2.0 / norm(position) - velocity @ velocity / MU)
    momentum = cross(position, velocity)
    shape = cross(velocity, momentum) / MU - position / norm(position)
    return sma, norm(shape), np.arctan2(np.hypot(*momentum[:2]), momentum[2])


@given(ORBIT)
def test_a_state_has_the_size_shape_and_tilt_of_its_elements(orbit):
    sma, ecc, inc = invariants(*state_from_elements(*orbit))
    assert sma == pytest.approx(orbit[0], rel=1e-9)
    assert ecc == pytest.approx(orbit[1], abs=1e-9)
    assert inc == pytest.approx(orbit[2], abs=1e-7)


@given(ORBIT)
def test_a_whole_turn_of_the_mean_anomaly_changes_nothing(orbit):
    here = state_from_elements(*orbit)
    there = state_from_elements(*turned(orbit, 2 * np.pi))
    np.testing.assert_allclose(here[0], there[0], atol=1e-3)
    np.testing.assert_allclose(here[1], there[1], atol=1e-5)


@given(ORBIT, st.floats(-0.9, 0.9))
def test_keplers_solution_moves_the_mean_anomaly_evenly(orbit, share):
    seconds = share * period(orbit[0])
    moved = propagate(*state_from_elements(*orbit), seconds)
    wanted = state_from_elements(*turned(orbit, 2 * np.pi * share))
    np.testing.assert_allclose(moved[0], wanted[0], atol=orbit[0] * 1e-8)
    np.testing.assert_allclose(moved[1], wanted[1], atol=float(norm(wanted[1])) * 1e-7)


@given(ORBIT, st.floats(1.0, 300.0))
def test_forward_and_back_again_is_where_it_began(orbit, seconds):
    start = state_from_elements(*orbit)
    back = propagate(*propagate(*start, seconds), -seconds)
    np.testing.assert_allclose(back[0], start[0], atol=orbit[0] * 1e-9)


@given(ORBIT)
@settings(max_examples=5, deadline=None)
def test_integration_follows_keplers_solution(orbit):
    sma, ecc = orbit[0] * 1.2, 0.3 * orbit[1]
    position, velocity = start = state_from_elements(sma, ecc, *orbit[2:])
    pull, nothing = dynamics.gravity(position), np.zeros(3)
    for _ in range(1000):
        position, velocity, pull = dynamics.verlet(position, velocity, nothing, pull, 0.02)
    wanted = propagate(*start, 20.0)
    np.testing.assert_allclose(position, wanted[0], atol=1e-3)
    np.testing.assert_allclose(velocity, wanted[1], atol=1e-4)


def test_orbital_axes_are_radial_along_track_and_normal():
    axes = orbital_axes(np.array([7e5, 0.0, 0.0]), np.array([30.0, 2000.0, 0.0]))
    np.testing.assert_allclose(axes, np.eye(3), atol=1e-12)


@given(VECTOR, VECTOR)
def test_products_agree_with_numpy(a, b):
    np.testing.assert_allclose(cross(a, b), np.cross(a, b), atol=1e-6)
    assert dynamics.dot(a, b) == pytest.approx(a @ b, abs=1e-6)
    assert norm(a) == pytest.approx(np.linalg.norm(a))


def test_the_unit_of_nothing_is_not_a_number_to_fear():
    assert dynamics.unit(np.zeros((2, 3))).tolist() == [[0.0] * 3] * 2


def test_gravity_is_newtons():
    np.testing.assert_allclose(
        dynamics.gravity(np.array([0.0, -750_000.0, 0.0])), [0.0, 3.5316e12 / 750_000.0**2, 0.0]
    )


def test_prograde_of_the_track_is_the_velocity_and_that_of_the_orbit_is_across_the_radius():
    position, velocity = np.array([7.5e5, 0.0, 0.0]), np.array([300.0, 2100.0, 0.0])
    outward, prograde, normal = track_axes(position, velocity)
    np.testing.assert_allclose(prograde, velocity / np.linalg.norm(velocity))
    np.testing.assert_allclose(normal, [0.0, 0.0, 1.0])
    assert outward @ prograde == pytest.approx(0.0)
    assert outward @ position > 0.0
    np.testing.assert_allclose(orbital_axes(position, velocity), np.eye(3), atol=1e-12)
