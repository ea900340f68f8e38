"""Attitude under SAS: where a mode points the nose, and how fast the wheels bring it there."""

from __future__ import annotations

from enum import IntEnum

import numpy as np
from numpy.typing import NDArray

from helmsight.envs.orbital.dynamics import Array, cross, dot, norm, orbital_axes, unit


class SAS(IntEnum):
    """SAS modes, numbered as in kRPC's SASMode; AIM, ours, holds what an autopilot asks for."""

    STABILITY = 0
    PROGRADE = 2
    RETROGRADE = 3
    NORMAL = 4
    ANTINORMAL = 5
    RADIAL = 6
    ANTIRADIAL = 7
    TARGET = 8
    ANTITARGET = 9
    AIM = 10


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


def roll(
    axes: Array, wing: Array, chosen: NDArray[np.bool_], max_rate: Array,
    max_acceleration: Array, dt: float,
) -> Array:  # fmt: skip
    """Return body axes rolled towards a wanted right `wing` (..., 3), where `chosen` (...).

    As fast as the wheels can stop again; a wing of NaN, or one along the nose, leaves the roll.
    """
    nose, right, down = np.moveaxis(axes, -2, 0)
    angle = np.arctan2(dot(wing, down), dot(wing, right))
    angle = np.where(chosen & np.isfinite(angle), angle, 0.0)
    rate = np.minimum(max_rate, np.sqrt(2.0 * max_acceleration * np.abs(angle)))
    return rotate(axes, nose, np.sign(angle) * np.minimum(rate * dt, np.abs(angle)))


def turned_by(before: Array, after: Array) -> Array:
    """Return the rotation vectors (..., 3), rad, that take triads `before` to `after`.

    Triads (..., 3, 3) of row vectors. Half the sum of the cross products of the rows is the axis
    times the sine of the angle (the skew part of the rotation matrix); below a quarter turn only.
    """
    sine = 0.5 * cross(before, after).sum(axis=-2)
    size = norm(sine)
    angle = np.arcsin(np.minimum(size, 1.0))
    return np.asarray(sine * (angle / np.maximum(size, 1e-300))[..., None])
