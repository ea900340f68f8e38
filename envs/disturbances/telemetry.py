"""Telemetry that contradicts the picture."""

from __future__ import annotations

from typing import Any

import gymnasium as gym
import numpy as np
from numpy.typing import NDArray

from helmsight.contract.observation import Observation


class ContradictingTelemetry(gym.ObservationWrapper[Any, Any, Any]):
    """A world whose telemetry changes the other way: first - strength * (now - first).

    Numbers that a picture shows as coming nearer go away. Times, in s, stay as they are: they say
    when, not what.
    """

    def __init__(self, env: gym.Env[Any, Any], strength: float) -> None:
        super().__init__(env)
        self._strength = strength
        self._first: NDArray[np.float64] | None = None

    def reset(
        self, *, seed: int | None = None, options: dict[str, Any] | None = None
    ) -> tuple[Observation, dict[str, Any]]:
        """Begin an episode; its first telemetry is true."""
        self._first = None
        return super().reset(seed=seed, options=options)

    def observation(self, observation: Observation) -> Observation:
        """Return the observation with its telemetry mirrored about the first one."""
        true = observation["telemetry"]
        if self._first is None:
            self._first = true.copy()
        told = self._first - self._strength * (true - self._first)
        fields = self.env.unwrapped.task.fields  # type: ignore[attr-defined]
        times = [i for i, entry in enumerate(fields) if entry.unit == "s"]
        told[times] = true[times]
        return {**observation, "telemetry": told}
