"""Reading KSPDG's pursuit telemetry, and burning along axes that it defines."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from envs.contract import Observation
from envs.orbital.command import BurnCommand
from envs.orbital.dynamics import Array, cross, unit


@dataclass(frozen=True)
class Chase:
    """One telemetry vector, named: inertial axes, SI units (see `envs.orbital.panel`)."""

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

    The part across the nose is held to length one, because the real lateral axes have an unknown
    roll; the whole is scaled down where an inertial component would exceed one.
    """
    across = float(np.hypot(throttle[1], throttle[2]))
    held = throttle / np.array([1.0, max(across, 1.0), max(across, 1.0)])
    vector = held @ axes
    vector = vector / max(1.0, float(np.abs(vector).max()))
    x, y, z = (float(v) for v in vector)
    return BurnCommand(forward=x, right=y, down=z, frame="inertial")
