"""Other craft seen from the cockpit, with the brackets and labels that point them out."""

from __future__ import annotations

from dataclasses import dataclass

import cv2
import numpy as np
from numpy.typing import NDArray

from helmsight.envs.orbital.cockpit.camera import FOCAL, project
from helmsight.envs.orbital.cockpit.hulls import hull, model
from helmsight.envs.orbital.cockpit.labels import Labels, distance_words, motion_words
from helmsight.envs.orbital.cockpit.layout import HEIGHT, WIDTH, Colour, Layout
from helmsight.envs.orbital.cockpit.lettering import Picture
from helmsight.envs.orbital.cockpit.state import CockpitState, Vector
from helmsight.envs.orbital.cockpit.strokes import SHIFT

BRACKET: Colour = (176, 232, 120)
_NEAREST = 0.2  # no face with a corner closer than this ahead of the eye is drawn, m
_SIZE = 3.3  # radius of a sphere that holds the craft, m


@dataclass(frozen=True)
class _Sighted:
    """A craft to draw: its place and axes in the viewer's body axes, hull and label."""

    place: Vector
    axes: NDArray[np.float64]
    hull: str
    words: str
    contact: bool = False


def draw(picture: Picture, state: CockpitState, layout: Layout) -> None:
    """Draw the craft where the state says, the farthest first.

    Each is a dot when it is far, and not there when it is behind. Where there are contacts, or the
    sun matters, labels tell how the distances change, and pointers at the edge of the view where
    to look for what is outside of it.
    """
    craft = _sighted(state)
    for one in sorted(craft, key=lambda one: -float(np.linalg.norm(one.place))):
        _draw_hull(picture, one, state.sun)
    labels = Labels(picture, pointing=bool(state.contacts) or state.sunlit)
    pointed = [(one, _bracketed(one.place)) for one in craft]
    for _, bracket in pointed:
        if bracket is not None:
            labels.bracket(*bracket)
    if layout.game and state.tracks and (where := project(state.target)) is not None:
        labels.keep((where[0] - 80, where[1] + 20, where[0] + 80, where[1] + 78))
    for one, bracket in pointed:
        colour = layout.contact if one.contact else BRACKET
        if bracket is not None:
            (_draw_diamond if one.contact else _draw_bracket)(picture, *bracket, colour)
        if bracket is not None and layout.game and not one.contact:
            continue  # named with the instruments
        if bracket is not None and labels.shows(bracket[0]):
            labels.name(*bracket, one.words, colour)
        elif bracket is not None or _in_view(one.place) is None:
            labels.point(one.place, one.words, colour)
    if state.sunlit:
        labels.sun(state.sun, layout.sun)


def _bracketed(place: Vector) -> tuple[tuple[float, float], float] | None:
    """Return middle and half width, px, of the bracket around a craft; None for no bracket."""
    where = _in_view(place)
    half = 0.0 if where is None else max(13.0, 0.85 * _reach(place) + 6.0)
    return None if where is None or half > 0.45 * HEIGHT else (where, half)


def _sighted(state: CockpitState) -> list[_Sighted]:
    """Return what is to be drawn, the target first."""
    telling = bool(state.contacts) or state.sunlit
    craft = []
    if state.tracks:
        moving = motion_words(state.closing) if telling else ""
        words = f"{state.target_name} {distance_words(state.range)}{moving}"
        craft.append(_Sighted(state.target, state.target_axes, state.target_hull, words))
    for one in state.contacts:
        words = f"{one.name} {distance_words(one.range)}{motion_words(one.closing)}"
        craft.append(_Sighted(one.place, one.axes, one.hull, words, contact=True))
    return craft


def _reach(place: Vector) -> float:
    """Return how large a craft ahead is in the picture, px."""
    return FOCAL * _SIZE / float(place[0])


