"""Two-body orbits, bound or not: elements, anomalies, times, and how close two of them come.

All vectors are in the inertial frame of the dynamics (right-handed, z north), m and m/s. Formulas:
Vallado, Fundamentals of Astrodynamics and Applications, ch. 2.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, replace
from functools import cached_property
from math import (
    asinh,
    atan2,
    atanh,
    cbrt,
    copysign,
    cos,
    cosh,
    hypot,
    inf,
    isfinite,
    nan,
    pi,
    sin,
    sinh,
    sqrt,
    tan,
)

import numpy as np

from helmsight.envs.orbital.dynamics import Array, norm
from helmsight.envs.orbital.krpc.space_center.near_parabola import NEAR, NearParabola
from helmsight.envs.orbital.krpc.space_center.vectors import (
    TWO_PI,
    Vector,
    add,
    angle,
    cross,
    dot,
    length,
    scale,
    subtract,
    unit,
)

SAMPLES = 360  # of an orbit, where the closest approach is looked for


@dataclass(frozen=True)
class Conic:
    """An orbit about a point of mass: `mu` m^3/s^2, `sma` m (negative for a hyperbola), angles rad.

    `mean` is the mean anomaly at `epoch`, s; `lan` and `lpe` are the longitude of the ascending
    node and the argument of periapsis, zero where they are not defined. Near escape speed these say
    little: there `near` is the orbit, and `since` the time since its periapsis at `epoch`, s.
    """

    mu: float
    sma: float
    ecc: float
    inc: float
    lan: float
    lpe: float
    mean: float
    epoch: float
    near: NearParabola | None = None
    since: float = 0.0

    @classmethod
    def through(cls, position: Vector, velocity: Vector, mu: float, ut: float) -> Conic:
        """Return the orbit that passes `position` with `velocity` at `ut`, its epoch."""
        r, speed = length(position), length(velocity)
        inverse = 2.0 / r - speed * speed / mu
        h = cross(position, velocity)
        normal = unit(h)
        radial = dot(position, velocity)
        pull = speed * speed / mu - 1.0 / r
        towards = subtract(scale(position, pull), scale(velocity, radial / mu))
        ecc = length(towards)
        level = hypot(h[0], h[1])
        inc = atan2(level, h[2])
        node = (1.0, 0.0, 0.0) if level < 1e-14 * length(h) else unit((-h[1], h[0], 0.0))
        lan = atan2(node[1], node[0]) % TWO_PI
        periapsis = unit(towards) if ecc > 1e-12 else node
        lpe = atan2(dot(periapsis, cross(normal, node)), dot(periapsis, node)) % TWO_PI
        true = atan2(dot(position, cross(normal, periapsis)), dot(position, periapsis))
        sma = 1.0 / inverse if inverse else inf
        latus = dot(h, h) / mu
        if abs(inverse * latus) < NEAR:
            near = NearParabola(mu, ecc, latus, inverse)
            since = near.seconds_of(true)
            orbit = cls(mu, sma, ecc, inc, lan, lpe, 0.0, ut, near, since)
            return replace(orbit, mean=orbit.mean_at(ut))
        orbit = cls(mu, sma, ecc, inc, lan, lpe, 0.0, ut)
        return cls(mu, sma, ecc, inc, lan, lpe, orbit.mean_of(orbit.eccentric_of(true)), ut)

    @property
    def bound(self) -> bool:
        """Whether it is an ellipse."""
        return self.near.inverse > 0.0 if self.near else self.ecc < 1.0

    @property
    def motion(self) -> float:
        """Mean motion, rad/s; 0 for a parabola."""
        size = abs(1.0 / self.sma)
        return sqrt(self.mu) * size * sqrt(size)

    @property
    def period(self) -> float:
        """Period, s; infinite for a hyperbola."""
        if self.near:
            return self.near.period
        return TWO_PI / self.motion if self.bound else inf

    @property
    def parameter(self) -> float:
        """Semi-latus rectum, m."""
        return self.near.latus if self.near else self.sma * (1.0 - self.ecc * self.ecc)

    @property
    def periapsis(self) -> float:
        """Periapsis, m from the centre."""
        return self.near.periapsis if self.near else self.sma * (1.0 - self.ecc)

    @property
    def apoapsis(self) -> float:
        """Apoapsis, m from the centre; infinite for a hyperbola."""
        return self.sma * (1.0 + self.ecc) if self.bound else inf

    @cached_property
    def basis(self) -> tuple[Vector, Vector, Vector]:
        """Unit vectors to the periapsis, a quarter ahead of it, and normal to the plane."""
        cos_n, sin_n, cos_p, sin_p = cos(self.lan), sin(self.lan), cos(self.lpe), sin(self.lpe)
        cos_i, sin_i = cos(self.inc), sin(self.inc)
        node, level = (cos_n, sin_n, 0.0), (-sin_n * cos_i, cos_n * cos_i, sin_i)
        periapsis = add(scale(node, cos_p), scale(level, sin_p))
        ahead = subtract(scale(level, cos_p), scale(node, sin_p))
        return periapsis, ahead, cross(periapsis, ahead)

    def mean_at(self, ut: float) -> float:
        """Return the mean anomaly at `ut`: 0 to 2 pi, or any number on a hyperbola."""
        if self.near:
            mean = self.motion * (self.since + ut - self.epoch)
        else:
            mean = self.mean + self.motion * (ut - self.epoch)
        return mean % TWO_PI if self.bound else mean

    def mean_of(self, eccentric: float) -> float:
        """Return the mean anomaly of an eccentric (or hyperbolic) one."""
        if self.bound:
            return (eccentric - self.ecc * sin(eccentric)) % TWO_PI
        return self.ecc * sinh(eccentric) - eccentric

    def eccentric_of(self, true: float) -> float:
        """Return the eccentric anomaly of a true one, 0 to 2 pi, or the hyperbolic one.

        Raises:
            ValueError: the hyperbola has no point there.
        """
        if self.near:
            return self._scaled(self.near.anomaly_of(true))
        if self.bound:
            level = sqrt(1.0 - self.ecc * self.ecc)
            return atan2(level * sin(true), self.ecc + cos(true)) % TWO_PI
        if 1.0 + self.ecc * cos(true) <= 0.0:
            raise ValueError(f"the orbit leaves the body and has no true anomaly {true:.6g} rad")
        return 2.0 * atanh(sqrt((self.ecc - 1.0) / (self.ecc + 1.0)) * tan(true / 2.0))

    def true_of(self, eccentric: float) -> float:
        """Return the true anomaly of an eccentric one, 0 to 2 pi, or -pi to pi of a hyperbolic."""
        if self.near:
            return self._true(
                eccentric / sqrt(abs(self.near.inverse)) if self.near.inverse else 0.0
            )
        if self.bound:
            level = sqrt(1.0 - self.ecc * self.ecc)
            return atan2(level * sin(eccentric), cos(eccentric) - self.ecc) % TWO_PI
        level = sqrt(self.ecc * self.ecc - 1.0)
        return atan2(level * sinh(eccentric), self.ecc - cosh(eccentric))

    def eccentric_at(self, ut: float) -> float:
        """Return the eccentric (or hyperbolic) anomaly at `ut`: Kepler's equation, by Newton."""
        if self.near:
            return self._scaled(self._anomaly(self.near, ut))
        mean, ecc = self.mean_at(ut), self.ecc
        if self.bound:
            eccentric = mean if ecc < 0.8 else pi
            for _ in range(60):
                change = (eccentric - ecc * sin(eccentric) - mean) / (1.0 - ecc * cos(eccentric))
                eccentric -= change
                if abs(change) < 1e-14:
                    break
            return eccentric
        # From beyond the root Newton's steps go down to it one by one: sinh H - H >= H^3 / 6.
        beyond = cbrt(6.0 * abs(mean))
        eccentric = copysign(min(beyond, asinh((abs(mean) + beyond) / ecc)), mean)
        for _ in range(60):
            change = (ecc * sinh(eccentric) - eccentric - mean) / (ecc * cosh(eccentric) - 1.0)
            eccentric -= change
            if abs(change) < 1e-14 * max(1.0, abs(eccentric)):
                break
        return eccentric

    def true_at(self, ut: float) -> float:
        """Return the true anomaly at `ut`, rad."""
        if self.near:
            return self._true(self._anomaly(self.near, ut))
        return self.true_of(self.eccentric_at(ut))

    def radius_of(self, true: float) -> float:
        """Return the radius at a true anomaly, m; NaN where a hyperbola has no point."""
        level = 1.0 + self.ecc * cos(true)
        return self.parameter / level if level > 0.0 else nan

    def speed_at_radius(self, radius: float) -> float:
        """Return the speed at a radius, m/s (vis viva); NaN where the orbit cannot be."""
        squared = self.mu * (2.0 / radius - 1.0 / self.sma) if radius > 0.0 else -1.0
        return sqrt(squared) if squared >= 0.0 else nan

    def state_of(self, true: float) -> tuple[Vector, Vector]:
        """Return position and velocity at a true anomaly."""
        periapsis, ahead, _ = self.basis
        cosine, sine = cos(true), sin(true)
        radius, pace = self.radius_of(true), sqrt(self.mu / self.parameter)
        return (
            add(scale(periapsis, radius * cosine), scale(ahead, radius * sine)),
            add(scale(periapsis, -pace * sine), scale(ahead, pace * (self.ecc + cosine))),
        )

    def state_at(self, ut: float) -> tuple[Vector, Vector]:
        """Return position and velocity at `ut`."""
        if self.near is None:
            return self.state_of(self.true_at(ut))
        x, y, x_rate, y_rate = self.near.state(self._anomaly(self.near, ut))
        first, second, _ = self.basis
        return (
            add(scale(first, x), scale(second, y)),
            add(scale(first, x_rate), scale(second, y_rate)),
        )

    def _anomaly(self, near: NearParabola, ut: float) -> float:
        return near.anomaly_at(self.since + (ut - self.epoch))

    def _scaled(self, chi: float) -> float:
        """Return an eccentric anomaly of a universal one."""
        assert self.near is not None
        scaled = chi * sqrt(abs(self.near.inverse))
        return scaled % TWO_PI if self.bound else scaled

    def _true(self, chi: float) -> float:
        assert self.near is not None
        x, y, _, _ = self.near.state(chi)
        return atan2(y, x) % TWO_PI if self.bound else atan2(y, x)

    def next_at(self, true: float, now: float) -> float:
        """Return when a true anomaly is passed next; on a hyperbola when it is or was passed.

        Raises:
            ValueError: the hyperbola has no point there.
        """
        if self.near:
            passed = self.epoch - self.since + self.near.seconds_of(true)
            return now + (passed - now) % self.period if self.period < inf else passed
        mean = self.mean_of(self.eccentric_of(true))
        if self.bound:
            return now + (mean - self.mean_at(now)) % TWO_PI / self.motion
        return self.epoch + (mean - self.mean) / self.motion

    def true_at_radius(self, radius: float) -> float:
        """Return the true anomaly, 0 to pi, at a radius; NaN where the orbit never is."""
        if self.ecc == 0.0 or radius <= 0.0:
            return nan
        cosine = (self.parameter / radius - 1.0) / self.ecc
        return atan2(sqrt(1.0 - cosine * cosine), cosine) if abs(cosine) <= 1.0 else nan

    def node_with(self, other: Conic) -> float:
        """Return the true anomaly at which this orbit rises through the plane of `other`, rad.

        NaN where the planes are the same.
        """
        periapsis, ahead, normal = self.basis
        node = cross(other.basis[2], normal)
        if length(node) < 1e-14:
            return nan
        return atan2(dot(node, ahead), dot(node, periapsis)) % TWO_PI

    def tilt_to(self, other: Conic) -> float:
        """Return the angle between the planes of two orbits, rad."""
        return angle(self.basis[2], other.basis[2])

    def positions(self, times: Array) -> Array:
        """Return the positions, (n, 3), at `times` (n,)."""
        if self.near:
            return np.array([self.state_at(float(time))[0] for time in times])
        mean, ecc = self.mean + self.motion * (times - self.epoch), self.ecc
        if self.bound:
            mean = np.mod(mean, TWO_PI)
            eccentric = mean if ecc < 0.8 else np.full_like(mean, pi)
        else:
            beyond = np.cbrt(6.0 * np.abs(mean))
            eccentric = np.minimum(beyond, np.arcsinh((np.abs(mean) + beyond) / ecc)) * np.sign(
                mean
            )
        for _ in range(60):
            if self.bound:
                change = (eccentric - ecc * np.sin(eccentric) - mean) / (
                    1.0 - ecc * np.cos(eccentric)
                )
            else:
                change = (ecc * np.sinh(eccentric) - eccentric - mean) / (
                    ecc * np.cosh(eccentric) - 1.0
                )
            eccentric = eccentric - change
            if np.abs(change).max() < 1e-12:
                break
        if self.bound:
            x, y = np.cos(eccentric) - ecc, sqrt(1.0 - ecc * ecc) * np.sin(eccentric)
        else:
            x, y = np.cosh(eccentric) - ecc, -sqrt(ecc * ecc - 1.0) * np.sinh(eccentric)
        plane = np.stack([x, y], axis=-1) * self.sma
        return np.asarray(plane @ np.array(self.basis[:2]))


