"""Starts beyond the public ones: drawn orbits on which a meeting is possible with some doing."""

from __future__ import annotations

import numpy as np

from helmsight.envs.orbital.dynamics import MU, Array, cross, unit

SMA = 750_000.0
"""Radius of the target's circular orbit, that of every public scenario, m."""
NEAREST, FARTHEST = 400.0, 5000.0
"""Distances from target to agent, m; the public ones lie between 462 and 4,509."""
FASTEST = 40.0
"""Largest relative speed, m/s; the public ones lie between 7.6 and 38.5."""
ESCORT = (300.0, 900.0)
"""Distances from the lady to her guard along her track, m; the public ones are 654."""


def draw_orbits(rng: np.random.Generator, vessels: int) -> tuple[Array, Array]:
    """Return positions and velocities, each (vessels, 3), m and m/s: target, agent, maybe a guard.

    The target is anywhere on its circle. The agent is on any side of it, mostly near the plane, and
    moves within 60 degrees of the way towards it. A guard shares the target's orbit, before or
    behind it.
    """
    angle = rng.uniform(0.0, 2.0 * np.pi)
    target, speed = _on_the_circle(angle)
    sight = unit(rng.normal(size=3) * np.array([1.0, 1.0, 0.7]))
    distance = float(np.exp(rng.uniform(np.log(NEAREST), np.log(FARTHEST))))
    side = unit(cross(sight, rng.normal(size=3)))
    off = rng.uniform(0.0, np.pi / 3.0)
    moving = rng.uniform(2.0, min(FASTEST, 2.0 + distance / 60.0))
    position = [target, target - distance * sight]
    velocity = [speed, speed + moving * (np.cos(off) * sight + np.sin(off) * side)]
    if vessels > 2:
        ahead = rng.uniform(*ESCORT) * rng.choice([-1.0, 1.0]) / SMA
        there, going = _on_the_circle(angle + ahead)
        position.append(there)
        velocity.append(going)
    return np.stack(position), np.stack(velocity)


def _on_the_circle(angle: float) -> tuple[Array, Array]:
    """Return position and velocity, (3,) each, at an angle from +x in the equatorial plane, rad."""
    radial = np.array([np.cos(angle), np.sin(angle), 0.0])
    along = np.array([-np.sin(angle), np.cos(angle), 0.0])
    return SMA * radial, np.sqrt(MU / SMA) * along
