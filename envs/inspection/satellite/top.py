"""What stands on the top: the antenna mast and the star tracker."""

from __future__ import annotations

from functools import partial
from typing import Any

import numpy as np

from helmsight.envs.inspection.plan import Defect
from helmsight.envs.inspection.satellite.marks import scorch
from helmsight.envs.inspection.shapes import Drawing, Owner, along, euler

LENGTH, PIECES = 0.066, 6  # of the mast, m


def draw_mast(drawing: Drawing, body: Any, part: str, defect: Defect | None) -> None:
    """Add a mast along z, in striped pieces; bent, those above a kink lean away."""
    owner = Owner(part)
    show = partial(drawing.shape, body, owner)
    show("cylinder", (0.006, 0.0025), (0, 0, 0.0025), look="metal")
    show("cylinder", (0.0036, 0.003), (0, 0, 0.007), look="dark")
    kink, lean = PIECES, np.array([0.0, 0.0, 1.0])
    if defect is not None:
        kink = 2 + int(2.99 * defect.place[0])
        angle, around = 0.28 + 0.50 * defect.severity, 2.0 * np.pi * defect.place[1]
        lean = np.array(
            [np.sin(angle) * np.cos(around), np.sin(angle) * np.sin(around), np.cos(angle)]
        )
    at, piece = np.zeros(3), LENGTH / PIECES
    for index in range(PIECES):
        bent = index >= kink
        after = at + piece * (lean if bent else np.array([0.0, 0.0, 1.0]))
        colour = (0.86, 0.86, 0.84) if index % 2 else (0.16, 0.17, 0.19)
        whose = Owner(part, bent)
        drawing.rod(body, whose, at, after, 0.0019, colour=colour)
        drawing.solid(body, whose, "sphere", (0.007,), (at + after) / 2)
        if index == kink:
            drawing.shape(body, whose, "sphere", (0.0025,), at, colour=(0.45, 0.40, 0.36))
        at = after
    tip, turn = Owner(part, kink < PIECES), along(lean)
    drawing.shape(body, tip, "cylinder", (0.0045, 0.0012), at, turn=turn, look="brass")
    drawing.shape(body, tip, "sphere", (0.0032,), at + 0.003 * lean, look="metal")


def draw_tracker(drawing: Drawing, body: Any, part: str, defect: Defect | None) -> None:
    """Add a star tracker that looks along z: electronics, a baffle that widens, its lens."""
    owner = Owner(part)
    show = partial(drawing.shape, body, owner)
    show("box", (0.0105, 0.0105, 0.0045), (0, 0, 0.0045), look="white")
    for x in (-0.009, 0.009):
        for y in (-0.009, 0.009):
            show("cylinder", (0.0013, 0.0004), (x, y, 0.0092), look="bolt")
    for index, radius in enumerate((0.0068, 0.0076, 0.0085, 0.0095)):
        look = "dark" if index == 3 else "metal"
        show("cylinder", (radius, 0.0021), (0, 0, 0.0112 + 0.0042 * index), look=look)
    show("cylinder", (0.0078, 0.0001), (0, 0, 0.0260), colour=(0.012, 0.012, 0.014))
    show("ellipsoid", (0.0052, 0.0052, 0.0010), (0, 0, 0.0260), colour=(0.10, 0.07, 0.16))
    drawing.solid(body, owner, "cylinder", (0.012, 0.014), (0, 0, 0.014))
    if defect is not None:  # on the side of its electronics that faces outward
        at = (0.0106, 0.004 * (defect.place[0] - 0.5), 0.0045)
        show("box", (0.0001, 0.0100, 0.0040), (0.0105, 0, 0.0045), look="white")
        scorch(drawing, body, Owner(part, True), defect, at, euler(0, np.pi / 2, 0), 0.0044)
        on_top = (0.0085, 0.0085 * np.sign(defect.place[1] - 0.5), 0.0091)
        scorch(drawing, body, Owner(part, True), defect, on_top, euler(), 0.0036)
