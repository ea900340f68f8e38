"""How a picture lies in a frame, moved, enlarged or of other hues, and how it is set right."""

from __future__ import annotations

from dataclasses import dataclass

import cv2
import numpy as np
from numpy.typing import NDArray

from helmsight.contract.sent import STRAIGHT, Matrix

Image = NDArray[np.uint8]
Points = NDArray[np.float32]
Found = NDArray[np.float64]

STILL = 0.6  # px; what differs by less everywhere in the picture is the same


@dataclass(frozen=True)
class Placement:
    """How a picture lies in a frame: what should be at (x, y) is at `matrix` times (x, y, 1), px;
    its hues are turned by `turn` degrees.
    """

    matrix: Matrix = STRAIGHT
    turn: int = 0

    @property
    def plain(self) -> bool:
        """Whether everything is as it should be."""
        return self == Placement()

    def of(self, points: Points) -> Points:
        """Return where points (n, 2) of the picture are in the frame, px."""
        turned: Points = points @ self.array[:, :2].T + self.array[:, 2]
        return turned

    @property
    def array(self) -> NDArray[np.float32]:
        """The matrix, (2, 3)."""
        return np.array(self.matrix, np.float32).reshape(2, 3)


def set_right(frame: Image, matrix: Matrix, turn: int) -> Image:
    """Return a frame (H, W, 3) uint8 RGB with its picture where it should be, in its own hues.

    What lies beyond the frame is dark: nobody saw it. The frame itself is returned where nothing
    is to be done.
    """
    if matrix != STRAIGHT:
        size, way = (frame.shape[1], frame.shape[0]), cv2.INTER_LINEAR | cv2.WARP_INVERSE_MAP
        upright = cv2.warpAffine(frame, Placement(matrix).array, size, flags=way)
        frame = np.asarray(upright, np.uint8)
    if turn:
        hsv = cv2.cvtColor(frame, cv2.COLOR_RGB2HSV)
        back = (np.arange(256) - round(turn / 2)) % 180
        hsv[..., 0] = cv2.LUT(hsv[..., 0], back.astype(np.uint8))
        frame = np.asarray(cv2.cvtColor(hsv, cv2.COLOR_HSV2RGB), np.uint8)
    return frame


def tidied(found: Found, size: tuple[int, ...]) -> Matrix:
    """Return a matrix (2, 3) as it was meant: screens are seldom turned, or moved by half a pixel.

    The simplest one is taken that is nearly the same everywhere in a picture of `size` (H, W).
    """
    corners = np.array([(x, y, 1) for x in (0, size[1]) for y in (0, size[0])], np.float64)
    middle = corners.mean(axis=0)
    scale, there = float(np.hypot(found[0, 0], found[1, 0])), found @ middle
    for each in (1.0, scale):
        x, y = there - each * middle[:2]
        if each == 1.0:
            x, y = round(x), round(y)
        simple = np.array([[each, 0.0, x], [0.0, each, y]])
        if np.abs((found - simple) @ corners.T).max() < STILL:
            return numbers(simple)
    return numbers(found)


def numbers(matrix: Found) -> Matrix:
    """Return a matrix (2, 3) as a record keeps it."""
    a, b, x, c, d, y = (float(value) for value in matrix.reshape(-1))
    return a, b, x, c, d, y
