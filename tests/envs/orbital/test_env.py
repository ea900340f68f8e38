"""The environment: gymnasium's contract, observations, time rules, frames of a burn, the end."""

from __future__ import annotations

import json
import re
import warnings
from typing import Any

import gymnasium as gym
import numpy as np
import pytest
from gymnasium.utils.env_checker import check_env
from pydantic import ValidationError

import helmsight.envs  # noqa: F401  registers the environments
from helmsight.contract.errors import InvalidOption
from helmsight.envs.errors import EpisodeOver, UnknownScenario
from helmsight.envs.orbital.command import BurnCommand
from helmsight.envs.orbital.dynamics import gravity, norm, orbital_axes, propagate, track_axes
from helmsight.envs.orbital.env import PursuitEnv
from helmsight.envs.orbital.scenarios import PURSUITS, SCENARIOS

MODES = {"frame": {"frame"}, "telemetry": {"telemetry"}, "frame+telemetry": {"frame", "telemetry"}}
INFO = {
    "met", "range", "speed", "closing", "propellant", "propellant_capacity", "mass", "fuel_used",
    "time_left", "relative_position", "telemetry", "captured", "score", "closest_approach",
    "closest_speed", "closest_time", "closest_fuel", "lag", "applied",
}  # fmt: skip
COAST = BurnCommand.null()


def burn(forward=0.0, right=0.0, down=0.0, **rest):
    return BurnCommand(forward=forward, right=right, down=down, **rest).action()


def make(scenario="PE1-E1-I3", **options):
    return PursuitEnv(scenario, **{"observation": "telemetry", **options})


def started(seed=0, **options):
    env = make(**options)
    env.reset(seed=seed)
    return env


def leap(env, seconds):
    """Let `seconds` of coasting pass at once."""
    world = env._world
    for vessel in (0, 1):
        state = propagate(world.position[0, vessel], world.velocity[0, vessel], seconds)
        world.position[0, vessel], world.velocity[0, vessel] = state
    world._pull = gravity(world.position)
    world.met += seconds


@pytest.mark.slow
def test_the_first_observation_can_be_later_than_the_end_of_the_reset():
    env, early = make("PE1-E4-I3", start_met=7.0), make("PE1-E4-I3")
    observation, info = env.reset(seed=4)
    first, _ = early.reset(seed=4)
    assert first["telemetry"][0] == pytest.approx(3.02)
    assert observation["telemetry"][0] == info["met"] == pytest.approx(7.0)
    early._run(3.98)  # the pursuer coasts, the evader's bot has been at work
    np.testing.assert_array_equal(env._world.position, early._world.position)
    assert env._world.propellant[0].tolist()[::-1] == [1200.0, pytest.approx(1199.41, abs=0.01)]
    assert info["closest_time"] == pytest.approx(7.0)


@pytest.mark.slow
def test_what_is_done_in_one_episode_is_not_in_another_that_begins_alike():
    env, other = make("PE1-E2-I2"), make("PE1-E2-I2")
    began, _ = env.reset(seed=3)
    flown = [env.step(burn(1.0))[0]["telemetry"] for _ in range(3)]
    for again in (other, env):
        np.testing.assert_array_equal(again.reset(seed=3)[0]["telemetry"], began["telemetry"])
        for seen in flown:
            np.testing.assert_array_equal(again.step(burn(1.0))[0]["telemetry"], seen)


@pytest.mark.slow
def test_an_episode_can_begin_just_before_its_time_limit():
    env = make(start_met=239.98)
    env.reset()
    *_, truncated, info = env.step(burn(1.0))
    assert truncated
    assert info["met"] == pytest.approx(240.0, abs=0.03)


@pytest.mark.parametrize("start_met", [3.0, 0.0, -5.0, 240.0, 1e9, np.nan, np.inf, "7", True])
def test_a_start_outside_of_the_episode_is_refused_with_what_is_possible(start_met):
    with pytest.raises(InvalidOption, match=r"start_met=.*give 3\.02 s.* to 239\.98 s"):
        make(start_met=start_met)
    assert make(start_met=3.02).start_met == 3.02


@pytest.mark.slow
@pytest.mark.parametrize("mode", MODES)
def test_gymnasium_accepts_the_environment(mode):
    with warnings.catch_warnings(record=True) as complaints:
        warnings.simplefilter("always")
        check_env(make(observation=mode, render_mode="rgb_array"), skip_render_check=True)
    told = "".join(str(complaint.message) for complaint in complaints)
    # advice on learning, not on the contract: actions are physical, telemetry has no bounds
    assert set(re.findall(r"WARN: (.{20})", told)) <= {
        "For Box action space",
        "A Box observation sp",
    }


