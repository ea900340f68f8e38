"""Attitude under SAS: where a mode points the nose, and how the wheels bring it there.

KSP's SAS commands pitch and yaw each for itself, and a large error saturates both. So the nose does
not take the shortest way, and the craft arrives with another roll: after the turn from the normal
to the target that every public scenario begins with, up to 20 degrees (docs/twin.md).
"""

from __future__ import annotations

from enum import IntEnum

import numpy as np
from numpy.typing import NDArray

from helmsight.envs.orbital.dynamics import Array, cross, dot, norm, track_axes, unit


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


# plain numbers: an array is compared with a member of an enum in ten times as long
_PROGRADE, _ANTIRADIAL = int(SAS.PROGRADE), int(SAS.ANTIRADIAL)
_TARGET, _ANTITARGET = int(SAS.TARGET), int(SAS.ANTITARGET)


def pointing(
    mode: NDArray[np.int64], axes: Array, position: Array, velocity: Array, target: Array
) -> Array:
    """Return the wanted nose directions, (..., 3).

    `mode` (...) holds SAS codes; `axes` (..., 3, 3) the body axes as rows; `position` and
    `velocity` (..., 3) the inertial state; `target` (..., 3) the vector to the target, m.
    Prograde, normal and radial are those of the orbit (NTW: prograde is exactly the velocity).
    """
    wanted = axes[..., 0, :].copy()
    aimed = (mode == _TARGET) | (mode == _ANTITARGET)
    if aimed.any():
        sign = np.where(mode[aimed] == _TARGET, 1.0, -1.0)
        wanted[aimed] = unit(target[aimed]) * sign[:, None]
    orbital = (mode >= _PROGRADE) & (mode <= _ANTIRADIAL)
    if orbital.any():
        code = mode[orbital].astype(int) - _PROGRADE
        frame = track_axes(position[orbital], velocity[orbital])
        choices = frame[:, [1, 2, 0]]  # prograde, normal, radial
        sign = np.where(code % 2 == 0, 1.0, -1.0)
        wanted[orbital] = choices[np.arange(len(code)), code // 2] * sign[:, None]
    return wanted


def error(axes: Array, nose: Array, wing: Array | None = None) -> Array:
    """Return how far a craft has to turn about its own axes (forward, right, down), (..., 3) rad.

    `axes` (..., 3, 3) are the body axes as rows, `nose` and `wing` (..., 3) the directions wanted
    of nose and right wing. About right and down these are the components of the shortest turn of
    the nose; straight behind, any way is the shortest, and the nose pitches up. The roll is the one
    that brings the wing round; none, a wing of NaN, or one along the nose leaves it.
    """
    along = np.einsum("...ij,...j->...i", axes, nose)
    ahead, sideways, below = along[..., 0], along[..., 1], along[..., 2]
    sine = np.hypot(sideways, below)
    angle = np.arctan2(sine, ahead)
    behind = sine < 1e-9
    share = angle / np.where(behind, 1.0, sine)
    out = np.zeros((*angle.shape, 3))
    out[..., 1] = np.where(behind, angle, -below * share)
    out[..., 2] = np.where(behind, 0.0, sideways * share)
    if wing is not None:
        roll = np.arctan2(dot(wing, axes[..., 2, :]), dot(wing, axes[..., 1, :]))
        out[..., 0] = np.where(np.isnan(roll), 0.0, roll)
    return out


def rate(error: Array, acceleration: Array, limit: Array, dt: float) -> Array:
    """Return the fastest rates (..., 3), rad/s, from which every axis still stops in time.

    `error` (..., 3) rad to go about each axis, `acceleration` (..., 3) rad/s^2, `limit` (..., 3)
    rad/s. A rate of k steps of `acceleration * dt`, taken back a step at a time, goes k (k + 1) / 2
    times `acceleration * dt^2`. Between two such distances the rate is interpolated, and the last
    step ends on the error exactly.
    """
    way = np.abs(error) / (acceleration * (dt * dt))
    k = np.floor(np.sqrt(0.25 + 2.0 * way) - 0.5)
    stopping = (k + (way - 0.5 * k * (k + 1.0)) / (k + 1.0)) * (acceleration * dt)
    return np.asarray(np.sign(error) * np.minimum(stopping, limit))


def turn(axes: Array, spin: Array, dt: float) -> Array:
    """Return body axes (..., 3, 3) after `dt` seconds of `spin` (..., 3), rad/s.

    The spin is about the body axes (forward, right, down), right-handed: a positive one puts the
    right wing down, the nose up, the nose right.
    """
    around = np.einsum("...i,...ij->...j", spin, axes)
    speed = norm(around)
    return rotate(axes, around / np.maximum(speed, 1e-12)[..., None], speed * dt)


def rotate(axes: Array, around: Array, angle: Array) -> Array:
    """Return body axes (..., 3, 3) turned about unit vectors `around` (..., 3) by `angle` rad.

    Rodrigues' formula for nose and right wing; down is rebuilt, so the triad stays orthonormal.
    """
    about = around[..., None, :]
    rows = axes[..., :2, :]
    cosine, sine = np.cos(angle)[..., None, None], np.sin(angle)[..., None, None]
    along = dot(about, rows)[..., None] * about
    rows = rows * cosine + cross(about, rows) * sine + along * (1.0 - cosine)
    turned = np.empty_like(axes)
    turned[..., 0, :] = nose = unit(rows[..., 0, :])
    right = rows[..., 1, :]
    turned[..., 1, :] = right = unit(right - nose * dot(nose, right)[..., None])
    turned[..., 2, :] = cross(nose, right)
    return turned


def turned_by(before: Array, after: Array) -> Array:
    """Return the rotation vectors (..., 3), rad, that take triads `before` to `after`.

    Triads (..., 3, 3) of row vectors. Half the sum of the cross products of the rows is the axis
    times the sine of the angle (the skew part of the rotation matrix); below a quarter turn only.
    """
    sine = 0.5 * cross(before, after).sum(axis=-2)
    size = norm(sine)
    angle = np.arcsin(np.minimum(size, 1.0))
    return np.asarray(sine * (angle / np.maximum(size, 1e-300))[..., None])
