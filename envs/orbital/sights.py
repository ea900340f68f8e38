"""Where the markers of the navball are from each other: what a perfect eye reads off the picture.

The ball is drawn as seen from far away: a direction with components (forward, right, down) stands
at (right, down) on it. Signs are those of `prompts.relations`: right, below and behind are 1.
"""

from __future__ import annotations

from collections.abc import Mapping
from itertools import combinations

import numpy as np
from numpy.typing import NDArray

from helmsight.envs.orbital.cockpit.state import CockpitState, Vector

PROGRADE, TARGET, LEVEL = MARKERS = ("prograde marker", "target marker", "level marker")
BAND = 0.035  # markers closer than this (of the ball's radius, 2 degrees) coincide
STILL = 0.01  # m/s: without a speed there is no prograde marker
Placed = tuple[str, str, str, int]


def marker_relations(state: CockpitState) -> list[Placed]:
    """Return (marker, other, axis, sign) for all markers that are on the near side of the ball.

    The ball is one instrument: its markers are all at the same depth.
    """
    ways = {TARGET: state.target} if state.tracks else {}
    spots = spots_of({**moving(state), **ways})
    spots[LEVEL] = np.zeros(2)
    return [
        (a, b, axis, sign)
        for a, b in combinations([name for name in MARKERS if name in spots], 2)
        for axis, sign in (*placed(spots[a] - spots[b]), ("depth", 0))
    ]


def moving(state: CockpitState) -> dict[str, Vector]:
    """Return the velocity as what its marker points along; nothing without a speed."""
    return {PROGRADE: state.velocity} if state.speed >= STILL else {}


def spots_of(ways: Mapping[str, Vector]) -> dict[str, Vector]:
    """Return where on the ball (right, down) of its radius those directions are that are ahead."""
    directions = {name: way / max(float(np.linalg.norm(way)), 1e-9) for name, way in ways.items()}
    return {name: way[1:] for name, way in directions.items() if way[0] > 0}


def placed(apart: Vector) -> list[tuple[str, int]]:
    """Return the signs of a difference of places on the ball, across and along it."""
    right, down = (0 if abs(x) <= BAND else int(np.sign(x)) for x in apart)
    return [("horizontal", right), ("vertical", down)]


def across(way: Vector, nose: Vector) -> Vector | None:
    """Return what of the direction of `way` is across the nose, (3,); None where it is not ahead.

    Its length is how far from the middle of the ball the marker stands, of the ball's radius.
    """
    length, ahead = float(np.linalg.norm(way)), float(np.linalg.norm(nose))
    if min(length, ahead) < STILL or float(way @ nose) <= 0:
        return None
    direction, axis = way / length, nose / ahead
    return np.asarray(direction - float(direction @ axis) * axis)


def known_relations(telemetry: NDArray[np.float64]) -> list[Placed]:
    """Return what the PE1 telemetry makes certain while SAS keeps the nose on the target.

    The target marker is then on the level marker. The telemetry does not tell the roll: of the
    prograde marker it can only say that it is there too, where the drift is within the band.
    """
    places = [(TARGET, LEVEL, axis, 0) for axis in ("horizontal", "vertical", "depth")]
    gap, velocity = telemetry[9:12] - telemetry[3:6], telemetry[6:9] - telemetry[12:15]
    distance, speed = float(np.linalg.norm(gap)), float(np.linalg.norm(velocity))
    closing = float(velocity @ gap)
    if min(distance, speed) < STILL or closing <= 0:
        return places
    if np.sqrt(max(0.0, 1.0 - (closing / (distance * speed)) ** 2)) <= BAND:
        near = [(PROGRADE, other) for other in (TARGET, LEVEL)]
        places += [(a, b, axis, 0) for a, b in near for axis in ("horizontal", "vertical", "depth")]
    return places