def test_all_scenarios_are_registered():
    for scenario in SCENARIOS.values():
        env: Any = gym.make(scenario.environment_id, observation="telemetry").unwrapped
        assert env.scenario == scenario
        assert env.task.name == scenario.name


@pytest.mark.parametrize(
    ("options", "error", "words"),
    [
        ({"observation": "pixels"}, InvalidOption, "frame, frame.telemetry, telemetry"),
        ({"time": "fast"}, InvalidOption, "paused, measured, realtime or fixed:SECONDS"),
        ({"time": "runner:-1"}, InvalidOption, "runner or runner:SECONDS"),
        ({"hold": "keep"}, InvalidOption, "repeat or coast"),
        ({"hold": "coast", "time": "runner"}, InvalidOption, "choose repeat"),
        ({"scenario": "PE1-E9-I1"}, UnknownScenario, "Did you mean PE1-E"),
    ],
)
def test_a_wrong_option_names_the_choices(options, error, words):
    with pytest.raises(error, match=words):
        gym.make("helmsight/PE1-E3-I3-v0", **options)


def test_an_option_that_does_not_exist_is_refused():
    with pytest.raises(TypeError, match="colour"):
        gym.make("helmsight/PE1-E3-I3-v0", colour="red")


@pytest.mark.parametrize(("mode", "keys"), MODES.items())
def test_observations_hold_what_their_mode_says(mode, keys):
    env = make(observation=mode)
    shown, _ = env.reset(seed=0)
    for observation in (shown, env.step(COAST.action())[0]):
        assert set(observation) == keys
        assert env.observation_space.contains(observation)
        if "frame" in keys:
            assert observation["frame"].dtype == np.uint8
            assert observation["frame"].shape == (720, 1280, 3)
        if "telemetry" in keys:
            assert observation["telemetry"].dtype == np.float64
            assert observation["telemetry"].shape == (15,)
    assert env.observation_mode == mode


def test_telemetry_has_kspdgs_order_and_units():
    env = make("PE1-E1-I4")
    telemetry = env.reset(seed=0)[0]["telemetry"]
    assert telemetry[:3] == pytest.approx([3.06, 6685.0, 1200.0])
    pursuer, evader = telemetry[3:9], telemetry[9:15]
    # Three seconds after the states of the public save (spacegym-kspdg v0.14.0, pe1_i4).
    at_load = [703568.7737, -256940.2166, -2284.2271, 746.256043, 2047.167167, 37.452497]
    np.testing.assert_allclose(pursuer[:3], np.add(at_load[:3], 3 * np.array(at_load[3:])), atol=40)
    np.testing.assert_allclose(pursuer[3:], at_load[3:], atol=25)
    assert norm(evader[:3]) == pytest.approx(750_000.0, abs=1.0)
    assert norm(evader[3:]) == pytest.approx(2170.0, abs=0.1)
    names = [field.name for field in env.task.fields]
    assert len(names) == len(set(names)) == 15
    assert names[:4] == [
        "mission_elapsed_time", "pursuer_mass", "pursuer_propellant", "pursuer_position_x",
    ]  # fmt: skip
    assert names[8:10] == ["pursuer_velocity_z", "evader_position_x"]
    assert [field.unit for field in env.task.fields[:3]] == ["s", "kg", "units"]
    env.step(burn(forward=1.0, duration=2.0))
    telemetry = env.step(COAST.action())[0]["telemetry"]
    assert (1200.0 - telemetry[2]) * 4.0 == pytest.approx(6685.0 - telemetry[1]) != 0.0


@pytest.mark.slow
def test_the_same_seed_shows_the_same():
    runs = []
    for _ in range(2):
        env = make("PE1-E2-I2", observation="frame+telemetry", randomize=True)
        run = [env.reset(seed=11)]
        run += [env.step(burn(0.5, -1.0, 0.2))[::4] for _ in range(3)]
        runs.append(run)
    for (one, one_info), (two, two_info) in zip(*runs, strict=True):
        assert one_info == two_info
        for key in one:
            np.testing.assert_array_equal(one[key], two[key])


