"""The game behind the server: loads, clock, lockstep, saves, who steers."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest

from helmsight.contract.errors import InvalidOption
from helmsight.envs.errors import UnknownScenario
from helmsight.envs.orbital.attitude import SAS
from helmsight.envs.orbital.env import PursuitEnv
from helmsight.envs.orbital.fleet import ADRIFT
from helmsight.envs.orbital.krpc import simulation
from helmsight.envs.orbital.krpc.simulation import Simulation
from helmsight.envs.orbital.panel import telemetry
from helmsight.envs.orbital.scenarios import EVADER, PURSUER
from helmsight.envs.orbital.stepping import DT


@pytest.fixture
def game():
    return Simulation("pe1_i3_init")


class Wall:
    """A wall clock that a test moves."""

    def __init__(self) -> None:
        self.now = 1000.0

    def pass_by(self, game, seconds, step=DT):
        """Let `seconds` pass in ticks of `step`; return the physics steps."""
        steps = game.catch_up(self.now)
        for _ in range(round(seconds / step)):
            self.now += step
            steps += game.catch_up(self.now)
        return steps


@pytest.fixture
def wall():
    return Wall()


def test_a_save_is_loaded_with_nobody_at_the_controls(game):
    assert game.names == ("Evader", "Pursuer")
    assert game.active == EVADER
    assert game.origin == game.scenario == "pe1_i3_init"
    assert (game.fleet.sas == ADRIFT).all()
    assert (game.fleet.target == ADRIFT).all()
    assert not game.fleet.rcs.any()
    assert game.closest is None


@pytest.mark.slow
def test_a_scenario_begins_as_kspdgs_reset_leaves_it():
    game = Simulation("PE1-E3-I3", seed=5)
    world, _ = PursuitEnv("PE1-E3-I3", observation="telemetry").reset(seed=5)
    readings: Any = game.fleet  # as much of a world as is read
    np.testing.assert_array_equal(telemetry(readings, 0), world["telemetry"])
    assert (game.active, game.seed, game.origin) == (PURSUER, 5, "pe1_i3_init")
    assert game.fleet.sas[0, PURSUER] == SAS.TARGET
    assert game.crafts[PURSUER].sas_mode == SAS.TARGET


@pytest.mark.slow
def test_a_served_scenario_does_not_end_and_an_episode_does():
    game = Simulation("PE1-E1-I3")
    game.jump(300.0)
    game.step(0.1)
    assert not game.fleet.over.any()
    game.reset("PE1-E1-I3")
    game.jump(232.0)
    game.step(10.0)
    assert game.fleet.over.all()
    assert game.ut == pytest.approx(240.0, abs=2 * DT)


def test_an_unknown_scenario_is_refused_with_the_nearest():
    with pytest.raises(UnknownScenario, match="PE1-E1-I3"):
        Simulation("PE1-E1-I33")


@pytest.mark.parametrize("name", ["lbg1_i2_init", "LBG1_I2_INIT", "lbg1-i2-init", " LBG1-I2-init "])
def test_a_save_is_found_in_any_spelling(name):
    game = Simulation(name)
    assert (game.origin, game.scenario) == ("lbg1_i2_init", "lbg1_i2_init")
    assert len(game.names) == 3


def test_an_unknown_save_is_refused_with_the_saves():
    with pytest.raises(UnknownScenario, match=r"no save 'pe1_i9_init'; there are .*pe1_i1_init"):
        Simulation("pe1_i9_init")


@pytest.mark.slow
@pytest.mark.parametrize(("rate", "warp"), [(1.0, 1.0), (8.0, 1.0), (0.5, 1.0), (2.0, 4.0)])
def test_the_world_keeps_up_with_the_wall_clock(game, wall, rate, warp):
    game.set_rate(rate)
    game.warp = warp
    start, before = game.ut, game.ticks
    steps = wall.pass_by(game, 2.0)
    assert game.ut - start == pytest.approx(2.0 * rate * warp, abs=DT + 1e-6)
    assert steps == game.ticks - before == round((game.ut - start) / DT)
    assert game.dropped_s == 0.0


def test_the_first_tick_only_sets_the_clock(game):
    assert game.catch_up(12345.0) == 0


def test_a_stall_is_caught_up_for_a_quarter_of_a_second_and_the_rest_is_counted(game, wall):
    start = game.ut
    wall.pass_by(game, 3.0, step=3.0)
    assert game.ut - start == pytest.approx(0.25, abs=DT)
    assert game.dropped_s == pytest.approx(2.75)


def test_a_rate_that_the_machine_cannot_keep_is_given_up_and_counted(game, wall, monkeypatch):
    monkeypatch.setattr(simulation, "BUSY", 0.0)
    game.set_rate(1000.0)
    start = game.ut
    wall.pass_by(game, 0.2, step=0.2)
    assert game.ut - start == pytest.approx(simulation.PIECE * DT)
    assert game.ut - start + game.dropped_s == pytest.approx(200.0)


@pytest.mark.slow
def test_others_have_a_turn_during_a_long_step(game):
    start, turns = game.ut, 0
    for _ in game.stepping(10.0):
        turns += 1
    assert turns == 9
    assert game.ut - start == pytest.approx(10.0)


def test_a_long_step_ends_when_another_game_is_loaded_during_it(game):
    stepping = game.stepping(10.0)
    next(stepping)
    game.load("pe1_i4_init")
    with pytest.raises(InvalidOption, match="another game"):
        next(stepping)
    assert game.ut == pytest.approx(0.06)


def test_a_clock_that_goes_back_moves_nothing(game):
    game.catch_up(100.0)
    start = game.ut
    assert game.catch_up(50.0) == 0
    assert game.ut == start


@pytest.mark.parametrize("what", ["paused", "lockstep"])
def test_a_world_that_is_held_stands_and_does_not_jump_afterwards(game, wall, what):
    setattr(game, what, True)
    start = game.ut
    assert wall.pass_by(game, 1.0) == 0
    assert game.ut == start
    setattr(game, what, False)
    assert game.catch_up(wall.now + DT) == 1


def test_steps_are_whole_and_owe_the_rest(game):
    start = game.ut
    for _ in range(4):
        game.step(0.03)
    assert game.ut - start == pytest.approx(0.12)
    assert game.lockstep


@pytest.mark.parametrize("seconds", [-0.1, float("nan"), float("inf"), 3601.0])
def test_steps_that_cannot_be_are_refused(game, seconds):
    with pytest.raises(InvalidOption, match="0 to 3600"):
        game.step(seconds)


@pytest.mark.parametrize("rate", [0.0, -1.0, float("nan"), float("inf"), 1001.0])
def test_rates_that_cannot_be_are_refused(game, rate):
    with pytest.raises(InvalidOption, match="at most 1000"):
        game.set_rate(rate)


def test_a_save_holds_the_world_and_not_the_hands_on_it(game):
    fleet = game.fleet
    fleet.rcs[0, 1], fleet.throttle[0, 1, 0], fleet.rotation[0, 1, 0] = True, 1.0, 1.0
    game.active = 1
    game.step(2.0)
    game.save("here")
    at = game.ut, fleet.position.copy(), fleet.propellant.copy()
    game.step(2.0)
    game.load("here")
    assert (game.ut, game.active) == (at[0], 1)
    np.testing.assert_array_equal(game.fleet.position, at[1])
    np.testing.assert_array_equal(game.fleet.propellant, at[2])
    assert game.fleet.rcs[0, 1]
    assert not game.fleet.throttle.any()
    assert not game.fleet.rotation.any()
    assert game.origin == "pe1_i3_init"


def test_a_save_is_not_changed_by_what_comes_after_it(game):
    game.crafts[0].switches["lights"] = True
    game.save("here")
    for _ in range(2):
        game.load("here")
        assert game.crafts[0].switches == {"lights": True}
        game.crafts[0].switches["lights"] = False
        game.fleet.position[:] = 0.0
    game.load("here")
    assert np.linalg.norm(game.fleet.position[0, 0]) == pytest.approx(750_000.0)


@pytest.mark.slow
def test_a_saved_episode_keeps_its_score():
    game = Simulation("PE1-E1-I3")
    game.reset("PE1-E1-I3", seed=2)
    game.fleet.throttle[0, PURSUER, 0] = 1.0
    game.step(5.0)
    score = game.closest.score()[0]
    game.save("here")
    game.step(5.0)
    assert game.closest.score()[0] != score
    game.load("here")
    assert game.closest.score()[0] == score
    assert game.seed == 2


def test_the_score_also_looks_while_the_clock_runs(wall):
    game = Simulation("PE1-E1-I1")
    before = game.closest.distance[0]
    wall.pass_by(game, 1.0)
    assert game.closest.distance[0] < before


def test_a_load_lets_go_of_everything_and_tells_those_who_asked(game):
    calls = []
    game.on_load.append(lambda: calls.append(game.scenario))
    game.aims[0] = lambda: (np.zeros(3), np.zeros(3))
    game.warp, game.rails, game.lockstep = 4.0, 100.0, True
    count = game.load_count
    game.load("lbg1_i1_init")
    assert calls == ["lbg1_i1_init"]
    assert game.load_count == count + 1
    assert (game.warp, game.rails, game.lockstep, game.aims) == (1.0, 1.0, False, {})


def test_a_load_that_fails_changes_nothing(game):
    before = game.fleet, game.load_count
    with pytest.raises(UnknownScenario):
        game.load("pe1_i9_init")
    assert (game.fleet, game.load_count) == before


def test_aims_are_asked_before_every_step_and_flown(game):
    calls = []

    def aim():
        calls.append(game.ut)
        return np.array([0.0, 0.0, 1.0]), np.full(3, np.nan)

    game.aims[1] = aim
    game.step(3.0)
    assert len(calls) == 150
    np.testing.assert_allclose(game.fleet.axes[0, 1, 0], [0.0, 0.0, 1.0], atol=1e-9)
    assert game.fleet.sas[0, 1] == SAS.AIM


def test_on_rails_the_world_jumps_and_counts_as_moved(game, wall):
    game.rails = 50.0
    start, ticks = game.ut, game.ticks
    wall.pass_by(game, 1.0)
    assert game.ut - start == pytest.approx(50.0)
    assert game.ticks - ticks == 50


def test_angular_velocities_are_reckoned_once_a_tick(game):
    game.fleet.rotation[0, 1] = (1.0, 0.0, 0.0)
    game.step(0.5)
    spins = game.spins()
    assert spins is game.spins()
    np.testing.assert_allclose(spins, game.fleet.angular_velocity[0])
    assert np.linalg.norm(spins[1]) > 1.0
    game.step(DT)
    assert game.spins() is not spins
