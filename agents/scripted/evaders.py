"""What KSPDG's public evaders do, as far as it can be known beforehand."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from helmsight.envs.orbital.bots import CRUISE_THROTTLE, TURNING
from helmsight.envs.orbital.dynamics import Array, orbital_axes
from helmsight.envs.orbital.vehicles import DRONE
from helmsight.envs.orbital.world import SETTLE

FULL = DRONE.dry_mass + DRONE.propellant_units * DRONE.unit_mass
"""Mass of a drone with full tanks, kg."""
PUSH = DRONE.forward_thrust / FULL
"""What a drone with full tanks accelerates with along its nose, m/s^2."""


def still(times: Array) -> Array:
    """Return the path of a target that coasts: zeros (..., 6) at times (...), s."""
    return np.zeros((*np.shape(times), 6))


@dataclass(frozen=True)
class Pushed:
    """The path of a target that pushes steadily, told in axes that turn with its coasting orbit.

    `motion` is that orbit's mean motion, rad/s, `push` (3,) m/s^2 along (radial, along-track,
    normal), `since` when it begins, s from now. Answers (..., 6), m and m/s, to times (...), s.
    Forced motion by Clohessy and Wiltshire (Vallado, ch. 6).
    """

    motion: float
    push: tuple[float, float, float]
    since: float = 0.0

    def __call__(self, times: Array) -> Array:
        """Return where the push has taken the target, (..., 6)."""
        n = self.motion
        t = np.maximum(np.asarray(times, dtype=float) - self.since, 0.0)
        s, c = np.sin(n * t), np.cos(n * t)
        a, b, d = self.push
        out = np.empty((*t.shape, 6))
        out[..., 0] = a * (1 - c) / n**2 + 2 * b * (n * t - s) / n**2
        out[..., 1] = -2 * a * (n * t - s) / n**2 + b * (4 * (1 - c) / n**2 - 1.5 * t * t)
        out[..., 2] = d * (1 - c) / n**2
        out[..., 3] = a * s / n + 2 * b * (1 - c) / n
        out[..., 4] = -2 * a * (1 - c) / n + b * (4 * s / n - 3 * t)
        out[..., 5] = d * s / n
        return out


def fleeing(motion: float, waking: float) -> Pushed:
    """Return E3's path: along its orbit normal at full thrust, from `waking` s from now on."""
    return Pushed(motion, (0.0, 0.0, PUSH), waking)


def cruising(motion: float, met: float) -> Pushed:
    """Return E4's path from mission time `met`, s, on: prograde at a fifth of its thrust.

    It burns from half a second after KSPDG's reset on; how its mass falls until a meeting is
    left out.
    """
    force = CRUISE_THROTTLE * DRONE.forward_thrust
    burnt = max(met - SETTLE - TURNING, 0.0) * force / DRONE.exhaust_velocity
    return Pushed(motion, (0.0, force / (FULL - burnt), 0.0), max(SETTLE + TURNING - met, 0.0))


def acceleration(path: Pushed, position: Array, velocity: Array) -> Array:
    """Return what a target at `position` and `velocity` (3,) accelerates with, (3,) m/s^2.

    All three are inertial; `path` is where that takes it.
    """
    return np.asarray(np.array(path.push) @ orbital_axes(position, velocity))
