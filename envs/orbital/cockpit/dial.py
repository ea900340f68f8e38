"""A dial of half a plane: how far bodies are from one of them, and how far off an axis through it.

Any three points lie in a plane, so that nothing is lost: the middle of the base is the first of
them, the axis leads to the right, and what is off it stands above the base, whichever way it is
turned about the axis. Angles are true; distances are drawn by their logarithm, from 5 m to 10 km.
"""

from __future__ import annotations

from dataclasses import dataclass

import cv2
import numpy as np
from numpy.typing import NDArray

from helmsight.envs.orbital.cockpit.layout import Colour
from helmsight.envs.orbital.cockpit.lettering import Picture, write
from helmsight.envs.orbital.cockpit.panels import DIM, EDGE
from helmsight.envs.orbital.cockpit.state import Vector
from helmsight.envs.orbital.cockpit.strokes import SHIFT, ring, stroke

_NEAR, _FAR = 5.0, 10_000.0  # m: at the middle, and at the rim
_RINGS = ((10.0, ""), (100.0, "100 m"), (1000.0, "1 km"))
AHEAD_S = 20.0
"""How far ahead the short lines show where a body will be, if nobody burns, s."""
_GRID: Colour = (66, 72, 78)

Spot = tuple[float, float]


@dataclass(frozen=True)
class Dial:
    """A dial in `picture`, in px: the middle of its base, its radius and the unit of its marks.

    `axis` is the unit vector that leads to the right.
    """

    picture: Picture
    middle: Spot
    radius: float
    unit: float
    axis: Vector

    def draw_grid(self) -> None:
        """Draw the base, the rim and a ring for every power of ten."""
        for metres, words in (*_RINGS, (_FAR, "")):
            reach = self._reach(metres)
            turn = np.radians(np.linspace(0.0, 180.0, 49))
            arc = reach * np.stack([np.cos(turn), -np.sin(turn)], axis=1)
            stroke(self.picture, arc, self.middle, EDGE if metres == _FAR else _GRID, 1)
            if words:
                spot = (self.middle[0], self.middle[1] - reach + 12 * self.unit)
                write(self.picture, words, spot, DIM, 11 * self.unit, align="centre")
        base = np.array([(-self.radius, 0.0), (self.radius, 0.0)])
        stroke(self.picture, base, self.middle, EDGE, 1)

    def place(self, vector: Vector) -> Spot:
        """Return the pixel (x, y) of a body at `vector`, m, from the first one."""
        along = float(vector @ self.axis)
        off = float(np.linalg.norm(vector - along * self.axis))
        distance = float(np.hypot(along, off))
        share = self._reach(distance) / max(distance, 1e-9)
        return self.middle[0] + share * along, self.middle[1] - share * off

    def draw_body(self, vector: Vector, moving: Vector, colour: Colour, *, square: bool) -> None:
        """Draw a body, with a line to where it will be at `moving`, m/s, from the first one."""
        times = np.linspace(0.0, AHEAD_S, 25)
        way = np.array([self.place(vector + time * moving) for time in times])
        stroke(self.picture, way, (0.0, 0.0), colour, max(1, round(1.5 * self.unit)))
        spot, size = self.place(vector), 5.0 * self.unit
        if square:
            corners: NDArray[np.float64] = np.array([(0, -1), (1, 0), (0, 1), (-1, 0)]) * size * 1.3
            fixed = np.rint((corners + spot) * (1 << SHIFT)).astype(np.int32)
            cv2.fillConvexPoly(self.picture, fixed, colour, cv2.LINE_AA, SHIFT)
        else:
            ring(self.picture, spot, size, colour, -1)

    def draw_self(self, spot: Spot, colour: Colour) -> None:
        """Draw the viewer's own sign, an open triangle."""
        shape = np.array([(7, 0), (-5, -5), (-5, 5), (7, 0)], dtype=np.float64) * self.unit
        stroke(self.picture, shape, spot, colour, max(1, round(2 * self.unit)))

    def _reach(self, metres: float) -> float:
        """Return how far from the middle a distance is drawn, px."""
        decades = np.log10(min(max(metres, _NEAR), _FAR) / _NEAR)
        return float(self.radius * decades / np.log10(_FAR / _NEAR))
