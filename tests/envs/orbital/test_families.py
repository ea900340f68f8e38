"""All families as environments: what they show, how they score and reward, what they refuse."""

from __future__ import annotations

import json
import re
import warnings
from collections.abc import Callable
from typing import Any

import gymnasium as gym
import numpy as np
import pytest
from gymnasium.utils.env_checker import check_env

import helmsight.envs  # noqa: F401  registers the environments
from helmsight.contract.errors import InvalidOption
from helmsight.contract.guard import make_guard
from helmsight.contract.measures import read_measures
from helmsight.envs.errors import CrewUnfit, EpisodeOver, UnknownScenario
from helmsight.envs.orbital import panel
from helmsight.envs.orbital.command import BurnCommand
from helmsight.envs.orbital.convoy import Berths, make_world
from helmsight.envs.orbital.dynamics import norm, sun_direction
from helmsight.envs.orbital.env import PursuitEnv, TwinEnv
from helmsight.envs.orbital.lady_bandit_guard import panel as trio
from helmsight.envs.orbital.lady_bandit_guard.scoring import GuardingKeeper, guarding_score
from helmsight.envs.orbital.scenarios import SCENARIOS, find_pursuit, find_scenario
from helmsight.envs.orbital.sun_blocking import panel as sunlit
from helmsight.envs.orbital.sun_blocking.scoring import BlockingKeeper, blocking_reward

COAST = BurnCommand.null().action()
PUBLIC = {name for name, scenario in SCENARIOS.items() if scenario.public}


def made(name: str) -> Any:
    """Return a world of one, of whatever kind the scenario has."""
    return make_world([(SCENARIOS[name], 0)])


def started(name, **options):
    env = TwinEnv(name, observation="telemetry", **options)
    return env, *env.reset(seed=options.pop("seed", 0))


def test_the_public_set_is_kspdgs_twenty_seven():
    assert len(PUBLIC) == 27
    assert {name for name in PUBLIC if name.startswith("LBG1")} == {
        f"LBG1-LG{bot}-I{initial}" for bot in (0, 1, 2) for initial in (1, 2)
    }
    assert {name for name in PUBLIC if name.startswith("SB1")} == {
        f"SB1-E1-I{initial}" for initial in range(1, 6)
    }
    for name in SCENARIOS.keys() - PUBLIC:
        assert "PN" in name or name.endswith("-R")
        assert "not one of KSPDG's" in SCENARIOS[name].summary


@pytest.mark.parametrize(
    ("spelling", "name"),
    [("LBG1-LG1-I1", "LBG1-LG1-I1"), ("LBG1_LG2_I2_V1", "LBG1-LG2-I2"), ("sb1_e1_i5", "SB1-E1-I5"),
     ("LBG1_I2_INIT", "LBG1-LG0-I2"), ("sb1_i3_init", "SB1-E1-I3"), ("pe1_i4_init", "PE1-E1-I4"),
     ("helmsight/LBG1-PN-R-v0", "LBG1-PN-R")],
)  # fmt: skip
def test_names_find_their_family(spelling, name):
    assert find_scenario(spelling).name == name


@pytest.mark.parametrize(
    ("wrong", "near"), [("LBG1-LG1-I9", "LBG1-LG"), ("sb1_e2_i5", "SB1-E1-I5"), ("lg1-i2", "LBG1")]
)
def test_a_wrong_name_gets_a_suggestion_of_its_family(wrong, near):
    with pytest.raises(UnknownScenario, match=rf"{wrong}.*Did you mean {near}"):
        find_scenario(wrong)


def test_what_knows_pursuits_only_says_so():
    with pytest.raises(UnknownScenario, match=r"LBG1-LG0-I1 is.*helmsight fly LBG1-LG0-I1"):
        find_pursuit("lbg1_lg0_i1")
    with pytest.raises(UnknownScenario, match="SB1-E1-I1"):
        PursuitEnv("SB1-E1-I1")


@pytest.mark.slow
@pytest.mark.parametrize("name", ["LBG1-LG1-I2", "SB1-E1-I5", "LBG1-PN-R"])
def test_gymnasium_accepts_them(name):
    with warnings.catch_warnings(record=True) as complaints:
        warnings.simplefilter("always")
        env = gym.make(f"helmsight/{name}-v0", observation="telemetry").unwrapped
        check_env(env, skip_render_check=True)
    told = "".join(str(complaint.message) for complaint in complaints)
    assert set(re.findall(r"WARN: (.{20})", told)) <= {
        "For Box action space",
        "A Box observation sp",
    }


