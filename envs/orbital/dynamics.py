"""Two-body motion about Kerbin, for arrays of any leading shape.

Inertial frame: Kerbin-centred, right-handed, z north ("rhcbci" in KSPDG). SI units, float64.
"""

from __future__ import annotations

import numpy as np
from numpy.typing import ArrayLike, NDArray

Array = NDArray[np.float64]

MU = 3.5316e12
"""Kerbin's gravitational parameter, m^3/s^2 (KSP's own constant, as KSPDG uses it)."""
RADIUS = 600_000.0
"""Kerbin's mean radius, m."""
G0 = 9.80665
"""Standard gravity, m/s^2: converts specific impulse to exhaust velocity."""
DAY = 21_549.4251830898
"""Time in which Kerbin turns once against the stars, s."""
PRIME_MERIDIAN = np.pi / 2
"""Angle from +x of Kerbin's prime meridian at UT 0, rad."""
SUN_LONGITUDE = -0.0016
"""Direction of the sun seen from Kerbin at UT 0: angle from +x in the equatorial plane, rad."""


def dot(a: Array, b: Array) -> Array:
    """Return the scalar products of (..., 3) arrays, shape (...)."""
    product: Array = np.einsum("...i,...i->...", a, b)
    return product


def norm(a: Array) -> Array:
    """Return the lengths of (..., 3) vectors, shape (...)."""
    length: Array = np.sqrt(np.einsum("...i,...i->...", a, a))
    return length


def cross(a: Array, b: Array) -> Array:
    """Return the vector products of (..., 3) arrays (np.cross costs ten times as much here)."""
    out = np.empty(a.shape if a.shape == b.shape else np.broadcast(a, b).shape)
    out[..., 0] = a[..., 1] * b[..., 2] - a[..., 2] * b[..., 1]
    out[..., 1] = a[..., 2] * b[..., 0] - a[..., 0] * b[..., 2]
    out[..., 2] = a[..., 0] * b[..., 1] - a[..., 1] * b[..., 0]
    return out


def unit(a: Array, eps: float = 1e-12) -> Array:
    """Return (..., 3) vectors scaled to length one; vectors shorter than `eps` stay near zero."""
    return np.asarray(a / np.maximum(norm(a), eps)[..., None])


def gravity(position: Array) -> Array:
    """Return the gravitational acceleration at `position` (..., 3) m, in m/s^2."""
    squared = dot(position, position)
    return np.asarray(position * (-MU / (squared * np.sqrt(squared)))[..., None])


def verlet(
    position: Array, velocity: Array, thrust: Array, pull: Array, dt: float
) -> tuple[Array, Array, Array]:
    """Advance one step of velocity Verlet and return (position, velocity, gravity there).

    `thrust` is the acceleration held over the step, `pull` the gravity at `position` (from the
    last step), both (..., 3) m/s^2. Symplectic: energy and angular momentum do not drift.
    """
    acceleration = pull + thrust
    moved = position + velocity * dt + acceleration * (0.5 * dt * dt)
    there = gravity(moved)
    return moved, velocity + (acceleration + there + thrust) * (0.5 * dt), there


