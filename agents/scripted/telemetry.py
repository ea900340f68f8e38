"""Reading KSPDG's pursuit telemetry, and burning along axes that it defines."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from helmsight.contract.observation import Observation
from helmsight.envs.orbital.command import BurnCommand
from helmsight.envs.orbital.dynamics import Array, cross, unit
from helmsight.envs.orbital.panel import TELEMETRY

FIELDS = tuple(entry.name for entry in TELEMETRY)
"""What a pilot that reads a `Chase` has to be shown."""


@dataclass(frozen=True)
class Chase:
    """One telemetry vector, named: inertial axes, SI units (see `helmsight.envs.orbital.panel`)."""

    met: float
    mass: float
    gap: Array  # from pursuer to evader, m
    velocity: Array  # of the pursuer relative to the evader, m/s
    target_position: Array
    target_velocity: Array

    @classmethod
    def read(cls, observation: Observation) -> Chase:
        """Read an observation that has "telemetry"."""
        t = np.asarray(observation["telemetry"], dtype=np.float64)
        return cls(
            met=float(t[0]),
            mass=float(t[1]),
            gap=t[9:12] - t[3:6],
            velocity=t[6:9] - t[12:15],
            target_position=t[9:12],
            target_velocity=t[12:15],
        )

    def axes(self) -> Array:
        """Return unit vectors as rows (3, 3): the line of sight and two across it.

        The first is the nose, which SAS keeps on the target; the telemetry does not tell the
        roll, so the other two are only some pair that is perpendicular to it.
        """
        sight = unit(self.gap)
        side = unit(cross(sight, unit(self.target_position)))
        return np.stack([sight, side, cross(sight, side)])


def burn(throttle: Array, axes: Array) -> BurnCommand:
    """Return the inertial command for throttles (3,) along `axes` (3, 3).

    The part across the nose may be as long as both lateral axes together push; what the real
    axes, whose roll is unknown, cannot give is cut by the vehicle. Where an inertial component
    would exceed one, the part along the nose gives way: a sideways burn that waits grows.
    """
    across = throttle[1:] @ axes[1:]
    across /= max(1.0, float(np.linalg.norm(across)) / np.sqrt(2.0), float(np.abs(across).max()))
    along = throttle[0] * axes[0]
    x, y, z = (float(v) for v in np.clip(across + giving_way(along, across) * along, -1.0, 1.0))
    return BurnCommand(forward=x, right=y, down=z, frame="inertial")


def giving_way(along: Array, across: Array) -> Array:
    """Return the share, (...) in [0, 1], of `along` that a command in inertial axes has room for.

    Both are throttles (..., 3) along inertial axes; none of their sum's parts may exceed one.
    """
    room = np.where(along > 0.0, 1.0 - across, 1.0 + across)
    length = np.abs(along)
    shares = room / np.maximum(length, 1e-12)
    return np.asarray(shares.min(axis=-1, initial=1.0, where=length > room))