@pytest.mark.parametrize(
    ("name", "numbers", "last"),
    [("LBG1-LG1-I2", 21, "guard_velocity_z"), ("SB1-E1-I1", 18, "sun_direction_z")],
)
def test_telemetry_has_kspdgs_order(name, numbers, last):
    env, shown, info = started(name)
    assert shown["telemetry"].shape == (numbers,)
    assert [field.name for field in env.task.fields][-1] == last
    assert len({field.name for field in env.task.fields}) == numbers
    assert shown["telemetry"][1:3].tolist() == [6685.0, 1200.0]
    world = env._world
    np.testing.assert_array_equal(shown["telemetry"][3:6], world.position[0, 1])
    np.testing.assert_array_equal(shown["telemetry"][12:15], world.velocity[0, 0])
    if numbers == 21:
        np.testing.assert_array_equal(shown["telemetry"][15:18], world.position[0, 2])
    else:
        np.testing.assert_array_equal(shown["telemetry"][15:18], sun_direction())
    assert json.loads(json.dumps(info, allow_nan=False)) == info
    assert read_measures(name, env.task.measures, info)
    assert env.task.outcome.check(name, info) is None
    make_guard(env.task.guard, {}).check(BurnCommand.null(), info)


def test_the_first_observation_is_when_kspdgs_reset_is_over():
    for name, seconds in (("LBG1-LG0-I1", 0.9 + 1.1), ("SB1-E1-I5", 0.64 + 3.0)):
        assert started(name)[1]["telemetry"][0] == pytest.approx(seconds)
    with pytest.raises(InvalidOption, match="give 2 s"):
        TwinEnv("LBG1-LG0-I1", start_met=1.0)


def test_figures_of_other_crews_are_refused():
    two, three = made("PE1-E1-I1"), made("LBG1-LG0-I1")
    read: Callable[[Any, int], Any]
    seen = (panel.cockpit_state, sunlit.cockpit)
    for read in (panel.telemetry, panel.measures, sunlit.telemetry, sunlit.measures, *seen):
        with pytest.raises(CrewUnfit, match=r"(?i)evader, pursuer.*has 3"):
            read(three, 0)
    for read in (trio.telemetry, trio.measures, trio.cockpit):
        with pytest.raises(CrewUnfit, match=r"(?i)lady, bandit, guard.*has 2"):
            read(two, 0)


@pytest.mark.parametrize(
    ("name", "beside"), [("PE1-E1-I3", None), ("LBG1-LG1-I1", "radar"), ("SB1-E1-I1", "sundial")]
)
def test_every_family_has_frames_and_the_panel_that_its_task_names(name, beside):
    env = TwinEnv(name, observation="frame")
    shown, _ = env.reset(seed=0)
    assert env.observation_space.contains(shown)
    assert set(env.task.regions) == {"navball", "readouts"} | ({beside} if beside else set())
    for x0, y0, x1, y1 in env.task.regions.values():
        assert (x1 - x0, y1 - y0) == (256, 256)
        assert shown["frame"][y0:y1, x0:x1].any()
    assert TwinEnv(name).observation_mode == "frame+telemetry"


def test_the_guarding_score_is_of_both_closest_approaches_among_samples():
    world = made("LBG1-LG0-I2")
    keeper = GuardingKeeper(world)
    lady, guard = world.lady_range[0], world.guard_range[0]
    assert keeper.score()[0] == pytest.approx(lady**2 + 1e6 / (guard + 0.1))
    world.position[0, 1] = world.position[0, 2] + [0.0, 0.0, 80.0]
    keeper.sample(world)
    far = norm(world.position[0, 1] - world.position[0, 0])
    world.position[0, 1] = world.position[0, 0] + [300.0, 0.0, 0.0]
    keeper.sample(world)
    assert far > 300.0
    assert keeper.score()[0] == pytest.approx(300.0**2 + 1e6 / 80.1)
    assert guarding_score(np.array([0.0]), np.array([0.0]))[0] == pytest.approx(1e7)


@pytest.mark.parametrize(
    ("offset", "counts"),
    [(100.0, 1.0), (-100.0, -1.0), (400.0, np.exp(-0.9)), (100.0 + np.sqrt(1e5), np.exp(-1.0))],
)
def test_a_moment_counts_most_a_hundred_metres_sunward(offset, counts):
    assert blocking_reward(-offset * sun_direction()[None])[0] == pytest.approx(counts)
    side = np.array([[0.0, 0.0, 100.0]])
    assert blocking_reward(side)[0] == pytest.approx(0.0, abs=1e-12)


