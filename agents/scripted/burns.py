"""The cheapest burns to a meeting, by KSPDG's pursuit score, as a linear programme.

Throttles of time slots move the end state linearly (Clohessy-Wiltshire), propellant is the sum of
their sizes, and speed and propellant enter the score by convex powers, here by their tangents.
Source of the idea: minimum-fuel rendezvous is a linear programme where thrusters are fixed to axes
(Robertson, Inalhan, How, AAS 99-139).
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from scipy.optimize import linprog

from helmsight.envs.orbital.dynamics import Array

FUELS = np.array([0.0, 10, 25, 45, 70, 100, 130, 160, 200, 250, 320, 400, 520, 700, 900])
SPEEDS = np.array([0.0, 0.5, 1.0, 1.5, 2.0, 3.0, 4.5, 6.5, 9.0, 13.0, 18.0, 26.0, 40.0])
"""Where the powers of the score have their tangents, kg and m/s."""


def _sphere(count: int) -> Array:
    """Return directions spread evenly (Fibonacci), (count, 3)."""
    k = np.arange(count) + 0.5
    z, turn = 1.0 - 2.0 * k / count, k * (np.pi * (3.0 - np.sqrt(5.0)))
    return (
        np.stack([np.cos(turn), np.sin(turn), z / np.sqrt(1 - z * z)], axis=1)
        * np.sqrt(1 - z * z)[:, None]
    )


FACES = _sphere(40)


@dataclass(frozen=True)
class Gate:
    """A distance along a direction that has to be passed at some time: sum(`ways` u) = `way`.

    `ways` (k, m) are metres along it per unit of throttle, `way` metres. `outer` (g, k, m) and
    `outermost` (g,) are the same for times before, when it must not have been passed.
    """

    ways: Array
    way: float
    outer: Array
    outermost: Array


@dataclass(frozen=True)
class Meeting:
    """A meeting to be planned for, over k slots with m thrusters each.

    Attributes:
        moves: (k, m, 6) what a full throttle of a slot adds to position and velocity at the end,
            m and m/s. spends: (k, m) kg of propellant that it takes.
        free: (6,) pursuer relative to the target at the end, if no thruster fires. place: (3,) m
            where it is to be then.
        limits: (k, m) the highest throttles. fuel: kg used so far. gate: where it has to be before.
    """

    moves: Array
    spends: Array
    free: Array
    place: Array
    limits: Array
    fuel: float
    gate: Gate | None = None


@dataclass(frozen=True)
class Burns:
    """The answer: throttles (k, m) in [0, 1], the score's terms of fuel and speed, and the rest."""

    throttles: Array
    cost: float
    short: float


def cheapest(meeting: Meeting) -> Burns | None:
    """Return the burns that lead to the meeting with the least score; None where there are none."""
    k, m = meeting.spends.shape
    count = k * m
    moves = meeting.moves.reshape(count, 6)
    spends = meeting.spends.reshape(count)
    # variables: throttles, relative velocity (3), its size, costs of fuel and of speed
    velocity, speed, dear = count, count + 3, count + 4
    width = count + 6
    equal = np.zeros((6 + (meeting.gate is not None), width))
    equal[:6, :count] = moves.T
    equal[3:6, velocity:speed] = -np.eye(3)
    wanted = [*(meeting.place - meeting.free[:3]), *-meeting.free[3:]]
    if meeting.gate is not None:
        equal[6, :count] = meeting.gate.ways.reshape(count)
        wanted.append(meeting.gate.way)
    fast = np.zeros((len(FACES), width))
    fast[:, velocity:speed] = FACES
    fast[:, speed] = -1.0
    burnt = np.zeros((len(FUELS), width))
    slope, base = _tangents(FUELS, 0.1, 1.25)
    burnt[:, :count] = slope[:, None] * spends
    burnt[:, dear] = -1.0
    rushed = np.zeros((len(SPEEDS), width))
    quick, rest = _tangents(SPEEDS, 0.5, 1.5)
    rushed[:, speed] = quick
    rushed[:, dear + 1] = -1.0
    rows = [fast, burnt, rushed]
    limits = [np.zeros(len(FACES)), -(base + slope * meeting.fuel), -rest]
    if meeting.gate is not None:
        before = np.zeros((len(meeting.gate.outermost), width))
        before[:, :count] = -meeting.gate.outer.reshape(-1, count)
        rows.append(before)
        limits.append(-meeting.gate.outermost)
    cost = np.zeros(width)
    cost[dear:] = 1.0
    cost[:count] = 1e-6
    bounds = np.full((width, 2), np.inf)
    bounds[:, 0] = -np.inf
    bounds[:count, 0], bounds[:count, 1] = 0.0, meeting.limits.reshape(count)
    found = linprog(
        cost, np.concatenate(rows), np.concatenate(limits), equal, wanted, bounds, method="highs-ds"
    )
    if found.status != 0:
        return None
    x = found.x
    return Burns(x[:count].reshape(k, m), float(x[dear] + x[dear + 1]), float(x[speed]))


def _tangents(points: Array, scale: float, power: float) -> tuple[Array, Array]:
    """Return slopes and intercepts of the tangents of (scale x)^power at `points`."""
    value = (scale * points) ** power
    slope = scale * power * (scale * points) ** (power - 1.0)
    return slope, value - slope * points
