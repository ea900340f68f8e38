"""Orbits as elements: against the dynamics' own propagation, bound and not."""

from __future__ import annotations

from math import inf, pi, radians, sqrt

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy.integrate import solve_ivp

from helmsight.envs.orbital.dynamics import MU, propagate, state_from_elements
from helmsight.envs.orbital.krpc.space_center.conic import Conic, closest_approaches
from helmsight.envs.orbital.krpc.space_center.vectors import length, scale, unit
from helmsight.envs.orbital.saves import find_save, save_names

unhurried = settings(deadline=None)
angle = st.floats(0.01, 2 * pi - 0.01)
# Escape speed is 1: ellipses, near-parabolas on both sides, hyperbolas.
paces = st.one_of(st.floats(0.2, 0.999), st.floats(1.001, 2.5))


def orbit_of(name: str, vessel: int) -> Conic:
    save = find_save(name)
    position, velocity = (tuple(a[vessel].tolist()) for a in (save.position, save.velocity))
    return Conic.through(position, velocity, MU, save.ut)


@st.composite
def states(draw):
    """Return a position and a velocity that is not along it."""
    component = st.floats(-1.0, 1.0)
    direction = draw(st.tuples(component, component, component).filter(lambda v: length(v) > 0.2))
    position = scale(unit(direction), draw(st.floats(6e5, 3e6)))
    across = np.cross(position, draw(st.tuples(component, component, component)))
    if np.linalg.norm(across) < 1e4:
        across = np.cross(position, (0.3, 0.9, -0.2))
    tilt = draw(st.floats(-1.2, 1.2))
    way = np.cos(tilt) * across / np.linalg.norm(across) + np.sin(tilt) * np.array(unit(position))
    speed = draw(paces) * sqrt(2 * MU / length(position))
    return position, tuple((speed * way).tolist())


def through(state, ut):
    position, velocity = state
    return Conic.through(position, velocity, MU, ut)


@given(states(), st.floats(-1e5, 1e5))
@unhurried
def test_the_state_that_made_an_orbit_lies_on_it(state, ut):
    again = through(state, ut).state_at(ut)
    np.testing.assert_allclose(again[0], state[0], atol=1e-6 * length(state[0]))
    np.testing.assert_allclose(again[1], state[1], atol=1e-6 * length(state[1]))


@pytest.mark.slow
@given(states(), st.floats(-2000.0, 2000.0))
@unhurried
def test_states_later_on_make_the_same_orbit(state, seconds):
    orbit = through(state, 0.0)
    later = through(orbit.state_at(seconds), seconds)
    assert 1.0 / later.sma == pytest.approx(1.0 / orbit.sma, rel=1e-6, abs=1e-12)
    assert later.ecc == pytest.approx(orbit.ecc, rel=1e-6, abs=1e-9)
    back = later.state_at(0.0)[0]
    np.testing.assert_allclose(back, state[0], atol=1e-5 * length(state[0]))


@given(states(), st.lists(st.floats(-3000.0, 3000.0), min_size=1, max_size=20))
@unhurried
def test_many_positions_at_once_are_those_one_by_one(state, times):
    orbit = through(state, 0.0)
    one_by_one = [orbit.state_at(time)[0] for time in times]
    scale_ = max(map(length, one_by_one))
    np.testing.assert_allclose(orbit.positions(np.array(times)), one_by_one, atol=1e-7 * scale_)


@pytest.mark.parametrize("name", save_names())
def test_the_scenarios_orbits_move_as_the_dynamics_propagate_them(name):
    save = find_save(name)
    for vessel in range(len(save.names)):
        position, velocity = orbit_of(name, vessel).state_at(save.ut + 240.0)
        wanted = propagate(save.position[vessel], save.velocity[vessel], 240.0)
        np.testing.assert_allclose(position, wanted[0], atol=1e-3)
        np.testing.assert_allclose(velocity, wanted[1], atol=1e-6)


@given(
    st.floats(7e5, 5e6), st.floats(0.01, 0.9), st.floats(0.05, 3.0), angle, angle, angle
)  # fmt: skip
@unhurried
def test_elements_come_back_from_the_state_they_make(sma, ecc, inc, lan, lpe, mean):
    position, velocity = state_from_elements(sma, ecc, inc, lan, lpe, mean)
    orbit = Conic.through(tuple(position.tolist()), tuple(velocity.tolist()), MU, 0.0)
    assert orbit.sma == pytest.approx(sma, rel=1e-9)
    assert orbit.ecc == pytest.approx(ecc, abs=1e-9)
    assert orbit.inc == pytest.approx(inc, abs=1e-9)
    for element, wanted in ((orbit.lan, lan), (orbit.lpe, lpe), (orbit.mean, mean)):
        assert np.sin(element - wanted) == pytest.approx(0.0, abs=1e-6)
        assert np.cos(element - wanted) == pytest.approx(1.0)


@given(states(), st.floats(-1.5, 1.5))
@unhurried
def test_anomalies_turn_into_each_other_and_back(state, true):
    orbit = through(state, 0.0)
    if not orbit.bound and 1.0 + orbit.ecc * np.cos(true) < 0.02:
        return
    back = orbit.true_of(orbit.eccentric_of(true))
    assert np.sin(back - true) == pytest.approx(0.0, abs=1e-6)
    time = orbit.next_at(true, 5.0)
    assert np.sin(orbit.true_at(time) - true) == pytest.approx(0.0, abs=1e-5)
    assert length(orbit.state_at(time)[0]) == pytest.approx(orbit.radius_of(true), rel=1e-5)


