"""Markers of the navball that only some cockpits have: other craft, and the sun.

They are wide and open, so that the markers of target and velocity are read inside of them.
"""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

from helmsight.envs.orbital.cockpit.layout import Colour
from helmsight.envs.orbital.cockpit.lettering import Picture
from helmsight.envs.orbital.cockpit.strokes import DARK, prongs, ring, stroke

Spot = tuple[float, float]
_EIGHT = tuple(range(0, 360, 45))


def draw_contact(
    picture: Picture, centre: Spot, size: float, colour: Colour, *, behind: bool
) -> None:
    """Draw a diamond where a craft is; where it is `behind`, on the far side, a crossed one."""
    reach = (1.5 if behind else 2.3) * size
    corners = reach * np.array([(0, -1), (1, 0), (0, 1), (-1, 0), (0, -1)], dtype=np.float64)
    lines: list[NDArray[np.float64]] = [corners]
    if behind:
        lines += prongs(size, -0.55, 0.55, 45, 135)
    _draw(picture, centre, lines, colour)


def draw_sun(picture: Picture, centre: Spot, size: float, colour: Colour, *, behind: bool) -> None:
    """Draw a disc with rays where the sun is, or a corona opposite to it where it is `behind`."""
    if behind:
        for ink, extra in ((DARK, 2), (colour, 0)):
            ring(picture, centre, 2.2 * size, ink, 2 + extra)
        _draw(picture, centre, prongs(size, 2.35, 2.9, *_EIGHT), colour)
        return
    _draw(picture, centre, prongs(size, 1.15, 1.8, *_EIGHT), colour)
    ring(picture, centre, 0.85 * size + 1, DARK, -1)
    ring(picture, centre, 0.85 * size, colour, -1)


def _draw(
    picture: Picture, centre: Spot, lines: Sequence[NDArray[np.float64]], colour: Colour
) -> None:
    for ink, extra in ((DARK, 2), (colour, 0)):
        for line in lines:
            stroke(picture, line, centre, ink, 2 + extra)
