"""A picture in which one of the parts that a model looks at closely is covered."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import gymnasium as gym
import numpy as np

from helmsight.contract.errors import InvalidOption
from helmsight.contract.observation import Box, Observation


def region(regions: Mapping[str, Box], number: float) -> Box:
    """Return the `number`-th region of a frame, from 1 on.

    Raises:
        InvalidOption: there are not so many, or it is no whole number.
    """
    if number not in range(1, len(regions) + 1):
        known = ", ".join(f"{i}: {name}" for i, name in enumerate(regions, 1)) or "none"
        raise InvalidOption(
            f"disturbance covered:{number:g}: the regions of this world's frame are {known}"
        )
    return list(regions.values())[round(number) - 1]


class CoveredRegion(gym.ObservationWrapper[Any, Any, Any]):
    """A world in whose frames a region of its task is black: the `number`-th of them, from 1 on.

    Raises:
        InvalidOption: the task does not have so many.
    """

    def __init__(self, env: gym.Env[Any, Any], number: float) -> None:
        super().__init__(env)
        self._box = region(env.unwrapped.task.regions, number)  # type: ignore[attr-defined]

    def observation(self, observation: Observation) -> Observation:
        """Return the observation with that region of its frame covered."""
        x0, y0, x1, y1 = self._box
        frame = np.array(observation["frame"])
        frame[y0:y1, x0:x1] = 0
        return {**observation, "frame": frame}
