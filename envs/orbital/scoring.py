"""KSPDG's pursuit-evasion score, sampled as KSPDG samples it."""

from __future__ import annotations

import numpy as np

from helmsight.envs.orbital.dynamics import Array, norm
from helmsight.envs.orbital.pair import Readings
from helmsight.envs.orbital.scenarios import PURSUER


def pursuit_score(distance: Array, speed: Array, fuel: Array, time: Array) -> Array:
    """Return the PE1 score (lower is better).

    (0.1 d)^2 + (0.5 v)^1.5 + (0.1 f)^1.25 + (0.01 t) with d m, v m/s, f kg and t s at the closest
    sampled approach. Source: spacegym-kspdg v0.14.0, PE1 evaluation metric.
    """
    return np.asarray(
        (0.1 * distance) ** 2 + (0.5 * speed) ** 1.5 + (0.1 * fuel) ** 1.25 + 0.01 * time
    )


class ScoreKeeper:
    """Keeps the score: the closest approach among samples at reset and after every command.

    As in KSPDG, what happens between two samples is not seen: long commands can miss the true
    minimum. All attributes have shape (n,): distance m, speed m/s, fuel kg, time s (MET).
    """

    def __init__(self, world: Readings) -> None:
        self._start_mass = world.mass[:, PURSUER].copy()
        n = len(world.met)
        self.distance = np.full(n, np.inf)
        self.speed, self.fuel, self.time = np.zeros(n), np.zeros(n), np.zeros(n)
        self.sample(world)

    def sample(self, world: Readings) -> None:
        """Look at the worlds now and keep what is closer than before."""
        distance = world.range
        closer = distance < self.distance
        self.distance[closer] = distance[closer]
        self.speed[closer] = norm(world.relative_velocity)[closer]
        self.fuel[closer] = self.fuel_used(world)[closer]
        self.time[closer] = world.met[closer]

    def fuel_used(self, world: Readings) -> Array:
        """Return the propellant mass the pursuers have used since reset, (n,) kg."""
        return np.asarray(self._start_mass - world.mass[:, PURSUER])

    def score(self) -> Array:
        """Return the PE1 scores at the closest approaches so far, (n,)."""
        return pursuit_score(self.distance, self.speed, self.fuel, self.time)

    def reward(self, world: Readings, i: int, over: bool) -> float:
        """Return KSPDG's reward of a step: minus the score when the episode is over, else 0."""
        return -float(self.score()[i]) if over else 0.0

    def figures(self, world: Readings, i: int) -> dict[str, float]:
        """Return what an environment tells of world `i`: fuel, score, closest approach; SI."""
        return {
            "fuel_used": float(self.fuel_used(world)[i]),
            "score": float(self.score()[i]),
            "closest_approach": float(self.distance[i]),
            "closest_speed": float(self.speed[i]),
            "closest_time": float(self.time[i]),
            "closest_fuel": float(self.fuel[i]),
        }
