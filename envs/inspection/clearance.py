"""Where the arm may be: clear of satellite, table, things and itself, with a margin."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from itertools import combinations

import numpy as np

from helmsight.envs.inspection.building import Built
from helmsight.envs.inspection.cell import Cell
from helmsight.envs.inspection.contacts import Contacts
from helmsight.envs.inspection.shapes import SOLID, Array
from helmsight.hardware.gl import mujoco

MARGIN_M = 0.008
UNSURE_M = {"mast": 0.036}  # more where a defect can put a part where its drawing has it not
STEP_RAD = 0.04  # of the joint that goes furthest, between two places that are looked at
SLACK_M = 0.0005  # by which what starts too near may come nearer: ways of joints are curved
Joints = tuple[float, ...]


class Clearance:
    """Tells collisions of the arm in a cell, its turntable where the cell has it.

    Whoever must not know what is wrong plans in the cell of `plan.sound()`: the same poses, nothing
    wrong. What is clear there is clear in the real one, too.
    """

    def __init__(self, cell: Cell, margin_m: float = MARGIN_M) -> None:
        self._cell, self.spec = cell, cell.spec
        self._built, self._model = cell.built, cell.built.model
        self._data = mujoco.MjData(self._model)
        self._contacts = Contacts(cell.built)
        model, pairs = self._model, list(_pairs(cell.built))
        self._one, self._other = (np.array(side, np.intp) for side in zip(*pairs, strict=True))
        self._margin = np.array([_margin(cell.built, pair, margin_m) for pair in pairs])
        self._bound = model.geom_rbound[self._one] + model.geom_rbound[self._other]
        endless = model.geom_type == mujoco.mjtGeom.mjGEOM_PLANE
        self._bound[endless[self._one] | endless[self._other]] = np.inf

    def touches(
        self, joints: Sequence[float] | Array, least_m: float = 0.0
    ) -> tuple[tuple[str, str], ...]:
        """Return what comes nearer than the margin, or than `least_m`: link of the arm, and what
        with.
        """
        found = self.gaps(joints, least_m)
        return tuple({
            self._contacts.pair(int(self._one[at]), int(self._other[at])): None for at in found
        })  # fmt: skip

    def gaps(self, joints: Sequence[float] | Array, least_m: float = 0.0) -> dict[int, float]:
        """Return how far apart are, m, those pairs of shapes that come nearer than that, by number.

        Distances are measured, not contacts looked for: between boxes that do not touch MuJoCo
        misses these now and then, whatever their margin.
        """
        model, data = self._model, self._data
        data.qpos[self._built.turntable] = self._cell.turntable
        data.qpos[self._built.arm] = joints
        mujoco.mj_kinematics(model, data)
        apart = data.geom_xpos[self._one] - data.geom_xpos[self._other]
        margin = np.maximum(self._margin, least_m)
        near = np.flatnonzero((apart * apart).sum(axis=1) < (self._bound + margin) ** 2)
        far = {int(at): self._apart(int(at), float(margin[at])) for at in near}
        return {at: gap for at, gap in far.items() if gap < margin[at]}

    def _apart(self, at: int, most_m: float) -> float:
        pair = int(self._one[at]), int(self._other[at])
        return float(mujoco.mj_geomDistance(self._model, self._data, *pair, most_m, None))

    def way(self, start: Sequence[float] | Array, end: Sequence[float] | Array) -> bool:
        """Return whether the arm can go straight, all joints at once, without touching anything.

        It may start where it has too little room, as an arm that was stopped on its way or sags
        does: it then comes no nearer to anything, and has room where it ends.
        """
        a, b = np.array(start), np.array(end)
        tight = self.gaps(a)
        if any(gap <= 0.0 for gap in tight.values()) or self.gaps(b):
            return False
        steps = max(1, int(np.ceil(np.abs(b - a).max() / STEP_RAD)))
        return not any(
            gap < tight.get(pair, np.inf) - SLACK_M
            for index in range(1, steps)
            for pair, gap in self.gaps(a + (b - a) * index / steps).items()
        )


def _pairs(built: Built) -> Iterator[tuple[int, int]]:
    """Yield the solid shapes that can touch, one of them the arm's: those that MuJoCo looks at."""
    model = built.model
    solid = [int(geom) for geom in np.flatnonzero(model.geom_group == SOLID)]
    parent, kinds = model.body_parentid, (model.geom_contype, model.geom_conaffinity)
    excluded = set(model.exclude_signature.tolist())
    for one, other in combinations(solid, 2):
        if "arm" not in (built.owners[one].part, built.owners[other].part):
            continue
        a, b = int(model.geom_bodyid[one]), int(model.geom_bodyid[other])
        meets = kinds[0][one] & kinds[1][other] or kinds[0][other] & kinds[1][one]
        beside = a == b or (a != 0 and b != 0 and (parent[a] == b or parent[b] == a))
        if meets and not beside and not {(a << 16) + b, (b << 16) + a} & excluded:
            yield one, other


def _margin(built: Built, pair: tuple[int, int], margin_m: float) -> float:
    """Return how far two shapes have to be apart, m."""
    return max(margin_m, *(UNSURE_M.get(built.owners[geom].part, 0.0) for geom in pair))
