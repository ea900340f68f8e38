"""The dish: petals on a paraboloid, which a dent presses out of shape."""

from __future__ import annotations

from collections.abc import Callable
from functools import partial
from itertools import pairwise
from typing import Any

import numpy as np

from helmsight.envs.inspection.plan import Defect
from helmsight.envs.inspection.satellite.marks import scorch
from helmsight.envs.inspection.shapes import Array, Drawing, Owner, along, turned

RADIUS, FOCUS = 0.029, 0.019  # m
RINGS = (0.003, 0.0095, 0.016, 0.0225, RADIUS)
PETALS = 24
SEAT = 0.016  # from the bus to the middle of the dish
SEEN_M = 0.001  # pressed in by less than this, a petal is not part of the dent


def draw_dish(drawing: Drawing, body: Any, part: str, defect: Defect | None) -> None:
    """Add a dish that looks along z; the body's origin is on the bus."""
    owner = Owner(part)
    show, rod = partial(drawing.shape, body, owner), partial(drawing.rod, body, owner)
    show("cylinder", (0.011, 0.002), (0, 0, 0.002), look="metal")
    rod((0, 0, 0.002), (0, 0, SEAT), 0.005, look="dark")
    drawing.solid(body, owner, "cylinder", (RADIUS + 0.002, 0.009), (0, 0, SEAT + 0.006))
    pressed = _dent(defect) if defect is not None and defect.kind == "dent" else lambda x, y: 0.0
    for inner, outer in pairwise(RINGS):
        for petal in range(PETALS):
            _petal(drawing, body, part, inner, outer, petal, pressed)
    for petal in range(PETALS):  # the rim follows what became of the petals
        ends = []
        for end in (petal, petal + 1):
            at = 2.0 * np.pi * end / PETALS
            x, y = RADIUS * np.cos(at), RADIUS * np.sin(at)
            ends.append(np.array([x, y, _height(x, y, pressed)]))
        bent = max(pressed(float(end[0]), float(end[1])) for end in ends) > SEEN_M
        drawing.rod(body, Owner(part, bent), ends[0], ends[1], 0.0008, look="metal")
    focus = (0.0, 0.0, SEAT + FOCUS)
    for angle in (0.5, 2.6, 4.7):
        foot = (0.024 * np.cos(angle), 0.024 * np.sin(angle), SEAT + 0.024**2 / (4 * FOCUS))
        rod(foot, focus, 0.0006, look="dark")
    show("cylinder", (0.0032, 0.003), focus, look="brass")
    show("cylinder", (0.0045, 0.0006), (0, 0, focus[2] - 0.003), look="white")
    if defect is not None and defect.kind == "scorch":
        around, far = 2.0 * np.pi * defect.place[0], 0.012 + 0.005 * defect.place[1]
        x, y = far * np.cos(around), far * np.sin(around)
        normal = np.array([-x, -y, 2.0 * FOCUS]) / np.linalg.norm([x, y, 2.0 * FOCUS])
        at = np.array([x, y, _height(x, y, pressed)]) + 0.0013 * normal
        scorch(drawing, body, Owner(part, True), defect, at, along(normal), 0.008)


def _petal(
    drawing: Drawing, body: Any, part: str, inner: float, outer: float, petal: int,
    pressed: Callable[[float, float], float]
) -> None:  # fmt: skip
    middle = (inner + outer) / 2.0
    angle = 2.0 * np.pi * (petal + 0.5) / PETALS
    x, y = middle * np.cos(angle), middle * np.sin(angle)
    tiny = 1e-4
    slope_x = (_height(x + tiny, y, pressed) - _height(x - tiny, y, pressed)) / (2 * tiny)
    slope_y = (_height(x, y + tiny, pressed) - _height(x, y - tiny, pressed)) / (2 * tiny)
    normal = np.array([-slope_x, -slope_y, 1.0])
    normal /= np.linalg.norm(normal)
    radial = np.array(
        [np.cos(angle), np.sin(angle), slope_x * np.cos(angle) + slope_y * np.sin(angle)]
    )
    radial /= np.linalg.norm(radial)
    rotation = np.stack([radial, np.cross(normal, radial), normal], axis=1)
    stretch = 1.0 / max(0.3, float(np.hypot(radial[0], radial[1])))
    half = ((outer - inner) / 2.0 * stretch * 1.04, outer * np.tan(np.pi / PETALS), 0.0005)
    bent = pressed(float(x), float(y))
    shade = 1.0 - 0.5 * min(1.0, bent / 0.006)  # scuffed where it was hit
    drawing.shape(
        body, Owner(part, bent > SEEN_M), "box", half, (x, y, _height(x, y, pressed)),
        turn=turned(rotation), colour=(0.86 * shade, 0.86 * shade, 0.84 * shade)
    )  # fmt: skip


def _height(x: float, y: float, pressed: Callable[[float, float], float]) -> float:
    return SEAT + (x * x + y * y) / (4.0 * FOCUS) - pressed(x, y)


def _dent(defect: Defect) -> Callable[[float, float], float]:
    """Return how far the dent presses each place backward, m."""
    angle = 2.0 * np.pi * defect.place[0]
    far = RADIUS * (0.62 + 0.3 * defect.place[1])
    centre: Array = far * np.array([np.cos(angle), np.sin(angle)])
    deep, wide = 0.0065 + 0.0065 * defect.severity, 0.0085 + 0.0040 * defect.severity

    def pressed(x: float, y: float) -> float:
        away = ((x - centre[0]) ** 2 + (y - centre[1]) ** 2) / wide**2
        return float(deep * np.exp(-2.0 * away))

    return pressed
