"""Marks: the parts of a frame worth a closer look, cut out and sized for whoever looks."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import numpy as np
from numpy.typing import NDArray

from helmsight.contract.observation import Box
from helmsight.contract.sent import STRAIGHT, View
from helmsight.tools.errors import ToolsError
from helmsight.tools.placing import set_right
from helmsight.tools.shrinking import shrunk

Image = NDArray[np.uint8]
WHOLE = "frame"
WIDEST = 1280  # pixels; wider frames are shrunk for models that take any size


def views(
    frame: Image,
    regions: Mapping[str, Box],
    size: int | None = None,
    names: Sequence[str] | None = None,
) -> list[tuple[str, Image]]:
    """Return named views of `frame` (H, W, 3) uint8 RGB: the whole first, then each region.

    `regions` are boxes (x0, y0, x1, y1) in pixels of `frame`. With `size`, every view is resized
    to size x size (by area, as in training); without it regions keep their own size and the whole
    is at most 1280 pixels wide. `names` picks and orders the views; the whole is called "frame".

    Raises:
        ToolsError: a name in `names` is neither "frame" nor a region, or a region is not in it.
    """
    return [
        (name, _sized(_cut(frame, regions, name), size))
        for name in (names if names is not None else (WHOLE, *regions))
    ]


def chosen(names: Sequence[str], regions: Mapping[str, Box]) -> tuple[str, ...]:
    """Return `names` for a frame with `regions`: of "radar|sundial|frame" the first there is.

    Where there is none of them the last one stays, for an error to name it.
    """
    parts = [name.split("|") for name in names]
    return tuple(
        next((n for n in several if n == WHOLE or n in regions), several[-1]) for several in parts
    )


def view_again(frame: Image, view: View) -> Image:
    """Return a recorded view of `frame` (H, W, 3) uint8 RGB: the pixels that `views` gave, of a
    frame that was set right first if it was then.

    Raises:
        ToolsError: its box is not in the frame.
    """
    frame = set_right(frame, view.matrix or STRAIGHT, view.turn or 0)
    cut = _cut(frame, {view.view: view.box}, view.view) if view.view != WHOLE else frame
    return _scaled(cut, view.size)


def _cut(frame: Image, regions: Mapping[str, Box], name: str) -> Image:
    if name == WHOLE:
        return frame
    if name not in regions:
        known = ", ".join((WHOLE, *regions))
        raise ToolsError(f'no region is called "{name}"; this task shows: {known}')
    x0, y0, x1, y1 = regions[name]
    height, width = frame.shape[:2]
    if not (0 <= x0 < x1 <= width and 0 <= y0 < y1 <= height):
        raise ToolsError(
            f'region "{name}" {regions[name]} does not lie in a frame of {width}x{height} pixels'
        )
    return frame[y0:y1, x0:x1]


def _sized(image: Image, size: int | None) -> Image:
    height, width = image.shape[:2]
    if size is not None:
        return _scaled(image, (size, size))
    if width <= WIDEST:
        return np.ascontiguousarray(image)
    return _scaled(image, (WIDEST, max(1, round(height * WIDEST / width))))


def _scaled(image: Image, size: tuple[int, int]) -> Image:
    """Return an image as wide and as high as `size` says, averaged over areas."""
    if (image.shape[1], image.shape[0]) == size:
        return np.ascontiguousarray(image)
    return shrunk(image, size)
