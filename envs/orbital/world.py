"""The orbital twin: batches of worlds of a family, and those of pursuits."""

from __future__ import annotations

from collections.abc import Sequence
from typing import ClassVar

import numpy as np
from numpy.typing import NDArray

from helmsight.envs.orbital.attitude import SAS
from helmsight.envs.orbital.bots import Bots
from helmsight.envs.orbital.dynamics import Array
from helmsight.envs.orbital.fleet import Fleet
from helmsight.envs.orbital.pair import Pair
from helmsight.envs.orbital.scenarios import EVADER, PURSUER, Start
from helmsight.envs.orbital.starts import AGENT, TARGET, Beginning
from helmsight.envs.orbital.stepping import DT, Catch, Mind
from helmsight.envs.orbital.vehicles import DRONE, Vehicle

__all__ = ["CAPTURE_RANGE", "DT", "SETTLE", "TIMEOUT", "FamilyWorld", "World"]

CAPTURE_RANGE = 5.0
"""Range at which PE1 and LBG1 count a capture, m."""
TIMEOUT = 240.0
"""Mission elapsed time after which every public episode ends, s."""
SETTLE = 3.0
"""Seconds between loading a save and the first observation: PE1's and SB1's reset waits so long."""


class Settling:
    """Worlds that begin as KSPDG's do: `settling` seconds pass before the first observation."""

    met: Array
    settling: float = SETTLE

    def advance(self, steps: int = 1) -> None:
        """Advance by `steps` physics steps of 0.02 s."""
        raise NotImplementedError

    def settle(self, until: float | None = None) -> None:
        """Coast through the seconds that KSPDG's reset takes, the nose swinging to the target.

        With `until`, a mission elapsed time in s, the worlds go on to it, bots included.
        """
        self.advance(round(self.settling / DT))
        if until is not None:
            self.advance(int(float(until - self.met.max()) / DT + 1e-6))


class FamilyWorld(Fleet, Settling):
    """`n` worlds of one family side by side: bots, an agent under SAS TARGET, and an end.

    A world in which somebody is captured, or that is past `timeout`, is over and stands still,
    unless `ends` is False. The agent is vessel 1 and the target vessel 0, in every family.

    Attributes:
        captured: (n,) whether the target was captured. See `Fleet` for the others.
    """

    bots: Mind

    def __init__(
        self,
        scenarios: Sequence[Beginning],
        seeds: Sequence[int],
        vehicles: Sequence[Vehicle],
        timeout: float,
        ends: bool,
    ) -> None:
        self.vehicle = vehicles[AGENT]
        self.timeout = timeout
        self.ends = ends
        states = [s.initial_state(seed) for s, seed in zip(scenarios, seeds, strict=True)]
        position, velocity = (np.stack(parts) for parts in zip(*states, strict=True))
        met = np.array([s.load_time for s in scenarios])
        axes = np.stack([s.initial_axes for s in scenarios])
        super().__init__(position, velocity, vehicles, met, axes)
        self.target[:, AGENT] = TARGET
        self.rcs[:, AGENT] = True
        self.sas[:, AGENT] = SAS.TARGET
        self.captured = np.zeros(len(scenarios), dtype=bool)

    def take_row(self, row: int, world: FamilyWorld) -> None:
        """Have world `row` go on from where `world`, a single one of the same family, is."""
        for name, values in vars(world).items():
            if isinstance(values, np.ndarray) and len(values) == 1:
                mine = getattr(self, name).copy()  # `_axes_before` and `axes` may be one array
                mine[row] = values[0]
                setattr(self, name, mine)
        self.bots.take_row(row, world.bots)

    @property
    def mind(self) -> Mind:
        """The bots."""
        return self.bots

    def burn(self, throttle: Array, worlds: NDArray[np.bool_] | slice = slice(None)) -> None:
        """Set the agents' translation throttles, (n, 3) body axes, clipped to [-1, 1]."""
        self.throttle[worlds, AGENT] = np.clip(throttle, -1.0, 1.0)


class World(Pair, FamilyWorld):
    """`n` PE1 worlds side by side: vessels (evader, pursuer), evader bots, capture, time limit."""

    bots: Bots
    capture_range: ClassVar[float] = CAPTURE_RANGE

    def __init__(
        self,
        scenarios: Sequence[Start],
        seeds: Sequence[int] | None = None,
        vehicle: Vehicle = DRONE,
        timeout: float = TIMEOUT,
        ends: bool = True,
    ) -> None:
        seeds = list(seeds) if seeds is not None else [0] * len(scenarios)
        super().__init__(scenarios, seeds, (vehicle, vehicle), timeout, ends)
        self.target[:, EVADER] = PURSUER
        self.bots = Bots([s.evader for s in scenarios], seeds, self.met + self.settling)

    @property
    def _catches(self) -> Sequence[Catch]:
        return ((self.captured, EVADER, PURSUER, self.capture_range),)
