"""Scorch marks, which any surface can have."""

from __future__ import annotations

from typing import Any

import numpy as np

from helmsight.envs.inspection.plan import Defect
from helmsight.envs.inspection.shapes import Array, Drawing, Owner, Vector, matrix

BLOTS = 22


def scorch(
    drawing: Drawing, body: Any, owner: Owner, defect: Defect, at: Vector, turn: Vector,
    room: float, tone: float = 1.0,
) -> None:  # fmt: skip
    """Add a scorch to a flat surface: blots, the darker the nearer to its middle.

    at, turn: of the surface, z outward; room: radius that it must not leave, m; tone: above 1
    where the surface is dark itself.
    """
    rng = np.random.default_rng(defect.seed)
    radius = min(room, 0.008 + 0.007 * defect.severity)
    rotation, middle = matrix(turn), np.array(at, np.float64)
    stretch = rng.uniform(0.7, 1.0)
    for index in range(BLOTS):
        share = (index + 0.5) / BLOTS
        away = radius * (1.0 - share) * rng.uniform(0.3, 0.75)
        around = rng.uniform(-np.pi, np.pi)
        size = radius * (0.2 + 0.45 * (1.0 - share)) * rng.uniform(0.7, 1.1)
        size = min(size, radius - away)
        place: Array = np.array([np.cos(around), stretch * np.sin(around), 0.0]) * away
        place[2] = 0.0001 + 0.00002 * index  # over each other without flicker
        dark = tone * (0.16 * (1.0 - share) + 0.02)
        drawing.shape(
            body, owner, "cylinder", (size, 0.00008), middle + rotation @ place, turn=turn,
            colour=(1.3 * dark, dark, 0.8 * dark, 0.35 + 0.4 * share),
        )  # fmt: skip
