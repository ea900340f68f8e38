"""Attitude under SAS: where a mode points the nose, and how fast the wheels bring it there."""

from __future__ import annotations

from enum import IntEnum

import numpy as np
from numpy.typing import NDArray

from envs.orbital.dynamics import Array, cross, dot, norm, orbital_axes, unit


class SAS(IntEnum):
    """SAS modes, numbered as in kRPC's SASMode."""

    STABILITY = 0
    PROGRADE = 2
    RETROGRADE = 3
    NORMAL = 4
    ANTINORMAL = 5
    RADIAL = 6
    ANTIRADIAL = 7
    TARGET = 8
    ANTITARGET = 9


def pointing(
    mode: NDArray[np.int64], axes: Array, position: Array, velocity: Array, target: Array
) -> Array:
    """Return the wanted nose directions, (..., 3).

    `mode` (...) holds SAS codes; `axes` (..., 3, 3) the body axes as rows; `position` and
    `velocity` (..., 3) the inertial state; `target` (..., 3) the vector to the target, m.
    Prograde, normal and radial are those of the orbit (NTW: prograde is exactly the velocity).
    """
    wanted = axes[..., 0, :].copy()
    aimed = (mode == SAS.TARGET) | (mode == SAS.ANTITARGET)
    if aimed.any():
        sign = np.where(mode[aimed] == SAS.TARGET, 1.0, -1.0)
        wanted[aimed] = unit(target[aimed]) * sign[:, None]
    orbital = (mode >= SAS.PROGRADE) & (mode <= SAS.ANTIRADIAL)
    if orbital.any():
        code = mode[orbital].astype(int) - SAS.PROGRADE
        frame = orbital_axes(position[orbital], velocity[orbital])
        prograde = unit(velocity[orbital])
        normal = frame[:, 2]
        choices = np.stack([prograde, normal, cross(prograde, normal)], axis=1)
        sign = np.where(code % 2 == 0, 1.0, -1.0)
        wanted[orbital] = choices[np.arange(len(code)), code // 2] * sign[:, None]
    return wanted


def slew(
    axes: Array, rate: Array, wanted: Array, max_rate: Array, max_acceleration: Array, dt: float
) -> tuple[Array, Array]:
    """Turn the nose towards `wanted` by the shortest way and return (axes, rate).

    `axes` (..., 3, 3) rows forward, right, down; `rate` (...) rad/s of the turn under way. The
    rate rises with `max_acceleration`, stays under `max_rate` and brakes in time. Roll is left.
    """
    nose = axes[..., 0, :]
    around = cross(nose, wanted)
    sine = norm(around)
    cosine = dot(nose, wanted)
    angle = np.arctan2(sine, cosine)
    # Straight behind, any perpendicular axis will do: pitch about the right wing.
    around = np.where((sine < 1e-9)[..., None], axes[..., 1, :], around)
    braking = np.sqrt(2.0 * max_acceleration * angle)
    rate = np.minimum(np.minimum(rate + max_acceleration * dt, max_rate), braking)
    turn = np.minimum(rate * dt, angle)
    return rotate(axes, unit(around), turn), rate


def rotate(axes: Array, around: Array, angle: Array) -> Array:
    """Return body axes (..., 3, 3) turned about unit vectors `around` (..., 3) by `angle` rad.

    Rodrigues' formula for nose and right wing; down is rebuilt, so the triad stays orthonormal.
    """
    turned = []
    cosine, sine = np.cos(angle)[..., None], np.sin(angle)[..., None]
    for row in (0, 1):
        v = axes[..., row, :]
        along = dot(around, v)[..., None] * around
        turned.append(v * cosine + cross(around, v) * sine + along * (1.0 - cosine))
    nose = unit(turned[0])
    right = unit(turned[1] - nose * dot(nose, turned[1])[..., None])
    return np.stack([nose, right, cross(nose, right)], axis=-2)
