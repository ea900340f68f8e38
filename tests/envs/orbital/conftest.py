"""Worlds that begin where a test wants them to."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
import pytest

from helmsight.envs.orbital.dynamics import MU, Array, orbital_axes
from helmsight.envs.orbital.world import World

MakeWorld = Callable[..., World]


@dataclass(frozen=True)
class Beside:
    """A start with the pursuer `offset` m from the evader, at `speed` m/s relative to it.

    Both in the evader's (radial, along-track, normal) axes; its orbit is PE1's circle.
    """

    evader: int = 1
    offset: tuple[float, float, float] = (0.0, -100.0, 0.0)
    speed: tuple[float, float, float] = (0.0, 0.0, 0.0)
    load_time: float = 0.0

    @property
    def initial_axes(self) -> Array:
        """Noses along the track, bellies towards the planet."""
        radial, along, normal = np.moveaxis(orbital_axes(*self.initial_state()), -2, 0)
        return np.stack([along, -normal, -radial], axis=-2)

    def initial_state(self, seed: int = 0) -> tuple[Array, Array]:
        position = np.array([450_000.0, 600_000.0, 0.0])
        velocity = np.sqrt(MU / 750_000.0) * np.array([-0.8, 0.6, 0.0])
        axes = orbital_axes(position, velocity)
        return (
            np.stack([position, position + np.array(self.offset) @ axes]),
            np.stack([velocity, velocity + np.array(self.speed) @ axes]),
        )


def _world(seeds: list[int] | None = None, **start: object) -> World:
    """Return a world of one `Beside` start, or one for each of `seeds`."""
    seeds = seeds or [0]
    return World([Beside(**start)] * len(seeds), seeds)  # type: ignore[arg-type]


@pytest.fixture
def make_world() -> MakeWorld:
    """Return the maker of worlds: `make_world(evader=3, offset=(0, -150, 0), speed=...)`."""
    return _world
