"""Square pictures of parts, cut out of a frame."""

from __future__ import annotations

from dataclasses import dataclass

import cv2
import numpy as np
from numpy.typing import NDArray

Pixels = NDArray[np.uint8]
AROUND = 1.4  # side of a crop, in extents of what it is to show
SMALLEST = 24.0  # px of the frame; less shows nothing of a defect
LEAST_M = 0.03  # extent that a site counts as at least


@dataclass(frozen=True)
class Square:
    """A square of a frame. x, y: its middle; side: px of the frame, which it may reach out of."""

    x: float
    y: float
    side: float

    @classmethod
    def around(cls, points: NDArray[np.float64], least: float = 0.0) -> Square:
        """Return the square around points (n, 2) of a frame, px, with room beside them.

        least: px that their extent counts as at least, where they are the middle of something
        larger.
        """
        low, high = points.min(axis=0), points.max(axis=0)
        extent = max(float((high - low).max()), least)
        x, y = (low + high) / 2.0
        return cls(float(x), float(y), AROUND * extent)

    def cut(self, frame: Pixels, size: int) -> Pixels:
        """Return what it shows of a frame (H, W, 3) uint8, `size` px wide and high.

        What lies beyond the frame's edge is dark.
        """
        return _cut(frame, self, size, cv2.INTER_AREA if self.side > size else cv2.INTER_LINEAR)

    def share_of(self, mask: NDArray[np.bool_], cells: int) -> NDArray[np.float32]:
        """Return the share of a mask (H, W) in every cell of the square, (cells, cells)."""
        fine = _cut(mask.astype(np.uint8), self, 8 * cells, cv2.INTER_NEAREST)
        shares = fine.reshape(cells, 8, cells, 8).mean(axis=(1, 3))
        return np.asarray(shares, np.float32)


def _cut(frame: Pixels, square: Square, size: int, how: int) -> Pixels:
    """Return the square of a frame, by the rule `how`; area averaging needs whole pixels."""
    half = square.side / 2.0
    left, top = int(np.floor(square.x - half)), int(np.floor(square.y - half))
    side = max(1, round(square.side))
    inside = frame[max(0, top) : max(0, top + side), max(0, left) : max(0, left + side)]
    whole = np.zeros((side, side, *frame.shape[2:]), np.uint8)
    if inside.size:
        y, x = max(0, -top), max(0, -left)
        whole[y : y + inside.shape[0], x : x + inside.shape[1]] = inside
    return np.asarray(cv2.resize(whole, (size, size), interpolation=how), np.uint8)
