"""Where the picture lies in a frame: found by what stands still in it, and set right.

A screen that is moved, enlarged or shown in other hues has its instruments elsewhere, or in colours
that nobody was trained on. Some pictures of moments that have nothing in common show what never
changes: captions, edges, signs. These are looked for in the frame.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from functools import lru_cache

import cv2
import numpy as np
from numpy.typing import NDArray

from helmsight.contract.observation import Box
from helmsight.contract.sent import STRAIGHT, Matrix

Image = NDArray[np.uint8]
Points = NDArray[np.float32]
Found = NDArray[np.float64]

FEATURES = 3000
"""Corners that are described in a frame, those of the view outside among them."""
FINER = 3
"""How often a picture that was found is looked at more closely."""
LEAST_MATCHED = 20
SLACK = 2.0  # px that a corner may be off and still count
STILL = 0.6
"""A picture that is moved by whole pixels to within this, px, is moved by whole pixels."""
LEAST_TURN = 8
"""Hues that are turned by less, degrees, are left as they are."""
PATCHES, SIDE = 64, 9  # small squares around corners, px, that tell whether a picture lies so
ALIKE = 0.6  # correlation of such a square with its own picture
ENOUGH = 0.2  # share of the squares that have to be alike: others may be covered
LEAST_SQUARES = 6  # of a part of the picture, to tell whether it is covered
UNLIKE = 0.4  # correlation of a square with its own picture below which something else is there
SATURATED, LIT = 90, 80  # of 255; below that a hue says nothing
HUES, LEAST_HUES = 400, 30  # points that the hue is read at


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

    What lies beyond the frame is dark: nobody saw it.
    """
    if matrix != STRAIGHT:
        size = (frame.shape[1], frame.shape[0])
        way = cv2.INTER_LINEAR | cv2.WARP_INVERSE_MAP
        frame = np.asarray(
            cv2.warpAffine(frame, Placement(matrix).array, size, flags=way), np.uint8
        )
    if turn:
        hsv = cv2.cvtColor(frame, cv2.COLOR_RGB2HSV)
        back = (np.arange(256) - round(turn / 2)) % 180
        hsv[..., 0] = cv2.LUT(hsv[..., 0], back.astype(np.uint8))
        frame = np.asarray(cv2.cvtColor(hsv, cv2.COLOR_HSV2RGB), np.uint8)
    return frame


