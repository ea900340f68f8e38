"""Names beside what is seen outside, and pointers at the edge to what is out of view."""

from __future__ import annotations

import cv2
import numpy as np

from helmsight.envs.orbital.cockpit.camera import project
from helmsight.envs.orbital.cockpit.layout import HEIGHT, WIDTH, Colour
from helmsight.envs.orbital.cockpit.lettering import Picture, width, write
from helmsight.envs.orbital.cockpit.panels import Sides
from helmsight.envs.orbital.cockpit.state import Vector
from helmsight.envs.orbital.cockpit.strokes import DARK, SHIFT

_SIZE = 17  # of the letters, px
_CLEAR = (36, 84, WIDTH - 36, 455)  # of the view, what no instrument covers
_STILL = 0.05  # m/s: a distance that changes by less is told as steady


def distance_words(metres: float) -> str:
    """Return a distance in words short enough for a label."""
    if metres >= 1000.0:
        return f"{metres / 1000:.1f} km"
    return f"{metres:.0f} m" if metres >= 100.0 else f"{metres:.1f} m"


def motion_words(closing: float) -> str:
    """Return how a distance changes, m/s, as the end of a label."""
    if abs(closing) < _STILL:
        return ", steady"
    return f", {'closing' if closing > 0 else 'opening'} {abs(closing):.1f} m/s"


class Labels:
    """Writes labels into a picture, none over another; `pointing` where there are pointers, too."""

    def __init__(self, picture: Picture, *, pointing: bool) -> None:
        self._picture, self._pointing = picture, pointing
        self._taken: list[Sides] = []

    def bracket(self, centre: tuple[float, float], half: float) -> None:
        """Keep other labels off the bracket around `centre`."""
        self.keep((centre[0] - half, centre[1] - half, centre[0] + half, centre[1] + half))

    def keep(self, box: Sides) -> None:
        """Keep labels off a box where something else is written."""
        self._taken.append(box)

    def shows(self, centre: tuple[float, float]) -> bool:
        """Tell whether a label belongs there: without pointers always, else where nothing covers
        the view.
        """
        return not self._pointing or _inside(centre)

    def name(
        self,
        centre: tuple[float, float],
        half: float,
        words: str,
        colour: Colour,
    ) -> None:
        """Write below a bracket, or above it where the instruments would cover the label.

        Where there are pointers, it is the first side of it where nothing else is written.
        """
        x, y = centre
        under, over = y + half + 20, y - half - 9
        spots = [(x, under if under < 0.62 * HEIGHT else over)]
        if self._pointing:
            aside = half + 12 + 0.5 * width(words, _SIZE)
            spots += [(x, over), (x + aside, y + 6), (x - aside, y + 6), (x, under)]
            spots += [(x, over - 22), (x, under + 22)]
            spots = [spot for spot in spots if self._clear(_box(spot, words))] or spots[:1]
        self._write(spots[0], words, colour)

    def point(self, place: Vector, words: str, colour: Colour) -> None:
        """Draw a pointer at the edge of the view towards `place`, which is out of it."""
        if self._pointing:
            self._point(place, words, colour)

    def sun(self, sun: Vector, colour: Colour) -> None:
        """Name the sun where it is seen; else point to it and tell how far off the nose it is."""
        off = f"Sun {np.degrees(np.arccos(np.clip(sun[0], -1.0, 1.0))):.0f}° off the nose"
        where = project(sun)
        if where is not None and _inside(where):
            centre = (round(where[0] * 16), round(where[1] * 16))
            cv2.circle(self._picture, centre, 26 * 16, colour, 2, cv2.LINE_AA, SHIFT)
            self.name(where, 26.0, off, colour)
        else:
            self._point(sun, off, colour)

    def _point(self, place: Vector, words: str, colour: Colour) -> None:
        tip, way = _edge(place)
        across = np.array([-way[1], way[0]])
        back = tip - 20 * way
        arrow = np.array([tip, back + 9 * across, back + 5 * way, back - 9 * across])
        fixed = np.rint(arrow * (1 << SHIFT)).astype(np.int32)
        cv2.polylines(self._picture, [fixed], True, DARK, 3, cv2.LINE_AA, SHIFT)
        cv2.fillPoly(self._picture, [fixed], colour, cv2.LINE_AA, SHIFT)
        half = 0.5 * width(words, _SIZE)
        x, y = float(tip[0]), float(tip[1]) + 6
        if abs(way[0]) > 0.7:
            x -= np.sign(way[0]) * (30 + half)
        else:
            y -= np.sign(way[1]) * 38
        x = float(np.clip(x, _CLEAR[0] + half, _CLEAR[2] - half))
        for step in (0, -22, 22, -44, 44):
            spot = (x, float(y) + step)
            if self._clear(_box(spot, words)):
                self._write(spot, words, colour)
                return
        self._write((x, float(y)), words, colour)

    def _write(self, spot: tuple[float, float], words: str, colour: Colour) -> None:
        self._taken.append(_box(spot, words))
        write(self._picture, words, spot, colour, _SIZE, align="centre")

    def _clear(self, box: Sides) -> bool:
        """Tell whether nothing is written there yet, and no instrument stands there."""
        free = all(
            box[2] < other[0] or other[2] < box[0] or box[3] < other[1] or other[3] < box[1]
            for other in self._taken
        )
        return free and _inside(box[:2]) and _inside(box[2:])


def _box(spot: tuple[float, float], words: str) -> Sides:
    half = 0.5 * width(words, _SIZE)
    return spot[0] - half, spot[1] - _SIZE, spot[0] + half, spot[1] + 4


def _inside(where: tuple[float, float]) -> bool:
    return _CLEAR[0] <= where[0] <= _CLEAR[2] and _CLEAR[1] - 24 <= where[1] <= _CLEAR[3]


def _edge(place: Vector) -> tuple[np.ndarray, np.ndarray]:
    """Return where at the edge of the clear view a pointer to `place` stands, and its way, px."""
    ahead = project(place)
    middle = np.array([WIDTH / 2, (_CLEAR[1] + _CLEAR[3]) / 2])
    way = np.array([float(place[1]), float(place[2])]) if ahead is None else ahead - middle
    length = float(np.linalg.norm(way))
    way = way / length if length > 1e-9 else np.array([0.0, 1.0])  # straight behind: down
    room = np.where(way > 0, _CLEAR[2:] - middle, middle - _CLEAR[:2])
    return middle + way * float((room / np.maximum(np.abs(way), 1e-9)).min()), way
