"""Crops turned upright: a wrist camera stands on its side as often as not, and a model that was
taught upright pictures judges those best.
"""

from __future__ import annotations

from dataclasses import dataclass

import cv2
import numpy as np

from helmsight.envs.inspection.crops import LEAST_M, Pixels, Square
from helmsight.envs.inspection.shapes import Array
from helmsight.envs.inspection.views import Pose

UP = np.array([0.0, 0.0, 1.0])


@dataclass(frozen=True)
class TurnedSquare(Square):
    """A square of a frame that is turned about its middle. turn: counter-clockwise, rad."""

    turn: float = 0.0

    def cut(self, frame: Pixels, size: int) -> Pixels:
        """Return what it shows, upright, `size` px wide and high; dark beyond the frame's edge."""
        side = max(1, round(self.side))
        matrix = cv2.getRotationMatrix2D((self.x, self.y), float(np.degrees(self.turn)), 1.0)
        matrix[:, 2] += 0.5 * side - np.array([self.x, self.y])
        whole = cv2.warpAffine(frame, matrix, (side, side), flags=cv2.INTER_LINEAR)
        how = cv2.INTER_AREA if side > size else cv2.INTER_LINEAR
        return np.asarray(cv2.resize(whole, (size, size), interpolation=how), np.uint8)


def roll_of(pose: Pose) -> float:
    """Return how far a camera is rolled from where the world's up is up in its picture, rad."""
    right, back = pose.rotation[:, 0], pose.rotation[:, 2]
    level = np.cross(UP, back)
    if np.linalg.norm(level) < 1e-3:
        return 0.0  # it looks straight up or down
    level /= np.linalg.norm(level)
    return float(np.arctan2(right @ np.cross(back, level), right @ level))


def upright(pose: Pose, points: Array, size: tuple[int, int], fov_y: float) -> TurnedSquare:
    """Return the upright square around points (n, 3), base frame, in the picture of a camera.

    size: width and height of the picture, px. fov_y: rad.
    """
    spots = pose.project(points, size, fov_y)
    turn, middle = roll_of(pose), np.array(size) / 2.0
    c, s = np.cos(turn), np.sin(turn)
    turned = (spots[:, :2] - middle) @ np.array([[c, -s], [s, c]]) + middle
    focal = 0.5 * size[1] / np.tan(0.5 * fov_y)
    square = Square.around(turned, LEAST_M * focal / float(spots[:, 2].mean()))
    x, y = np.array([[c, -s], [s, c]]) @ (np.array([square.x, square.y]) - middle) + middle
    return TurnedSquare(float(x), float(y), square.side, turn)