class Landmarks:
    """What stands still in some pictures (H, W, 3) uint8 RGB of the same size, to be found again.

    Raises:
        ToolsError: nothing stands still in them.
    """

    def __init__(self, stills: Sequence[Image]) -> None:
        first = stills[0]
        still = np.all([(other == first).all(axis=2) for other in stills[1:]], axis=0)
        mask = still.astype(np.uint8) * 255
        self._light = light = _light(first)
        around = cv2.erode(mask, np.ones((SIDE, SIDE), np.uint8))
        near = cv2.boxFilter(mask, -1, (31, 31))  # about what a corner is described by
        self.size = first.shape[:2]
        self._corners, self._described = _described(light, (near > 150).astype(np.uint8) * 255)
        spots = cv2.goodFeaturesToTrack(light, PATCHES, 0.03, 14, mask=around)
        half = SIDE // 2
        square = np.mgrid[-half : half + 1, -half : half + 1].reshape(2, -1).T[:, ::-1]
        self._spots = spots.reshape(-1, 2)
        self._squares = (spots.reshape(-1, 1, 2) + square).astype(np.float32)
        self._shown = _normal(_at(first, self._squares.reshape(-1, 2)).max(axis=1), len(spots))
        self._hued, self._hues = _hued(first, mask)

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
            matrix = self._matrix(frame)
            if matrix is None or not self._lies(frame, Placement(matrix)):
                return None
            placement = Placement(matrix)
        turn = self._turn(frame, placement)
        if turn is None or _apart(turn, 0) < LEAST_TURN:
            return placement
        return Placement(placement.matrix, 2 * round(turn / 2) % 360)

    def covers(self, frame: Image, placement: Placement, box: Box) -> bool:
        """Return whether something else is in a part of the picture: of what stands still there
        nearly nothing is to be seen. It is not known where next to nothing stands still.
        """
        corners = self._squares[:, [0, -1]]
        inside = ((corners >= box[:2]) & (corners < box[2:])).all(axis=(1, 2))
        alike = self._alike(frame, placement, inside)
        return len(alike) >= LEAST_SQUARES and bool((alike > UNLIKE).mean() < ENOUGH)

    def _lies(self, frame: Image, placement: Placement) -> bool:
        alike = self._alike(frame, placement, np.ones(len(self._squares), np.bool_))
        return len(alike) > 0 and bool((alike > ALIKE).mean() >= ENOUGH)

    def _alike(
        self, frame: Image, placement: Placement, which: NDArray[np.bool_]
    ) -> NDArray[np.float32]:
        """Return the correlations of those squares that lie in the frame with their pictures."""
        if frame.shape[:2] != self.size:
            return np.zeros(0, np.float32)
        points = placement.of(self._squares[which].reshape(-1, 2))
        there = _inside(points, self.size).reshape(-1, SIDE * SIDE).all(axis=1)
        each = points.reshape(-1, SIDE * SIDE, 2)[there]
        seen = _normal(_at(frame, each.reshape(-1, 2)).max(axis=1), len(each))
        alike: NDArray[np.float32] = (seen * self._shown[which][there]).sum(axis=1)
        return alike

    def _turn(self, frame: Image, placement: Placement) -> float | None:
        """Return by how much hues are turned, degrees; None where no colours are to be seen."""
        points = placement.of(self._hued)
        there = _inside(points, self.size)
        hsv = cv2.cvtColor(_at(frame, points[there])[None], cv2.COLOR_RGB2HSV)[0]
        coloured = (hsv[:, 1] > SATURATED) & (hsv[:, 2] > LIT)
        if coloured.sum() < LEAST_HUES:
            return None
        off = np.radians(2.0 * (hsv[coloured, 0].astype(float) - self._hues[there][coloured]))
        mean = np.exp(1j * off).mean()
        return float(np.degrees(np.angle(mean))) if abs(mean) > 0.7 else None

    def _matrix(self, frame: Image) -> Matrix | None:
        corners, described = _described(_light(frame))
        if described is None or len(described) < LEAST_MATCHED:
            return None
        pairs = cv2.BFMatcher(cv2.NORM_HAMMING, crossCheck=True).match(self._described, described)
        if len(pairs) < LEAST_MATCHED:
            return None
        here = self._corners[[pair.queryIdx for pair in pairs]]
        there = corners[[pair.trainIdx for pair in pairs]]
        found, agree = cv2.estimateAffinePartial2D(here, there, ransacReprojThreshold=SLACK)
        if found is None or agree.sum() < LEAST_MATCHED:
            return None
        for _ in range(FINER):
            found = self._finer(frame, found)
        return _tidy(found, self.size)

    def _finer(self, frame: Image, found: Found) -> Found:
        """Return a matrix (2, 3) from where the squares are, to a tenth of a pixel."""
        upright = _light(set_right(frame, _numbers(found), 0))
        spots, close = self._spots, (SIDE, SIDE)
        moved, seen, _ = cv2.calcOpticalFlowPyrLK(
            self._light, upright, spots, spots.copy(), winSize=close, maxLevel=1
        )
        good = (seen[:, 0] > 0) & (np.linalg.norm(moved - spots, axis=1) < 2 * SLACK)
        if good.sum() < LEAST_MATCHED:
            return found
        there = Placement(_numbers(found)).of(moved[good])
        finer, _ = cv2.estimateAffinePartial2D(spots[good], there, ransacReprojThreshold=STILL)
        return found if finer is None else finer


@lru_cache(maxsize=16)
def landmarks(stills: Callable[[], Sequence[Image]]) -> Landmarks:
    """Return what stands still in the pictures that `stills` draws, worked out once."""
    return Landmarks(stills())


def _light(image: Image) -> Image:
    """Return the greatest of a picture's colours (H, W): turning hues leaves it as it is."""
    red, green, blue = cv2.split(image)
    return np.asarray(cv2.max(cv2.max(red, green), blue), np.uint8)


def _described(light: Image, mask: Image | None = None) -> tuple[Points, NDArray[np.uint8] | None]:
    orb = cv2.ORB_create(FEATURES, fastThreshold=10)
    corners, described = orb.detectAndCompute(light, mask)
    return np.array([corner.pt for corner in corners], np.float32).reshape(-1, 2), described


def _tidy(found: Found, size: tuple[int, ...]) -> Matrix:
    """Return a matrix (2, 3) as it was meant: screens are seldom turned, or moved by half a pixel.

    The simplest one is taken that is nearly the same everywhere in the picture.
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
            return _numbers(simple)
    return _numbers(found)


def _numbers(matrix: Found) -> Matrix:
    a, b, x, c, d, y = (float(value) for value in matrix.reshape(-1))
    return a, b, x, c, d, y


def _hued(first: Image, mask: Image) -> tuple[Points, NDArray[np.float64]]:
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
    x, y = np.rint(points).astype(np.intp).T
    return np.asarray(image[y, x])


def _normal(values: NDArray[np.uint8], count: int) -> NDArray[np.float32]:
    """Return `count` squares, each with mean 0 and length 1; one that is flat is 0."""
    squares = values.reshape(count, -1).astype(np.float32)
    squares -= squares.mean(axis=1, keepdims=True)
    length = np.linalg.norm(squares, axis=1, keepdims=True)
    return np.asarray(squares / np.maximum(length, 1.0), np.float32)


def _apart(one: float, other: float) -> float:
    return abs((one - other + 180.0) % 360.0 - 180.0)
