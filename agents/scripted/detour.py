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
from helmsight.agents.scripted.telemetry import giving_way
from helmsight.envs.orbital.command import BurnCommand
from helmsight.envs.orbital.dynamics import Array, dot, norm, unit
from helmsight.envs.orbital.lady_bandit_guard.bots import ASTRAY, FAST, STILL
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
GUARD_PUSH = DRONE.forward_thrust / 6500.0
"""What a guard accelerates with, m/s^2: its tanks are nearly full."""
LATEST = 237.0
"""Mission time by which the bandit has to arrive, s: the episode ends at 240."""


@dataclass(frozen=True)
class Scene:
    """What a way begins with, in the lady's rotating axes: bandit and guard, (3,) each, SI.

    `met` is the mission time, s, `motion` the lady's mean motion, rad/s, `mass` the bandit's, kg,
    `axes` (3, 3) are hers as inertial rows.
    """

    met: float
    motion: float
    mass: float
    position: Array
    velocity: Array
    guard_position: Array
    guard_velocity: Array
    axes: Array


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

    `chased`: the guard is reckoned with as LG1's, else it coasts. `alarm` is the distance, m, to
    lady or guard from which on the bandit has to arrive within `hurry` seconds: what flees has to
    be met before it does. None where nobody flees.
    """

    chased: bool = False
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


def throttles(push: Array, position: Array, mass: float, axes: Array) -> tuple[Array, Array]:
    """Return inertial throttles along and across the nose, (..., 3) each, for accelerations.

    `push` m/s^2 and `position` m from the target, on which the nose is, (..., 3), are told along
    the rows of `axes` (3, 3), which are inertial. The roll is not known: across the nose there is
    no more than one lateral axis gives at any roll, and what is along it gives way (`telemetry`).
    """
    nose, wanted = -unit(position) @ axes, push @ axes
    along = dot(wanted, nose)
    across = (wanted - along[..., None] * nose) * (mass / DRONE.lateral_thrust)
    across /= np.maximum(norm(across), 1.0)[..., None]
    fore = np.clip(along * mass / DRONE.forward_thrust, -1.0, 1.0)[..., None] * nose
    return fore * giving_way(fore, across)[..., None], across


def limited(push: Array, position: Array, mass: float, axes: Array) -> Array:
    """Return what the thrusters give of accelerations, (..., 3) m/s^2, told as `throttles` is."""
    along, across = throttles(push, position, mass, axes)
    given = along * DRONE.forward_thrust + across * DRONE.lateral_thrust
    return np.asarray(given @ axes.T / mass)


def command(push: Array, position: Array, mass: float, axes: Array) -> BurnCommand:
    """Return the command that gives of an acceleration (3,) what there is, told as `throttles`."""
    x, y, z = (float(v) for v in np.clip(sum(throttles(push, position, mass, axes)), -1.0, 1.0))
    return BurnCommand(forward=x, right=y, down=z, frame="inertial")


class Chaser:
    """LG1's guard in `m` reckoned ways, as far as it matters: it brakes, burns, coasts.

    It turns at once, and is taken to brake first: what it is at cannot be seen.
    """

    def __init__(self, m: int) -> None:
        self._burning, self._coasting = np.zeros(m, dtype=bool), np.zeros(m, dtype=bool)

    def push(self, place: Array, moving: Array, dt: Array) -> Array:
        """Return its acceleration, (m, 3) m/s^2, for a step of `dt` (m,) s.

        `place` and `moving` (m, 3) are the bandit's, seen from the guard, m and m/s.
        """
        speed, sight = norm(moving), unit(place)
        astray = -dot(moving, sight) < np.cos(ASTRAY) * speed
        self._coasting = (self._coasting & ~astray) | (self._burning & (speed > FAST))
        stopped = speed < np.maximum(STILL, GUARD_PUSH * dt)
        self._burning = ~self._coasting & (stopped | (self._burning & ~astray))
        strength = np.minimum(GUARD_PUSH, speed / dt)
        braking = strength[:, None] * unit(moving)
        push = np.where(self._burning[:, None], GUARD_PUSH * sight, braking)
        return np.asarray(push * ~self._coasting[:, None])


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
    chaser = Chaser(m) if aims.chased else None
    nearest, alarmed = np.full(m, np.inf), np.full(m, np.inf)
    for k in range(STEPS):
        now = k * dt
        first = now < turn - DONE
        goal = np.where(first[:, None], corner, 0.0)
        left = np.where(first, turn, arrive) - now
        push = steer(position, velocity, goal, left, scene.motion, dt)
        velocity = velocity + limited(push, position, scene.mass, scene.axes) * dt[:, None]
        position, velocity = coast(position, velocity)
        if chaser is not None:
            moving = moving + chaser.push(position - guard, velocity - moving, dt) * dt[:, None]
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
