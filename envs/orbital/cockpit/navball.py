"""The navball: attitude against the horizon, and the markers of velocity and target.

The near half of a sphere seen from afar, nose at the centre: a unit direction d in body axes
(forward, right, down) with d.forward > 0 stands at centre + radius * (d.right, d.down).
"""

from __future__ import annotations

from collections.abc import Callable
from functools import lru_cache
from typing import NamedTuple

import cv2
import numpy as np
from numpy.typing import NDArray

from helmsight.envs.orbital.cockpit import beacons
from helmsight.envs.orbital.cockpit.layout import Colour, Layout
from helmsight.envs.orbital.cockpit.lettering import Picture, write
from helmsight.envs.orbital.cockpit.state import CockpitState, Vector
from helmsight.envs.orbital.cockpit.strokes import DARK, prongs, ring, stroke
from helmsight.envs.orbital.dynamics import cross

_PER_DEGREE = 3  # px of the ball's texture for one degree of heading or pitch
_STILL = 0.01  # relative speed below which no prograde marker is shown, m/s


class _Ball(NamedTuple):
    """The pixels of a ball of one radius: unit directions (3, n, n), disc mask and shading."""

    rays: NDArray[np.float32]
    disc: NDArray[np.uint8]
    shade: NDArray[np.uint8]


def place(direction: Vector, layout: Layout) -> tuple[float, float] | None:
    """Return the pixel (x, y) of a direction in body axes, or None on the far side of the ball."""
    length = float(np.linalg.norm(direction))
    if length <= 0.0 or direction[0] <= 0.0:
        return None
    x, y = layout.navball_centre
    scale = layout.radius / length
    return x + scale * float(direction[1]), y + scale * float(direction[2])


def draw_markers(picture: Picture, state: CockpitState, layout: Layout) -> None:
    """Draw the level mark, then the markers of sun, contacts, target and velocity over each other.

    Of each pair (target and anti-target, prograde and retrograde) the one on the near side.
    """
    _draw_level(picture, layout)
    size = 0.1 * layout.radius
    if state.sunlit:
        _draw_beacon(beacons.draw_sun, picture, state.sun, layout, layout.sun)
    for contact in state.contacts:
        _draw_beacon(beacons.draw_contact, picture, contact.place, layout, layout.contact)
    towards = place(state.target, layout) if state.tracks else None
    away = place(-state.target, layout) if state.tracks else None
    if towards:
        draw_target(picture, towards, size, layout.target)
    elif away:
        draw_anti_target(picture, away, size, layout.target)
    if state.speed < _STILL:
        return
    ahead = place(state.velocity, layout)
    behind = place(-state.velocity, layout)
    if ahead:
        draw_velocity(picture, ahead, size, layout.prograde, retrograde=False)
    elif behind:
        draw_velocity(picture, behind, size, layout.prograde, retrograde=True)


def _draw_beacon(
    draw: Callable[..., None], picture: Picture, way: Vector, layout: Layout, colour: Colour
) -> None:
    """Draw a marker of `beacons` towards `way`, or the one opposite to it."""
    spot = place(way, layout)
    opposite = place(-way, layout)
    if spot or opposite:
        size = 0.1 * layout.radius
        draw(picture, spot or opposite, size, colour, behind=spot is None)


