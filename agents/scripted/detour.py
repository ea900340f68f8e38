"""The planner behind `bandit`: a way to the lady that keeps away from her guard.

A way has two legs: to a corner at one time, and from there to the lady at another. On both the
craft burns for the velocity that leads to the leg's end (Clohessy-Wiltshire), as far as its thrust
allows, the nose on the lady. Ways are drawn at random, reckoned with the thrust that there is, and
drawn anew around the best (cross-entropy method, Rubinstein and Kroese 2004).
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from helmsight.agents.scripted.guidance import required_velocity
from helmsight.agents.scripted.hill import Coast
from helmsight.envs.orbital.dynamics import Array, dot, norm, unit
from helmsight.envs.orbital.lady_bandit_guard.scoring import guarding_score
from helmsight.envs.orbital.vehicles import DRONE

STEPS = 80
"""Steps in which a way is flown, however long it lasts."""
DRAWN, KEPT, ROUNDS = 192, 24, 6
"""Ways of a round, those that the next round is drawn around, and rounds of a search."""
DONE = 1.5
"""Seconds before a leg's end from which on the craft coasts: there is nothing left to gain."""
NEAREST_CORNER, FARTHEST_CORNER = 300.0, 2500.0
"""Distances of corners from the lady, m."""
LATEST = 237.0
"""Mission time by which the bandit has to arrive, s: the episode ends at 240."""


@dataclass(frozen=True)
class Scene:
    """What a way begins with, in the lady's rotating axes: bandit and guard, (3,) each, SI.

    `met` is the mission time, s, `motion` the lady's mean motion, rad/s, `mass` the bandit's, kg.
    """

    met: float
    motion: float
    mass: float
    position: Array
    velocity: Array
    guard_position: Array
    guard_velocity: Array


@dataclass(frozen=True)
class Way:
    """Two legs: to `corner` (3,) m at mission time `turn`, and to the lady at `arrive`, s."""

    corner: Array
    turn: float
    arrive: float

    def leg(self, met: float) -> tuple[Array, float]:
        """Return where the leg that is flown at a time leads, (3,) m, and how long it lasts, s."""
        if met < self.turn - DONE:
            return self.corner, self.turn - met
        return np.zeros(3), self.arrive - met


@dataclass(frozen=True)
class Aims:
    """What a way is to keep besides away from the guard.

    `alarm` is the distance, m, to lady or guard from which on the bandit has to arrive within
    `hurry` seconds: what flees has to be met before it does. None where nobody flees.
    """

    alarm: float | None = None
    hurry: float = 9.5


def search(scene: Scene, aims: Aims, rng: np.random.Generator, around: Way | None = None) -> Way:
    """Return the best way found; near `around`, if there is one that is still to be flown."""
    numbers = _first(scene, rng, around)
    spread = numbers.std(axis=0)
    costs = _costs(scene, aims, numbers)
    for _ in range(ROUNDS if around is None else 2):
        best = numbers[np.argsort(costs, kind="stable")[:KEPT]]
        spread = np.maximum(best.std(axis=0), 0.05 * spread)
        drawn = best.mean(axis=0) + spread * rng.normal(size=(DRAWN, 5))
        numbers = np.concatenate([best[:4], drawn])
        costs = _costs(scene, aims, numbers)
    corner, turn, arrive = _read(scene, numbers[int(np.argmin(costs))][None])
    return Way(corner[0], scene.met + float(turn[0]), scene.met + float(arrive[0]))


def steer(
    position: Array, velocity: Array, goal: Array, left: Array, motion: float, interval: Array
) -> Array:
    """Return the acceleration, (..., 3) m/s^2, that puts the craft on its way to `goal`.

    It is to be reached in `left` seconds; the change of velocity is spread over `interval`, s.
    """
    times = np.maximum(left, DONE)
    wanted, _ = required_velocity(position, goal, np.full_like(times, motion), times)
    push = (wanted - velocity) / interval[..., None]
    return np.asarray(push * (left > DONE)[..., None])


def limited(push: Array, position: Array, mass: float) -> Array:
    """Return what the thrusters give of accelerations (..., 3), m/s^2, the nose on the lady.

    The roll is not known: across the nose no more than one lateral axis gives at any roll.
    """
    nose = -unit(position)
    along = dot(push, nose)
    across = push - along[..., None] * nose
    size = np.maximum(norm(across), 1e-12)
    across *= np.minimum(1.0, DRONE.lateral_thrust / mass / size)[..., None]
    fore = DRONE.forward_thrust / mass
    return np.asarray(np.clip(along, -fore, fore)[..., None] * nose + across)


def _first(scene: Scene, rng: np.random.Generator, around: Way | None) -> Array:
    """Return the first ways as numbers, (DRAWN, 5): corner m, two parts of the time."""
    left = max(LATEST - scene.met, 2.0 * DONE)
    if around is not None:
        turn = (around.turn - scene.met) / max(around.arrive - scene.met, DONE)
        known = np.array([*around.corner, turn, (around.arrive - scene.met) / left])
        scatter = np.array([60.0, 60.0, 60.0, 0.05, 0.02]) * rng.normal(size=(DRAWN, 5))
        return np.concatenate([known[None], known + scatter])
    reach = rng.uniform(NEAREST_CORNER, FARTHEST_CORNER, DRAWN)
    corner = unit(rng.normal(size=(DRAWN, 3))) * reach[:, None]
    times = rng.uniform([0.1, 0.2], [0.9, 1.0], (DRAWN, 2))
    return np.concatenate([corner, times], axis=1)


def _read(scene: Scene, numbers: Array) -> tuple[Array, Array, Array]:
    """Return corners (m, 3) m, and times from now of corner and arrival, (m,) s."""
    left = max(LATEST - scene.met, 2.0 * DONE)
    arrive = np.clip(numbers[:, 4], 0.02, 1.0) * left
    return numbers[:, :3], np.clip(numbers[:, 3], -0.1, 0.95) * arrive, arrive


def _costs(scene: Scene, aims: Aims, numbers: Array) -> Array:
    """Return what ways cost, (m,): the score that they lead to, and what they fail to keep."""
    corner, turn, arrive = _read(scene, numbers)
    m, dt = len(numbers), arrive / STEPS
    coast = Coast(scene.motion, dt)
    position, velocity = np.tile(scene.position, (m, 1)), np.tile(scene.velocity, (m, 1))
    guard, moving = np.tile(scene.guard_position, (m, 1)), np.tile(scene.guard_velocity, (m, 1))
    nearest, alarmed = np.full(m, np.inf), np.full(m, np.inf)
    for k in range(STEPS):
        now = k * dt
        first = now < turn - DONE
        goal = np.where(first[:, None], corner, 0.0)
        left = np.where(first, turn, arrive) - now
        push = steer(position, velocity, goal, left, scene.motion, dt)
        velocity = velocity + limited(push, position, scene.mass) * dt[:, None]
        position, velocity = coast(position, velocity)
        guard, moving = coast(guard, moving)
        away = norm(position - guard)
        nearest = np.minimum(nearest, away)
        if aims.alarm is not None:
            near = np.minimum(away, norm(position)) < aims.alarm
            alarmed = np.minimum(alarmed, np.where(near, now + dt, np.inf))
    miss = np.maximum(norm(position) - 2.0, 0.0)
    costs = guarding_score(miss, nearest) + 0.2 * arrive
    if aims.alarm is not None:
        late = np.maximum(arrive - np.minimum(alarmed, arrive) - aims.hurry, 0.0)
        costs = costs + 3e3 * late
    return np.asarray(costs)
