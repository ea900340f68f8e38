"""The cheapest course to a meeting: burns and the way they lead, found together.

SAS keeps the nose on the target, so the axes that the thrusters push along follow from the way, and
the way from the burns. Both are found in turns: burns for the axes of the last way
(`agents.scripted.burns`), then the way that they lead, halfway to the last one.
All in the axes (radial, along-track, normal) that turn with the orbit the target would coast on,
its place on it at the origin; SI units. Near it motion is that of Clohessy and Wiltshire.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field

import numpy as np

from helmsight.agents.scripted.burns import Burns, Gate, Meeting, cheapest
from helmsight.agents.scripted.hill import Coast
from helmsight.envs.orbital.dynamics import Array, cross, dot, unit
from helmsight.envs.orbital.vehicles import DRONE

THRUSTS = np.array([DRONE.forward_thrust, DRONE.lateral_thrust, DRONE.lateral_thrust])
"""Along the nose and the two axes across it, N."""
NEAR = 60.0
"""Range from which on a plan leaves the nose as it is, m: a miss of metres turns it anywhere."""

BEFORE = np.array([0.0, 2.0, 5.0, 10.0, 16.0, 24.0])
"""Seconds before the entry, and the entry, when the pursuer must not be within its reach."""
REACH = 4.8
"""Distance at which a plan means to be captured, m: just within KSPDG's 5 m."""

Path = Callable[[Array], Array]
"""What the target's thrusters have done to its state, (..., 6), by times from now (...), s."""


@dataclass(frozen=True)
class Quest:
    """What a course is planned from.

    Attributes:
        state: (6,) the pursuer now. axes: (3, 3) its body axes as rows, the nose first.
        mass: kg. fuel: kg used so far. motion: the mean motion of the target's orbit, rad/s.
        target: where the target's own burns put it. prices: (3,) what a unit of propellant along
            each axis counts, limits (3,): the highest throttles.
        entry: seconds from now at which the pursuer is to be `reach` m from the target, where what
            it does then wakes.
        amiss: (6,) how much farther along than reckoned the end was found to be; strayed (3,) the
            same of the place of the entry.
    """

    state: Array
    axes: Array
    mass: float
    fuel: float
    motion: float
    target: Path
    entry: float | None = None
    reach: float = 200.0
    prices: Array = field(default_factory=lambda: np.ones(3))
    limits: Array = field(default_factory=lambda: np.ones(3))
    amiss: Array = field(default_factory=lambda: np.zeros(6))
    strayed: Array = field(default_factory=lambda: np.zeros(3))


@dataclass(frozen=True)
class Course:
    """Forces (k, 3) N of k slots of `slot` s each, and the states (k + 1, 6) between them.

    `cost` is the part of the score that propellant and speed make.
    """

    slot: float
    forces: Array
    states: Array
    cost: float

    @property
    def arrive(self) -> float:
        """When it arrives, s from its beginning."""
        return self.slot * len(self.forces)


def transition(motion: float, times: Array) -> Array:
    """Return the matrices (..., 6, 6) that take a free state on by `times` (...), s."""
    basis = np.broadcast_to(np.eye(6), (*times.shape, 6, 6))
    moved = Coast(motion, times[..., None])(basis[..., :3], basis[..., 3:])
    return np.swapaxes(np.concatenate(moved, axis=-1), -1, -2)