def state_from_elements(
    sma: float, ecc: float, inc: float, lan: float, lpe: float, mna: float
) -> tuple[Array, Array]:
    """Return (position, velocity), each (3,), of a Keplerian orbit.

    `sma` m, `ecc` in [0, 1), angles in rad (inclination, longitude of the ascending node,
    argument of periapsis, mean anomaly). Formula: Vallado, Fundamentals of Astrodynamics, ch. 2.
    """
    anomaly = mna
    for _ in range(50):
        correction = (anomaly - ecc * np.sin(anomaly) - mna) / (1.0 - ecc * np.cos(anomaly))
        anomaly -= correction
        if abs(correction) < 1e-15:
            break
    radius = sma * (1.0 - ecc * np.cos(anomaly))
    minor = np.sqrt(1.0 - ecc * ecc)
    plane = sma * np.array([np.cos(anomaly) - ecc, minor * np.sin(anomaly)])
    rate = np.sqrt(MU * sma) / radius * np.array([-np.sin(anomaly), minor * np.cos(anomaly)])
    cos_n, sin_n, cos_p, sin_p = np.cos(lan), np.sin(lan), np.cos(lpe), np.sin(lpe)
    cos_i, sin_i = np.cos(inc), np.sin(inc)
    to_periapsis = np.array(
        [
            cos_n * cos_p - sin_n * sin_p * cos_i,
            sin_n * cos_p + cos_n * sin_p * cos_i,
            sin_p * sin_i,
        ]
    )
    across = np.array(
        [
            -cos_n * sin_p - sin_n * cos_p * cos_i,
            -sin_n * sin_p + cos_n * cos_p * cos_i,
            cos_p * sin_i,
        ]
    )
    basis = np.stack([to_periapsis, across])
    return plane @ basis, rate @ basis


def propagate(position: ArrayLike, velocity: ArrayLike, seconds: float) -> tuple[Array, Array]:
    """Return (position, velocity) after `seconds` of free elliptical motion, exactly.

    Inputs (3,) m and m/s. Lagrange coefficients from the change of eccentric anomaly
    (Battin, An Introduction to the Mathematics and Methods of Astrodynamics, 4.3).
    """
    r, v = np.asarray(position, dtype=float), np.asarray(velocity, dtype=float)
    r0 = float(np.linalg.norm(r))
    sma = 1.0 / (2.0 / r0 - float(v @ v) / MU)
    sigma = float(r @ v) / np.sqrt(MU)
    motion = np.sqrt(MU / sma**3) * seconds
    root, c0 = np.sqrt(sma), 1.0 - r0 / sma
    change = motion
    for _ in range(60):
        value = change + sigma / root * (1 - np.cos(change)) - c0 * np.sin(change) - motion
        slope = 1 + sigma / root * np.sin(change) - c0 * np.cos(change)
        change -= value / slope
        if abs(value / slope) < 1e-15:
            break
    f = 1 - sma / r0 * (1 - np.cos(change))
    g = sma * sigma / np.sqrt(MU) * (1 - np.cos(change)) + r0 * np.sqrt(sma / MU) * np.sin(change)
    moved = f * r + g * v
    r1 = float(np.linalg.norm(moved))
    f_dot = -np.sqrt(MU * sma) / (r1 * r0) * np.sin(change)
    g_dot = 1 - sma / r1 * (1 - np.cos(change))
    return moved, f_dot * r + g_dot * v


def orbital_axes(position: Array, velocity: Array) -> Array:
    """Return the (radial, along-track, normal) unit vectors as rows, shape (..., 3, 3)."""
    radial = unit(position)
    normal = unit(cross(position, velocity))
    return _rows(radial, cross(normal, radial), normal)


def sun_direction() -> Array:
    """Return the unit vector from Kerbin to the sun; constant over an episode."""
    return np.array([np.cos(SUN_LONGITUDE), np.sin(SUN_LONGITUDE), 0.0])


def track_axes(position: Array, velocity: Array) -> Array:
    """Return the (outward, prograde, normal) unit vectors as rows, shape (..., 3, 3).

    Prograde is the velocity, exactly, as in KSPDG's rhntw and in kRPC's orbital frame;
    `orbital_axes` has the radius exact.
    """
    prograde = unit(velocity)
    normal = unit(cross(position, velocity))
    return _rows(cross(prograde, normal), prograde, normal)


def _rows(first: Array, second: Array, third: Array) -> Array:
    """Return vectors (..., 3) as rows, (..., 3, 3); np.stack costs five times as much for one."""
    rows = np.empty((*first.shape, 3))
    rows[..., 0, :], rows[..., 1, :], rows[..., 2, :] = first, second, third
    return rows
