"""Where lady, guard and the way ahead are from each other, as the bandit's cockpit shows it.

Left and right, above and below are read off the navball, which shows directions also outside of
the view; in front of and behind are the distances of the craft. The guard is in the way where it is
aligned with the lady on both axes of the ball, and in front of her.
"""

from __future__ import annotations

from itertools import combinations

import numpy as np
from numpy.typing import NDArray

from helmsight.envs.orbital.cockpit.state import CockpitState, Vector
from helmsight.envs.orbital.dynamics import norm
from helmsight.envs.orbital.sights import (
    BAND,
    PROGRADE,
    Placed,
    across,
    moving,
    placed,
    spots_of,
)

LADY_SEEN, GUARD_SEEN = "lady", "guard"
OBJECTS = (PROGRADE, LADY_SEEN, GUARD_SEEN)
"""What can be related; the marker of the way ahead is no thing that is near or far."""
SIGHTLINES = ((GUARD_SEEN, LADY_SEEN),)
DEPTH_BAND = 0.05
"""Craft are at the same depth where the distances differ by less, as a share of the larger."""


def craft_relations(state: CockpitState) -> list[Placed]:
    """Return (object, other, axis, sign) for all `OBJECTS` that are on the near side of the ball.

    The state is the bandit's: its target is the lady, its one contact the guard.
    """
    (guard,) = state.contacts
    spots = spots_of({**moving(state), LADY_SEEN: state.target, GUARD_SEEN: guard.place})
    found = [
        (a, b, axis, sign)
        for a, b in combinations([name for name in OBJECTS if name in spots], 2)
        for axis, sign in placed(spots[a] - spots[b])
    ]
    if {LADY_SEEN, GUARD_SEEN} <= spots.keys():
        found.append((LADY_SEEN, GUARD_SEEN, "depth", nearer(state.range, guard.range)))
    return found


def nearer(lady: float, guard: float) -> int:
    """Return the sign of the lady to the guard in depth by their distances, m: -1 is in front."""
    gap = lady - guard
    return 0 if abs(gap) <= DEPTH_BAND * max(lady, guard) else int(np.sign(gap))


def known_relations(telemetry: NDArray[np.float64]) -> list[Placed]:
    """Return what the LBG1 telemetry makes certain while SAS keeps the nose on the lady.

    It does not tell the roll: of two directions it can only say that they are aligned, where they
    are so near each other on the ball that they are so however it is turned.
    """
    lady, guard, ahead = _ways(telemetry)
    spots = {LADY_SEEN: np.zeros(3)}
    for name, way in ((GUARD_SEEN, guard), (PROGRADE, ahead)):
        flat = across(way, lady)
        if flat is not None:
            spots[name] = flat
    told = [
        (a, b, axis, 0)
        for a, b in combinations([name for name in OBJECTS if name in spots], 2)
        if float(norm(spots[a] - spots[b])) <= BAND
        for axis in ("horizontal", "vertical")
    ]
    if GUARD_SEEN in spots:
        sign = nearer(float(norm(lady)), float(norm(guard)))
        told.append((LADY_SEEN, GUARD_SEEN, "depth", sign))
    return told


def in_view(telemetry: NDArray[np.float64]) -> list[str]:
    """Return which of `OBJECTS` the near side of the ball shows, the nose being on the lady."""
    lady, guard, ahead = _ways(telemetry)
    shown = {LADY_SEEN}
    shown |= {GUARD_SEEN} if across(guard, lady) is not None else set()
    shown |= {PROGRADE} if across(ahead, lady) is not None else set()
    return [name for name in OBJECTS if name in shown]


def _ways(telemetry: NDArray[np.float64]) -> tuple[Vector, Vector, Vector]:
    """Return the way to the lady, to the guard, and the velocity relative to her; inertial."""
    here, moves = telemetry[3:6], telemetry[6:9]
    return telemetry[9:12] - here, telemetry[15:18] - here, moves - telemetry[12:15]
