"""A way around what stands between."""

from __future__ import annotations

from collections.abc import Sequence
from itertools import pairwise

import numpy as np
import pytest

from helmsight.envs.inspection.cell import START, Cell
from helmsight.envs.inspection.clearance import MARGIN_M, Clearance, Joints
from helmsight.envs.inspection.plan import CellPlan
from helmsight.envs.inspection.routes import route
from helmsight.envs.inspection.shapes import SOLID, Array
from helmsight.hardware.gl import mujoco


class Wall(Clearance):
    """Nothing but a wall in joint space, with a gap that the folded arm does not lead through."""

    def gaps(self, joints: Sequence[float] | Array, least_m: float = 0.0) -> dict[int, float]:
        pan, lift = joints[0], joints[1]
        return {0: 0.0} if abs(pan) < 0.2 and lift < 0.0 else {}


@pytest.fixture(scope="module")
def wall() -> Wall:
    return Wall(Cell(CellPlan.draw(0, defects=())))


def test_a_way_is_searched_where_neither_straight_nor_folded_leads(wall: Wall) -> None:
    start, end = (-0.8, *START[1:]), (0.8, *START[1:])
    found = route(wall, start, end)
    assert found is not None
    assert found[-1] == pytest.approx(end)
    assert len(found) > 2
    assert all(wall.way(a, b) for a, b in pairwise((start, *found)))
    assert found == route(wall, start, end)
    back = route(wall, end, start)
    assert back is not None
    assert back[-1] == pytest.approx(start)


def test_there_is_no_way_to_or_from_what_touches(wall: Wall) -> None:
    assert route(wall, START, (0.8, *START[1:])) is None
    assert route(wall, (0.8, *START[1:]), START) is None


@pytest.mark.slow
def test_an_arm_that_stands_too_near_can_leave_but_comes_no_nearer() -> None:
    cell = Cell(CellPlan.draw(1, defects=()))
    cell.place(turntable=0.3)
    clearance, rng = Clearance(cell), np.random.default_rng(5)
    left = 0
    for tight in _too_near(clearance, rng):
        gaps = clearance.gaps(tight)
        found = route(clearance, tight, START)
        if found is None:
            continue
        left += 1
        first = np.linspace(tight, found[0], 200)
        for pair, gap in ((p, g) for at in first for p, g in clearance.gaps(at).items()):
            assert gap > gaps[pair] - 0.001  # no pair that had room has lost it
        assert route(clearance, START, tight) is None
    assert left >= 15


def _too_near(clearance: Clearance, rng: np.random.Generator, n: int = 20) -> list[Joints]:
    """Return places of the arm with too little room, but in touch with nothing."""
    found: list[Joints] = []
    while len(found) < n:
        joints = [rng.uniform(joint.lower, joint.upper) for joint in clearance.spec.joint]
        joints[0] = rng.uniform(-0.5, 0.5)
        gaps = clearance.gaps(joints).values()
        if gaps and min(gaps) > 0.004:
            found.append(tuple(joints))
    return found


@pytest.mark.slow
def test_what_is_clear_keeps_its_distance() -> None:
    """By MuJoCo's own distances: its contacts leave out bodies by a margin of their own."""
    cell, rng = Cell(CellPlan.draw(1, defects=())), np.random.default_rng(2)
    clearance, model, data = Clearance(cell), cell.built.model, cell.data
    solids = np.flatnonzero(model.geom_group == SOLID)
    arm = [g for g in solids if cell.built.owners[g].part == "arm" and model.geom_bodyid[g] != 0]
    bus = [g for g in solids if cell.built.owners[g].part in ("bus", "dish", "panel A")]
    far, near = [], 0
    for _ in range(400):
        joints = [rng.uniform(joint.lower, joint.upper) for joint in cell.spec.joint]
        joints[0] = rng.uniform(-0.5, 0.5)
        cell.place(joints, 0.3)
        nearest = min(
            mujoco.mj_geomDistance(model, data, a, b, 0.05, None) for a in arm for b in bus
        )
        if clearance.touches(joints):
            near += 1
        else:
            far.append(nearest)
    assert min(far) >= MARGIN_M - 1e-4
    assert min(far) < 0.03  # some came near
    assert near > 50


def test_a_straight_way_is_one_place(wall: Wall) -> None:
    start, end = (0.5, *START[1:]), (0.9, *START[1:])
    assert route(wall, start, end) == (end,)
