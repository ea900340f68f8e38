"""The telemetry flown on by the latency is where the twin goes, and pilots act on it."""

from __future__ import annotations

from functools import cache

import numpy as np
import pytest

from helmsight.agents.scripted import make
from helmsight.agents.scripted.foresight import foreseen
from helmsight.agents.scripted.guidance import Law
from helmsight.agents.scripted.navball import Navball
from helmsight.agents.scripted.rendezvous import Rendezvous
from helmsight.agents.scripted.telemetry import Chase
from helmsight.contract.clock import TimeRule
from helmsight.contract.pilot import Sighting
from helmsight.contract.timing import Timing
from helmsight.envs.orbital.command import BurnCommand
from helmsight.envs.orbital.env import PursuitEnv
from helmsight.envs.orbital.world import TIMEOUT
from helmsight.evals.flights import Cell, Conditions, fly_cells

COAST = BurnCommand.null()


def timing(seconds, meanwhile=None):
    return Timing(TimeRule("fixed", seconds), seconds, seconds, meanwhile)


def test_what_is_later_than_any_episode_lasts_is_not_reckoned_with():
    observation, _ = PursuitEnv("PE1-E1-I2", observation="telemetry").reset(seed=0)
    now = Chase.read(observation)
    last, never = (foreseen(now, timing(seconds, COAST)) for seconds in (TIMEOUT, 1e6))
    assert never.met == last.met == pytest.approx(now.met + TIMEOUT)
    np.testing.assert_array_equal(never.gap, last.gap)


@pytest.mark.slow
@pytest.mark.parametrize("scenario", ["PE1-E1-I1", "PE1-E1-I2", "PE1-E1-I4"])
@pytest.mark.parametrize(
    "burn",
    [None, {"forward": 1.0}, {"forward": -0.5},
     {"forward": 0.3, "right": 0.4, "down": 0.2, "frame": "inertial"},
     {"forward": -0.2, "right": 0.5, "down": 0.4, "frame": "orbital"}],
)  # fmt: skip
@pytest.mark.parametrize("seconds", [0.5, 3.0])
def test_the_chase_is_foreseen_as_the_twin_flies_it(scenario, burn, seconds):
    command = BurnCommand(**{"forward": 0, "right": 0, "down": 0, **(burn or {})})
    env = PursuitEnv(scenario, observation="telemetry", time="paused")
    env.reset(seed=0)
    observation, *_ = env.step(command.action())  # so that it is applied already
    now = Chase.read(observation)
    env._world.run(seconds)
    later = Chase.read({"telemetry": env.family.telemetry(env._world, 0)})
    ahead = foreseen(now, timing(seconds, command if burn else None))
    assert ahead.met == pytest.approx(later.met)
    assert ahead.mass == pytest.approx(later.mass, abs=1.0)
    gained = float(np.linalg.norm(later.velocity - now.velocity))
    assert ahead.velocity == pytest.approx(later.velocity, abs=0.03 + 0.05 * gained)
    assert ahead.gap == pytest.approx(later.gap, abs=0.03 + 0.05 * gained * seconds)
    assert ahead.target_position == pytest.approx(later.target_position, abs=1e-2)


def test_without_a_latency_the_chase_is_the_very_one_that_is_seen(make_telemetry):
    chase = Chase.read({"telemetry": make_telemetry()})
    assert foreseen(chase, Timing()) is chase
    assert foreseen(chase, timing(0.0, BurnCommand(forward=1, right=0, down=0))) is chase


def test_a_craft_without_propellant_only_coasts(make_telemetry):
    chase = Chase.read({"telemetry": make_telemetry(propellant=0.0)})
    full = BurnCommand(forward=1.0, right=1.0, down=1.0, frame="inertial")
    burnt, coasted = (foreseen(chase, timing(2.0, c)) for c in (full, COAST))
    assert burnt.velocity == pytest.approx(coasted.velocity)
    assert burnt.mass == chase.mass


@pytest.mark.parametrize("kind", [Rendezvous, Navball])
def test_a_pilot_decides_for_where_it_will_be(kind, make_telemetry):
    """2 s from a target that comes at 10 m/s: it is as if it saw the range of then."""

    def along(pilot, gap, told):
        """Return the throttle towards the target at `gap` m."""
        pilot.reset(PursuitEnv("PE1-E1-I3").task, 0)
        telemetry = make_telemetry(gap=(0.0, gap, 0.0), velocity=(0.0, 10.0, 0.0))
        command = pilot.decide(Sighting({"telemetry": telemetry}, 20.0, timing=told)).command
        burn = np.array([command.forward, command.right, command.down])
        return burn @ Chase.read({"telemetry": telemetry}).axes()[0]

    # what rendezvous answers is applied for 2.5 s: as much of a push by less throttle
    there = Rendezvous(Law(interval=2.5)) if kind is Rendezvous else kind()
    assert along(kind(), 60.0, timing(2.0)) == pytest.approx(along(there, 40.0, Timing()), abs=0.02)


def test_relations_pushes_as_much_by_a_burn_that_is_applied_for_longer():
    pilot = make("relations")
    pilot.reset(PursuitEnv("PE1-E1-I3").task, 0)
    line = "The prograde marker is right of the target marker."
    pushes = []
    for told in (Timing(), timing(0.5), timing(1.5)):
        command = pilot.decide(Sighting({}, 3.0, (line,), timing=told)).command
        pushes.append(-command.right * told.applied_s(0.5))
    assert pushes == pytest.approx([0.5, 0.5, 0.5])


@cache
def flown(scenario, time):
    return next(fly_cells([Cell(scenario, "rendezvous", 0)], Conditions(time=time)))


@pytest.mark.slow
@pytest.mark.uncounted
@pytest.mark.parametrize(
    ("scenario", "rule"),
    [("PE1-E1-I1", "runner:0.7"), ("PE1-E1-I2", "runner:0"), ("PE1-E1-I2", "runner:0.7"),
     ("PE1-E1-I4", "runner:0.7")],
)  # fmt: skip
def test_rendezvous_pays_no_more_than_half_again_for_kspdgs_runner(scenario, rule):
    still, late = flown(scenario, "paused"), flown(scenario, rule)
    assert late.success
    assert late.score <= 1.5 * still.score
