"""KSPDG's score of lady, bandit and guard, sampled as KSPDG samples it."""

from __future__ import annotations

from typing import Protocol

import numpy as np

from helmsight.envs.orbital.dynamics import Array, norm
from helmsight.envs.orbital.lady_bandit_guard.scenario import BANDIT, GUARD, LADY
from helmsight.envs.orbital.pair import Crew

GUARD_SCALE, GUARD_OFFSET = 1e6, 0.1
"""m^3 and m: what a near guard costs."""


class Three(Crew, Protocol):
    """What score, telemetry and measures read of lady, bandit and guard: (n, 3) vessels."""

    @property
    def lady_range(self) -> Array:
        """Distances between lady and bandit, (n,) m."""
        ...

    @property
    def guard_range(self) -> Array:
        """Distances between bandit and guard, (n,) m."""
        ...


def guarding_score(lady: Array, guard: Array) -> Array:
    """Return the LBG1 score (lower is better) of the closest approaches to lady and guard, m.

    d_lady^2 + 1e6 / (d_guard + 0.1). Source: spacegym-kspdg v0.14.0, LBG1 evaluation metric.
    """
    return np.asarray(lady**2 + GUARD_SCALE / (guard + GUARD_OFFSET))


class GuardingKeeper:
    """Keeps the score: both closest approaches among samples at reset and after every command.

    As in KSPDG, the two need not be of the same moment. All attributes have shape (n,): distances
    m, `speed` relative to the lady at the closest approach m/s, `time` of it s (MET).
    """

    def __init__(self, world: Three) -> None:
        self._start_mass = world.mass.copy()
        n = len(world.met)
        self.lady, self.guard = np.full(n, np.inf), np.full(n, np.inf)
        self.speed, self.time = np.zeros(n), np.zeros(n)
        self.sample(world)

    def sample(self, world: Three) -> None:
        """Look at the worlds now and keep what is closer than before."""
        distance = world.lady_range
        closer = distance < self.lady
        self.lady[closer] = distance[closer]
        if closer.any():
            velocity = world.velocity
            self.speed[closer] = norm(velocity[closer, BANDIT] - velocity[closer, LADY])
            self.time[closer] = world.met[closer]
        self.guard = np.minimum(self.guard, world.guard_range)

    def score(self) -> Array:
        """Return the LBG1 scores at the closest approaches so far, (n,)."""
        return guarding_score(self.lady, self.guard)

    def reward(self, world: Three, i: int, over: bool) -> float:
        """Return KSPDG's reward of a step: minus the score when the episode is over, else 0."""
        return -float(self.score()[i]) if over else 0.0

    def figures(self, world: Three, i: int) -> dict[str, float]:
        """Return what an environment tells of world `i`: fuel, score, closest approaches; SI."""
        spent = self._start_mass[i] - world.mass[i]
        return {
            "fuel_used": float(spent[BANDIT]),
            "lady_fuel_used": float(spent[LADY]),
            "guard_fuel_used": float(spent[GUARD]),
            "score": float(self.score()[i]),
            "closest_lady": float(self.lady[i]),
            "closest_guard": float(self.guard[i]),
            "closest_speed": float(self.speed[i]),
            "closest_time": float(self.time[i]),
        }