def test_the_blocking_score_is_a_trapezoid_over_mission_time():
    world = made("SB1-E1-I5")
    keeper = BlockingKeeper(world)
    assert keeper.score()[0] == 0.0
    first = float(keeper.now[0])
    world.position[0, 1] = world.position[0, 0] - 100.0 * sun_direction()
    world.met += 4.0
    keeper.sample(world)
    assert first == pytest.approx(1.0, abs=1e-3)
    assert keeper.score()[0] == pytest.approx(2.0 * (first - 1.0), abs=1e-9)
    assert keeper.reward(world, 0, over=False) == pytest.approx(-1.0)
    figures = keeper.figures(world, 0)
    assert (figures["most_blocking"], figures["least_blocking"]) == (first, pytest.approx(-1.0))


def leap(env, seconds):
    env._world.coast(seconds)


@pytest.mark.slow
def test_rewards_are_kspdgs_and_an_episode_ends_by_whoever_is_captured():
    env, _, _ = started("SB1-E1-I5")
    assert env.step(COAST)[1] == pytest.approx(1.0, abs=1e-3)
    env, _, _ = started("LBG1-LG0-I1")
    leap(env, 116.0)
    over = False
    while not over:
        _, reward, over, truncated, info = env.step(COAST)
        assert reward == (-info["score"] if over else 0.0)
    assert not truncated
    assert info["captured"]
    assert not info["caught"]
    with pytest.raises(EpisodeOver):
        env.step(COAST)
    env, _, _ = started("LBG1-LG0-I2")
    env._world.position[0, 1] = env._world.position[0, 2] + [0.0, 0.0, 5.2]
    env._world.velocity[0, 1] = env._world.velocity[0, 2] - [0.0, 0.0, 1.0]
    _, _, over, _, info = env.step(COAST)
    assert over
    assert info["caught"]
    assert not env.task.outcome.succeeded(info)


def test_seeds_move_the_agent_alone_and_draw_the_orbits_of_what_is_drawn():
    for name in ("LBG1-LG0-I1", "SB1-E1-I3"):
        scenario = SCENARIOS[name]
        public, moved = scenario.initial_state(0)[0], scenario.initial_state(3)[0]
        np.testing.assert_array_equal(np.delete(public, 1, 0), np.delete(moved, 1, 0))
        assert 0.0 < norm(public[1] - moved[1]) < 300.0
    for name in ("PE1-E1-R", "LBG1-LG1-R"):
        scenario = SCENARIOS[name]
        starts = [scenario.initial_state(seed) for seed in range(40)]
        np.testing.assert_array_equal(starts[5], scenario.initial_state(5))
        gaps = [norm(position[0] - position[1]) for position, _ in starts]
        assert 400.0 <= min(gaps) < max(gaps) <= 5000.0
        assert all(norm(velocity[1] - velocity[0]) < 41.0 for _, velocity in starts)
        assert len({float(position[0, 0]) for position, _ in starts}) == 40


@pytest.mark.slow
def test_berths_of_several_families_move_as_worlds_of_their_own():
    starts = [(SCENARIOS[n], 2) for n in ("LBG1-LG1-I2", "PE1-E3-I2", "SB1-E1-I4", "LBG1-LG0-I1")]
    dock = Berths(starts, lambda number, steps: dock.move({number: steps}))
    berths: list[Any] = [dock.take(number, *start) for number, start in enumerate(starts)]
    for row, start in zip(berths, starts, strict=True):
        alone = make_world([start])
        for flight in (row, alone):
            flight.settle()
            flight.burn(np.array([[1.0, -0.5, 0.2]]))
            flight.run(2.3)
        np.testing.assert_array_equal(row.position, alone.position)
        np.testing.assert_array_equal(row.mass, alone.mass)
    assert berths[0].guard_range.shape == (1,)
    with pytest.raises(EpisodeOver, match="LBG1-LG1-I2"):
        dock.take(0, *starts[0])
    with pytest.raises(EpisodeOver, match="one family"):
        make_world(starts)


@pytest.mark.slow
def test_a_vector_environment_flies_three_craft_as_the_environment_does():
    many = gym.make_vec("helmsight/LBG1-LG1-I1-v0", num_envs=2, observation="telemetry")
    alone = TwinEnv("LBG1-LG1-I1", observation="telemetry")
    seen, _ = many.reset(seed=4)
    np.testing.assert_array_equal(seen["telemetry"][0], alone.reset(seed=4)[0]["telemetry"])
    push = BurnCommand(forward=1.0, right=0.5, down=0.0).action()
    actions = {"burn": np.tile(push["burn"], (2, 1)), "frame": np.zeros(2, dtype=np.int64)}
    for _ in range(6):
        seen = many.step(actions)[0]
        np.testing.assert_array_equal(seen["telemetry"][0], alone.step(push)[0]["telemetry"])
    many.close()
