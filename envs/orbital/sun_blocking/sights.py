"""Where the markers of a navball in sunlight are from each other: the sun has two, one is shown.

The sun marker is towards the sun, the corona marker opposite to it: whoever stands between the
target and the sun has the corona around the target.
"""

from __future__ import annotations

from itertools import combinations

import numpy as np
from numpy.typing import NDArray

from helmsight.envs.orbital import sights
from helmsight.envs.orbital.cockpit.state import CockpitState, Vector
from helmsight.envs.orbital.dynamics import norm
from helmsight.envs.orbital.sights import (
    BAND,
    PROGRADE,
    TARGET,
    Placed,
    across,
    moving,
    placed,
    spots_of,
)

CORONA = "corona marker"
OBJECTS = (PROGRADE, TARGET, CORONA)


def marker_relations(state: CockpitState) -> list[Placed]:
    """Return (marker, other, axis, sign) for all of `OBJECTS` on the near side of the ball.

    The ball is one instrument: its markers are all at the same depth.
    """
    spots = spots_of({**moving(state), TARGET: state.target, CORONA: -state.sun})
    return [
        (a, b, axis, sign)
        for a, b in combinations([name for name in OBJECTS if name in spots], 2)
        for axis, sign in (*placed(spots[a] - spots[b]), ("depth", 0))
    ]


def known_relations(telemetry: NDArray[np.float64]) -> list[Placed]:
    """Return what the SB1 telemetry makes certain while SAS keeps the nose on the evader.

    As for a pursuit; and where the sun is straight behind, corona and target are aligned.
    """
    told = [entry for entry in sights.known_relations(telemetry) if {*entry[:2]} <= {*OBJECTS}]
    opposite = _opposite(telemetry)
    if opposite is not None and float(norm(opposite)) <= BAND:
        told += [(TARGET, CORONA, axis, 0) for axis in ("horizontal", "vertical", "depth")]
    return told


def in_view(telemetry: NDArray[np.float64]) -> list[str]:
    """Return which of `OBJECTS` the ball shows, the nose being on the evader."""
    gap, velocity = telemetry[9:12] - telemetry[3:6], telemetry[6:9] - telemetry[12:15]
    shown = {
        PROGRADE: across(velocity, gap) is not None,
        TARGET: True,
        CORONA: _opposite(telemetry) is not None,
    }
    return [name for name in OBJECTS if shown[name]]


def _opposite(telemetry: NDArray[np.float64]) -> Vector | None:
    """Return where the corona stands, across the nose, (3,); None where it is not shown."""
    return across(-telemetry[15:18], telemetry[9:12] - telemetry[3:6])