class Planner:
    """Plans courses of `slots` slots that arrive `arrive` s from now."""

    def __init__(self, quest: Quest, arrive: float, slots: int) -> None:
        self.quest, self.slot, self.slots = quest, arrive / slots, slots
        self.times = np.linspace(0.0, arrive, slots + 1)
        motion = quest.motion
        middles = self.times[:-1] + 0.5 * self.slot
        self._free = transition(motion, self.times) @ quest.state
        self._late = transition(motion, arrive - middles)[:, :, 3:]
        # from slot j to time i, for what a burn does on the way
        lags = self.times[:, None] - middles[None]
        self._done = lags > 0.0
        self._on = transition(motion, np.maximum(lags, 0.0))[..., 3:] * self._done[..., None, None]
        self.target = quest.target(self.times)

    def plan(self, guess: Array | None = None, rounds: int = 4) -> Course | None:
        """Return the cheapest course; `guess` are states (k + 1, 6) that it may be like."""
        way = self.straight() if guess is None else guess
        found = None
        forces = np.zeros((self.slots, 3))
        for _ in range(rounds):
            axes = self.axes(way)
            burns = self._burns(axes, way, forces)
            if burns is None:
                return found
            thrown = burns.throttles[:, :3] - burns.throttles[:, 3:]
            forces = np.einsum("ki,kia->ka", thrown * THRUSTS, axes)
            states = self.states(forces)
            found = Course(self.slot, forces, states, burns.cost)
            way = 0.5 * (way + states)
        return found

    def states(self, forces: Array) -> Array:
        """Return the states (k + 1, 6) that forces (k, 3) N lead through."""
        changes = forces * (self.slot / self._masses(forces))[:, None]
        return np.asarray(self._free + np.einsum("tkab,kb->ta", self._on, changes))

    def axes(self, way: Array) -> Array:
        """Return body axes (k, 3, 3) as rows over the slots, the nose on the target, no rolling."""
        gap = self.target[:, :3] - way[:, :3]
        middle = 0.5 * (gap[1:] + gap[:-1])
        distance = np.sqrt((middle * middle).sum(axis=1))
        noses = middle / np.maximum(distance, 1e-9)[:, None]
        axes = np.empty((self.slots, 3, 3))
        last = self.quest.axes
        cosine, sine = np.cos(self.quest.motion * self.slot), np.sin(self.quest.motion * self.slot)
        # what keeps its direction turns backwards in axes that turn with the orbit
        back = np.array([[cosine, -sine, 0.0], [sine, cosine, 0.0], [0.0, 0.0, 1.0]])
        for k in range(self.slots):
            nose = noses[k] if distance[k] > NEAR or k == 0 else last[0]
            right = last[1] - (last[1] @ nose) * nose
            right /= max(float(np.sqrt(right @ right)), 1e-9)
            axes[k] = nose, right, cross(nose, right)
            last = axes[k] @ back
        return axes

    def _burns(self, axes: Array, way: Array, forces: Array) -> Burns | None:
        quest = self.quest
        masses = self._masses(forces)
        pushes = axes * (THRUSTS * self.slot)[:, None] / masses[:, None, None]
        moves = np.einsum("kab,kjb->kja", self._late, pushes)
        spends = np.tile(
            THRUSTS * quest.prices * self.slot / DRONE.exhaust_velocity, (self.slots, 2)
        )
        limits = np.tile(quest.limits, (self.slots, 2))
        free = self._free[-1] + quest.amiss - self.target[-1]
        gate = None if quest.entry is None else self._gate(way, pushes)
        return cheapest(
            Meeting(
                np.concatenate([moves, -moves], axis=1),
                spends,
                free,
                -REACH * axes[-1, 0],
                limits,
                quest.fuel,
                gate,
            )
        )

    def _gate(self, way: Array, pushes: Array) -> Gate:
        """Return that the pursuer is at the entry's range then, on the side where its way is.

        For some seconds before, it must not have been nearer.
        """
        quest = self.quest
        assert quest.entry is not None
        when = np.maximum(quest.entry - BEFORE, 0.5 * self.slot)
        way = way[:, :3] + quest.strayed
        sides = unit(np.stack([np.interp(when, self.times, part) for part in way.T], axis=1))
        begun = when[:, None] - self.times[None, :-1]
        share = np.clip(begun / self.slot, 0.0, 1.0)
        lags = np.maximum(begun - 0.5 * share * self.slot, 0.0)
        reached = transition(quest.motion, lags)[..., :3, 3:] * share[..., None, None]
        ways = np.einsum("gkab,kjb,ga->gkj", reached, pushes, sides)
        ways = np.concatenate([ways, -ways], axis=2)
        free = (transition(quest.motion, when) @ quest.state)[:, :3] + quest.strayed
        left = quest.reach - dot(sides, free)
        return Gate(ways[0], float(left[0]), ways[1:], left[1:])

    def _masses(self, forces: Array) -> Array:
        """Return the mass in the middle of each slot, (k,) kg; sideways axes count apart."""
        spent = np.abs(forces).sum(axis=1) * self.slot / DRONE.exhaust_velocity
        return np.asarray(self.quest.mass - np.cumsum(spent) + 0.5 * spent)

    def straight(self, side: float = 0.0) -> Array:
        """Return the states of a way straight to where the target will be, at an even pace.

        At the entry it is off by `side` times twice the reach, towards where the target will flee.
        """
        share = (self.times / self.times[-1])[:, None]
        ahead = np.zeros((self.slots + 1, 6))
        end = self.target[-1, :3]
        ahead[:, :3] = (1.0 - share) * self.quest.state[:3] + share * end
        if side and self.quest.entry is not None:
            bend = np.interp(self.times, [0.0, self.quest.entry, self.times[-1]], [0.0, 1.0, 0.0])
            ahead[:, :3] += 2.0 * self.quest.reach * side * bend[:, None] * unit(end)
        return ahead
