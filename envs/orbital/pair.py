"""Evader and pursuer as a pair: what is between them, wherever their states come from."""

from __future__ import annotations

from typing import Protocol

import numpy as np

from helmsight.envs.orbital.dynamics import Array, norm
from helmsight.envs.orbital.scenarios import EVADER, PURSUER
from helmsight.envs.orbital.vehicles import Vehicle


class Pair:
    """`n` worlds with two vessels each: `position` and `velocity` (n, 2, 3) inertial, m and m/s."""

    position: Array
    velocity: Array

    @property
    def line_of_sight(self) -> Array:
        """Vectors from the pursuer to the evader, (n, 3) m."""
        return np.asarray(self.position[:, EVADER] - self.position[:, PURSUER])

    @property
    def relative_velocity(self) -> Array:
        """Velocities of the pursuer relative to the evader, (n, 3) m/s."""
        return np.asarray(self.velocity[:, PURSUER] - self.velocity[:, EVADER])

    @property
    def range(self) -> Array:
        """Distances between the vessels, (n,) m."""
        return norm(self.line_of_sight)


class Crew(Protocol):
    """What can be read of `n` worlds with `k` vessels each, the agent at index 1."""

    @property
    def met(self) -> Array:
        """Mission elapsed times, (n,) s."""
        ...

    @property
    def mass(self) -> Array:
        """Masses, (n, k) kg."""
        ...

    @property
    def propellant(self) -> Array:
        """Mono-propellant, (n, k) units."""
        ...

    @property
    def vehicle(self) -> Vehicle:
        """The agent's craft."""
        ...

    @property
    def timeout(self) -> float:
        """Mission elapsed time after which the episode ends, s."""
        ...

    @property
    def position(self) -> Array:
        """Positions, (n, k, 3) inertial, m."""
        ...

    @property
    def velocity(self) -> Array:
        """Velocities, (n, k, 3) inertial, m/s."""
        ...


class Readings(Crew, Protocol):
    """What telemetry, measures and score of a pursuit read: a world of the twin, or of a game."""

    @property
    def line_of_sight(self) -> Array:
        """See `Pair`."""
        ...

    @property
    def relative_velocity(self) -> Array:
        """See `Pair`."""
        ...

    @property
    def range(self) -> Array:
        """See `Pair`."""
        ...
