"""The evaders: when they wake, what they burn, what they leave to chance."""

from __future__ import annotations

import numpy as np
import pytest

from helmsight.envs.orbital.attitude import SAS
from helmsight.envs.orbital.dynamics import orbital_axes, unit
from helmsight.envs.orbital.scenarios import EVADER, PURSUER
from helmsight.envs.orbital.world import SETTLE

FLOW = 8000.0 / (240.0 * 9.80665)


def spent(flight):
    """Return what the evaders have burned, (n,) kg."""
    return (1200.0 - flight.propellant[:, EVADER]) * 4.0


def throttles(flight, steps):
    """Return the evader's throttles over `steps` steps, (steps, 3)."""
    seen = []
    for _ in range(steps):
        flight.advance()
        seen.append(flight.throttle[0, EVADER].copy())
    return np.array(seen)


@pytest.mark.slow
@pytest.mark.parametrize("metres", [8.0, 150.0, 3000.0])
def test_the_passive_evader_never_burns(make_world, metres):
    flight = make_world(evader=1, offset=(0.0, -metres, 0.0))
    flight.advance(600)
    assert spent(flight)[0] == 0.0
    assert not flight.rcs[0, EVADER]


@pytest.mark.parametrize("bot", [2, 3, 4])
def test_no_evader_burns_before_the_reset_is_over(make_world, bot):
    flight = make_world(evader=bot, offset=(0.0, -150.0, 0.0), load_time=0.1)
    flight.advance(round(SETTLE / 0.02) - 1)
    assert spent(flight)[0] == 0.0
    assert not flight.throttle[0, EVADER].any()


@pytest.mark.slow
@pytest.mark.parametrize("bot", [2, 3])
def test_a_reacting_evader_sleeps_beyond_2200_metres(make_world, bot):
    flight = make_world(evader=bot, offset=(0.0, -2300.0, 0.0))
    flight.advance(600)
    assert spent(flight)[0] == 0.0
    assert not flight.rcs[0, EVADER]


@pytest.mark.slow
def test_the_random_evader_burns_within_2200_metres_and_changes_its_mind(make_world):
    flight = make_world(evader=2, offset=(0.0, -2000.0, 0.0))
    flight.settle()
    seen = throttles(flight, 1500)
    assert spent(flight)[0] > 0.0
    assert np.abs(seen).max() <= 1.0
    kept = np.unique(seen, axis=0)
    assert 8 <= len(kept) <= 40  # holds of one second on average, half of them with a new burn
    assert (kept.min(axis=0) < -0.2).all()
    assert (kept.max(axis=0) > 0.2).all()


@pytest.mark.slow
def test_the_random_evader_tumbles(make_world):
    flight = make_world(evader=2, offset=(0.0, -500.0, 0.0))
    flight.settle()
    noses = []
    for _ in range(20):
        flight.advance(50)
        noses.append(flight.axes[0, EVADER, 0].copy())
        np.testing.assert_allclose(
            flight.axes[0, EVADER] @ flight.axes[0, EVADER].T, np.eye(3), atol=1e-9
        )
    prograde = flight.velocity[0, EVADER] / np.linalg.norm(flight.velocity[0, EVADER])
    assert min(nose @ prograde for nose in noses) < 0.5


@pytest.mark.slow
def test_the_random_evader_differs_by_seed_and_repeats_by_seed(make_world):
    flight = make_world(seeds=[1, 1, 2], evader=2, offset=(0.0, -500.0, 0.0))
    flight.advance(750)
    one, again, other = flight.position[:, EVADER]
    np.testing.assert_array_equal(one, again)
    assert np.linalg.norm(one - other) > 0.1


@pytest.mark.slow
def test_the_heuristic_evader_turns_to_normal_within_2200_metres_and_waits(make_world):
    flight = make_world(evader=3, offset=(0.0, -250.0, 0.0))
    flight.advance(400)
    assert spent(flight)[0] == 0.0
    assert flight.sas[0, EVADER] == SAS.NORMAL
    normal = orbital_axes(flight.position[0, EVADER], flight.velocity[0, EVADER])[2]
    assert flight.axes[0, EVADER, 0] @ normal == pytest.approx(1.0, abs=1e-4)


