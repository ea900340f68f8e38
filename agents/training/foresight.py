"""Where worlds of a batch will be when a burn that is decided now begins."""

from __future__ import annotations

from math import ceil

import numpy as np

from helmsight.agents.scripted.foresight import STEP_S
from helmsight.agents.scripted.guidance import Situation
from helmsight.envs.orbital.attitude import error, turn
from helmsight.envs.orbital.dynamics import Array, dot, gravity, unit, verlet
from helmsight.envs.orbital.scenarios import EVADER, PURSUER
from helmsight.envs.orbital.world import World


def foreseen(world: World, seconds: float) -> Situation:
    """Return the situation of n worlds after `seconds`, the pursuers' throttles as they are.

    The evaders coast: nobody is told what they will do. The noses stay on the target by the
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
        position, velocity, _ = verlet(position, velocity, push, gravity(position), dt)
        mass = np.maximum(mass - flow * dt, craft.dry_mass)
        axes = _following(axes, position[:, EVADER] - position[:, PURSUER])
    return Situation(
        gap=position[:, EVADER] - position[:, PURSUER],
        velocity=velocity[:, PURSUER] - velocity[:, EVADER],
        axes=axes,
        target_position=position[:, EVADER],
        target_velocity=velocity[:, EVADER],
        target_acceleration=np.zeros((len(world), 3)),
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
