"""What stands still in every frame of a world, found again in one that is moved or recoloured.

A screen that is moved, enlarged or shown in other hues has its instruments elsewhere, or in colours
that nobody was trained on. Pictures of moments that have nothing in common show what never changes:
captions, edges, signs.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from functools import lru_cache
from typing import Any

import cv2
import numpy as np
from numpy.typing import NDArray

from helmsight.contract.observation import Box
from helmsight.tools.corners import SIDE, Corners, light_of
from helmsight.tools.errors import ToolsError
from helmsight.tools.placing import Image, Placement, Points

PATCHES = 64  # small squares around corners that tell whether a picture lies so
ALIKE = 0.6  # correlation of such a square with its own picture
ENOUGH = 0.2  # share of the squares that have to be alike: others may be covered
LEAST_SQUARES = 6  # of a part of the picture, to tell whether it is covered
UNLIKE = 0.4  # correlation of a square with its own picture below which something else is there
LEAST_TURN = 8  # degrees; hues that are turned by less are left as they are
SATURATED, LIT = 90, 80  # of 255; below that a hue says nothing
HUES, LEAST_HUES = 400, 30  # points that the hue is read at
AGREED = 0.7  # length of the mean of the turns at these points, as unit vectors


class Landmarks:
    """What stands still in some pictures (H, W, 3) uint8 RGB of the same size, to be found again.

    Raises:
        ToolsError: nothing stands still in them.
    """

    def __init__(self, stills: Sequence[Image]) -> None:
        first = stills[0]
        still = np.all([(other == first).all(axis=2) for other in stills[1:]], axis=0)
        mask, light = still.astype(np.uint8) * 255, light_of(first)
        edged = cv2.copyMakeBorder(mask[1:-1, 1:-1], 1, 1, 1, 1, cv2.BORDER_CONSTANT)
        around = cv2.erode(edged, np.ones((SIDE, SIDE), np.uint8))
        spots = cv2.goodFeaturesToTrack(light, PATCHES, 0.03, 14, mask=around)
        if spots is None:
            raise ToolsError("nothing stands still in the pictures that are to tell a frame by")
        self.size = light.shape
        self._corners = Corners(light, mask, spots.reshape(-1, 2))
        half = SIDE // 2
        square = np.mgrid[-half : half + 1, -half : half + 1].reshape(2, -1).T[:, ::-1]
        self._squares = (spots.reshape(-1, 1, 2) + square).astype(np.float32)
        self._shown = _normal(_at(first, self._squares.reshape(-1, 2)).max(axis=1), len(spots))
        self._hued, self._hues = _hued(first, mask)
        # the last placement, and where its squares are: it is asked for again and again
        self._sought: tuple[Placement, Any, Any, Any] | None = None

    def fits(self, frame: Image, placement: Placement) -> bool:
        """Return whether the picture lies so in a frame, as far as it is not covered."""
        if not self._lies(frame, placement):
            return False
        turn = self._turn(frame, placement)
        return turn is None or _apart(turn, placement.turn) < LEAST_TURN

    def find(self, frame: Image) -> Placement | None:
        """Return how the picture lies in a frame, None where it is not found."""
        if frame.shape[:2] != self.size:
            return None
        placement = Placement()
        if not self._lies(frame, placement):
            matrix = self._corners.find(frame)
            if matrix is None or not self._lies(frame, Placement(matrix)):
                return None
            placement = Placement(matrix)
        turn = self._turn(frame, placement)
        if turn is None or _apart(turn, 0) < LEAST_TURN:
            return placement
        return Placement(placement.matrix, 2 * round(turn / 2) % 360)

    def covered(self, frame: Image, placement: Placement, regions: Mapping[str, Box]) -> list[str]:
        """Return in which regions of the picture something else is: of what stands still there
        nearly nothing is to be seen. It is not known where next to nothing stands still.
        """
        alike, which = self._alike(frame, placement)
        ends = self._squares[which][:, [0, -1]]
        found = []
        for name, box in regions.items():
            own = alike[((ends >= box[:2]) & (ends < box[2:])).all(axis=(1, 2))]
            if len(own) >= LEAST_SQUARES and (own > UNLIKE).mean() < ENOUGH:
                found.append(name)
        return found

    def _lies(self, frame: Image, placement: Placement) -> bool:
        alike, _ = self._alike(frame, placement)
        return len(alike) > 0 and bool((alike > ALIKE).mean() >= ENOUGH)

    def _alike(
        self, frame: Image, placement: Placement
    ) -> tuple[NDArray[np.float32], NDArray[np.bool_]]:
        """Return the correlations of those squares that lie in the frame with their pictures, and
        which they are.
        """
        if frame.shape[:2] != self.size:
            return np.zeros(0, np.float32), np.zeros(len(self._squares), np.bool_)
        sought = self._sought  # another thread may look for another placement meanwhile
        if sought is None or sought[0] != placement:
            sought = self._sought = (placement, *self._places(placement))
        _, there, pixels, shown = sought
        colours = frame.reshape(-1, 3).take(pixels, axis=0)
        brightest = np.maximum(np.maximum(colours[:, 0], colours[:, 1]), colours[:, 2])
        alike = np.einsum("ij,ij->i", _normal(brightest, len(shown)), shown)
        return np.asarray(alike, np.float32), there

    def _places(
        self, placement: Placement
    ) -> tuple[NDArray[np.bool_], NDArray[np.intp], NDArray[np.float32]]:
        """Return which squares lie in a frame, the numbers of their pixels, their own pictures."""
        points = placement.of(self._squares.reshape(-1, 2))
        inside = _inside(points, self.size).reshape(-1, SIDE * SIDE)
        there = np.asarray(inside.all(axis=1), np.bool_)
        each = points.reshape(self._squares.shape)[there].reshape(-1, 2)
        return there, _pixels(each, self.size[1]), self._shown[there]

    def _turn(self, frame: Image, placement: Placement) -> float | None:
        """Return by how much hues are turned, degrees; None where no colours are to be seen."""
        points = placement.of(self._hued)
        there = _inside(points, self.size)
        if not there.any():
            return None
        hsv = cv2.cvtColor(_at(frame, points[there])[None], cv2.COLOR_RGB2HSV)[0]
        coloured = (hsv[:, 1] > SATURATED) & (hsv[:, 2] > LIT)
        if coloured.sum() < LEAST_HUES:
            return None
        off = np.radians(2.0 * (hsv[coloured, 0].astype(float) - self._hues[there][coloured]))
        mean = np.exp(1j * off).mean()
        return float(np.degrees(np.angle(mean))) if abs(mean) > AGREED else None


@lru_cache(maxsize=16)
def landmarks(stills: Callable[[], Sequence[Image]]) -> Landmarks:
    """Return what stands still in the pictures that `stills` draws, worked out once."""
    return Landmarks(stills())


def _hued(first: Image, mask: Image) -> tuple[Points, NDArray[np.float64]]:
    """Return points (n, 2) of strong colour that never change, and their hues, half degrees."""
    hsv = cv2.cvtColor(first, cv2.COLOR_RGB2HSV)
    inner = cv2.erode(mask, np.ones((3, 3), np.uint8)) > 0
    y, x = np.nonzero(inner & (hsv[..., 1] > SATURATED) & (hsv[..., 2] > LIT))
    some = np.random.default_rng(3).permutation(len(x))[:HUES]
    return np.stack([x, y], axis=1)[some].astype(np.float32), hsv[y, x, 0][some].astype(float)


def _inside(points: Points, size: tuple[int, ...]) -> NDArray[np.bool_]:
    x, y = np.rint(points).T
    inside: NDArray[np.bool_] = (x >= 0) & (y >= 0) & (x < size[1]) & (y < size[0])
    return inside


def _at(image: Image, points: Points) -> Image:
    """Return the colours (n, 3) at points (n, 2) inside a picture."""
    return np.asarray(image.reshape(-1, 3).take(_pixels(points, image.shape[1]), axis=0))


def _pixels(points: Points, wide: int) -> NDArray[np.intp]:
    """Return the numbers (n,) of the pixels at points (n, 2), row by row, of a picture."""
    x, y = np.rint(points).astype(np.intp).T
    return np.asarray(y * wide + x)


def _normal(values: NDArray[np.uint8], count: int) -> NDArray[np.float32]:
    """Return `count` squares, each with mean 0 and length 1; one that is flat is 0."""
    squares = values.reshape(count, SIDE * SIDE).astype(np.float32)
    squares -= squares.mean(axis=1, keepdims=True)
    length = np.sqrt(np.einsum("ij,ij->i", squares, squares))[:, None]
    return np.asarray(squares / np.maximum(length, 1.0), np.float32)


def _apart(one: float, other: float) -> float:
    return abs((one - other + 180.0) % 360.0 - 180.0)
