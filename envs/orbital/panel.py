"""From a world to what can be seen of it: cockpit state, telemetry, measures."""

from __future__ import annotations

import numpy as np

from envs.contract import Field
from envs.orbital.cockpit.state import CockpitState
from envs.orbital.dynamics import RADIUS, Array, norm, orbital_axes, sun_direction, unit
from envs.orbital.pair import Readings
from envs.orbital.scenarios import EVADER, PURSUER
from envs.orbital.world import World

INERTIAL = "rhcbci"
TELEMETRY = (
    Field("mission_elapsed_time", "s"),
    Field("pursuer_mass", "kg"),
    Field("pursuer_propellant", "units"),
    *(
        Field(f"{who}_{what}_{axis}", unit_, INERTIAL)
        for who in ("pursuer", "evader")
        for what, unit_ in (("position", "m"), ("velocity", "m/s"))
        for axis in "xyz"
    ),
)
"""KSPDG's PE1 observation, in its own order; propellant in KSP units (1 unit = 4 kg)."""

_SAS_WORDS = {0: "hold", 2: "prograde", 3: "retrograde", 4: "normal", 5: "antinormal",
              6: "radial", 7: "antiradial", 8: "target", 9: "antitarget"}  # fmt: skip


def telemetry(world: Readings, i: int) -> Array:
    """Return KSPDG's PE1 observation of world `i`, (15,) SI, see `TELEMETRY`."""
    return np.concatenate(
        [
            [world.met[i], world.mass[i, PURSUER], world.propellant[i, PURSUER]],
            world.position[i, PURSUER],
            world.velocity[i, PURSUER],
            world.position[i, EVADER],
            world.velocity[i, EVADER],
        ]
    )


def cockpit_state(world: World, i: int) -> CockpitState:
    """Return what the pursuer's instruments show in world `i`."""
    axes = world.axes[i, PURSUER]
    position = world.position[i, PURSUER]
    up = unit(position)
    north = unit(np.array([0.0, 0.0, 1.0]) - up[2] * up)
    return CockpitState(
        velocity=axes @ world.relative_velocity[i],
        target=axes @ world.line_of_sight[i],
        up=axes @ up,
        north=axes @ north,
        sun=axes @ sun_direction(),
        target_axes=world.axes[i, EVADER] @ axes.T,
        altitude=float(norm(position)) - RADIUS,
        met=float(world.met[i]),
        mass=float(world.mass[i, PURSUER]),
        propellant=float(world.propellant[i, PURSUER]),
        propellant_capacity=world.vehicle.propellant_units,
        throttle=world.throttle[i, PURSUER].copy(),
        rcs=bool(world.rcs[i, PURSUER]),
        sas=_SAS_WORDS[int(world.sas[i, PURSUER])],
        planet_radius=RADIUS,
    )


def measures(world: Readings, i: int) -> dict[str, float | list[float]]:
    """Return the figures that guards and logs use: see the keys; SI, propellant in units.

    `closing` is positive when the range shrinks; `relative_position` is the pursuer's position in
    the evader's (radial, along-track, normal) axes, m.
    """
    gap, velocity = world.line_of_sight[i], world.relative_velocity[i]
    distance = float(norm(gap))
    frame = orbital_axes(world.position[i, EVADER], world.velocity[i, EVADER])
    return {
        "met": float(world.met[i]),
        "range": distance,
        "speed": float(norm(velocity)),
        "closing": float(velocity @ gap) / max(distance, 1e-9),
        "propellant": float(world.propellant[i, PURSUER]),
        "propellant_capacity": world.vehicle.propellant_units,
        "mass": float(world.mass[i, PURSUER]),
        "time_left": max(0.0, world.timeout - float(world.met[i])),
        "relative_position": [float(x) for x in frame @ -gap],
        "telemetry": [float(x) for x in telemetry(world, i)],
    }