def test_no_seed_is_the_public_state_and_other_seeds_are_near_it():
    env = make()
    public = env.reset(seed=0)[1]["range"]
    assert env.reset()[1]["range"] == public
    others = {env.reset(seed=seed)[1]["range"] for seed in (1, 2, 3)}
    assert len(others) == 3
    assert all(0.0 < abs(other - public) < 300.0 for other in others)


def test_info_is_json_and_says_what_was_applied():
    env = make()
    _, info = env.reset(seed=0)
    command = BurnCommand(forward=0.5, right=0.0, down=-1.0, frame="orbital")
    for known in (info, env.step(command.action())[4]):
        assert set(known) >= INFO
        assert json.loads(json.dumps(known, allow_nan=False)) == known
    assert info["applied"] == COAST.model_dump()
    assert known["applied"] == command.model_dump()
    assert known["propellant_capacity"] == 1200.0
    assert known["time_left"] == pytest.approx(240.0 - known["met"])


def test_measures_describe_the_telemetry_beside_them():
    env = make("PE1-E1-I4")
    info = env.reset(seed=3)[1]
    t = np.array(info["telemetry"])
    gap, velocity = t[9:12] - t[3:6], t[6:9] - t[12:15]
    assert info["range"] == pytest.approx(norm(gap))
    assert info["speed"] == pytest.approx(norm(velocity))
    assert info["closing"] == pytest.approx(velocity @ gap / norm(gap))
    axes = orbital_axes(t[9:12], t[12:15])
    np.testing.assert_allclose(np.array(info["relative_position"]) @ axes, -gap, atol=1e-6)
    later = env.step(burn(duration=0.1))[4]
    assert (info["range"] - later["range"]) / 0.1 == pytest.approx(info["closing"], rel=0.01)


@pytest.mark.slow
def test_reward_is_nothing_until_the_timeout_and_then_minus_the_score():
    env = started()
    leap(env, 220.0)
    truncated = False
    while not truncated:
        _, reward, terminated, truncated, info = env.step(burn(duration=10.0))
        assert not terminated
        assert reward == (-info["score"] if truncated else 0.0)
    assert info["met"] == pytest.approx(240.0, abs=0.05)
    assert not info["captured"]
    # Nobody burned: 2,618 m stay, at 7.6 m/s.
    assert info["score"] == pytest.approx(261.8**2 + 3.79**1.5, rel=0.01)


def captured():
    """Return the environment and its last step, flown into the target by the first orbits."""
    env = started(scenario="PE1-E1-I1")
    leap(env, 110.0)
    over = False
    while not over:
        *step, info = env.step(burn(duration=5.0))
        over = step[2] or step[3]
    return env, (*step, info)


@pytest.mark.slow
def test_a_capture_terminates_with_its_score():
    env, (_, reward, terminated, truncated, info) = captured()
    assert (terminated, truncated, info["captured"]) == (True, False, True)
    assert info["closest_approach"] == info["range"] <= 5.0
    assert info["closest_time"] == info["met"] == pytest.approx(121.6, abs=0.2)
    d, v, t = info["range"], info["speed"], info["met"]
    assert reward == pytest.approx(-((0.1 * d) ** 2 + (0.5 * v) ** 1.5 + 0.01 * t))
    with pytest.raises(EpisodeOver, match="reset"):
        env.step(COAST.action())
    env.reset(seed=0)
    env.step(COAST.action())


def test_a_step_before_the_first_reset_is_refused():
    with pytest.raises(EpisodeOver, match="reset"):
        make().step(COAST.action())


@pytest.mark.parametrize("wrong", [np.nan, 1.5, -2.0])
def test_a_refused_action_leaves_the_world_as_it_was(wrong):
    env = started()
    with pytest.raises(ValidationError):
        env.step({"burn": np.array([0.0, wrong, 0.0, 0.5]), "frame": 0})
    assert env.step(COAST.action())[4]["met"] == pytest.approx(3.02 + 0.5)


def test_a_paused_world_waits():
    env = started(time="paused")
    env.clock.thought(30.0)
    info = env.step(COAST.action())[4]
    assert info["lag"] == 0.0
    assert info["met"] == pytest.approx(3.52)


