"""Where things are in the cell, and whether its truth is what its pictures show."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from functools import cache

import numpy as np
import pytest
from numpy.typing import NDArray

from helmsight.contract.errors import InvalidOption
from helmsight.envs.inspection.arm import CAMERA_AT
from helmsight.envs.inspection.cell import START, Cell
from helmsight.envs.inspection.parts import DEFECTS, PARTS
from helmsight.envs.inspection.plan import CellPlan, Defect
from helmsight.envs.inspection.satellite.assembly import CENTRE
from helmsight.envs.inspection.views import FEWEST, Pose, View
from helmsight.hardware.errors import WrongThread
from helmsight.hardware.kinematics import Kinematics
from helmsight.hardware.spec import load_spec

SIZE = (240, 180)


def test_the_drawn_arm_is_where_the_kinematics_say() -> None:
    spec, rng = load_spec("so101"), np.random.default_rng(1)
    kinematics = Kinematics(spec)
    cell = Cell(CellPlan.draw(0, defects=()))
    for _ in range(50):
        joints = [rng.uniform(joint.lower, joint.upper) for joint in spec.joint]
        cell.place(joints)
        point, rotation = kinematics.pose(joints)
        camera = point + rotation @ (np.array(CAMERA_AT) - np.array(spec.tool.offset))
        assert np.abs(cell.camera_pose().at - camera).max() < 1e-4  # m
        hand = cell.data.body("arm wrist_roll")
        assert np.abs(hand.xmat.reshape(3, 3) - rotation).max() < 1e-4
        assert cell.joints == pytest.approx(joints)


def test_a_robot_that_is_no_so101_is_told_what_is_expected() -> None:
    with pytest.raises(InvalidOption, match="shoulder_pan"):
        Cell(0, "gantry")


@pytest.mark.slow
def test_a_seed_draws_the_same_pixels_again_and_another_seed_others(drawing: None) -> None:
    def picture(seed: int) -> NDArray[np.uint8]:
        with Cell(seed) as cell:
            return cell.look(size=SIZE)

    first = picture(2)
    assert first.shape == (SIZE[1], SIZE[0], 3)
    assert np.array_equal(first, picture(2))
    assert np.abs(first.astype(int) - picture(3)).mean() > 5.0


@pytest.mark.slow
def test_the_parts_are_where_they_are_seen(cell: Cell) -> None:
    view = cell.view_from(Pose.looking(np.array([0.10, 0.0, 0.2]), np.array(CENTRE)), depth=True)
    assert set(view.visible) >= {"bus", "panel A", "panel B", "dish", "mast", "connector"}
    places = view.project(view.centres)
    for index, (part, kind) in enumerate(PARTS.items()):
        seen = view.visible.get(part)
        if seen is None or kind in ("bus", "foil"):  # of which the middle is inside
            continue
        x0, y0, x1, y1 = seen.box
        x, y, away = places[index]
        assert x0 - 4 <= x <= x1 + 4, part
        assert y0 - 4 <= y <= y1 + 4, part
        assert seen.distance == pytest.approx(away, abs=0.03), part
        assert seen.centre == pytest.approx(tuple(view.pose.seen(view.centres[index])))
        assert seen.pixels == (view.parts == index).sum()


@pytest.mark.slow
def test_right_down_and_away_are_the_cameras_own(cell: Cell) -> None:
    view = cell.view_from(Pose.looking(np.array([0.10, 0.0, 0.15]), np.array(CENTRE)))
    left, right = view.visible["panel A"], view.visible["panel B"]
    if left.centre[0] > right.centre[0]:
        left, right = right, left
    assert left.centroid[0] < right.centroid[0]
    assert view.visible["mast"].centre[1] < view.visible["connector"].centre[1]  # higher: less down
    assert view.visible["dish"].centre[2] < view.visible["bus"].centre[2]  # the dish is nearer


@pytest.mark.slow
def test_without_the_arm_it_is_not_in_the_picture(cell: Cell) -> None:
    pose = Pose.looking(np.array([-0.2, -0.5, 0.4]), np.array([0.15, 0.0, 0.1]))
    bare, whole = cell.view_from(pose), cell.view_from(pose, arm=True)
    assert (bare.pixels != whole.pixels).mean() > 0.02


@pytest.mark.parametrize("size", [(8, 100), (4000, 100)])
def test_pictures_of_no_sensible_size_are_refused(cell: Cell, size: tuple[int, int]) -> None:
    with pytest.raises(InvalidOption, match="16 to 1024"):
        cell.look(size=size)


@pytest.mark.slow
def test_another_thread_than_the_first_is_told_to_have_its_own(cell: Cell) -> None:
    cell.look(size=SIZE)
    with ThreadPoolExecutor(1) as pool:
        looked = pool.submit(cell.look, size=SIZE)
        assert isinstance(looked.exception(), WrongThread)


def test_the_turntable_turns_the_satellite_and_nothing_else(cell: Cell) -> None:
    before, camera = cell.centres, cell.camera_pose().at
    cell.place(turntable=cell.turntable + np.pi / 2)
    middle = np.array(CENTRE)[:2]
    turned = (before[:, :2] - middle) @ np.array([[0.0, 1.0], [-1.0, 0.0]]) + middle
    assert np.allclose(cell.centres[:, :2], turned, atol=1e-9)
    assert np.allclose(cell.camera_pose().at, camera)


@pytest.mark.slow
def test_a_part_that_is_not_there_is_not_seen_and_said_so(drawing: None) -> None:
    plan = CellPlan.draw(1, defects=[Defect("dish", "dent", 1.0, (0.3, 0.5), 4)])
    pose = Pose.looking(np.array([0.10, 0.0, 0.2]), np.array(CENTRE))
    with Cell(plan.without("dish", "thruster 2"), shadows=False) as cell:
        cell.place(turntable=0.0)
        view = cell.view_from(pose)
    assert not {"dish", "thruster 2"} & set(view.visible)
    states = {one.name: one.state for one in view.truth}
    assert {name for name, state in states.items() if state == "absent"} == {"dish", "thruster 2"}
    assert view.defects.sum() == 0
    with pytest.raises(InvalidOption, match="star tracker"):
        plan.without("antenna")


# -- defects --------------------------------------------------------------------------------------

LOOKED_AT = {  # in the frame of the part: at what, and from which side
    "bus": ((0, 0, 0.046), (0, 0.3, 1)),
    "panel": ((0, 0, 0), (0, 0, 1)),
    "dish": ((0, 0, 0.016), (0, 0, 1)),
    "mast": ((0, 0, 0.035), (-1, -0.5, 0.3)),
    "star tracker": ((0, 0, 0.01), (1, 0, 0.9)),
    "foil": ((-0.038, 0, 0), (-1, 0, 0.1)),
    "connector": ((0, 0, 0.01), (0.5, 0.8, 0.7)),
    "thruster": ((0, 0, 0.01), (0.1, 0.3, 1)),
}
EVERY = [(kind, defect) for kind, defects in DEFECTS.items() for defect in defects]


@cache  # drawing takes most of the time
def looked_at(part: str, defect: str = "", severity: float = 0.0) -> View:
    """Return a part of cell 4 with a defect, or sound; nobody changes it."""
    wrong = [Defect(part, defect, severity, (0.3, 0.4), 11)] if defect else []
    with Cell(CellPlan.draw(4, defects=wrong), shadows=False) as cell:
        origin, rotation = cell.seat(part)
        at, side = (np.array(vector, np.float64) for vector in LOOKED_AT[PARTS[part]])
        target, outward = origin + rotation @ at, rotation @ side / np.linalg.norm(side)
        return cell.view_from(Pose.looking(target + 0.13 * outward, target), SIZE)


@pytest.mark.slow
@pytest.mark.parametrize(("kind", "defect"), EVERY)
@pytest.mark.parametrize("severity", [0.0, 1.0])
def test_a_defect_changes_the_pixels_that_are_said_to_be_its(
    drawing: None, kind: str, defect: str, severity: float
) -> None:
    part = next(name for name, of in PARTS.items() if of == kind)
    faulty, sound = looked_at(part, defect, severity), looked_at(part)
    differs = np.abs(faulty.pixels.astype(int) - sound.pixels).max(axis=2) > 12
    assert faulty.defects_seen == {part: defect}
    assert sound.defects.sum() == 0
    assert faulty.visible[part].defect_pixels == faulty.defects.sum() >= FEWEST
    if defect != "cracked cell":  # whose own pixels are mostly cell, as before
        assert differs[faulty.defects].mean() > 0.5
    own = list(PARTS).index(part)
    elsewhere = ~(faulty.defects | (faulty.parts == own) | (sound.parts == own))
    assert differs[elsewhere].mean() < 0.002
    truth = {one.name: one for one in faulty.truth}[part]
    assert (truth.defect, truth.state, truth.severity) == (defect, "defective", severity)
    assert all(one.state == "sound" for one in faulty.truth if one.name != part)
    assert truth.at is not None
    x, y, _ = faulty.project(np.array(truth.at))
    box = faulty.visible[part].defect_box
    assert box is not None
    x0, y0, x1, y1 = box
    assert x0 - 6 <= x <= x1 + 6
    assert y0 - 6 <= y <= y1 + 6


@pytest.mark.slow
def test_a_worse_defect_is_larger(drawing: None) -> None:
    for kind, defect in (("bus", "scorch"), ("foil", "tear"), ("dish", "dent")):
        part = next(name for name, of in PARTS.items() if of == kind)
        light, bad = (looked_at(part, defect, severity) for severity in (0.0, 1.0))
        assert bad.defects.sum() > 1.3 * light.defects.sum(), defect


@pytest.mark.slow
def test_light_and_shadow_change_the_picture_and_not_the_truth(cell: Cell) -> None:
    darker = replace(cell.plan.light, key=0.3, fill=0.5)
    with Cell(replace(cell.plan, light=darker), shadows=True) as dim:
        dim.place(START, turntable=0.0)
        a, b = cell.view(size=SIZE), dim.view(size=SIZE)
    assert b.pixels.mean() < 0.8 * a.pixels.mean()
    assert np.array_equal(a.parts, b.parts)
    assert np.array_equal(a.defects, b.defects)
