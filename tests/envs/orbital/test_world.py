"""The twin: KSPDG's figures, conserved quantities, thrusters, batches."""

from __future__ import annotations

import numpy as np
import pytest

from helmsight.envs.orbital import dynamics, fleet, stepping
from helmsight.envs.orbital.attitude import SAS
from helmsight.envs.orbital.dynamics import cross, norm, propagate
from helmsight.envs.orbital.scenarios import EVADER, PURSUER, PURSUITS, Scenario
from helmsight.envs.orbital.world import DT, World

FLOW = 8000.0 / (240.0 * 9.80665)
"""Propellant flow of full forward thrust, 3.399 kg/s."""
# (m, s after load) of the passive minimum range within 240 s, or its value at load (None).
# Source: mission saves pe1_i{1..4}_init.sfs of spacegym-kspdg v0.14.0, two-body motion.
MINIMA = {1: (0.48, 121.7), 2: (462.08, None), 3: (2617.99, None), 4: (999.54, 62.95)}


@pytest.fixture(scope="module")
def coasting():
    """Return (worlds I1..I4 after 240 s of coasting, the same at load, ranges at every step).

    Nobody is captured: the capture range is set to nothing.
    """
    scenarios = [Scenario(1, initial) for initial in (1, 2, 3, 4)]
    worlds, ranges = World(scenarios), []
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(World, "capture_range", 0.0)
        while not worlds.over.all():
            ranges.append(worlds.range)
            worlds.advance()
    return worlds, World(scenarios), np.array(ranges)


@pytest.mark.slow
@pytest.mark.parametrize("initial", [2, 3, 4])
def test_the_passive_minimum_range_is_kspdgs(coasting, initial):
    ranges = coasting[2][:, initial - 1]
    metres, seconds = MINIMA[initial]
    assert ranges.min() == pytest.approx(metres, rel=0.01)
    if seconds is not None:
        assert ranges.argmin() * DT == pytest.approx(seconds, abs=0.5)


@pytest.mark.slow
def test_the_passive_minimum_range_of_the_first_orbits_is_under_a_metre(coasting):
    metres, seconds = MINIMA[1]
    assert seconds is not None
    ranges = coasting[2][:, 0]
    assert ranges.min() < 1.0  # steps are 0.7 m apart there
    assert ranges.argmin() * DT == pytest.approx(seconds, abs=0.1)
    position, velocity = Scenario(1, 1).initial_state()
    evader, pursuer = (propagate(position[k], velocity[k], seconds)[0] for k in (EVADER, PURSUER))
    # The published figure is the smallest of samples 0.05 s apart, not the true minimum.
    assert norm(evader - pursuer) == pytest.approx(metres, rel=0.01)


@pytest.mark.slow
def test_a_passive_pursuer_of_the_first_orbits_is_a_capture():
    flight = World([Scenario(1, 1)])
    flight.advance(6200)
    assert flight.captured[0]
    assert flight.range[0] <= 5.0
    assert flight.met[0] == pytest.approx(0.02 + 121.7 - 5.0 / 35.9, abs=0.1)


@pytest.mark.slow
def test_coasting_conserves_energy_and_angular_momentum(coasting):
    end, start, _ = coasting
    np.testing.assert_allclose(end.energy(), start.energy(), rtol=1e-9)
    before, after = (cross(w.position, w.velocity) for w in (start, end))
    np.testing.assert_allclose(after, before, atol=norm(before).max() * 1e-11)


@pytest.mark.slow
def test_coasting_follows_keplers_solution(coasting):
    end, start, _ = coasting
    for i in range(4):
        seconds = float(end.met[i] - start.met[i])
        for vessel in (EVADER, PURSUER):
            wanted = propagate(start.position[i, vessel], start.velocity[i, vessel], seconds)
            np.testing.assert_allclose(end.position[i, vessel], wanted[0], atol=0.01)
            np.testing.assert_allclose(end.velocity[i, vessel], wanted[1], atol=1e-4)


@pytest.mark.slow
def test_coasting_spends_nothing_and_ends_at_the_timeout(coasting):
    end = coasting[0]
    assert (end.propellant == 1200.0).all()
    assert not end.captured.any()
    np.testing.assert_allclose(end.met, 240.0, atol=DT + 1e-9)


@pytest.fixture
def free_space(monkeypatch):
    """Switch gravity off."""
    for module in (dynamics, fleet):
        monkeypatch.setattr(module, "gravity", np.zeros_like)
    monkeypatch.setattr(stepping, "MU", 0.0)


@pytest.mark.slow
@pytest.mark.usefixtures("free_space")
@pytest.mark.parametrize(
    "throttle", [(1, 0, 0), (-0.3, 0, 0), (0, 0.7, 0), (0, 0, -1)], ids=str
)  # fmt: skip
def test_a_burn_obeys_the_rocket_equation(make_world, throttle):
    flight = make_world(offset=(0.0, -4000.0, 0.0))
    flight.sas[:, PURSUER] = SAS.STABILITY
    flight.propellant[:] = 60.0  # a light craft: the logarithm bends most
    start, mass = flight.velocity.copy(), flight.mass.copy()
    flight.burn(np.array([throttle]))
    flight.advance(2000)
    gained = norm(flight.velocity - start)[0, PURSUER]
    wanted = 240.0 * 9.80665 * np.log(mass / flight.mass)[0, PURSUER]
    assert gained == pytest.approx(wanted, rel=1e-6)
    assert gained > 10.0


