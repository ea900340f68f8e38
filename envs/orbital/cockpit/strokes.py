"""Lines and circles of which the markers are made, placed to a sixteenth of a pixel."""

from __future__ import annotations

from functools import lru_cache

import cv2
import numpy as np
from numpy.typing import NDArray

from helmsight.envs.orbital.cockpit.layout import Colour
from helmsight.envs.orbital.cockpit.lettering import Picture

SHIFT = 4  # fractional bits of OpenCV's coordinates: 1/16 px
DARK: Colour = (12, 14, 16)  # the outline of every marker


def stroke(
    picture: Picture,
    points: NDArray[np.float64],
    centre: tuple[float, float],
    colour: Colour,
    thickness: int,
) -> None:
    """Draw an open line through `points` (px, relative to `centre`) with sub-pixel placing."""
    fixed = np.rint((points + np.asarray(centre)) * (1 << SHIFT)).astype(np.int32)
    cv2.polylines(picture, [fixed], False, colour, thickness, cv2.LINE_AA, SHIFT)


def ring(
    picture: Picture,
    centre: tuple[float, float],
    radius: float,
    colour: Colour,
    thickness: int,
) -> None:
    """Draw a circle (filled for thickness -1) with sub-pixel placing."""
    unit = 1 << SHIFT
    fixed = (round(centre[0] * unit), round(centre[1] * unit))
    cv2.circle(picture, fixed, round(radius * unit), colour, thickness, cv2.LINE_AA, SHIFT)


@lru_cache(maxsize=256)
def prongs(
    size: float, inner: float, outer: float, *angles: float
) -> tuple[NDArray[np.float64], ...]:
    """Return radial strokes at `angles` (degrees clockwise from the top) as point pairs, px."""
    ways = [np.array([np.sin(angle), -np.cos(angle)]) for angle in np.radians(angles)]
    return tuple(np.stack([way * inner * size, way * outer * size]) for way in ways)
