"""The orbital twin: a batch of pursuit worlds with two vessels each."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

from helmsight.envs.orbital.attitude import SAS
from helmsight.envs.orbital.bots import Bots
from helmsight.envs.orbital.dynamics import Array
from helmsight.envs.orbital.fleet import DT
from helmsight.envs.orbital.pair import PairFleet
from helmsight.envs.orbital.scenarios import EVADER, PURSUER, Start
from helmsight.envs.orbital.vehicles import DRONE, Vehicle

__all__ = ["CAPTURE_RANGE", "DT", "SETTLE", "TIMEOUT", "World"]

CAPTURE_RANGE = 5.0
"""Range at which PE1 counts a capture, m."""
TIMEOUT = 240.0
"""Mission elapsed time after which PE1 ends, s."""
SETTLE = 3.0
"""Seconds between loading a save and the first observation: KSPDG's reset waits that long."""


class Settling:
    """Worlds that begin as KSPDG's do."""

    met: Array

    def advance(self, steps: int = 1) -> None:
        """Advance by `steps` physics steps of 0.02 s."""
        raise NotImplementedError

    def settle(self, until: float | None = None) -> None:
        """Coast through the seconds that KSPDG's reset takes, the nose swinging to the target.

        With `until`, a mission elapsed time in s, the worlds go on to it, bots included.
        """
        self.advance(round(SETTLE / DT))
        if until is not None:
            self.advance(int(float(until - self.met.max()) / DT + 1e-6))


class World(PairFleet, Settling):
    """`n` PE1 worlds side by side: vessels (evader, pursuer), evader bots, capture and time limit.

    A world that is captured or past `timeout` is over and stands still, unless `ends` is False.

    Attributes:
        captured: (n,) flags. See `Fleet` for the others.
    """

    def __init__(
        self,
        scenarios: Sequence[Start],
        seeds: Sequence[int] | None = None,
        vehicle: Vehicle = DRONE,
        timeout: float = TIMEOUT,
        ends: bool = True,
    ) -> None:
        seeds = list(seeds) if seeds is not None else [0] * len(scenarios)
        self.vehicle = vehicle
        self.timeout = timeout
        self.ends = ends
        states = [s.initial_state(seed) for s, seed in zip(scenarios, seeds, strict=True)]
        position, velocity = (np.stack(parts) for parts in zip(*states, strict=True))
        met = np.array([s.load_time for s in scenarios])
        axes = np.stack([s.initial_axes for s in scenarios])
        super().__init__(position, velocity, (vehicle, vehicle), met, axes)
        self.target[:] = (PURSUER, EVADER)
        self.rcs[:, PURSUER] = True
        self.sas[:, PURSUER] = SAS.TARGET
        self.captured = np.zeros(len(scenarios), dtype=bool)
        self.bots = Bots([s.evader for s in scenarios], seeds, self.met + SETTLE)

    def take_row(self, row: int, world: World) -> None:
        """Have world `row` go on from where `world`, a single one, is."""
        for name, values in vars(world).items():
            if isinstance(values, np.ndarray) and len(values) == 1:
                mine = getattr(self, name).copy()  # `_axes_before` and `axes` may be one array
                mine[row] = values[0]
                setattr(self, name, mine)
        self.bots.take_row(row, world.bots)

    def burn(self, throttle: Array, worlds: NDArray[np.bool_] | slice = slice(None)) -> None:
        """Set the pursuers' translation throttles, (n, 3) body axes, clipped to [-1, 1]."""
        self.throttle[worlds, PURSUER] = np.clip(throttle, -1.0, 1.0)

    def _step(self) -> None:
        live = self._live
        self.bots.act(self)
        super()._step()
        self.captured |= live & (self.range <= CAPTURE_RANGE)
        if self.ends:
            self.over |= self.captured | (self.met > self.timeout)
