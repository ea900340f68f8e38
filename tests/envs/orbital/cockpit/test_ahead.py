"""Pictures drawn ahead are those that would have been drawn when they were asked for."""

from __future__ import annotations

import copy
from dataclasses import replace

import numpy as np
import pytest

from helmsight.contract.meanwhile import use_the_wait
from helmsight.envs.orbital import env as env_module
from helmsight.envs.orbital.cockpit import ahead
from helmsight.envs.orbital.cockpit.ahead import Ahead
from helmsight.envs.orbital.cockpit.layout import Layout
from helmsight.envs.orbital.cockpit.picture import render
from helmsight.envs.orbital.command import BurnCommand
from helmsight.envs.orbital.env import TwinEnv
from helmsight.envs.orbital.stepping import VARIABLE, C, step_code

COAST = BurnCommand.null()
AHEAD = BurnCommand(forward=1.0, right=0.0, down=0.0, duration=0.5)
ASIDE = BurnCommand(forward=0.0, right=-0.5, down=1.0, duration=1.5)
PLAN = (AHEAD, AHEAD, AHEAD, ASIDE, ASIDE, AHEAD, AHEAD, COAST, COAST, COAST, ASIDE, AHEAD)


@pytest.fixture
def drawn(monkeypatch):
    """How many pictures were drawn."""
    pictures = []

    def noted(*given):
        pictures.append(render(*given))
        return pictures[-1]

    monkeypatch.setattr(ahead, "render", noted)
    monkeypatch.setattr(env_module, "render", noted)
    return pictures


def flown(plan=PLAN, scenario="PE1-E1-I1", wait=use_the_wait, **options):
    """Return the frames of a flight by `plan`, before each command of which a pilot waits."""
    world = TwinEnv(scenario, observation="frame", **options)
    frames = [world.reset(seed=1)[0]["frame"]]
    for command in plan:
        wait()
        frames.append(world.step(command.action())[0]["frame"])
    return frames


@pytest.mark.parametrize("scenario", ["PE1-E1-I1", "LBG1-LG2-I2", "SB1-E1-I5"])
def test_a_flight_has_the_same_frames_drawn_ahead_or_not(drawn, scenario):
    if step_code() != C:
        pytest.skip("the step was not compiled here")
    frames = flown(scenario=scenario)
    # of the 11 that were drawn while somebody waited 6 came, where a command came again
    assert len(drawn) == 11 + len(frames) - 6
    drawn.clear()
    assert all(map(np.array_equal, frames, flown(scenario=scenario, wait=lambda: None)))
    assert len(drawn) == len(frames)


@pytest.mark.parametrize(
    "options", [{"time": "measured"}, {"time": "fixed:0.5"}, {"randomize": True}]
)
def test_nothing_is_drawn_ahead_where_it_is_not_known_what_will_be_seen(drawn, options):
    flown((COAST,) * 4, **options)
    assert len(drawn) == 5


def test_numpys_steps_are_not_taken_twice(monkeypatch, drawn):
    monkeypatch.setenv(VARIABLE, "numpy")
    flown((COAST, AHEAD) * 2)
    assert len(drawn) == 5


def test_a_picture_drawn_ahead_is_whose_it_is_and_nobody_elses(make_state, drawn):
    layout, looked = Layout(), Ahead()
    state, other = make_state(1), make_state(2)
    looked.draw(state, layout)
    assert np.array_equal(looked.picture(other, layout), render(other))
    looked.draw(state, layout)
    moved = replace(layout, offset=(3, 3))
    assert np.array_equal(looked.picture(state, moved), render(state, moved))
    looked.draw(state, layout)
    assert len(drawn) == 5
    looked.picture(make_state(1), layout)[:] = 0  # an equal state, and not the same one
    assert len(drawn) == 5
    assert np.array_equal(looked.picture(state, layout), render(state))


def test_a_copied_world_flies_on_by_itself():
    world = TwinEnv("PE1-E1-I1", observation="frame")
    world.reset(seed=0)
    world.step(AHEAD.action())
    use_the_wait()
    other = copy.deepcopy(world)
    one, same = (each.step(AHEAD.action())[0]["frame"] for each in (world, other))
    assert np.array_equal(one, same)
    one[:] = 0
    assert same.any()
