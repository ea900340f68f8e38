"""Worlds of lady, bandit and guard: three vessels, and two ways in which somebody is captured."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Protocol

import numpy as np

from helmsight.envs.orbital.dynamics import Array, norm
from helmsight.envs.orbital.lady_bandit_guard.bots import Escort
from helmsight.envs.orbital.lady_bandit_guard.scenario import BANDIT, GUARD, LADY
from helmsight.envs.orbital.starts import Beginning
from helmsight.envs.orbital.stepping import Catch
from helmsight.envs.orbital.vehicles import DRONE, SCISAT
from helmsight.envs.orbital.world import CAPTURE_RANGE, TIMEOUT, FamilyWorld

SETTLE = 1.1
"""Seconds between loading a save and the first observation: LBG1's reset waits so long."""


class Guarded(Beginning, Protocol):
    """What such a world needs to begin: who steers lady and guard, a time and a state of three."""

    @property
    def bot(self) -> int:
        """Who steers lady and guard, a key of `Guarding.bots`."""
        ...


class Trio:
    """`n` worlds with three vessels each: `position` and `velocity` (n, 3, 3) inertial, SI."""

    position: Array
    velocity: Array

    @property
    def lady_range(self) -> Array:
        """Distances between lady and bandit, (n,) m."""
        return norm(self.position[:, LADY] - self.position[:, BANDIT])

    @property
    def guard_range(self) -> Array:
        """Distances between bandit and guard, (n,) m."""
        return norm(self.position[:, GUARD] - self.position[:, BANDIT])


class GuardedWorld(Trio, FamilyWorld):
    """`n` LBG1 worlds side by side: vessels (lady, bandit, guard).

    Attributes:
        captured: (n,) the bandit has come within 5 m of the lady. caught: (n,) the guard has come
            within 5 m of the bandit. Either ends the episode. See `Fleet` for the others.
    """

    settling = SETTLE
    bots: Escort

    def __init__(
        self,
        scenarios: Sequence[Guarded],
        seeds: Sequence[int] | None = None,
        timeout: float = TIMEOUT,
        ends: bool = True,
    ) -> None:
        seeds = list(seeds) if seeds is not None else [0] * len(scenarios)
        super().__init__(scenarios, seeds, (SCISAT, DRONE, DRONE), timeout, ends)
        self.caught = np.zeros(len(scenarios), dtype=bool)
        self.bots = Escort([s.bot for s in scenarios], seeds, self.met + self.settling)

    @property
    def _catches(self) -> Sequence[Catch]:
        return (
            (self.captured, LADY, BANDIT, CAPTURE_RANGE),
            (self.caught, GUARD, BANDIT, CAPTURE_RANGE),
        )
