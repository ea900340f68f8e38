"""Where worlds of a batch will be when a burn that is decided now begins."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from math import ceil

import numpy as np

from helmsight.agents.scripted.evaders import acceleration, cruising, fleeing
from helmsight.agents.scripted.foresight import STEP_S
from helmsight.agents.scripted.guidance import Situation
from helmsight.envs.orbital.attitude import error, turn
from helmsight.envs.orbital.bots import EVADE_RANGE
from helmsight.envs.orbital.dynamics import Array, dot, gravity, norm, unit, verlet
from helmsight.envs.orbital.scenarios import EVADER, PURSUER
from helmsight.envs.orbital.world import World

FLEES, CRUISES = 3, 4
"""Numbers of the evaders of which it is known what they will do."""
LEADS: Mapping[int, float] = {FLEES: 800.0, CRUISES: 500.0}
"""m to the target, from which on its flight is reckoned with. Farther away the lead that it asks
for is an angle too small for the eye, and a course straight at the target costs little more. E3
flees across the line of sight with more than the pursuer has sideways: whose lead is not there as
E3 wakes misses it, so that there is room to mend one."""


@dataclass(frozen=True)
class Evasion:
    """What n evaders are known to do: (n, 3) m/s^2, inertial, while the pursuer is nearer than
    `waking_range`, (n,) m.
    """

    acceleration: Array
    waking_range: Array

    @classmethod
    def none(cls, n: int) -> Evasion:
        """Return that of evaders that coast."""
        return cls(np.zeros((n, 3)), np.full(n, np.inf))

    @classmethod
    def of(cls, bots: Sequence[int], world: World) -> Evasion:
        """Return that of KSPDG's public evaders in the worlds as they are, by their numbers.

        From far away it is nothing: see `LEADS`.
        """
        known = cls.none(len(bots))
        going = [i for i, bot in enumerate(bots) if bot in (FLEES, CRUISES)]
        far = world.range if going else ()  # worlds of other crews have none
        for i in (i for i in going if far[i] <= LEADS[bots[i]]):
            flees = bots[i] == FLEES
            path = fleeing(1.0, 0.0) if flees else cruising(1.0, float(world.met[i]))
            at, moving = world.position[i, EVADER], world.velocity[i, EVADER]
            known.acceleration[i] = acceleration(path, at, moving)
            known.waking_range[i] = EVADE_RANGE if flees else np.inf
        return known


def foreseen(world: World, seconds: float, evasion: Evasion) -> Situation:
    """Return the situation of n worlds after `seconds`, the pursuers' throttles as they are.

    Of what the evaders will do only `evasion` is known. The noses stay on the target by the
    shortest turn. `fuel_used` is what the wait costs, kg.
    """
    position, velocity = world.position.copy(), world.velocity.copy()
    axes = world.axes[:, PURSUER]
    craft = world.vehicle
    thrust = np.array([craft.forward_thrust, craft.lateral_thrust, craft.lateral_thrust])
    force = world.throttle[:, PURSUER] * thrust
    flow = np.abs(force).sum(axis=1) / craft.exhaust_velocity
    mass = world.mass[:, PURSUER].copy()
    steps = ceil(seconds / STEP_S)
    for _ in range(steps):
        dt = seconds / steps
        push = np.zeros_like(position)
        push[:, PURSUER] = np.einsum("ni,nij->nj", force, axes) / mass[:, None]
        awake = norm(position[:, EVADER] - position[:, PURSUER]) < evasion.waking_range
        push[:, EVADER] = np.where(awake[:, None], evasion.acceleration, 0.0)
        position, velocity, _ = verlet(position, velocity, push, gravity(position), dt)
        mass = np.maximum(mass - flow * dt, craft.dry_mass)
        axes = _following(axes, position[:, EVADER] - position[:, PURSUER])
    return Situation(
        gap=position[:, EVADER] - position[:, PURSUER],
        velocity=velocity[:, PURSUER] - velocity[:, EVADER],
        axes=axes,
        target_position=position[:, EVADER],
        target_velocity=velocity[:, EVADER],
        target_acceleration=evasion.acceleration,
        waking_range=evasion.waking_range,
        mass=mass,
        fuel_used=world.mass[:, PURSUER] - mass,
        met=world.met + seconds,
    )


def _following(axes: Array, gap: Array) -> Array:
    """Return axes (n, 3, 3) with the nose along `gap`; craft that pass each other do not flip."""
    sight = unit(gap)
    turned = turn(axes, error(axes, sight), 1.0)
    ahead = dot(axes[:, 0], sight) > 0.0
    return np.where(ahead[:, None, None], turned, axes)