def draw_ball(picture: Picture, state: CockpitState, layout: Layout) -> None:
    """Paint the textured, shaded ball and its bezel."""
    radius = layout.radius
    ball = _ball(radius)
    axes = np.stack([state.north, cross(state.north, state.up), state.up]).astype(np.float32)
    north, east, up = (axes @ ball.rays.reshape(3, -1)).reshape(ball.rays.shape)
    level, heading = cv2.cartToPolar(north, east, angleInDegrees=True)
    pitch = cv2.phase(level, up, angleInDegrees=True)
    # cv2.phase answers 270..360 below the horizon.
    pitch = np.where(pitch > 180.0, pitch - 360.0, pitch)
    row = (np.float32(90.0) - pitch) * np.float32(_PER_DEGREE)
    column = heading * np.float32(_PER_DEGREE)
    marks = cv2.remap(_marks(), column, row, cv2.INTER_LINEAR, borderMode=cv2.BORDER_WRAP)
    # `take`: NumPy's brackets need five times as long for three bytes at a place
    skin = _bands(layout.sky, layout.ground).take(row.astype(np.intp), axis=0)
    clear = cv2.subtract(_chalk(radius), skin)
    skin = cv2.add(skin, cv2.multiply(clear, cv2.merge([marks, marks, marks]), scale=1 / 255))
    x, y = layout.navball_centre
    window = picture[y - radius : y + radius + 1, x - radius : x + radius + 1]
    cv2.copyTo(cv2.multiply(skin, ball.shade, scale=1 / 255), ball.disc, window)
    rim = max(3, round(0.05 * radius))
    cv2.circle(picture, (x, y), radius + rim // 2 + 2, DARK, rim + 4, cv2.LINE_AA)
    cv2.circle(picture, (x, y), radius + rim // 2 + 1, (126, 130, 134), rim - 2, cv2.LINE_AA)


@lru_cache(maxsize=64)
def _ball(radius: int) -> _Ball:
    """Return the precomputed pixels of a ball of `radius` px."""
    down, right = np.mgrid[-radius : radius + 1, -radius : radius + 1] / radius
    planar = right**2 + down**2
    forward = np.sqrt(np.clip(1.0 - planar, 0.0, None))
    disc = np.where(planar <= (1 + 1 / radius) ** 2, 255, 0).astype(np.uint8)
    shade = np.clip(255 * (0.62 + 0.38 * forward), 0, 255).astype(np.uint8)
    rays = np.stack([forward, right, down]).astype(np.float32)
    return _Ball(rays, disc, np.repeat(shade[:, :, None], 3, axis=2))


@lru_cache(maxsize=64)
def _chalk(radius: int) -> Picture:
    """Return the plain colour of the ball's lines and numbers, in the ball's size."""
    side = 2 * radius + 1
    return np.full((side, side, 3), 245, dtype=np.uint8)


@lru_cache(maxsize=64)
def _bands(sky: Colour, ground: Colour) -> Picture:
    """Return the ball's colour (n, 3) from pitch +90 down to -90: lighter at the horizon."""
    half = 90 * _PER_DEGREE
    fade = np.linspace(0.72, 1.18, half + 1)[:, None]
    above, below = fade * np.asarray(sky), fade[::-1] * np.asarray(ground)
    colours: Picture = np.clip(np.concatenate([above, below]), 0, 255).astype(np.uint8)
    return colours


@lru_cache(maxsize=1)
def _marks() -> NDArray[np.uint8]:
    """Return how strongly lines and numbers cover the ball (heading across, pitch downwards)."""
    wide, high = 360 * _PER_DEGREE, 180 * _PER_DEGREE
    skin = np.zeros((high, wide, 3), dtype=np.uint8)
    for strong, ink in ((False, 84), (True, 158)):
        colour, thickness = (ink, ink, ink), 3 if strong else 2
        for heading in range(0, 361, 30):
            if (heading % 90 == 0) is strong:
                x = heading * _PER_DEGREE
                cap = 10 * _PER_DEGREE
                cv2.line(skin, (x, cap), (x, high - cap), colour, thickness)
        for pitch in range(-80, 90, 10):
            if (pitch % 30 == 0) is strong:
                y = (90 - pitch) * _PER_DEGREE
                cv2.line(skin, (0, y), (wide, y), colour, thickness)
    cv2.line(skin, (0, high // 2), (wide, high // 2), (255, 255, 255), 6)
    for heading in range(0, 360, 30):
        for pitch in (-60, -30, 0, 30, 60):
            if pitch == 0 or heading % 90 == 0:
                start = (heading * _PER_DEGREE + 6, (90 - pitch) * _PER_DEGREE - 6)
                write(skin, str(abs(pitch) or heading), start, (235, 235, 235), 26, weight=600)
    return np.ascontiguousarray(skin[:, :, 0])


def _draw_level(picture: Picture, layout: Layout) -> None:
    """Draw the fixed nose mark: two wings and an open chevron, thin enough to see through."""
    unit = layout.radius / 100
    wings = np.array([(-36, 0), (-15, 0), (0, 12), (15, 0), (36, 0)], dtype=np.float64) * unit
    stroke(picture, wings, layout.navball_centre, DARK, 4)
    stroke(picture, wings, layout.navball_centre, layout.level, 2)


def draw_velocity(
    picture: Picture, centre: tuple[float, float], size: float, colour: Colour, *, retrograde: bool
) -> None:
    """Draw prograde (ring, three ticks) or retrograde (ring, cross, three ticks)."""
    if retrograde:
        strokes = (
            *prongs(size, 1.0, 1.75, 0, 120, 240),
            *prongs(size, 0.0, 0.9, 45, 135, 225, 315),
        )
    else:
        strokes = prongs(size, 1.0, 1.8, 0, 90, 270)
    for ink, extra in ((DARK, 2), (colour, 0)):
        ring(picture, centre, size, ink, 2 + extra)
        for line in strokes:
            stroke(picture, line, centre, ink, 2 + extra)


def draw_target(picture: Picture, centre: tuple[float, float], size: float, colour: Colour) -> None:
    """Draw the target: a dot in a thin wide ring with four diagonal prongs."""
    strokes = prongs(size, 1.35, 1.9, 45, 135, 225, 315)
    for ink, extra in ((DARK, 2), (colour, 0)):
        ring(picture, centre, 1.4 * size, ink, 1 + extra)
        for line in strokes:
            stroke(picture, line, centre, ink, 2 + extra)
        ring(picture, centre, 0.36 * size + extra / 2, ink, -1)


def draw_anti_target(
    picture: Picture, centre: tuple[float, float], size: float, colour: Colour
) -> None:
    """Draw the anti-target: three arms that leave the middle open."""
    strokes = prongs(size, 0.5, 1.6, 60, 180, 300)
    for ink, extra in ((DARK, 2), (colour, 0)):
        for line in strokes:
            stroke(picture, line, centre, ink, 3 + extra)
