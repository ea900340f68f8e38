"""Where the sun's markers are on the ball, and what telemetry makes certain of them."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest

from helmsight.envs.orbital.dynamics import sun_direction
from helmsight.envs.orbital.env import TwinEnv
from helmsight.envs.orbital.sights import PROGRADE, TARGET
from helmsight.envs.orbital.sun_blocking.sights import CORONA, OBJECTS, in_view, known_relations


def flown(scenario, steps):
    """Yield an environment and its telemetry, step after step under random burns."""
    env: Any = TwinEnv(scenario, observation="telemetry")
    observation, info = env.reset(seed=0)
    rng = np.random.default_rng(0)
    for _ in range(steps):
        yield env, observation["telemetry"], info
        throttle = rng.integers(-1, 2, 3)
        command = env.task.command(
            forward=int(throttle[0]), right=int(throttle[1]), down=int(throttle[2]), duration=2
        )
        observation, *_, info = env.step(command.action())


@pytest.mark.slow
def test_the_cockpit_tells_the_phase_angle_that_is_measured():
    for env, _, info in flown("SB1-E1-I4", 3):
        state = env.family.cockpit(env._world, 0)
        assert state.sunlit
        assert not state.contacts
        assert state.phase == pytest.approx(info["phase_angle"], abs=1e-6)
        assert state.closing == pytest.approx(info["closing"], abs=1e-9)


@pytest.mark.slow
def test_what_telemetry_makes_certain_is_true():
    said = 0
    for env, telemetry, _ in flown("SB1-E1-I5", 20):
        truth = {(a, b, axis): sign for a, b, axis, sign in env.true_relations()}
        for a, b, axis, sign in env.task.known(telemetry):
            said += 1
            assert truth[a, b, axis] == sign
        seen = {*env.task.in_view(telemetry)}
        assert {name for a, b, _ in truth for name in (a, b)} <= seen
    assert said >= 3


def vector(offset, velocity=(0.0, 0.0, 0.0)):
    """Return the telemetry of who is `offset` from the evader, moving at `velocity`."""
    sun = sun_direction()
    telemetry = np.zeros(18)
    telemetry[3:6], telemetry[6:9], telemetry[15:18] = offset, velocity, sun
    return telemetry


def test_corona_and_target_are_aligned_for_who_stands_in_the_sun():
    sun = sun_direction()
    aside = np.array([0.0, 0.0, 1.0])
    told = known_relations(vector(100.0 * sun))
    assert {(a, b) for a, b, *_ in told} == {(TARGET, CORONA)}
    assert {sign for *_, sign in told} == {0}
    assert known_relations(vector(100.0 * sun + 9.0 * aside)) == []
    assert known_relations(vector(-100.0 * sun)) == []
    assert in_view(vector(100.0 * sun)) == [TARGET, CORONA]
    assert in_view(vector(-100.0 * sun, sun)) == [PROGRADE, TARGET]
    assert in_view(vector(100.0 * sun, -sun)) == list(OBJECTS)
