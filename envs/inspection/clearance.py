"""Where the arm may be: clear of satellite, table, things and itself, with a margin."""

from __future__ import annotations

import copy
from collections.abc import Sequence

import numpy as np

from helmsight.envs.inspection.building import Built
from helmsight.envs.inspection.cell import Cell
from helmsight.envs.inspection.contacts import touching
from helmsight.envs.inspection.shapes import SOLID, Array
from helmsight.hardware.gl import mujoco

MARGIN_M = 0.008
UNSURE_M = {"mast": 0.036}  # more where a defect can put a part where its drawing has it not
STEP_RAD = 0.04  # of the joint that goes furthest, between two places that are looked at
Joints = tuple[float, ...]


class Clearance:
    """Tells collisions of the arm in a cell, its turntable where the cell has it.

    Whoever must not know what is wrong plans in the cell of `plan.sound()`: the same poses, nothing
    wrong. What is clear there is clear in the real one, too.
    """

    def __init__(self, cell: Cell, margin_m: float = MARGIN_M) -> None:
        model = copy.copy(cell.built.model)
        solid = model.geom_group == SOLID
        arm = np.array([owner.part == "arm" for owner in cell.built.owners])
        model.geom_margin[solid & arm] = margin_m
        for part, more in UNSURE_M.items():
            its = np.array([owner.part == part for owner in cell.built.owners])
            model.geom_margin[solid & its] = more
        # MuJoCo leaves out whole bodies first, by a margin of their own
        np.maximum.at(model.body_margin, model.geom_bodyid, model.geom_margin)
        self._cell, self.spec = cell, cell.spec
        self._built = Built(model, cell.built.owners, cell.built.arm, cell.built.turntable)
        self._data = mujoco.MjData(model)

    def touches(self, joints: Sequence[float] | Array) -> tuple[tuple[str, str], ...]:
        """Return what comes nearer than the margin: link of the arm, and what with."""
        self._data.qpos[self._built.turntable] = self._cell.turntable
        self._data.qpos[self._built.arm] = joints
        mujoco.mj_kinematics(self._built.model, self._data)
        mujoco.mj_comPos(self._built.model, self._data)
        mujoco.mj_collision(self._built.model, self._data)
        return touching(self._built, self._data) if self._data.ncon else ()

    def way(self, start: Sequence[float] | Array, end: Sequence[float] | Array) -> bool:
        """Return whether the arm can go straight, all joints at once, without touching anything."""
        a, b = np.array(start), np.array(end)
        steps = max(1, int(np.ceil(np.abs(b - a).max() / STEP_RAD)))
        return not any(self.touches(a + (b - a) * index / steps) for index in range(steps + 1))