def closest_approaches(
    orbit: Conic, other: Conic, start: float, turns: int
) -> list[tuple[float, float]]:
    """Return (time, distance) of the closest approach in each of `turns` periods from `start`.

    The period is that of `orbit`, or of `other` if `orbit` is not bound. The approach is looked
    for at 360 points and then by golden section.

    Raises:
        ValueError: neither is bound.
    """
    period = min(orbit.period, other.period) if not orbit.bound else orbit.period
    if not isfinite(period):
        raise ValueError(
            "closest approaches are looked for over a period, and neither orbit is bound"
        )

    def gap(ut: float) -> float:
        return length(subtract(orbit.state_at(ut)[0], other.state_at(ut)[0]))

    approaches = []
    for turn in range(turns):
        times = start + (turn + np.linspace(0.0, 1.0, SAMPLES + 1)) * period
        nearest = int(np.argmin(norm(orbit.positions(times) - other.positions(times))))
        low, high = times[max(nearest - 1, 0)], times[min(nearest + 1, SAMPLES)]
        best = _least(gap, float(low), float(high))
        approaches.append((best, gap(best)))
    return approaches


def _least(function: Callable[[float], float], low: float, high: float) -> float:
    """Return where a function of one hollow between `low` and `high` is least: golden section."""
    ratio = (sqrt(5.0) - 1.0) / 2.0
    left, right = high - ratio * (high - low), low + ratio * (high - low)
    at_left, at_right = function(left), function(right)
    while high - low > 1e-4:
        if at_left < at_right:
            high, right, at_right = right, left, at_left
            left = high - ratio * (high - low)
            at_left = function(left)
        else:
            low, left, at_left = left, right, at_right
            right = low + ratio * (high - low)
            at_right = function(right)
    return 0.5 * (low + high)
