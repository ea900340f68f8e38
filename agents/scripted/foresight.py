"""Where both craft are when a command takes effect: the telemetry, flown on by the latency."""

from __future__ import annotations

from dataclasses import replace
from math import ceil

import numpy as np

from helmsight.agents.scripted.telemetry import Chase
from helmsight.contract.timing import Timing
from helmsight.envs.orbital.command import BurnCommand
from helmsight.envs.orbital.dynamics import Array, gravity, track_axes, unit, verlet
from helmsight.envs.orbital.vehicles import DRONE, Vehicle
from helmsight.envs.orbital.world import TIMEOUT

STEP_S = 0.25
"""Longest step of the reckoning: gravity turns by 0.04 degrees in it."""
STILL = np.zeros(3)


def foreseen(
    chase: Chase, timing: Timing, evading: Array = STILL, vehicle: Vehicle = DRONE
) -> Chase:
    """Return the chase as it will be when the answer takes effect; as it is without a latency.

    Both craft move in Kerbin's gravity, the pursuer with the command that is applied meanwhile,
    the target with the acceleration `evading`, (3,) m/s^2. What is later than any episode lasts is
    not reckoned with: no answer takes effect then.
    """
    latency = min(timing.latency_s, TIMEOUT)
    if latency <= 0.0:
        return chase
    steps = ceil(latency / STEP_S)
    dt = latency / steps
    for _ in range(steps):
        chase = _on(chase, timing.meanwhile, evading, dt, vehicle)
    return chase


def _on(chase: Chase, command: object, evading: Array, dt: float, vehicle: Vehicle) -> Chase:
    """Return the chase `dt` seconds later."""
    thrust, flow = np.zeros(3), 0.0
    if isinstance(command, BurnCommand):
        thrust, flow = _thrust(chase, command, vehicle)
    position = np.stack([chase.target_position - chase.gap, chase.target_position])
    velocity = np.stack([chase.target_velocity + chase.velocity, chase.target_velocity])
    pushed = np.stack([thrust / chase.mass, evading])
    position, velocity, _ = verlet(position, velocity, pushed, gravity(position), dt)
    return replace(
        chase,
        met=chase.met + dt,
        mass=max(chase.mass - flow * dt, vehicle.dry_mass),
        gap=position[1] - position[0],
        velocity=velocity[0] - velocity[1],
        target_position=position[1],
        target_velocity=velocity[1],
    )


def _thrust(chase: Chase, command: BurnCommand, vehicle: Vehicle) -> tuple[Array, float]:
    """Return the force, (3,) N inertial, and the flow of propellant, kg/s, of a command.

    SAS keeps the nose on the target. The roll is not in the telemetry: of a command in body axes
    the part along the nose counts. Both lateral axes push alike, so that of one in other axes the
    force is the same at any roll, as long as neither of them is asked for more than it has.
    """
    if chase.mass <= vehicle.dry_mass:
        return np.zeros(3), 0.0
    nose = unit(chase.gap)
    wanted = np.array([command.forward, command.right, command.down])
    if command.frame == "body":
        wanted = command.forward * nose
    elif command.frame == "orbital":
        position = chase.target_position - chase.gap
        wanted = wanted @ track_axes(position, chase.target_velocity + chase.velocity)
    along = float(np.clip(wanted @ nose, -1.0, 1.0))
    across = wanted - (wanted @ nose) * nose
    force = vehicle.forward_thrust * along * nose + vehicle.lateral_thrust * across
    # at an unknown roll two axes spend 4/pi of what one along the burn would
    spent = vehicle.forward_thrust * abs(along)
    spent += 4.0 / np.pi * vehicle.lateral_thrust * float(np.linalg.norm(across))
    return force, spent / vehicle.exhaust_velocity
