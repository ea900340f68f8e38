"""Pictures of many cells on one sheet, for people."""

from __future__ import annotations

from collections.abc import Iterable

import cv2
import numpy as np

from helmsight.envs.inspection.cell import Cell
from helmsight.envs.inspection.plan import CellPlan
from helmsight.envs.inspection.satellite.assembly import CENTRE
from helmsight.envs.inspection.views import Pixels, Pose

COLUMNS = 4
FROM = ((0.05, 0.0, 0.22), (0.10, -0.16, 0.20))  # where a camera stands, base frame, m


def contact_sheet(seeds: Iterable[int], side: int = 320) -> Pixels:
    """Return one picture a seed from the front, its defects written below, (H, W, 3) RGB."""
    tiles = [_tile(seed, side) for seed in seeds]
    blank = np.zeros_like(tiles[0])
    rows = [tiles[i : i + COLUMNS] for i in range(0, len(tiles), COLUMNS)]
    width = min(COLUMNS, len(tiles))
    return np.concatenate(
        [np.concatenate(row + [blank] * (width - len(row)), axis=1) for row in rows]
    )


def _tile(seed: int, side: int) -> Pixels:
    with Cell(CellPlan.draw(seed)) as cell:
        cell.place(turntable=0.5 * np.sin(1.7 * seed))
        eye = np.array(FROM[seed % len(FROM)])
        view = cell.view_from(Pose.looking(eye, np.array(CENTRE)), (side, side))
    image = np.ascontiguousarray(view.pixels)
    wrong = [f"{part.name}: {part.defect}" for part in view.truth if part.defect != "none"]
    for line, text in enumerate([f"seed {seed}", *(wrong or ["nothing wrong"])]):
        at_px = (6, 14 + 14 * line)
        for shift, colour in ((1, (0, 0, 0)), (0, (255, 255, 255))):
            at = (at_px[0] + shift, at_px[1] + shift)
            cv2.putText(image, text, at, cv2.FONT_HERSHEY_SIMPLEX, 0.4, colour, 1, cv2.LINE_AA)
    return image
