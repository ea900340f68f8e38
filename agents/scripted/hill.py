"""Motion near a target in its rotating (radial, along-track, normal) axes, for batches.

Clohessy-Wiltshire equations (Vallado, Fundamentals of Astrodynamics, ch. 6): the target's orbit is
a circle, as in every public scenario, or nearly. SI units.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from helmsight.envs.orbital.dynamics import MU, Array, cross, norm, orbital_axes


@dataclass(frozen=True)
class Hill:
    """The frame of a target: `axes` (3, 3) as inertial rows, `motion` its mean motion, rad/s."""

    axes: Array
    motion: float

    @classmethod
    def of(cls, position: Array, velocity: Array) -> Hill:
        """Return the frame of a target with this inertial state, (3,) m and m/s."""
        motion = float(np.sqrt(MU / norm(position) ** 3))
        return cls(orbital_axes(position, velocity), motion)

    def enter(self, gap: Array, velocity: Array) -> tuple[Array, Array]:
        """Return position and velocity in the frame, (3,) each.

        `gap` is the inertial vector from the target, m, `velocity` that relative to it, m/s.
        """
        position = self.axes @ gap
        spin = np.array([0.0, 0.0, self.motion])
        return position, self.axes @ velocity - cross(spin, position)


class Coast:
    """Free motion over `times` (...) s: one linear map of (position, velocity), each (..., 3)."""

    def __init__(self, motion: float, times: Array) -> None:
        self._n, self._t = motion, times
        self._s, self._c = np.sin(motion * times), np.cos(motion * times)

    def __call__(self, position: Array, velocity: Array) -> tuple[Array, Array]:
        """Return the state afterwards."""
        n, t, s, c = self._n, self._t, self._s, self._c
        x, y, z = np.moveaxis(position, -1, 0)
        vx, vy, vz = np.moveaxis(velocity, -1, 0)
        moved = np.stack(
            [
                (4 - 3 * c) * x + s / n * vx + 2 * (1 - c) / n * vy,
                6 * (s - n * t) * x + y - 2 * (1 - c) / n * vx + (4 * s - 3 * n * t) / n * vy,
                c * z + s / n * vz,
            ],
            axis=-1,
        )
        going = np.stack(
            [
                3 * n * s * x + c * vx + 2 * s * vy,
                6 * n * (c - 1) * x - 2 * s * vx + (4 * c - 3) * vy,
                -n * s * z + c * vz,
            ],
            axis=-1,
        )
        return moved, going
