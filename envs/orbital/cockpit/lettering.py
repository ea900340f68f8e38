"""Text on a picture: words by alignment, and figures in columns of fixed pitch."""

from __future__ import annotations

import threading
from functools import lru_cache
from typing import Any, Literal

import cv2
import numpy as np
from numpy.typing import NDArray

from helmsight.envs.orbital.cockpit.layout import Colour

Picture = NDArray[np.uint8]
Align = Literal["left", "centre", "right"]

_FIGURE = 1.55  # font size for a column one px wide: the widest digit just fits
_POINT = 0.45  # width of the cell of a decimal point or colon, as a part of a digit's


_own = threading.local()


def _face() -> Any:
    """Return OpenCV's built-in sans-serif face, one for each thread: two threads that write with
    the same one at once spoil each other's letters.
    """
    if not hasattr(_own, "face"):
        _own.face = cv2.FontFace("sans")
    return _own.face


@lru_cache(maxsize=4096)
def width(words: str, size: int, weight: int = 500) -> int:
    """Return the width of `words` in px at a font `size` in px."""
    _, _, breadth, _ = cv2.getTextSize((4096, 512), words, (0, 256), _face(), size, weight)
    return int(breadth)


def write(
    picture: Picture,
    words: str,
    place: tuple[float, float],
    colour: Colour,
    size: float,
    *,
    weight: int = 500,
    align: Align = "left",
) -> None:
    """Write `words` into `picture`; `place` is the baseline's start, middle or end, px."""
    whole = round(size)
    shift = {"left": 0.0, "centre": 0.5, "right": 1.0}[align]
    x = place[0] - (shift * width(words, whole, weight) if shift else 0.0)
    cv2.putText(picture, words, (round(x), round(place[1])), colour, _face(), whole, weight)


def figures(
    picture: Picture,
    digits: str,
    place: tuple[float, float],
    colour: Colour,
    pitch: float,
    *,
    weight: int = 600,
) -> None:
    """Write a number right-aligned at `place` (end of the baseline), one cell per character.

    Every digit stands in its own column of `pitch` px whatever the other digits are; a decimal
    point or colon takes a narrower column. Digits are about 1.1 pitches tall.
    """
    size = round(pitch * _FIGURE)
    x, y = place
    for character in reversed(digits):
        cell = pitch * (_POINT if character in ".:" else 1.0)
        if character != " ":
            start = round(x - cell / 2 - width(character, size, weight) / 2)
            cv2.putText(picture, character, (start, round(y)), colour, _face(), size, weight)
        x -= cell