@pytest.mark.usefixtures("free_space")
@pytest.mark.parametrize(
    ("throttle", "axis"), [((1, 0, 0), 0), ((0, 1, 0), 1), ((0, 0, 1), 2)], ids=str
)
def test_a_throttle_pushes_along_its_body_axis(make_world, throttle, axis):
    flight = make_world()
    flight.settle()
    flight.sas[:, PURSUER] = SAS.STABILITY
    before = flight.velocity[0, PURSUER].copy()
    flight.burn(np.array([throttle]))
    flight.advance(10)
    pushed = flight.velocity[0, PURSUER] - before
    np.testing.assert_allclose(
        pushed / norm(pushed), flight.axes[0, PURSUER, axis], atol=1e-9
    )  # fmt: skip
    thrust = (8000.0, 4000.0, 4000.0)[axis]
    assert norm(pushed) == pytest.approx(thrust / 6685.0 * 10 * DT, rel=1e-3)


@pytest.mark.parametrize(
    ("throttle", "flow"),
    [
        ((1, 0, 0), FLOW),
        ((-1, 0, 0), FLOW),
        ((0, 1, 0), FLOW / 2),
        ((0, 0, -1), FLOW / 2),
        ((0.2, 0, 0), 0.2 * FLOW),
        ((1, 1, 1), 2 * FLOW),
        ((-0.5, 0.5, -0.5), FLOW),
        ((3, 0, 0), FLOW),
        ((0, 0, 0), 0.0),
    ],
)
def test_propellant_flows_with_the_sum_of_the_thrusts(make_world, throttle, flow):
    flight = make_world(offset=(0.0, -4000.0, 0.0))
    flight.burn(np.array([throttle]))
    flight.advance(100)
    assert 6685.0 - flight.mass[0, PURSUER] == pytest.approx(2.0 * flow, rel=1e-9)
    assert pytest.approx(3.399, abs=1e-3) == FLOW


def coasts(flight, seconds):
    """Say whether the pursuer moves for `seconds` as if it had no thrusters."""
    start = flight.position[0, PURSUER].copy(), flight.velocity[0, PURSUER].copy()
    flight.advance(round(seconds / DT))
    wanted = propagate(*start, seconds)
    return np.allclose(flight.velocity[0, PURSUER], wanted[1], atol=1e-5)


def test_an_empty_tank_stops_the_thrust(make_world):
    flight = make_world(offset=(0.0, -4000.0, 0.0))
    flight.propellant[:, PURSUER] = 0.5
    flight.burn(np.array([[1.0, 0.0, 0.0]]))
    assert not coasts(flight, 1.0)
    assert flight.propellant[0, PURSUER] == 0.0
    assert flight.mass[0, PURSUER] == 1885.0
    assert coasts(flight, 1.0)


def test_thrusters_need_rcs(make_world):
    flight = make_world(offset=(0.0, -4000.0, 0.0))
    flight.rcs[:, PURSUER] = False
    flight.burn(np.array([[1.0, 1.0, -1.0]]))
    assert coasts(flight, 1.0)
    assert flight.propellant[0, PURSUER] == 1200.0


def test_a_throttle_stays_until_it_is_changed(make_world):
    flight = make_world(offset=(0.0, -4000.0, 0.0))
    flight.burn(np.array([[1.0, 0.0, 0.0]]))
    flight.advance(50)
    flight.advance(50)
    assert flight.propellant[0, PURSUER] == pytest.approx(1200.0 - 2 * FLOW / 4)


def test_settling_takes_three_seconds_and_brings_the_nose_to_the_target(make_world):
    flight = make_world(offset=(30.0, 200.0, -90.0), load_time=0.14)
    flight.settle()
    assert flight.met[0] == pytest.approx(3.14)
    sight = flight.line_of_sight[0] / flight.range[0]
    assert flight.axes[0, PURSUER, 0] @ sight == pytest.approx(1.0, abs=1e-5)


def test_a_captured_world_stands_still_while_the_others_go_on():
    flights = World([Scenario(1, 1), Scenario(1, 3)])
    flights.position[0, PURSUER] = flights.position[0, EVADER] + [4.0, 0.0, 0.0]
    flights.advance(1)
    assert flights.captured.tolist() == [True, False]
    kept, met = flights.position[0].copy(), flights.met.copy()
    flights.burn(np.ones((2, 3)))
    flights.advance(50)
    np.testing.assert_array_equal(flights.position[0], kept)
    assert flights.propellant[0, PURSUER] == 1200.0
    np.testing.assert_allclose(flights.met - met, [0.0, 1.0])


@pytest.mark.slow
def test_a_batch_flies_as_its_worlds_do_alone(make_world):
    names, seeds = ["PE1-E1-I1", "PE1-E2-I2", "PE1-E3-I2", "PE1-E4-I4"], [0, 3, 5, 8]
    scenarios = [PURSUITS[name] for name in names]
    together = World(scenarios, seeds)
    alone = [World([s], [seed]) for s, seed in zip(scenarios, seeds, strict=True)]
    rng = np.random.default_rng(1)
    for _ in range(8):
        throttle = rng.uniform(-1.0, 1.0, (4, 3))
        for flight, push in ((together, throttle), *zip(alone, throttle[:, None], strict=True)):
            flight.burn(push)
            flight.advance(40)
    for i, flight in enumerate(alone):
        np.testing.assert_allclose(together.position[i], flight.position[0], rtol=0, atol=1e-6)
        np.testing.assert_allclose(together.velocity[i], flight.velocity[0], rtol=0, atol=1e-9)
        np.testing.assert_allclose(together.propellant[i], flight.propellant[0], rtol=1e-12)
        np.testing.assert_allclose(together.axes[i], flight.axes[0], rtol=0, atol=1e-9)


def test_as_many_seeds_as_scenarios_are_wanted():
    with pytest.raises(ValueError, match="zip"):
        World([Scenario(1, 1)], [0, 1])
