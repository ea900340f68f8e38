"""Pictures of a flight on the twin: what other processes import by name, wherever tests begin."""

from __future__ import annotations

import gymnasium
import numpy as np
from numpy.typing import NDArray

SCENARIO = "PE1-E1-I2"
WORLD = f"helmsight.envs:helmsight/{SCENARIO}-v0"


def pictures(seed: int) -> NDArray[np.uint8]:
    """Return three frames of a flight, (3, H, W, 3) RGB, whose commands are drawn by `seed`."""
    env = gymnasium.make(WORLD, observation="frame")
    shown = [env.reset(seed=seed)[0]["frame"]]
    env.action_space.seed(seed)
    shown += [env.step(env.action_space.sample())[0]["frame"] for _ in range(2)]
    env.close()
    return np.array(shown)