def test_apoapsis_and_period_of_an_escape_orbit_are_infinite_and_its_periapsis_is_not():
    orbit = Conic.through((7e5, 0.0, 0.0), (0.0, 1.2 * sqrt(2 * MU / 7e5), 0.0), MU, 0.0)
    assert not orbit.bound
    assert orbit.apoapsis == orbit.period == inf
    assert orbit.periapsis == pytest.approx(7e5)
    assert np.isnan(orbit.radius_of(pi))
    with pytest.raises(ValueError, match="leaves the body"):
        orbit.next_at(pi, 0.0)


def test_speed_at_a_radius_is_vis_viva():
    orbit = orbit_of("pe1_i4_init", 1)
    position, velocity = orbit.state_at(900.0)
    assert orbit.speed_at_radius(length(position)) == pytest.approx(length(velocity))
    assert np.isnan(orbit.speed_at_radius(1e9))


def test_a_true_anomaly_at_a_radius_lies_at_that_radius_and_not_beyond_the_orbit():
    orbit = orbit_of("pe1_i4_init", 1)
    assert orbit.radius_of(orbit.true_at_radius(754_000.0)) == pytest.approx(754_000.0)
    assert np.isnan(orbit.true_at_radius(1e6))


def test_the_closest_approach_of_the_fourth_orbits_is_the_published_one():
    # 999.5 m at 63 s: minimum passive range, from the mission save of spacegym-kspdg v0.14.0.
    evader, pursuer = (orbit_of("pe1_i4_init", vessel) for vessel in (0, 1))
    (time, distance), (later, _) = closest_approaches(evader, pursuer, 0.06, 2)
    assert distance == pytest.approx(999.54, abs=0.01)
    assert time == pytest.approx(63.0, abs=0.1)
    assert later > 0.06 + evader.period


def test_nodes_lie_in_both_planes_and_the_ascending_one_goes_up():
    evader, pursuer = (orbit_of("pe1_i2_init", vessel) for vessel in (0, 1))
    assert pursuer.tilt_to(evader) == pytest.approx(radians(1.0), abs=1e-5)
    position, velocity = pursuer.state_of(pursuer.node_with(evader))
    normal = np.array(evader.basis[2])
    assert normal @ unit(position) == pytest.approx(0.0, abs=1e-9)
    assert normal @ velocity > 0.0


def test_planes_that_are_the_same_have_no_node():
    orbit = orbit_of("pe1_i3_init", 1)
    assert np.isnan(orbit.node_with(orbit))


def test_two_escape_orbits_have_no_period_to_look_for_approaches_in():
    fast = sqrt(2 * MU / 7e5) * 1.1
    escape = Conic.through((7e5, 0.0, 0.0), (0.0, fast, 0.0), MU, 0.0)
    with pytest.raises(ValueError, match="bound"):
        closest_approaches(escape, escape, 0.0, 1)


@pytest.mark.corpus
@pytest.mark.parametrize("side", [-1.0, 0.0, 1.0])
@pytest.mark.parametrize("off", [0.0, 1e-15, 1e-12, 1e-9, 1e-6, 1e-4, 3e-3])
@pytest.mark.parametrize("tilt", [0.0, 0.7, -1.3])
def test_near_escape_speed_an_orbit_is_that_of_the_integrated_motion(side, off, tilt):
    place = np.array([5e5, -4e5, 3e5])
    radius = float(np.linalg.norm(place))
    across = np.cross(place, [0.3, 0.9, -0.2])
    way = np.cos(tilt) * across / np.linalg.norm(across) + np.sin(tilt) * place / radius
    speed = (1.0 + side * off) * sqrt(2.0 * MU / radius)
    state = tuple(place.tolist()), tuple((speed * way).tolist())
    orbit = through(state, 100.0)

    def pull(_, now):
        return np.concatenate([now[3:], -MU * now[:3] / np.linalg.norm(now[:3]) ** 3])

    for later in (0.0, 1e-3, 300.0, -300.0, 4000.0):
        found = orbit.state_at(100.0 + later)
        wanted = np.concatenate(state)
        if later:
            whole = solve_ivp(pull, (0.0, later), wanted, "DOP853", rtol=1e-13, atol=1e-9)
            wanted = whole.y[:, -1]
        size, pace = float(np.linalg.norm(wanted[:3])), float(np.linalg.norm(wanted[3:]))
        np.testing.assert_allclose(found[0], wanted[:3], rtol=0.0, atol=1e-9 * size)
        np.testing.assert_allclose(found[1], wanted[3:], rtol=0.0, atol=1e-9 * pace)
        true = orbit.true_at(100.0 + later)
        assert length(orbit.state_of(true)[0]) == pytest.approx(size, rel=1e-8)
        if orbit.period == inf:
            assert orbit.next_at(true, 0.0) == pytest.approx(100.0 + later, abs=1e-4)


def test_the_parabola_itself_has_elements_and_no_division_by_zero():
    orbit = through(((1e6, 0.0, 0.0), (0.0, sqrt(2.0 * MU / 1e6), 0.0)), 0.0)
    assert orbit.periapsis == pytest.approx(1e6)
    assert orbit.ecc == pytest.approx(1.0)
    assert orbit.parameter == pytest.approx(2e6)
    for ask in (orbit.mean_at, orbit.eccentric_at, orbit.true_at):
        assert np.isfinite(ask(50.0))
    assert orbit.speed_at_radius(4e6) == pytest.approx(sqrt(2.0 * MU / 4e6))
    assert orbit.positions(np.array([0.0, 10.0])).shape == (2, 3)
