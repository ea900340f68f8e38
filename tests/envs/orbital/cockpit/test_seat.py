"""A seat in a world: the clock, the keys, the referee."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest

from helmsight.envs.orbital.cockpit.seat import Seat
from helmsight.envs.orbital.command import BurnCommand
from helmsight.envs.orbital.env import PursuitEnv, TwinEnv
from helmsight.envs.orbital.scenarios import find_pursuit, find_scenario
from helmsight.envs.orbital.world import SETTLE

pytestmark = pytest.mark.slow  # whole episodes


def seated(name="PE1-E1-I2", **options):
    seat = Seat(find_pursuit(name), **options)
    seat.advance(0.0, ())
    return seat


def fly(seat, start, seconds, *pressed, pace=0.01):
    """Let `seconds` of the wall clock pass from `start` on, looked at every `pace` seconds."""
    for count in range(1, round(seconds / pace) + 1):
        seat.advance(start + count * pace, set(pressed))
    return start + seconds


def test_the_world_follows_the_clock_in_whole_steps():
    seat = seated()
    fly(seat, 0.0, 1.23, pace=0.001)
    assert seat.report()["met"] - SETTLE - seat.scenario.load_time == pytest.approx(1.22)


def test_the_referee_agrees_with_the_environment_on_the_same_burns():
    env = PursuitEnv("PE1-E1-I2", observation="telemetry", time="paused")
    env.reset(seed=3)
    told: list[Any] = []
    seat = seated(seed=3, on_stretch=told.append)
    now = 0.0
    for forward, key in ((1.0, "h"), (-1.0, "n"), (0.0, ""), (1.0, "h")):
        command = BurnCommand(forward=forward, right=0, down=0)
        *_, info = env.step(command.action())
        now = fly(seat, now, 0.5, key, pace=0.02)
        report = seat.report()
        same = info.keys() - {"lag", "applied", "rotations", "attitude"}
        assert same <= report.keys()
        for key in same:
            assert np.allclose(report[key], info[key], rtol=1e-9), key
        assert told[-1].applied == pytest.approx(info["applied"] | {"frame": "body"})


def test_a_key_held_for_half_a_stretch_counts_as_half_the_throttle():
    told: list[Any] = []
    seat = seated(on_stretch=told.append)
    now = fly(seat, 0.0, 0.2, "l", pace=0.02)
    fly(seat, now, 0.3, pace=0.02)
    assert told[0].applied["right"] == pytest.approx(0.4)
    assert told[0].before["fuel_used"] == 0.0


def test_a_pause_is_no_world_time():
    seat = seated()
    now = fly(seat, 0.0, 0.1)
    seat.paused = True
    met = seat.report()["met"]
    now = fly(seat, now, 5.0, "h")
    assert seat.report()["met"] == met
    seat.paused = False
    fly(seat, now, 0.2)
    assert seat.report()["met"] == pytest.approx(met + 0.2, abs=0.021)


def test_a_held_world_waits():
    seat = seated()
    seat.restart(4, held=True)
    fly(seat, 0.0, 3.0, "h")
    assert seat.report()["met"] == pytest.approx(seat.scenario.load_time + SETTLE)
    seat.held = False
    fly(seat, 3.0, 0.5)
    assert seat.report()["met"] == pytest.approx(seat.scenario.load_time + SETTLE + 0.5, abs=0.021)


def test_without_rcs_no_key_pushes():
    seat = seated()
    seat.switch_rcs()
    now = fly(seat, 0.0, 1.0, "h", "l")
    report = seat.report()
    assert report["fuel_used"] == 0.0
    assert report["throttle"] == [0.0, 0.0, 0.0]
    assert not seat.state().rcs
    seat.switch_rcs()
    fly(seat, now, 1.0, "h")
    assert seat.report()["fuel_used"] > 0.0


def test_without_sas_the_nose_does_not_follow_the_target():
    follows, stays = seated(), seated()
    stays.switch_sas()
    for seat in (follows, stays):
        now = 0.0
        for _ in range(20):
            now = fly(seat, now, 1.0, "l")
    ahead = [float(seat.state().target[0]) / seat.state().range for seat in (follows, stays)]
    assert ahead[0] > 0.999
    assert ahead[1] < 0.998
    assert stays.state().sas == "off"
    stays.switch_sas()
    assert stays.state().sas == "target"


def test_a_machine_that_stood_still_misses_time_and_says_so():
    seat = seated()
    seat.advance(20.0, ())
    assert seat.report()["met"] == pytest.approx(seat.scenario.load_time + SETTLE)
    assert seat.report()["missed"] == pytest.approx(20.0)


def test_a_faster_rate_is_more_world_for_the_same_clock():
    seat = seated(rate=4.0)
    fly(seat, 0.0, 1.0)
    assert seat.report()["met"] == pytest.approx(seat.scenario.load_time + SETTLE + 4.0, abs=0.021)


def test_a_restart_tells_of_the_flight_that_is_left_and_begins_anew():
    ended: list[Any] = []
    seat = seated(on_end=ended.append)
    start = seat.report()
    fly(seat, 0.0, 1.0, "h")
    seat.restart(0)
    assert [last["run"] for last in ended] == [1]
    assert ended[0]["fuel_used"] > 0.0
    assert seat.report() == start | {"run": 2}
    seat.leave()
    seat.leave()
    assert len(ended) == 2


def test_another_seed_begins_elsewhere():
    assert seated(seed=1).report()["range"] != seated(seed=2).report()["range"]


def test_the_end_is_told_once_and_the_world_stands_still():
    ended: list[Any] = []
    seat = seated(rate=20.0, on_end=ended.append)
    fly(seat, 0.0, 13.0, pace=0.1)
    assert seat.over
    assert not seat.captured
    assert len(ended) == 1
    met = seat.report()["met"]
    assert met == pytest.approx(seat.world.timeout, abs=0.05)
    fly(seat, 13.0, 1.0)
    assert seat.report()["met"] == met


@pytest.mark.parametrize("name", ["LBG1-LG1-I2", "SB1-E1-I4"])
def test_a_person_flies_every_family_as_the_environment_does(name):
    env = TwinEnv(name, observation="telemetry", time="paused")
    env.reset(seed=2)
    seat = Seat(find_scenario(name), seed=2)
    seat.advance(0.0, ())
    now = 0.0
    for forward, key in ((1.0, "h"), (0.0, "")):
        *_, info = env.step(BurnCommand(forward=forward, right=0, down=0).action())
        now = fly(seat, now, 0.5, key, pace=0.02)
        report = seat.report()
        for told in info.keys() - {"lag", "applied", "rotations", "attitude"}:
            assert np.allclose(report[told], info[told], rtol=1e-9), told
    assert bool(seat.state().contacts) == name.startswith("LBG1")
    assert seat.state().sunlit == name.startswith("SB1")
    assert seat.outcome.score.better == env.task.outcome.score.better
