"""A picture of the cell, and all that is true of it."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property

import numpy as np
from numpy.typing import NDArray

from helmsight.envs.inspection.parts import NONE, PARTS
from helmsight.envs.inspection.shapes import Array

FEWEST = 12  # pixels from which a part, or its defect, counts as seen
Pixels = NDArray[np.uint8]


@dataclass(frozen=True)
class Pose:
    """Where a camera is. rotation (3, 3): columns are its right, up and back, base frame."""

    at: Array
    rotation: Array

    def seen(self, points: Array) -> Array:
        """Return points (..., 3) of the base frame as the camera has them: right, down, away, m."""
        local = (np.asarray(points, np.float64) - self.at) @ self.rotation
        return np.asarray(local * [1.0, -1.0, -1.0])

    def project(self, points: Array, size: tuple[int, int], fov_y: float) -> Array:
        """Return where points (..., 3) of the base frame fall in a picture, px: x, y, distance, m.

        size: width, height. fov_y: rad.
        """
        width, height = size
        local, focal = self.seen(points), 0.5 * height / np.tan(0.5 * fov_y)
        away = np.maximum(local[..., 2], 1e-6)
        x = 0.5 * width + focal * local[..., 0] / away
        y = 0.5 * height + focal * local[..., 1] / away
        return np.stack([x, y, local[..., 2]], axis=-1)

    @classmethod
    def looking(cls, at: Array, to: Array, roll: float = 0.0) -> Pose:
        """Return a pose at `at` that looks to `to`, the world's up being up, then rolled."""
        back = np.asarray(at, np.float64) - np.asarray(to, np.float64)
        back /= np.linalg.norm(back)
        about = np.array([0.0, 0.0, 1.0]) if abs(back[2]) < 0.999 else np.array([1.0, 0.0, 0.0])
        right = np.cross(about, back)
        right /= np.linalg.norm(right)
        up = np.cross(back, right)
        c, s = np.cos(roll), np.sin(roll)
        rotation = np.stack([c * right + s * up, c * up - s * right, back], axis=1)
        return cls(np.array(at, np.float64), rotation)


@dataclass(frozen=True)
class PartTruth:
    """What a part is and what is wrong with it. severity, at: of its defect; at: base frame, m.

    present: whether it is there at all.
    """

    name: str
    kind: str
    defect: str = NONE
    severity: float = 0.0
    at: tuple[float, float, float] | None = None
    present: bool = True

    @property
    def state(self) -> str:
        """`sound`, `defective` or `absent`."""
        if not self.present:
            return "absent"
        return "sound" if self.defect == NONE else "defective"


@dataclass(frozen=True)
class SeenPart:
    """A part as one picture shows it.

    pixels: how many are its; defect_pixels: of these, its defect's. box: x0, y0, x1, y1 of what is
    seen, px, the ends not included. centroid: of what is seen, px. centre: of the whole part in the
    camera frame, seen or not: right, down, away, m. distance: median of what is seen, along the
    line of sight's axis, m; None without depth. defect_box: as box, None when nothing is seen.
    """

    name: str
    pixels: int
    box: tuple[int, int, int, int]
    centroid: tuple[float, float]
    centre: tuple[float, float, float]
    defect: str
    defect_pixels: int
    defect_box: tuple[int, int, int, int] | None
    distance: float | None


@dataclass(frozen=True, eq=False)
class View:
    """A picture with its truth.

    pixels: uint8 (H, W, 3). parts: uint8 (H, W), the index in PARTS of what every pixel shows,
    len(PARTS) for anything else. defects: bool (H, W). depth: float32 (H, W), m, or None.
    pose, fov_y (rad): of the camera. centres: (parts, 3), base frame. truth: of every part.
    """

    pixels: Pixels
    parts: Pixels
    defects: NDArray[np.bool_]
    depth: NDArray[np.float32] | None
    pose: Pose
    fov_y: float
    centres: Array
    truth: tuple[PartTruth, ...]

    @cached_property
    def visible(self) -> dict[str, SeenPart]:
        """The parts of which at least FEWEST pixels are seen, by name."""
        counts = np.bincount(self.parts.ravel(), minlength=len(PARTS) + 1)
        return {
            truth.name: self._part(index, truth)
            for index, truth in enumerate(self.truth)
            if counts[index] >= FEWEST
        }

    @property
    def defects_seen(self) -> dict[str, str]:
        """The defects of which at least FEWEST pixels are seen, by part."""
        return {
            name: seen.defect for name, seen in self.visible.items() if seen.defect_pixels >= FEWEST
        }

    def project(self, points: Array) -> Array:
        """Return where points (..., 3) of the base frame fall, px: x, y, and their distance, m."""
        height, width = self.parts.shape
        return self.pose.project(points, (width, height), self.fov_y)

    def _part(self, index: int, truth: PartTruth) -> SeenPart:
        mask = self.parts == index
        wrong = mask & self.defects
        rows, columns = np.nonzero(mask)
        bad = int(wrong.sum())
        x, y, away = self.pose.seen(self.centres[index])
        return SeenPart(
            truth.name,
            len(rows),
            _box(rows, columns),
            (float(columns.mean()) + 0.5, float(rows.mean()) + 0.5),
            (float(x), float(y), float(away)),
            truth.defect,
            bad,
            _box(*np.nonzero(wrong)) if bad else None,
            None if self.depth is None else float(np.median(self.depth[mask])),
        )


def _box(rows: NDArray[np.intp], columns: NDArray[np.intp]) -> tuple[int, int, int, int]:
    return int(columns.min()), int(rows.min()), int(columns.max()) + 1, int(rows.max()) + 1
