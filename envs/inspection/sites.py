"""What has to be looked at: the surfaces of every part on which a defect can be."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property

import numpy as np

from helmsight.envs.inspection.arm import FIELD_OF_VIEW
from helmsight.envs.inspection.cell import Cell
from helmsight.envs.inspection.parts import PARTS
from helmsight.envs.inspection.satellite import dish, fittings, panels, skin, top
from helmsight.envs.inspection.shapes import SOLID, Array, Vector, matrix
from helmsight.envs.inspection.views import Pose
from helmsight.hardware.gl import mujoco

NEAR_M = 0.015  # what hides a surface stands further before it than this
DISTANCES_M, ASIDE_M, LOWEST_M = (0.08, 0.25), 0.01, 0.015  # of cameras put anywhere
EDGE = 0.96  # of the way to the picture's edge: what lies beyond does not count as in it


@dataclass(frozen=True)
class Site:
    """One surface. points (n, 3), outward (3,): in its part's frame, m.

    cone: how far from `outward` a camera may stand and still see what is wrong, rad.
    """

    part: str
    name: str
    points: Array
    outward: Array
    cone: float

    @property
    def label(self) -> str:
        """What it is called among all sites: `part: name`."""
        return f"{self.part}: {self.name}"

    @cached_property
    def middle(self) -> Array:
        """The mean of its points."""
        return np.asarray(self.points.mean(axis=0))


def _grid(half: Vector, at: Vector, rotation: Array, count: tuple[int, int]) -> Array:
    x, y = np.meshgrid(
        np.linspace(-1, 1, count[0]) * half[0], np.linspace(-1, 1, count[1]) * half[1]
    )
    flat = np.stack([x.ravel(), y.ravel(), np.zeros(x.size)], axis=1)
    return np.asarray(np.array(at) + flat @ rotation.T)


def _ring(radius: float, height: float, count: int) -> Array:
    angle = 2.0 * np.pi * np.arange(count) / count
    return np.stack(
        [radius * np.cos(angle), radius * np.sin(angle), np.full(count, height)], axis=1
    )


def _sites(part: str) -> list[Site]:
    kind, z, plain = PARTS[part], np.array([0.0, 0.0, 1.0]), np.eye(3)
    if kind == "panel":
        half = (panels.PITCH[0], 1.5 * panels.PITCH[1])
        points = _grid(half, (0, 0, panels.TOP), plain, (panels.COLUMNS, panels.ROWS))
        return [Site(part, "cells", points, z, 1.05)]
    if kind == "bus":
        return [
            Site(part, "top", _grid((0.012, 0.016), (0, 0, skin.HALF[2]), plain, (3, 3)), z, 1.2)
        ]
    if kind == "foil":
        return [
            Site(
                part, name, _grid((0.6 * half[0], 0.6 * half[1]), at, matrix(turn), (3, 3)),
                matrix(turn)[:, 2], 1.2,
            )
            for name, (at, turn, half) in skin.SHEETS.items()
        ]  # fmt: skip
    if kind == "dish":
        height = dish.SEAT + (0.7 * dish.RADIUS) ** 2 / (4.0 * dish.FOCUS)
        return [Site(part, "bowl", _ring(0.7 * dish.RADIUS, height, 8), z, 1.0)]
    if kind == "mast":
        points = np.outer(np.linspace(0.15, 0.95, 6) * top.LENGTH, z)
        return [Site(part, "mast", points, z, np.pi)]
    if kind == "star tracker":
        points = np.array(
            [[0.0105, 0.0, 0.0045], [0.0085, 0.0085, 0.009], [0.0085, -0.0085, 0.009]]
        )
        return [Site(part, "housing", points, np.array([0.6, 0.0, 0.8]), 1.1)]
    if kind == "connector":
        return [Site(part, "plug", _ring(0.006, 0.010, 6), z, 1.25)]
    return [Site(part, "cap", np.array([[0.0, 0.0, fittings.EXIT + 0.003]]), z, 1.2)]


SITES: tuple[Site, ...] = tuple(site for part in PARTS for site in _sites(part))
"""Every surface, the parts in their order."""


class Sight:
    """Which share of a site a camera sees in the present state of a cell, by rays."""

    def __init__(self, cell: Cell) -> None:
        self._cell = cell
        self._groups = np.ones(6, np.uint8)
        self._groups[SOLID] = 0
        self._hit = np.zeros(1, np.int32)
        self._order = list(PARTS)

    def place(self, site: Site) -> tuple[Array, Array]:
        """Return the points (n, 3) of a site and its outward direction, base frame."""
        at, rotation = self._cell.seat(site.part)
        return at + site.points @ rotation.T, rotation @ site.outward

    def somewhere(self, site: Site, rng: np.random.Generator) -> Pose:
        """Return a pose that looks at a site, more or less, from anywhere within its cone.

        For training: no arm has to reach it, and something may stand in the way (see `share`).
        """
        points, outward = self.place(site)
        side = rng.normal(size=3)
        side -= outward * (side @ outward)
        side /= np.linalg.norm(side)
        lean = np.arccos(rng.uniform(np.cos(min(site.cone, 0.5 * np.pi)), 1.0))
        way = np.cos(lean) * outward + np.sin(lean) * side
        at = points.mean(axis=0) + rng.uniform(*DISTANCES_M) * way
        at[2] = max(at[2], LOWEST_M)
        aim = points.mean(axis=0) + rng.normal(0.0, ASIDE_M, 3)
        return Pose.looking(at, aim, float(rng.uniform(-np.pi, np.pi)))

    def share(self, site: Site, pose: Pose, aspect: float = 4.0 / 3.0) -> float:
        """Return the share of its points in the picture, unhidden, from within its cone, 0 to 1.

        aspect: width by height of the picture of the wrist camera.
        """
        points, outward = self.place(site)
        seen, toward = pose.seen(points), pose.at - points
        tall = EDGE * np.tan(0.5 * np.radians(FIELD_OF_VIEW))
        inside = (seen[:, 2] > 0.02) & (np.abs(seen[:, 1]) < tall * seen[:, 2])
        inside &= np.abs(seen[:, 0]) < aspect * tall * seen[:, 2]
        inside &= toward @ outward > np.cos(site.cone) * np.linalg.norm(toward, axis=1)
        good = sum(self._unhidden(site, pose.at, points[i]) for i in np.flatnonzero(inside))
        return good / len(points)

    def _unhidden(self, site: Site, eye: Array, point: Array) -> bool:
        way = point - eye
        far = float(np.linalg.norm(way))
        built, data = self._cell.built, self._cell.data
        hit = mujoco.mj_ray(built.model, data, eye, way / far, self._groups, 1, -1, self._hit)
        if hit < 0.0 or hit > far + NEAR_M:
            return True  # what was there is gone, and nothing stands before it
        owner = built.owners[int(self._hit[0])]
        return owner.part == site.part and hit > far - NEAR_M
