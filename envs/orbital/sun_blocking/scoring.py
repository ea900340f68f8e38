"""KSPDG's sun-blocking score, sampled as KSPDG samples it."""

from __future__ import annotations

import numpy as np

from helmsight.envs.orbital.dynamics import Array, dot, norm, sun_direction
from helmsight.envs.orbital.pair import Readings
from helmsight.envs.orbital.scenarios import PURSUER

VIEWING_DISTANCE = 100.0
"""Distance to the evader at which a moment counts most, m."""
DECAY = 1e-5
"""How fast it counts less at other distances, 1/m^2."""


def blocking_reward(line_of_sight: Array) -> Array:
    """Return what a moment counts, (n,) in [-1, 1]; `line_of_sight` (n, 3) m, pursuer to evader.

    -(u_evader . u_sun) exp(-1e-5 (d - 100)^2), both unit vectors from the pursuer. Source:
    spacegym-kspdg v0.14.0, SB1 reward.
    """
    distance = norm(line_of_sight)
    facing = -dot(line_of_sight, sun_direction()[None]) / np.maximum(distance, 1e-9)
    return np.asarray(facing * np.exp(-DECAY * (distance - VIEWING_DISTANCE) ** 2))


class BlockingKeeper:
    """Adds up the score: the trapezoid rule over mission time, a sample after every command.

    As in KSPDG the sum begins at reset with nothing: its sample there is of the same moment. All
    attributes have shape (n,).
    """

    def __init__(self, world: Readings) -> None:
        self._start_mass = world.mass[:, PURSUER].copy()
        self._time = world.met.copy()
        self.now = blocking_reward(world.line_of_sight)
        self.sum = np.zeros_like(self.now)
        self.least, self.most = self.now.copy(), self.now.copy()

    def sample(self, world: Readings) -> None:
        """Look at the worlds now and add the time since the last look."""
        now = blocking_reward(world.line_of_sight)
        self.sum += 0.5 * (now + self.now) * (world.met - self._time)
        self.now, self._time = now, world.met.copy()
        self.least, self.most = np.minimum(self.least, now), np.maximum(self.most, now)

    def score(self) -> Array:
        """Return the SB1 scores so far, (n,); higher is better."""
        return self.sum

    def reward(self, world: Readings, i: int, over: bool) -> float:
        """Return KSPDG's reward of a step: what this moment counts."""
        return float(self.now[i])

    def figures(self, world: Readings, i: int) -> dict[str, float]:
        """Return what an environment tells of world `i`: fuel, score, extremes; SI."""
        return {
            "fuel_used": float(self._start_mass[i] - world.mass[i, PURSUER]),
            "score": float(self.sum[i]),
            "blocking": float(self.now[i]),
            "least_blocking": float(self.least[i]),
            "most_blocking": float(self.most[i]),
        }