@pytest.mark.slow
def test_the_heuristic_evader_burns_along_its_normal_while_closer_than_200_metres(make_world):
    flight = make_world(evader=3, offset=(0.0, -190.0, 0.0), speed=(0.0, 0.0, 0.0))
    flight.settle()
    flight.advance(100)  # the nose has come round
    before = flight.velocity[0, EVADER].copy()
    for _ in range(750):
        close = flight.range[0] < 200.0
        flight.advance()
        assert flight.throttle[0, EVADER].tolist() == [float(close), 0.0, 0.0]
    assert flight.range[0] > 200.0  # it got away, and stopped
    gained = flight.velocity[0, EVADER] - before
    normal = orbital_axes(flight.position[0, EVADER], flight.velocity[0, EVADER])[2]
    assert gained @ normal > 4.0


@pytest.mark.slow
def test_the_random_evader_keeps_its_last_inputs_beyond_2200_metres(make_world):
    flight = make_world(evader=2, offset=(0.0, -2100.0, 0.0), speed=(0.0, -20.0, 0.0))
    flight.settle()
    while flight.range[0] < 2200.0:
        flight.advance()
    kept = (flight.throttle[0, EVADER].copy(), flight.rotation[0, EVADER].copy())
    seen = throttles(flight, 500)
    assert flight.range[0] > 2200.0
    np.testing.assert_array_equal(seen, [kept[0]] * 500)
    np.testing.assert_array_equal(flight.rotation[0, EVADER], kept[1])
    flight.position[0, PURSUER] = flight.position[0, EVADER] + (0.0, 0.0, 500.0)
    assert len(np.unique(throttles(flight, 500), axis=0)) > 2  # it is near again


@pytest.mark.slow
@pytest.mark.parametrize("metres", [100.0, 4000.0])
def test_the_accelerating_evader_turns_for_half_a_second_and_burns_prograde_at_any_range(
    make_world, metres
):
    flight = make_world(evader=4, offset=(0.0, -metres, 0.0))
    flight.settle()
    seen = throttles(flight, 526)
    np.testing.assert_array_equal(seen[:25], [[0.0, 0.0, 0.0]] * 25)
    np.testing.assert_array_equal(seen[25:], [[0.2, 0.0, 0.0]] * 501)
    assert spent(flight)[0] == pytest.approx(0.2 * FLOW * 10.0, rel=0.005)
    energy = flight.energy()[0, EVADER]
    flight.advance(500)
    gained = flight.energy()[0, EVADER] - energy
    assert gained == pytest.approx(0.2 * 8000.0 / 6675.0 * 10.0 * 2170.0, rel=0.01)


@pytest.mark.slow
def test_the_accelerating_evader_is_held_as_by_krpcs_autopilot_level_in_its_orbit(make_world):
    flight = make_world(evader=4)
    flight.settle()
    flight.advance(250)
    position, velocity = flight.position[0, EVADER], flight.velocity[0, EVADER]
    nose, right, down = flight.axes[0, EVADER]
    normal = unit(np.cross(position, velocity))
    assert nose @ unit(velocity) == pytest.approx(1.0, abs=1e-6)
    assert right @ normal == pytest.approx(1.0, abs=1e-6)
    assert down @ unit(position) > 0.9  # belly up: the frame's x, which is up, is anti-radial


@pytest.mark.slow
@pytest.mark.parametrize(("drift", "side"), [(2.0, -1.0), (-2.0, 1.0), (0.0, 1.0)])
def test_a_shunning_evader_burns_away_from_where_the_pursuer_would_pass(make_world, drift, side):
    """A pursuer that drifts to the normal passes on that side; of a hit it leaves by the normal."""
    flight = make_world(evader=5, offset=(0.0, -900.0, 0.0), speed=(0.0, 12.0, drift))
    flight.settle()
    flight.advance(4 * 50)
    axes = orbital_axes(flight.position[0, EVADER], flight.velocity[0, EVADER])
    assert side * flight.axes[0, EVADER, 0] @ axes[2] > 0.9
    assert flight.throttle[0, EVADER, 0] == 0.2


@pytest.mark.slow
def test_a_shunning_evader_coasts_when_the_pursuer_has_passed_or_is_far(make_world):
    for offset, speed in (
        ((0.0, -900.0, 0.0), (0.0, -5.0, 1.0)),
        ((0.0, -3e3, 0.0), (0.0, 9.0, 1.0)),
    ):
        flight = make_world(evader=5, offset=offset, speed=speed)
        flight.settle()
        flight.advance(2 * 50)
        assert flight.propellant[0, EVADER] == 1200.0
