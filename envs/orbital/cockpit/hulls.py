"""What craft look like: bodies of revolution with wings of solar cells, one for each vehicle."""

from __future__ import annotations

from dataclasses import dataclass
from functools import lru_cache

import numpy as np
from numpy.typing import NDArray

from helmsight.envs.orbital.cockpit.layout import Colour

_CELL: Colour = (58, 84, 176)
_CAP: Colour = (52, 54, 58)


@dataclass(frozen=True)
class Hull:
    """The look of one vehicle, in its body axes (forward, right, down), m.

    `stations` along the body are (forward of the middle, radius), `paints` the colour between each
    and the next. The wings on both sides are of three cells each: `cells` are where these begin,
    to the right of the middle, `chord` half their length along the body, `span` their width.
    """

    stations: tuple[tuple[float, float], ...]
    paints: tuple[Colour, ...]
    cells: tuple[float, float, float] = (1.0, 1.75, 2.5)
    chord: float = 0.55
    span: float = 0.68


DRONE = Hull(
    (
        (-2.0, 0.62),
        (-1.85, 0.95),
        (-0.6, 0.95),
        (-0.5, 0.95),
        (0.7, 0.95),
        (0.8, 0.95),
        (1.5, 0.95),
        (2.0, 0.5),
    ),
    (
        (70, 72, 76),
        (206, 204, 198),
        (196, 148, 60),
        (214, 212, 206),
        (196, 148, 60),
        (190, 190, 188),
        (96, 98, 104),
    ),
)
SCISAT = Hull(
    (
        (-2.4, 0.85),
        (-1.7, 0.3),
        (-1.65, 0.7),
        (-0.2, 0.7),
        (-0.1, 0.85),
        (1.1, 0.85),
        (1.2, 0.12),
        (1.7, 0.12),
        (2.1, 0.75),
    ),
    (
        (60, 60, 64),
        (96, 98, 104),
        (226, 226, 222),
        (120, 122, 126),
        (214, 170, 72),
        (150, 152, 156),
        (120, 122, 126),
        (236, 236, 232),
    ),
    cells=(1.15, 1.75, 2.35),
    chord=0.4,
    span=0.55,
)
"""The lady: an engine's bell, a white tank, a bus in gold foil, and a dish ahead."""
_HULLS = {"SciSat": SCISAT}


def hull(vehicle: str) -> Hull:
    """Return what the vehicle of that name looks like; a drone, where nothing is known of it."""
    return _HULLS.get(vehicle, DRONE)


Model = tuple[NDArray[np.float64], NDArray[np.float64], NDArray[np.float64]]


@lru_cache(maxsize=4)
def model(look: Hull, sides: int) -> Model:
    """Return the faces (n, 4, 3), their outward normals (n, 3) and colours (n, 3), craft axes.

    Solar panels are seen from both sides: each is two faces, back to back.
    """
    faces: list[tuple[NDArray[np.float64], ...]] = []
    paints: list[Colour] = []
    turn = np.linspace(0.0, 2 * np.pi, sides + 1)
    circle = np.stack([np.zeros(sides + 1), np.cos(turn), np.sin(turn)], axis=1)
    for (back, r0), (front, r1), paint in zip(
        look.stations, look.stations[1:], look.paints, strict=False
    ):
        low, high = circle * r0 + (back, 0, 0), circle * r1 + (front, 0, 0)
        for i in range(sides):
            faces.append((low[i], low[i + 1], high[i + 1], high[i]))
            paints.append(paint)
    for station, radius in (look.stations[0], look.stations[-1]):
        ring = circle * radius + (station, 0, 0)
        middle = np.array((station, 0.0, 0.0))
        for i in range(sides):
            faces.append((middle, ring[i], ring[i + 1], ring[i + 1]))
            paints.append(_CAP)
    for side in (-1.0, 1.0):
        for near in look.cells:
            far, half = near + look.span, look.chord
            outline = [(-half, near), (half, near), (half, far), (-half, far)]
            quad = tuple(np.array((f, side * r, 0.0)) for f, r in outline)
            faces += [quad, quad[::-1]]
            paints += [_CELL, _CELL]
    corners: NDArray[np.float64] = np.array(faces)
    normals = np.cross(corners[:, 1] - corners[:, 0], corners[:, 2] - corners[:, 0])
    normals /= np.linalg.norm(normals, axis=1, keepdims=True)
    middles = corners.mean(axis=1)
    inward = np.einsum("ij,ij->i", normals, middles) < 0.0
    inward[-12:] = False
    normals[inward] *= -1.0
    return corners, normals, np.array(paints, dtype=np.float64)
