"""The public scenarios: names, initial states, seeds."""

from __future__ import annotations

import numpy as np
import pytest

from helmsight.envs.errors import UnknownScenario
from helmsight.envs.orbital.scenarios import EVADER, PURSUER, PURSUITS, Scenario, find_scenario

# (evader position, velocity, pursuer position, velocity), Kerbin-centred inertial, m and m/s.
# Source: mission saves pe1_i{1..4}_init.sfs of spacegym-kspdg v0.14.0, at load.
STATES = {
    1: (
        (704784.3079, -256474.3248, -0.4476), (742.057834, 2039.154278, 0.003559),
        (704752.1694, -251965.2691, -0.4398), (743.462305, 2003.327936, 0.003496),
    ),
    2: (
        (749532.4564, 26478.2321, 0.0462), (-76.609538, 2168.624213, 0.003785),
        (749532.4564, 26474.1993, 462.1089), (-76.609538, 2168.293921, 37.847711),
    ),
    3: (
        (704784.3079, -256474.3248, -0.4476), (742.057834, 2039.154278, 0.003559),
        (703884.7517, -258932.9187, 0.0), (749.17129, 2036.55159, 0.0),
    ),
    4: (
        (704813.9855, -256392.7569, -0.4475), (741.821833, 2039.240145, 0.003559),
        (703568.7737, -256940.2166, -2284.2271), (746.256043, 2047.167167, 37.452497),
    ),
}  # fmt: skip
PUBLIC = [scenario for scenario in PURSUITS.values() if scenario.public]
# (separation m, relative speed m/s) at load; same source.
PAIRS = {1: (4509.17, 35.854), 2: (462.08, 37.845), 3: (2617.99, 7.575), 4: (2658.18, 38.535)}


def test_there_are_sixteen_scenarios_of_four_bots_and_four_orbits():
    assert len(PUBLIC) == 16
    assert {(s.evader, s.initial) for s in PUBLIC} == {
        (e, i) for e in (1, 2, 3, 4) for i in (1, 2, 3, 4)
    }


@pytest.mark.parametrize("scenario", PUBLIC, ids=lambda s: s.name)
def test_a_scenario_is_found_in_every_spelling(scenario):
    e, i = scenario.evader, scenario.initial
    for spelling in (
        scenario.name, scenario.environment_id, f"pe1_e{e}_i{i}", f"PE1_E{e}_I{i}_V1",
        f" PE1-E{e}-I{i} ", f"pe1-e{e}-i{i}-v0",
    ):  # fmt: skip
        assert find_scenario(spelling) == scenario


@pytest.mark.parametrize(
    ("wrong", "near"),
    [("PE1-E3-I33", "PE1-E3-I3"), ("pe1_e3_l3", "PE1-E3-I3"), ("PE-E2-I4", "PE1-E2-I4"),
     ("e4-i2", "PE1-E4-I2"), ("PE2-E1-I1", "PE1-E1-I1")],
)  # fmt: skip
def test_a_wrong_name_is_answered_with_the_nearest(wrong, near):
    with pytest.raises(UnknownScenario, match=rf"{wrong}.*Did you mean {near}\?.*helmsight list"):
        find_scenario(wrong)


@pytest.mark.parametrize("wrong", ["", "mars", "\N{SNOWMAN}", "PE1"])
def test_even_a_name_like_nothing_gets_a_suggestion(wrong):
    with pytest.raises(UnknownScenario, match="Did you mean PE1-"):
        find_scenario(wrong)


@pytest.mark.parametrize("initial", STATES)
def test_the_nominal_state_is_the_public_one(initial):
    position, velocity = Scenario(1, initial).initial_state()
    evader, evader_velocity, pursuer, pursuer_velocity = STATES[initial]
    np.testing.assert_allclose(position, [evader, pursuer], atol=0.1)
    np.testing.assert_allclose(velocity, [evader_velocity, pursuer_velocity], atol=1e-3)


@pytest.mark.parametrize("initial", PAIRS)
@pytest.mark.parametrize("bot", [1, 2, 3, 4])
def test_separation_and_relative_speed_are_the_public_ones(initial, bot):
    position, velocity = Scenario(bot, initial).initial_state()
    separation, speed = PAIRS[initial]
    assert np.linalg.norm(position[0] - position[1]) == pytest.approx(separation, rel=0.01)
    assert np.linalg.norm(velocity[0] - velocity[1]) == pytest.approx(speed, abs=0.2)


@pytest.mark.parametrize(("initial", "seconds"), [(1, 0.02), (2, 0.14), (3, 0.02), (4, 0.06)])
def test_the_clock_starts_where_the_save_does(initial, seconds):
    assert Scenario(1, initial).load_time == pytest.approx(seconds)


def test_seeds_move_the_pursuer_by_fifty_metres_and_half_a_metre_a_second():
    scenario = Scenario(1, 3)
    nominal = scenario.initial_state(0)
    states = [scenario.initial_state(seed) for seed in range(1, 601)]
    moved = np.array([p[PURSUER] - nominal[0][PURSUER] for p, _ in states])
    pushed = np.array([v[PURSUER] - nominal[1][PURSUER] for _, v in states])
    np.testing.assert_allclose(moved.std(axis=0), 50.0, rtol=0.15)
    np.testing.assert_allclose(pushed.std(axis=0), 0.5, rtol=0.15)
    np.testing.assert_allclose(moved.mean(axis=0), 0.0, atol=10.0)
    np.testing.assert_allclose(pushed.mean(axis=0), 0.0, atol=0.1)
    assert len(np.unique(moved[:, 0])) == 600


@pytest.mark.parametrize("seed", [1, 7, 2**31])
def test_a_seed_leaves_the_evader_alone_and_repeats(seed):
    scenario = Scenario(3, 4)
    one, two = scenario.initial_state(seed), scenario.initial_state(seed)
    np.testing.assert_array_equal(one, two)
    for part, nominal in zip(one, scenario.initial_state(0), strict=True):
        np.testing.assert_array_equal(part[EVADER], nominal[EVADER])


def test_changing_a_state_does_not_change_the_scenario():
    scenario = Scenario(1, 1)
    before = scenario.initial_state()[0].copy()
    scenario.initial_state()[0][:] = 0.0
    np.testing.assert_array_equal(scenario.initial_state()[0], before)
