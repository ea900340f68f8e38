"""The native vector environment: gymnasium's own, bit for bit, with the physics of all at once."""

from typing import Any

import gymnasium as gym
import numpy as np
import pytest
from gymnasium.utils.env_checker import data_equivalence
from gymnasium.vector import AutoresetMode, SyncVectorEnv, VectorEnv

from helmsight.envs.orbital.env import PursuitEnv
from helmsight.envs.orbital.vector import TwinVectorEnv

OPTIONS: dict[str, Any] = {"scenario": "PE1-E2-I2", "observation": "telemetry", "time": "fixed:0.3"}


@pytest.mark.slow
@pytest.mark.uncounted
@pytest.mark.parametrize("mode", list(AutoresetMode))
def test_it_does_what_gymnasiums_own_does_bit_for_bit(mode):
    ours = TwinVectorEnv(2, autoreset_mode=mode, **OPTIONS)
    theirs: Any = SyncVectorEnv([lambda: PursuitEnv(**OPTIONS)] * 2, autoreset_mode=mode)
    ours.action_space.seed(3)
    assert data_equivalence(ours.reset(seed=5), theirs.reset(seed=5))
    for number in range(3):
        actions = ours.action_space.sample()
        actions["burn"][:, 3] = (0.5, 0.24)
        if number == 1:  # the second episode ends
            for position in (
                ours._convoy.world.position[1], theirs.envs[1].unwrapped._world.position[0]
            ):  # fmt: skip
                position[1] = position[0] + [1.0, 0.0, 0.0]
        got, wanted = ours.step(actions), theirs.step(actions)
        assert data_equivalence(got, wanted)
        assert got[2].tolist() == [False, number == 1]
        if mode is AutoresetMode.DISABLED and number == 1:
            break


def test_make_vec_makes_it_with_spaces_of_a_batch():
    envs = gym.make_vec(
        "helmsight.envs:helmsight/PE1-E1-I2-v0", num_envs=3, observation="telemetry"
    )
    assert isinstance(envs.unwrapped, TwinVectorEnv)
    assert isinstance(envs, VectorEnv)
    observations, infos = envs.reset(seed=1)
    assert observations in envs.observation_space
    assert observations["telemetry"].shape == (3, 15)
    assert len(set(infos["range"])) == 3
    assert envs.action_space.sample() in envs.action_space
    envs.close()


def test_a_wrong_action_leaves_nothing_behind():
    envs = TwinVectorEnv(2, scenario="PE1-E1-I2", observation="telemetry")
    envs.reset(seed=0)
    actions = {"burn": np.full((2, 4), np.nan), "frame": np.zeros(2, dtype=int)}
    with pytest.raises(ValueError, match="nan"):
        envs.step(actions)
    actions["burn"] = np.array([[0.0, 0.0, 0.0, 0.1]] * 2)
    _, _, _, _, infos = envs.step(actions)
    np.testing.assert_allclose(np.diff(infos["met"]), 0.0)