@pytest.mark.slow
@pytest.mark.parametrize("seconds", [0.2, 0.033, 0.013, 1.0])
def test_a_fixed_lag_is_exact_over_many_steps(seconds):
    env = started(time=f"fixed:{seconds}")
    lags = [env.step(burn(duration=0.25))[4]["lag"] for _ in range(40)]
    met = env.step(burn(duration=0.02))[4]["met"]
    assert met == pytest.approx(3.02 + 41 * seconds + 40 * 0.25 + 0.02, abs=0.021)
    # Whole steps of 0.02 s, the rest carried over between lag and burn.
    assert all(abs(lag - seconds) < 0.0201 for lag in lags)
    assert all(lag / 0.02 == pytest.approx(round(lag / 0.02), abs=1e-6) for lag in lags)


def test_a_measured_world_runs_as_long_as_the_thought_took():
    env = started(time="measured")
    env.clock.thought(1.5)
    info = env.step(COAST.action())[4]
    assert info["lag"] == pytest.approx(1.5)
    assert info["met"] == pytest.approx(3.02 + 2.0)
    env.clock.thought(0.0)
    assert env.step(COAST.action())[4]["lag"] == 0.0


def test_realtime_paces_every_command(monkeypatch):
    naps: list[float] = []
    monkeypatch.setattr("helmsight.contract.clock.time.sleep", naps.append)
    env = started(time="realtime")
    env.clock._now = lambda: env.clock._shown_at + 0.3
    info = env.step(burn(duration=0.5))[4]
    assert info["lag"] == pytest.approx(0.3)
    assert naps == [pytest.approx(0.5)]


@pytest.mark.slow
def test_the_last_command_goes_on_while_the_pilot_thinks_or_the_craft_coasts():
    spent = {}
    for hold in ("repeat", "coast"):
        env = started(time="fixed:2", hold=hold)
        env.step(burn(forward=1.0))  # nothing burned before it: the first two seconds coast
        spent[hold] = env.step(COAST.action())[4]["fuel_used"]
    flow = 8000.0 / (240.0 * 9.80665)
    assert spent["repeat"] == pytest.approx(2.5 * flow)
    assert spent["coast"] == pytest.approx(0.5 * flow)


@pytest.mark.slow
def test_an_episode_that_ends_while_the_pilot_thinks_burns_nothing_more():
    env = started(scenario="PE1-E1-I1", time="fixed:200")
    leap(env, 110.0)
    _, reward, terminated, _, info = env.step(burn(forward=1.0))
    assert terminated
    assert info["fuel_used"] == 0.0
    assert info["lag"] == pytest.approx(8.5, abs=0.5)
    assert info["applied"] == COAST.model_dump()
    assert reward == -info["score"]


@pytest.mark.slow
@pytest.mark.parametrize("direction", [(1.0, 0.0, 0.0), (0.0, -0.5, 0.0), (0.4, 0.3, -0.6)])
@pytest.mark.parametrize("frame", ["inertial", "orbital"])
def test_a_burn_in_another_frame_pushes_that_way(frame, direction):
    pushed, coasted = (started(scenario="PE1-E1-I4") for _ in range(2))
    state = coasted.step(COAST.action())[0]["telemetry"]
    pushed.step(COAST.action())
    after = pushed.step(burn(*direction, frame=frame, duration=0.1))[0]["telemetry"]
    still = coasted.step(burn(duration=0.1))[0]["telemetry"]
    gained = after[6:9] - still[6:9]
    wanted = np.array(direction)
    if frame == "orbital":
        wanted = wanted @ track_axes(state[3:6], state[6:9])
    world = coasted._world
    throttle = world.axes[0, 1] @ wanted  # the thrusters are stronger along the nose
    force = (throttle * [8000.0, 4000.0, 4000.0]) @ world.axes[0, 1]
    np.testing.assert_allclose(gained, force * 0.1 / 6685.0, atol=2e-4)
    assert gained @ wanted > 0.0


def test_a_body_burn_forward_closes_in():
    env, idle = started(), started()
    closing = [e.step(c)[4]["closing"] for e, c in ((env, burn(1.0)), (idle, burn(0.0)))]
    assert closing[0] - closing[1] == pytest.approx(0.5 * 8000.0 / 6685.0, rel=1e-3)


def test_the_layout_changes_by_seed_only_when_it_is_randomised():
    env = make(randomize=True)
    layouts = []
    for seed in (1, 2, 1):
        env.reset(seed=seed)
        layouts.append((env.layout, dict(env.task.regions)))
    assert layouts[0] == layouts[2] != layouts[1]
    plain = started(seed=1).layout
    assert plain == started(seed=2).layout


