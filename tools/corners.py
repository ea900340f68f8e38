"""Finds a picture in a frame by its corners: anywhere at first, then to a tenth of a pixel."""

from __future__ import annotations

import cv2
import numpy as np
from numpy.typing import NDArray

from helmsight.contract.sent import Matrix
from helmsight.tools.errors import ToolsError
from helmsight.tools.placing import (
    STILL,
    Found,
    Image,
    Placement,
    Points,
    numbers,
    set_right,
    tidied,
)

FEATURES = 3000
"""Corners that are described in a frame, those of the view outside among them."""
LEAST_MATCHED = 20
SLACK = 2.0  # px that a corner may be off and still count
FINER = 3
"""How often a picture that was found is looked at more closely."""
SIDE = 9  # px; a square around a corner


class Corners:
    """The corners of a picture: `light` is its light (H, W) uint8, `still` (H, W) uint8 is 255
    where it never changes, `spots` (n, 2) are where squares of `SIDE` around them never do.

    Raises:
        ToolsError: there are none.
    """

    def __init__(self, light: Image, still: Image, spots: Points) -> None:
        around = cv2.boxFilter(still, -1, (31, 31))  # about what a corner is described by
        self._light, self._spots = light, spots
        self._corners, described = _described(light, (around > 150).astype(np.uint8) * 255)
        if described is None:
            raise ToolsError("no corner stands still in the pictures that are to tell a frame by")
        self._known = described

    def find(self, frame: Image) -> Matrix | None:
        """Return the matrix of the picture in a frame (H, W, 3) uint8 RGB, None if not found."""
        corners, described = _described(light_of(frame))
        if described is None:
            return None
        pairs = cv2.BFMatcher(cv2.NORM_HAMMING, crossCheck=True).match(self._known, described)
        if len(pairs) < LEAST_MATCHED:
            return None
        here = self._corners[[pair.queryIdx for pair in pairs]]
        there = corners[[pair.trainIdx for pair in pairs]]
        found, agree = cv2.estimateAffinePartial2D(here, there, ransacReprojThreshold=SLACK)
        if found is None or agree.sum() < LEAST_MATCHED:
            return None
        for _ in range(FINER):
            found = self._finer(frame, found)
        return tidied(found, self._light.shape)

    def _finer(self, frame: Image, found: Found) -> Found:
        """Return a matrix (2, 3) from where the squares around the spots are."""
        upright = light_of(set_right(frame, numbers(found), 0))
        moved, seen, _ = cv2.calcOpticalFlowPyrLK(
            self._light, upright, self._spots, self._spots.copy(), winSize=(SIDE, SIDE), maxLevel=1
        )
        good = (seen[:, 0] > 0) & (np.linalg.norm(moved - self._spots, axis=1) < 2 * SLACK)
        if good.sum() < LEAST_MATCHED:
            return found
        there = Placement(numbers(found)).of(moved[good])
        finer, _ = cv2.estimateAffinePartial2D(
            self._spots[good], there, ransacReprojThreshold=STILL
        )
        return found if finer is None else finer


def light_of(image: Image) -> Image:
    """Return the greatest of a picture's colours (H, W): turning hues leaves it as it is."""
    red, green, blue = cv2.split(image)
    return np.asarray(cv2.max(cv2.max(red, green), blue), np.uint8)


def _described(light: Image, mask: Image | None = None) -> tuple[Points, NDArray[np.uint8] | None]:
    orb = cv2.ORB.create(FEATURES, fastThreshold=10)
    corners, described = orb.detectAndCompute(light, mask)
    return np.array([corner.pt for corner in corners], np.float32).reshape(-1, 2), described
