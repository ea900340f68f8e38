"""The plain grounds that instruments stand on, and the colours that they share."""

from __future__ import annotations

import cv2

from helmsight.contract.observation import Box
from helmsight.envs.orbital.cockpit.layout import Colour, Layout
from helmsight.envs.orbital.cockpit.lettering import Picture

Sides = tuple[float, float, float, float]  # left, top, right, bottom, px
EDGE: Colour = (88, 94, 98)
DIM: Colour = (150, 160, 160)
HOLLOW: Colour = (46, 52, 56)
WARN: Colour = (255, 120, 40)


def draw_panel(picture: Picture, box: Sides, layout: Layout) -> None:
    """Draw an opaque panel with a thin edge, so that figures stand on one plain ground."""
    fill(picture, box, layout.panel)
    x0, y0, x1, y1 = _whole(box)
    cv2.rectangle(picture, (x0, y0), (x1 - 1, y1 - 1), EDGE, 1)


def fill(picture: Picture, box: Sides, colour: Colour) -> None:
    """Fill a box (NumPy takes 16 times as long for a colour of three channels)."""
    x0, y0, x1, y1 = _whole(box)
    if x1 > x0 and y1 > y0:
        cv2.rectangle(picture, (x0, y0), (x1 - 1, y1 - 1), colour, cv2.FILLED)


def _whole(box: Sides) -> Box:
    """Return a box in whole pixels."""
    return round(box[0]), round(box[1]), round(box[2]), round(box[3])