def _in_view(place: Vector) -> tuple[float, float] | None:
    """Return the pixel (x, y) of a craft of which something is in the picture, else None."""
    where = project(place)
    if where is None or float(place[0]) <= _NEAREST:
        return None
    x, y = where
    reach = _reach(place)
    inside = -reach < x < WIDTH + reach and -reach < y < HEIGHT + reach
    return where if inside else None


def _draw_hull(picture: Picture, one: _Sighted, sun: Vector) -> None:
    where = _in_view(one.place)
    if where is None:
        return
    reach = _reach(one.place)
    if reach > 3.0:
        _draw_body(picture, one, sun)
    if reach < 12.0:
        _draw_dot(picture, *where, reach)


def _draw_dot(picture: Picture, x: float, y: float, reach: float) -> None:
    """Draw the glint that a craft of a few pixels is, fading out as its shape shows."""
    part = float(np.clip((12.0 - reach) / 9.0, 0.0, 1.0))
    light = round(120 + 135 * part)
    centre = (round(x * 16), round(y * 16))
    radius = round(16 * (0.8 + 1.4 * part))
    cv2.circle(picture, centre, radius, (light, light, light - 20), -1, cv2.LINE_AA, SHIFT)


def _draw_body(picture: Picture, one: _Sighted, sun: Vector) -> None:
    """Draw the faces that look this way, farthest first, lit by the sun."""
    near = float(np.linalg.norm(one.place)) < 60.0
    corners, normals, paints = model(hull(one.hull), 16 if near else 8)
    placed = corners @ one.axes + one.place
    facing = normals @ one.axes
    middles = placed.mean(axis=1)
    shown = (np.einsum("ij,ij->i", facing, middles) < 0.0) & (
        placed[:, :, 0].min(axis=1) > _NEAREST
    )
    placed, facing, paints, middles = placed[shown], facing[shown], paints[shown], middles[shown]
    light = 0.24 + 0.86 * np.clip(facing @ sun, 0.0, 1.0)
    colours = np.clip(paints * light[:, None], 0, 255)
    points = np.stack(
        [
            WIDTH / 2 + FOCAL * placed[:, :, 1] / placed[:, :, 0],
            HEIGHT / 2 + FOCAL * placed[:, :, 2] / placed[:, :, 0],
        ],
        axis=2,
    )
    fixed = np.rint(np.clip(points, -8000, 8000) * (1 << SHIFT)).astype(np.int32)
    for face in np.argsort(-np.linalg.norm(middles, axis=1)):
        cv2.fillConvexPoly(picture, fixed[face], colours[face].tolist(), cv2.LINE_AA, SHIFT)


def _draw_bracket(
    picture: Picture, centre: tuple[float, float], half: float, colour: Colour
) -> None:
    """Draw four corners around the target."""
    arm = min(0.45 * half, 16.0)
    for across in (-1, 1):
        for along in (-1, 1):
            x, y = centre[0] + across * half, centre[1] + along * half
            points = np.array([(x - across * arm, y), (x, y), (x, y - along * arm)])
            fixed = np.rint(points * (1 << SHIFT)).astype(np.int32)
            cv2.polylines(picture, [fixed], False, colour, 2, cv2.LINE_AA, SHIFT)


def _draw_diamond(
    picture: Picture, centre: tuple[float, float], half: float, colour: Colour
) -> None:
    """Draw the four corners of a diamond around a contact."""
    arm = min(0.45 * half, 16.0)
    for x, y in ((0, -1), (1, 0), (0, 1), (-1, 0)):
        tip = np.array([x, y]) * 1.25 * half
        sides = [np.array([y - x, x - y]), np.array([-x - y, -x - y])]
        points = np.array([tip + arm * 0.7 * sides[0], tip, tip + arm * 0.7 * sides[1]]) + centre
        fixed = np.rint(points * (1 << SHIFT)).astype(np.int32)
        cv2.polylines(picture, [fixed], False, colour, 2, cv2.LINE_AA, SHIFT)
