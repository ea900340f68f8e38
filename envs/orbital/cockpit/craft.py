"""The target craft seen from the cockpit, with the bracket and label that point it out."""

from __future__ import annotations

from functools import lru_cache

import cv2
import numpy as np
from numpy.typing import NDArray

from helmsight.envs.orbital.cockpit.camera import FOCAL, project
from helmsight.envs.orbital.cockpit.layout import HEIGHT, WIDTH, Colour
from helmsight.envs.orbital.cockpit.lettering import Picture, write
from helmsight.envs.orbital.cockpit.state import CockpitState

_BRACKET: Colour = (176, 232, 120)
_NEAREST = 0.2  # no face with a corner closer than this ahead of the eye is drawn, m
_SHIFT = 4  # fractional bits of OpenCV's coordinates
_SIZE = 3.3  # radius of a sphere that holds the craft, m

# Stations along the body (m forward of the middle, radius m) and the paint behind each.
_STATIONS = (
    (-2.0, 0.62),
    (-1.85, 0.95),
    (-0.6, 0.95),
    (-0.5, 0.95),
    (0.7, 0.95),
    (0.8, 0.95),
    (1.5, 0.95),
    (2.0, 0.5),
)
_PAINT: tuple[Colour, ...] = (
    (70, 72, 76),
    (206, 204, 198),
    (196, 148, 60),
    (214, 212, 206),
    (196, 148, 60),
    (190, 190, 188),
    (96, 98, 104),
)
_CELL: Colour = (58, 84, 176)


def draw(picture: Picture, state: CockpitState) -> None:
    """Draw the craft where the state says; a dot when it is far, nothing when it is behind."""
    ahead = float(state.target[0])
    where = project(state.target) if state.tracks else None
    if where is None or ahead <= _NEAREST:
        return
    x, y = where
    reach = FOCAL * _SIZE / ahead
    if not (-reach < x < WIDTH + reach and -reach < y < HEIGHT + reach):
        return
    if reach > 3.0:
        _draw_body(picture, state)
    if reach < 12.0:
        _draw_dot(picture, x, y, reach)
    _draw_bracket(picture, state, (x, y), reach)


def _draw_dot(picture: Picture, x: float, y: float, reach: float) -> None:
    """Draw the glint that a craft of a few pixels is, fading out as its shape shows."""
    part = float(np.clip((12.0 - reach) / 9.0, 0.0, 1.0))
    light = round(120 + 135 * part)
    centre = (round(x * 16), round(y * 16))
    radius = round(16 * (0.8 + 1.4 * part))
    cv2.circle(picture, centre, radius, (light, light, light - 20), -1, cv2.LINE_AA, _SHIFT)


@lru_cache(maxsize=2)
def _model(sides: int) -> tuple[NDArray[np.float64], NDArray[np.float64], NDArray[np.float64]]:
    """Return the faces (n, 4, 3), their outward normals (n, 3) and colours (n, 3), craft axes.

    Solar panels are seen from both sides: each is two faces, back to back.
    """
    faces: list[tuple[NDArray[np.float64], ...]] = []
    paints: list[Colour] = []
    turn = np.linspace(0.0, 2 * np.pi, sides + 1)
    circle = np.stack([np.zeros(sides + 1), np.cos(turn), np.sin(turn)], axis=1)
    for (back, r0), (front, r1), paint in zip(_STATIONS, _STATIONS[1:], _PAINT, strict=False):
        low, high = circle * r0 + (back, 0, 0), circle * r1 + (front, 0, 0)
        for i in range(sides):
            faces.append((low[i], low[i + 1], high[i + 1], high[i]))
            paints.append(paint)
    for station, radius in (_STATIONS[0], _STATIONS[-1]):
        ring = circle * radius + (station, 0, 0)
        middle = np.array((station, 0.0, 0.0))
        for i in range(sides):
            faces.append((middle, ring[i], ring[i + 1], ring[i + 1]))
            paints.append((52, 54, 58))
    for side in (-1.0, 1.0):
        for near in (1.0, 1.75, 2.5):
            outline = [(-0.55, near), (0.55, near), (0.55, near + 0.68), (-0.55, near + 0.68)]
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


def _draw_body(picture: Picture, state: CockpitState) -> None:
    """Draw the faces that look this way, farthest first, lit by the sun."""
    corners, normals, paints = _model(16 if state.range < 60.0 else 8)
    placed = corners @ state.target_axes + state.target
    facing = normals @ state.target_axes
    middles = placed.mean(axis=1)
    shown = (np.einsum("ij,ij->i", facing, middles) < 0.0) & (
        placed[:, :, 0].min(axis=1) > _NEAREST
    )
    placed, facing, paints, middles = placed[shown], facing[shown], paints[shown], middles[shown]
    light = 0.24 + 0.86 * np.clip(facing @ state.sun, 0.0, 1.0)
    colours = np.clip(paints * light[:, None], 0, 255)
    points = np.stack(
        [
            WIDTH / 2 + FOCAL * placed[:, :, 1] / placed[:, :, 0],
            HEIGHT / 2 + FOCAL * placed[:, :, 2] / placed[:, :, 0],
        ],
        axis=2,
    )
    fixed = np.rint(np.clip(points, -8000, 8000) * (1 << _SHIFT)).astype(np.int32)
    for face in np.argsort(-np.linalg.norm(middles, axis=1)):
        cv2.fillConvexPoly(picture, fixed[face], colours[face].tolist(), cv2.LINE_AA, _SHIFT)


def _draw_bracket(
    picture: Picture, state: CockpitState, centre: tuple[float, float], reach: float
) -> None:
    """Draw four corners around the craft and its name and distance below them."""
    half = max(13.0, 0.85 * reach + 6.0)
    if half > 0.45 * HEIGHT:
        return
    arm = min(0.45 * half, 16.0)
    for across in (-1, 1):
        for along in (-1, 1):
            x, y = centre[0] + across * half, centre[1] + along * half
            points = np.array([(x - across * arm, y), (x, y), (x, y - along * arm)])
            fixed = np.rint(points * (1 << _SHIFT)).astype(np.int32)
            cv2.polylines(picture, [fixed], False, _BRACKET, 2, cv2.LINE_AA, _SHIFT)
    words = f"{state.target_name} {_distance(state.range)}"
    under = centre[1] + half + 20
    # Below the bracket, or above it where the instruments would cover the label.
    line = under if under < 0.62 * HEIGHT else centre[1] - half - 9
    write(picture, words, (centre[0], line), _BRACKET, 17, align="centre")


def _distance(metres: float) -> str:
    """Return a distance in words short enough for a label."""
    if metres >= 1000.0:
        return f"{metres / 1000:.1f} km"
    return f"{metres:.0f} m" if metres >= 100.0 else f"{metres:.1f} m"
