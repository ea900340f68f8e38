from __future__ import annotations

from dataclasses import replace
from itertools import combinations
from typing import Any

import gymnasium
import numpy as np
import pytest

import helmsight.envs  # noqa: F401  registers the environments
from helmsight.envs.orbital.panel import cockpit_state
from helmsight.envs.orbital.sights import (
    BAND,
    LEVEL,
    PROGRADE,
    TARGET,
    known_relations,
    marker_relations,
)


@pytest.fixture
def state():
    env: Any = gymnasium.make("helmsight/PE1-E1-I3-v0", observation="telemetry").unwrapped
    env.reset(seed=0)
    return cockpit_state(env._world, 0)


def signs(state):
    return {(a, b, axis): sign for a, b, axis, sign in marker_relations(state)}


@pytest.mark.parametrize(
    ("velocity", "right", "down"),
    [
        ([10, 0, 0], 0, 0), ([10, 5, 0], 1, 0), ([10, -5, 0], -1, 0), ([10, 0, 5], 0, 1),
        ([10, 3, -5], 1, -1), ([10, 9 * BAND, 0], 0, 0), ([10, 11 * BAND, 0], 1, 0),
    ],
)  # fmt: skip
def test_prograde_is_where_the_drift_goes(state, velocity, right, down):
    ahead = replace(state, velocity=np.array(velocity, float), target=np.array([900.0, 0, 0]))
    found = signs(ahead)
    assert found[PROGRADE, TARGET, "horizontal"] == right
    assert found[PROGRADE, TARGET, "vertical"] == down
    assert {found[a, b, "depth"] for a, b in combinations((PROGRADE, TARGET, LEVEL), 2)} == {0}


def test_a_marker_on_the_far_side_is_in_no_relation(state):
    away = replace(state, velocity=np.array([-3.0, 1.0, 0.0]))
    assert {name for a, b, _ in signs(away) for name in (a, b)} == {TARGET, LEVEL}
    still = replace(state, velocity=np.zeros(3))
    assert all(PROGRADE not in key for key in signs(still))
    alone = replace(state, target_name="", velocity=np.array([9.0, 0, 0]))
    assert all(TARGET not in key for key in signs(alone))


@pytest.mark.slow
@pytest.mark.parametrize("scenario", ["PE1-E1-I1", "PE1-E1-I2", "PE1-E1-I3", "PE1-E1-I4"])
def test_what_telemetry_makes_certain_is_true(scenario):
    env: Any = gymnasium.make(f"helmsight/{scenario}-v0", observation="telemetry").unwrapped
    observation, _ = env.reset(seed=3)
    rng, said = np.random.default_rng(0), 0
    for _ in range(40):
        truth = {(a, b, axis): sign for a, b, axis, sign in env.true_relations()}
        for a, b, axis, sign in env.task.known(observation["telemetry"]):
            said += 1
            assert truth[a, b, axis] == sign
        throttle = rng.integers(-1, 2, 3)
        command = env.task.command(
            forward=int(throttle[0]), right=int(throttle[1]), down=int(throttle[2]), duration=2
        )
        observation, _, over, late, _ = env.step(command.action())
        if over or late:
            break
    assert said >= 3


def test_without_a_speed_only_the_target_is_certain():
    telemetry = np.zeros(15)
    telemetry[9] = 100.0
    assert {(a, b) for a, b, *_ in known_relations(telemetry)} == {(TARGET, LEVEL)}
