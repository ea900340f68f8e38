"""Pictures of the navball with random markers, from the twin's own renderer."""

from __future__ import annotations

import numpy as np

from helmsight.agents.grounding.labelled import LabelledPicture, Truth
from helmsight.envs.orbital.cockpit import navball
from helmsight.envs.orbital.cockpit.layout import Layout
from helmsight.envs.orbital.cockpit.picture import render
from helmsight.envs.orbital.cockpit.state import CockpitState
from helmsight.envs.orbital.sights import BAND, LEVEL, MARKERS, PROGRADE, TARGET

SIDE = 256  # of the navball's region, px


def truth(shown: CockpitState) -> Truth:
    """Return where the markers are from the middle of the ball, which is all at one depth.

    The same as `helmsight.envs.orbital.sights.marker_relations` tells, with the differences.
    """
    plain = Layout()
    spots: dict[str, tuple[float, float]] = {LEVEL: plain.navball_centre}
    for name, direction in ((PROGRADE, shown.velocity), (TARGET, shown.target)):
        spot = navball.place(direction, plain)
        if spot is not None:
            spots[name] = spot
    names = tuple(name for name in MARKERS if name in spots)
    middle = np.array(plain.navball_centre)
    away = np.array([np.subtract(spots[name], middle) for name in names]) / (plain.radius * BAND)
    return Truth(names, np.pad(away, ((0, 0), (0, 1))))


def drawn(
    shown: CockpitState, rng: np.random.Generator, size: int = SIDE, *, whole: bool = False
) -> LabelledPicture:
    """Return the picture of a state: the navball alone (size, size, 3), or all with `whole`.

    The whole frame (720, 1280, 3) has the regions that a pilot in flight is shown enlarged.
    """
    import cv2

    layout = Layout() if rng.random() < 0.5 else Layout.random(rng)
    image, regions = render(shown, layout, rng), layout.regions()
    if not whole:
        x0, y0, x1, y1 = regions["navball"]
        image, regions = image[y0:y1, x0:x1], {}
        shrinks = size < SIDE
        image = cv2.resize(
            image, (size, size), interpolation=cv2.INTER_AREA if shrinks else cv2.INTER_CUBIC
        )
    return LabelledPicture("cockpit", image, truth(shown), regions)
