"""Telemetry in the axes of the burns: the figures of the measures, read back from the words."""

from __future__ import annotations

import re
from typing import Any

import gymnasium
import numpy as np
import pytest

import helmsight.envs  # noqa: F401  registers the environments
from helmsight.envs.orbital.command import BurnCommand

WORLDS = ("PE1-E3-I2", "LBG1-LG2-I1", "SB1-E1-I4")


def numbers(line):
    return [float(number) for number in re.findall(r"[-+]?\d+\.\d+", line)]


@pytest.fixture(params=WORLDS)
def told(request):
    env = gymnasium.make(f"helmsight/{request.param}-v0", observation="telemetry")
    task: Any = env.get_wrapper_attr("task")
    env.reset(seed=3)
    command = BurnCommand(forward=0.4, right=-1, down=0.7, duration=4)
    observation, _, _, _, info = env.step(command.action())
    lines = task.tells(observation["telemetry"], info["attitude"])
    yield lines, info, task.tells(observation["telemetry"], {})
    env.close()


def test_the_words_hold_the_figures_of_the_measures(told):
    lines, info, _ = told
    distance, closing = numbers(lines[2])
    assert distance == pytest.approx(info["range"], abs=0.06)
    assert closing == pytest.approx(info["closing"], abs=0.006)


def test_vectors_are_in_the_axes_of_the_body(told):
    lines, info, _ = told
    # the nose is held on the target: it is straight ahead
    place = next(line for line in lines if " is at " in line)
    forward, right, down = numbers(place)
    assert forward == pytest.approx(info["range"], rel=1e-2)
    assert abs(right) + abs(down) < 0.05 * info["range"]
    velocity = numbers(next(line for line in lines if "move past" in line))
    assert np.linalg.norm(velocity) == pytest.approx(info["speed"], abs=0.02)


def test_without_the_attitude_only_what_is_certain_is_told(told):
    _, info, blind = told
    assert not any("forward" in line for line in blind)
    across = numbers(next(line for line in blind if "across" in line))[-1]
    assert across == pytest.approx(np.sqrt(info["speed"] ** 2 - info["closing"] ** 2), abs=0.01)


def test_only_who_reads_telemetry_is_told_the_attitude():
    env = gymnasium.make("helmsight/PE1-E1-I1-v0", observation="frame")
    assert "attitude" not in env.reset()[1]