def test_the_task_names_regions_of_the_frame():
    regions = make().task.regions
    assert set(regions) == {"navball", "readouts"}
    for x0, y0, x1, y1 in regions.values():
        assert (x1 - x0, y1 - y0) == (256, 256)
        assert 0 <= x0 < x1 <= 1280
        assert 0 <= y0 < y1 <= 720


def test_the_goal_holds_no_state_of_the_world():
    goals = {make(name).task.goal for name in PURSUITS}
    assert len(goals) == 1


def test_render_draws_the_frame_only_when_it_was_asked_for():
    env = make(observation="frame", render_mode="rgb_array")
    assert env.render() is None
    shown, _ = env.reset(seed=0)
    np.testing.assert_array_equal(env.render(), shown["frame"])
    assert started().render() is None


@pytest.mark.slow
def test_short_looks_see_what_a_long_command_misses():
    closest = {}
    for seconds in (0.5, 9.0):
        env = started(scenario="PE1-E1-I4")
        leap(env, 50.0)
        for _ in range(round(18.0 / seconds)):
            info = env.step(burn(duration=seconds))[4]
        closest[seconds] = info["closest_approach"]
    # The passive minimum is 999.5 m (facts of the public save pe1_i4).
    assert closest[0.5] == pytest.approx(999.54, rel=0.001)
    assert closest[9.0] > closest[0.5] + 0.5


def stepped(env, *actions):
    """Return (lag, seconds that passed in all) of each step."""
    seen, met = [], env._world.met[0]
    for action in actions:
        *_, info = env.step(action)
        seen.append((info["lag"], info["met"] - met))
        met = info["met"]
    return seen


def test_a_runner_applies_its_first_command_at_once_and_shows_the_world_after_it():
    env = started(time="runner:0.7")
    assert stepped(env, burn(1.0)) == [pytest.approx((0.7, 1.2))]
    assert env._world.throttle[0, 1].tolist() == [1.0, 0.0, 0.0]


@pytest.mark.slow
def test_a_runner_runs_the_old_command_whole_until_the_new_one_has_come():
    env = started(time="runner:0.7")
    answers = [burn(1.0, duration=0.5), burn(-1.0, duration=2.0), burn(0.0), burn(0.0)]
    seen = stepped(env, *answers)
    # the wait is for the boundary of the command that runs: 0.5 s twice, then 2 s once
    assert seen[1:] == [pytest.approx(both) for both in ((1.0, 1.0), (2.0, 2.0), (1.0, 1.0))]


def test_what_a_runner_applies_meanwhile_is_the_old_command():
    env = started(time="runner:0")
    env.step(burn(1.0))
    before = env._world.mass[0, 1]
    env.step(COAST.action())
    burnt = before - env._world.mass[0, 1]
    assert burnt == pytest.approx(0.5 * 8000.0 / (240.0 * 9.80665), rel=1e-3)
    env.step(burn(1.0))
    assert env._world.mass[0, 1] == before - burnt


def test_a_runner_turns_a_repeated_burn_to_the_body_anew():
    turned = []

    class Turning(PursuitEnv):
        def _body_throttle(self, command):
            turned.append(super()._body_throttle(command))
            return turned[-1]

    env = Turning("PE1-E1-I1", observation="telemetry", time="runner:1.4")
    env.reset(seed=0)
    env.step(burn(0.0, 0.0, 1.0, frame="inertial"))
    env.step(COAST.action())
    assert len(turned) == 1 + 3
    assert not np.array_equal(turned[0], turned[-1])  # the nose has followed the target


@pytest.mark.slow
def test_a_runner_measures_the_approach_at_every_boundary():
    env = started(scenario="PE1-E1-I1", time="runner:100")  # the flyby is after 122 s
    env.step(burn(0.0, duration=1.0))
    *_, info = env.step(COAST.action())
    assert info["closest_approach"] < 40.0
    assert info["range"] > 1000.0 or info["captured"]


def test_a_runner_refuses_a_command_of_no_duration():
    env = started(time="runner")
    with pytest.raises(InvalidOption, match=r"duration=0: .*time=runner.*more than 0 seconds"):
        env.step({"burn": np.array([1.0, 0.0, 0.0, 0.0]), "frame": 0})
    assert env._world.met[0] == started()._world.met[0]


def test_a_runner_forgets_its_command_at_a_reset():
    env = started(time="runner:0.2")
    env.step(burn(1.0, duration=5.0))
    env.reset(seed=0)
    assert stepped(env, COAST.action()) == [pytest.approx((0.2, 0.7))]
