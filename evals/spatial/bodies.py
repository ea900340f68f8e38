"""Solid things to look at: convex bodies as half-spaces, their names, and which are held out."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

Array = NDArray[np.float64]
Colour = tuple[int, int, int]

COLOURS: Mapping[str, Colour] = {
    "red": (205, 45, 40),
    "green": (50, 150, 60),
    "blue": (45, 85, 205),
    "yellow": (235, 205, 45),
    "purple": (130, 60, 165),
    "orange": (240, 130, 30),
    "white": (238, 238, 235),
    "pink": (245, 150, 190),
}
ROUND = 26  # sides of what stands for a circle


def frustum(sides: int, low: float, high: float, half: float) -> Array:
    """Return the half-spaces (m, 4) of an upright prism, cone or anything between.

    A row (n, d) is the half-space n.x <= d. `low` and `high` are the inner radii at the bottom
    (z = -half) and at the top (z = half).
    """
    angle = 2 * np.pi * (np.arange(sides) + 0.5) / sides
    slope = (high - low) / (2 * half)
    columns = [
        np.cos(angle),
        np.sin(angle),
        np.full(sides, -slope),
        np.full(sides, (low + high) / 2),
    ]
    return np.vstack([np.stack(columns, axis=1), [0, 0, 1, half], [0, 0, -1, half]])


def block(x: float, y: float, z: float) -> Array:
    """Return the half-spaces of a box with these half sides."""
    return np.array(
        [[1, 0, 0, x], [-1, 0, 0, x], [0, 1, 0, y], [0, -1, 0, y], [0, 0, 1, z], [0, 0, -1, z]],
        dtype=np.float64,
    )


def lying(planes: Array) -> Array:
    """Return an upright body laid along x."""
    return planes[:, [2, 1, 0, 3]]


@dataclass(frozen=True)
class Shape:
    """A shape of size 1: its half-spaces (None: a ball), and half its height."""

    planes: Callable[[], Array] | None
    half: float


SHAPES: Mapping[str, Shape] = {
    "cube": Shape(lambda: block(0.75, 0.75, 0.75), 0.75),
    "ball": Shape(None, 0.9),
    "cylinder": Shape(lambda: frustum(ROUND, 0.62, 0.62, 0.95), 0.95),
    "cone": Shape(lambda: frustum(ROUND, 0.85, 0.0, 0.95), 0.95),
    "pyramid": Shape(lambda: frustum(4, 0.75, 0.0, 0.8), 0.8),
    "panel": Shape(lambda: block(1.1, 0.09, 0.7), 0.7),
    "tank": Shape(lambda: lying(frustum(ROUND, 0.5, 0.5, 1.0)), 0.5),
    "nozzle": Shape(lambda: frustum(ROUND, 0.9, 0.3, 0.7), 0.7),
}
"""What there is to see; panel, tank and nozzle are parts of a satellite."""
REACH = 1.35  # no shape of size 1 goes farther from its centre

NAMES = tuple(f"{colour} {shape}" for colour in COLOURS for shape in SHAPES)
HELD_OUT = tuple(
    f"{colour} {shape}"
    for i, colour in enumerate(COLOURS)
    for j, shape in enumerate(SHAPES)
    if (i + 3 * j) % 5 == 0
)
"""Colours on shapes that only the test split shows; each colour and shape is seen in training."""


@dataclass(frozen=True)
class ConvexBody:
    """A convex thing in the world (z up): half-spaces (m, 4), or a ball of `radius`."""

    centre: Array
    colour: Colour
    reach: float
    planes: Array | None = None
    radius: float = 0.0


def body(name: str, centre: Array, size: float, yaw: float) -> ConvexBody:
    """Return the thing called "COLOUR SHAPE" at `centre`, turned by `yaw` about the vertical."""
    colour, shape = name.split()
    made = SHAPES[shape].planes
    if made is None:
        radius = SHAPES[shape].half * size
        return ConvexBody(centre, COLOURS[colour], radius, radius=radius)
    return _placed(made() * [1, 1, 1, size], centre, yaw, COLOURS[colour], REACH * size)


def rod(top: Array, colour: Colour = (105, 108, 112), radius: float = 0.035) -> ConvexBody:
    """Return the thin rod that holds up what floats at `top`."""
    half = float(top[2]) / 2
    return _placed(frustum(6, radius, radius, half), top * [1, 1, 0.5], 0.0, colour, half + radius)


def _placed(planes: Array, centre: Array, yaw: float, colour: Colour, reach: float) -> ConvexBody:
    turn = np.array([[np.cos(yaw), -np.sin(yaw), 0], [np.sin(yaw), np.cos(yaw), 0], [0, 0, 1]])
    normals = planes[:, :3] @ turn.T
    long = np.linalg.norm(normals, axis=1)
    placed = np.column_stack([normals, planes[:, 3] + normals @ centre]) / long[:, None]
    return ConvexBody(centre, colour, reach, placed)
