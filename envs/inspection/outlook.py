"""What should be in the picture, by the drawing and the readings of arm and turntable."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

from helmsight.envs.inspection.arm import FIELD_OF_VIEW
from helmsight.envs.inspection.crops import LEAST_M, Square
from helmsight.envs.inspection.parts import PARTS
from helmsight.envs.inspection.shapes import Array
from helmsight.envs.inspection.sites import SITES, Site
from helmsight.envs.inspection.survey import Survey
from helmsight.envs.inspection.telemetry import Spot, joints_of, spots_of, turntable_of
from helmsight.envs.inspection.views import Pose

Relation = tuple[str, str, str, int]
NEAREST_M = 0.03  # of a point from the camera that can be in a picture
APART_M, APART = 0.015, 0.06  # m, and share of the picture's side, by which a relation is certain
SEEN, MOST = 0.5, 4  # share of a site by which its part is in view; parts that are related at once
FOV_Y = float(np.radians(FIELD_OF_VIEW))


class Outlook:
    """Tells where in the picture every site should be, and what relations are certain.

    size: width and height of the picture. parts: those that are related.
    """

    def __init__(self, survey: Survey, size: tuple[int, int], parts: Sequence[str]) -> None:
        self._survey, self._size, self._parts = survey, size, tuple(parts)

    def spots(self, joints: Sequence[float], turntable: float) -> dict[str, Spot]:
        """Return where every site should be, by its label."""
        self._survey.cell.place(joints, turntable)
        pose = self._survey.views.pose(joints)
        return {site.label: self._spot(site, pose) for site in SITES}

    def known(self, telemetry: NDArray[np.float64]) -> list[Relation]:
        """Return relations of parts in the picture, as (part, other part, axis, sign).

        Those of the middles of whole parts, where the drawing, with all that may be a little
        elsewhere, leaves no doubt: in the picture and in space.
        """
        spots = spots_of(telemetry)
        seen = [
            part
            for part in self._parts
            if any(spots[site.label].side > 0.0 for site in SITES if site.part == part)
        ]
        if len(seen) < 2:
            return []
        joints = joints_of(telemetry)
        self._survey.cell.place(joints, turntable_of(telemetry))
        pose = self._survey.views.pose(joints)
        order = list(PARTS)
        centres = self._survey.cell.centres[[order.index(part) for part in seen]]
        places, pixels = pose.seen(centres), pose.project(centres, self._size, FOV_Y)
        return [
            (one, other, axis, sign)
            for i, one in enumerate(seen)
            for j, other in enumerate(seen[i + 1 :], i + 1)
            for axis, sign in self._between(places[i] - places[j], pixels[i] - pixels[j])
        ]

    def in_view(self, telemetry: NDArray[np.float64]) -> list[str]:
        """Return the parts of which most should be seen, at most MOST, in their order."""
        spots = spots_of(telemetry)
        shares = {
            part: max(spots[site.label].share for site in SITES if site.part == part)
            for part in self._parts
        }
        seen = sorted((p for p in shares if shares[p] >= SEEN), key=lambda p: -shares[p])[:MOST]
        return [part for part in self._parts if part in seen]

    def _between(self, space: Array, pixels: Array) -> list[tuple[str, int]]:
        """Return axes and signs that are certain of a difference: right, down, away, m; and px."""
        certain = []
        for index, axis in enumerate(("horizontal", "vertical")):
            far = abs(space[index]) > APART_M and abs(pixels[index]) > APART * self._size[index]
            if far and space[index] * pixels[index] > 0.0:
                certain.append((axis, 1 if space[index] > 0.0 else -1))
        if abs(space[2]) > APART_M:
            certain.append(("depth", 1 if space[2] > 0.0 else -1))
        return certain

    def _spot(self, site: Site, pose: Pose) -> Spot:
        points, _ = self._survey.views.sight.place(site)
        places = pose.project(points, self._size, FOV_Y)
        if places[:, 2].min() < NEAREST_M:
            return Spot()
        width, height = self._size
        focal = 0.5 * height / np.tan(0.5 * FOV_Y)
        least = LEAST_M * focal / float(places[:, 2].mean())
        square = Square.around(places[:, :2], least)
        if not (0.0 <= square.x < width and 0.0 <= square.y < height):
            return Spot()
        share = self._survey.views.sight.share(site, pose, width / height)
        return Spot(square.x, square.y, square.side, share)
