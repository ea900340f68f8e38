"""From a world of lady, bandit and guard to what can be seen of it: 21 numbers, and measures."""

from __future__ import annotations

import numpy as np

from helmsight.envs.orbital import panel
from helmsight.envs.orbital.cockpit.state import CockpitState
from helmsight.envs.orbital.convoy import Berth
from helmsight.envs.orbital.dynamics import Array, norm, orbital_axes
from helmsight.envs.orbital.fleet import Fleet
from helmsight.envs.orbital.lady_bandit_guard.scenario import BANDIT, GUARD, LADY
from helmsight.envs.orbital.lady_bandit_guard.scoring import Three
from helmsight.envs.orbital.panel import check_crew, kspdg_fields, kspdg_vector

NAMES = ("lady", "bandit", "guard")
TELEMETRY = kspdg_fields("bandit", "lady", "guard")
"""KSPDG's LBG1 observation, in its own order; propellant in KSP units (1 unit = 4 kg)."""


def telemetry(world: Three, i: int) -> Array:
    """Return KSPDG's LBG1 observation of world `i`, (21,) SI, see `TELEMETRY`.

    Raises:
        CrewUnfit: a world that does not have three vessels.
    """
    check_crew(world, NAMES)
    return kspdg_vector(world, i, (BANDIT, LADY, GUARD))


def cockpit(world: Fleet | Berth, i: int) -> CockpitState:
    """Return what the bandit's instruments show in world `i`: the lady as target, the guard too."""
    return panel.cockpit_state(world, i, BANDIT, tuple(name.title() for name in NAMES))


def measures(world: Three, i: int) -> dict[str, float | list[float]]:
    """Return the figures that guards and logs use: see the keys; SI, propellant in units.

    `closing` and `guard_closing` are positive when the ranges shrink. The positions are in the
    lady's (radial, along-track, normal) axes, m. `guard_angle`, deg, is at the bandit, between
    lady and guard: near 0 the guard is in the way, or right behind her.

    Raises:
        CrewUnfit: a world that does not have three vessels.
    """
    check_crew(world, NAMES)
    position, velocity = world.position[i], world.velocity[i]
    frame = orbital_axes(position[LADY], velocity[LADY])
    lady, guard = position[LADY] - position[BANDIT], position[GUARD] - position[BANDIT]
    moving = velocity[BANDIT] - velocity[LADY]
    nearing = velocity[BANDIT] - velocity[GUARD]
    near, far, speed = norm(np.array([lady, guard, moving])).tolist()
    distance, away = max(near, 1e-9), max(far, 1e-9)
    cosine = min(1.0, max(-1.0, float(lady @ guard) / (distance * away)))
    met = float(world.met[i])
    return {
        "met": met,
        "range": distance,
        "speed": speed,
        "closing": float(moving @ lady) / distance,
        "guard_range": away,
        "guard_closing": float(nearing @ guard) / away,
        "guard_angle": float(np.degrees(np.arccos(cosine))),
        "propellant": float(world.propellant[i, BANDIT]),
        "propellant_capacity": world.vehicle.propellant_units,
        "mass": float(world.mass[i, BANDIT]),
        "time_left": max(0.0, world.timeout - met),
        "relative_position": (frame @ -lady).tolist(),
        "guard_position": (frame @ (position[GUARD] - position[LADY])).tolist(),
        "telemetry": telemetry(world, i).tolist(),
    }
