"""From a world of sun blocking to what can be seen of it: KSPDG's 18 numbers, and measures."""

from __future__ import annotations

from dataclasses import replace

import numpy as np

from helmsight.contract.observation import TelemetryField
from helmsight.envs.orbital import panel
from helmsight.envs.orbital.cockpit.state import CockpitState
from helmsight.envs.orbital.convoy import Berth
from helmsight.envs.orbital.dynamics import Array, dot, norm, orbital_axes, sun_direction
from helmsight.envs.orbital.fleet import Fleet
from helmsight.envs.orbital.pair import Readings
from helmsight.envs.orbital.scenarios import EVADER

TELEMETRY = (
    *panel.TELEMETRY,
    *(TelemetryField(f"sun_direction_{axis}", "", panel.INERTIAL) for axis in "xyz"),
)
"""KSPDG's SB1 observation: PE1's, and the unit vector from Kerbin's centre to the sun."""


def telemetry(world: Readings, i: int) -> Array:
    """Return KSPDG's SB1 observation of world `i`, (18,) SI, see `TELEMETRY`.

    Raises:
        CrewUnfit: a world that does not have two vessels.
    """
    return np.concatenate([panel.telemetry(world, i), sun_direction()])


def cockpit(world: Fleet | Berth, i: int) -> CockpitState:
    """Return what the pursuer's instruments show in world `i`: the evader, and where the sun is."""
    return replace(panel.cockpit_state(world, i), sunlit=True)


def phase_angle(world: Readings, i: int) -> float:
    """Return the angle at the evader between pursuer and sun, deg: 0 is where to be."""
    there = -world.line_of_sight[i]
    cosine = float(dot(there, sun_direction())) / max(float(norm(there)), 1e-9)
    return float(np.degrees(np.arccos(np.clip(cosine, -1.0, 1.0))))


def measures(world: Readings, i: int) -> dict[str, float | list[float]]:
    """Return the measures of a pursuit (see `panel.measures`), `phase_angle`, deg, and `sun`.

    `sun` is the direction to the sun in the evader's (radial, along-track, normal) axes, unit.

    Raises:
        CrewUnfit: a world that does not have two vessels.
    """
    told = panel.measures(world, i)
    frame = orbital_axes(world.position[i, EVADER], world.velocity[i, EVADER])
    told["telemetry"] = telemetry(world, i).tolist()
    told["phase_angle"] = phase_angle(world, i)
    told["sun"] = [float(x) for x in frame @ sun_direction()]
    return told
