"""KSPDG's public evaders E1..E4, for a batch of worlds."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from helmsight.envs.orbital.attitude import SAS
from helmsight.envs.orbital.dynamics import Array
from helmsight.envs.orbital.pair import PairFleet
from helmsight.envs.orbital.scenarios import EVADER

ACTIVATION_RANGE = 2200.0
"""E2 and E3 wake when the pursuer is this close, m."""
EVADE_RANGE = 200.0
"""E3 burns while the pursuer is closer than this, m."""
CRUISE_THROTTLE = 0.2
"""E4's constant prograde throttle."""
MAX_HOLD = 2.0
"""E2 keeps each random input for a time uniform between 0 and this, s."""


class Bots:
    """The evaders' minds. `kinds` are 1..4 per world; E2 draws from its own seeded generator.

    They act from `start` (mission elapsed time, s): KSPDG starts them after its reset.
    """

    def __init__(self, kinds: Sequence[int], seeds: Sequence[int], start: Array) -> None:
        self.kinds = np.asarray(kinds)
        self.start = start
        self._awake = np.zeros(len(self.kinds), dtype=bool)
        self._until = np.zeros(len(self.kinds))
        self._random = {
            i: np.random.default_rng([seed, 2]) for i, seed in enumerate(seeds) if kinds[i] == 2
        }
        self._active = bool((self.kinds != 1).any())

    def act(self, fleet: PairFleet) -> None:
        """Set the evaders' controls for the coming physics step."""
        if not self._active:
            return
        distance = fleet.range
        started = fleet.met >= self.start
        reacting = (self.kinds == 2) | (self.kinds == 3)
        wakes = started & ~self._awake
        wakes &= (reacting & (distance < ACTIVATION_RANGE)) | (self.kinds == 4)
        if wakes.any():
            self._awake |= wakes
            fleet.rcs[wakes, EVADER] = True
            modes = np.where(self.kinds == 3, SAS.NORMAL, SAS.PROGRADE)
            fleet.sas[wakes, EVADER] = modes[wakes]
        fleeing = self._awake & (self.kinds == 3)
        fleet.throttle[fleeing, EVADER, 0] = distance[fleeing] < EVADE_RANGE
        fleet.throttle[self._awake & (self.kinds == 4), EVADER, 0] = CRUISE_THROTTLE
        # Each E2 draws from a generator of its own and only when its turn comes, so that the
        # manoeuvres of a seed are the same in every batch.
        for i, rng in self._random.items():
            if self._awake[i] and fleet.met[i] >= self._until[i]:
                self._until[i] = fleet.met[i] + rng.uniform(0.0, MAX_HOLD)
                burns, turns = rng.random(2) < 0.5
                fleet.throttle[i, EVADER] = rng.uniform(-1.0, 1.0, 3) * burns
                fleet.rotation[i, EVADER] = rng.uniform(-1.0, 1.0, 3) * turns
