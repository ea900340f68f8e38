"""From where the wrist camera sees what: reachable, clear of everything, and really in view."""

from __future__ import annotations

from dataclasses import replace
from itertools import pairwise

import numpy as np
import pytest

from helmsight.envs.inspection.cell import START, Cell
from helmsight.envs.inspection.clearance import Clearance
from helmsight.envs.inspection.contacts import Contacts
from helmsight.envs.inspection.parts import PARTS
from helmsight.envs.inspection.plan import CellPlan, Defect
from helmsight.envs.inspection.routes import route
from helmsight.envs.inspection.sites import SITES, Sight, Site
from helmsight.envs.inspection.viewpoints import FARTHEST, NEAREST, Viewpoint, Viewpoints
from helmsight.envs.inspection.views import Pose
from helmsight.hardware.gl import mujoco

QUARTERS = tuple(np.arange(-3.0, 3.1, 0.75))  # of the turntable, rad


def named(site: Site) -> str:
    return f"{site.part}: {site.name}"


def reached(cell: Cell) -> dict[str, tuple[float, Viewpoint]]:
    """Return for every site an angle of the turntable and a viewpoint with a way to it."""
    views, found = Viewpoints(cell), {}
    for angle in QUARTERS:
        for site in SITES:
            if named(site) in found:
                continue
            cell.place(START, float(angle))
            for view in views.of(site):
                if route(views.clearance, START, view.joints) is not None:
                    found[named(site)] = (float(angle), view)
                    break
    return found


def test_every_part_has_a_surface_to_look_at() -> None:
    assert {site.part for site in SITES} == set(PARTS)
    assert len({named(site) for site in SITES}) == len(SITES)


@pytest.mark.slow
@pytest.mark.parametrize("seed", [1, 2])
def test_a_viewpoint_is_what_it_says(seed: int) -> None:
    cell = Cell(CellPlan.draw(seed))
    cell.place(START, 0.3)
    views = Viewpoints(cell)
    found = views.all(2)
    assert sum(bool(views) for views in found.values()) >= 5
    for view in (view for views in found.values() for view in views):
        cell.place(view.joints)
        assert np.abs(cell.camera_pose().at - view.pose.at).max() < 1e-6
        assert NEAREST <= view.distance <= FARTHEST
        points, _ = views.sight.place(view.site)
        right, down, away = view.pose.seen(points.mean(axis=0))
        assert np.hypot(right, down) < 0.1 * away  # in the middle of the picture
        assert views.sight.share(view.site, view.pose) == view.share >= 0.6
        assert touched(cell, view) == ()
        for value, joint in zip(view.joints, cell.spec.joint, strict=True):
            assert joint.lower <= value <= joint.upper


@pytest.mark.slow
def test_the_folded_arm_is_clear_however_the_turntable_stands() -> None:
    for seed in range(4):
        cell = Cell(CellPlan.draw(seed))
        clearance = Clearance(cell)
        for angle in np.arange(-3.0, 3.1, 0.25):
            cell.place(START, float(angle))
            assert clearance.touches(START) == ()


def test_a_way_through_the_satellite_is_no_way() -> None:
    cell = Cell(CellPlan.draw(1, defects=()))
    cell.place(START, 0.0)
    clearance, stretched = Clearance(cell), (0.0, -0.3, 0.9, 0.2, 0.0, 0.3)
    assert clearance.touches(stretched)
    assert not clearance.way(START, stretched)
    assert route(clearance, START, stretched) is None
    assert route(clearance, START, (0.6, *START[1:])) == ((0.6, *START[1:]),)


@pytest.mark.slow
@pytest.mark.parametrize("around", [0.0, 0.3, 0.6])
def test_what_is_clear_of_the_sound_satellite_is_clear_of_the_faulty_one(around: float) -> None:
    worst = [
        Defect("mast", "bend", 1.0, (0.0, around), 1),
        Defect("connector", "loose plug", 1.0, (0.5, around), 2),
        Defect("foil", "tear", 1.0, (0.2, around), 3),
    ]
    plan = CellPlan.draw(9, defects=worst)
    sound, faulty = Cell(plan.sound()), Cell(plan)
    planned = 0
    for angle in (-1.5, 0.2, 2.0):
        sound.place(START, angle)
        faulty.place(START, angle)
        for found in Viewpoints(sound).all(2).values():
            planned += len(found)
            assert all(touched(faulty, view) == () for view in found)
    assert planned > 20


def touched(cell: Cell, view: Viewpoint) -> tuple[tuple[str, str], ...]:
    """Return what the arm touches at a viewpoint, without a margin."""
    cell.place(view.joints)
    mujoco.mj_forward(cell.built.model, cell.data)
    contacts = Contacts(cell.built)
    return tuple(contacts.pair(one, other) for one, other in cell.data.contact.geom.tolist())


@pytest.mark.slow
@pytest.mark.parametrize("seed", [5, 6])
def test_there_is_a_way_from_one_viewpoint_to_the_next(seed: int) -> None:
    cell = Cell(CellPlan.draw(seed))
    cell.place(START, 0.2)
    views = Viewpoints(cell)
    here: tuple[float, ...] = START
    ways = 0
    for view in (view for found in views.all(2).values() for view in found):
        way = route(views.clearance, here, view.joints)
        assert way is not None
        assert way == route(views.clearance, here, view.joints)
        assert way[-1] == pytest.approx(view.joints)
        assert all(views.clearance.way(a, b) for a, b in pairwise((here, *way)))
        ways, here = ways + 1, view.joints
    assert ways >= 10


def test_what_stands_before_a_part_hides_it() -> None:
    cell = Cell(CellPlan.draw(1, defects=()))
    cell.place(START, 0.0)
    sight = Sight(cell)
    dish = next(site for site in SITES if site.part == "dish")
    points, outward = sight.place(dish)
    before = Pose.looking(points.mean(axis=0) + 0.15 * outward, points.mean(axis=0))
    behind = Pose.looking(points.mean(axis=0) - 0.25 * outward, points.mean(axis=0))
    away = Pose.looking(before.at, before.at + outward)
    assert sight.share(dish, before) > 0.8
    assert sight.share(dish, behind) == 0.0
    assert sight.share(dish, away) == 0.0
    wide = replace(dish, cone=np.pi)
    assert sight.share(wide, behind) == 0.0  # the bus hides it


@pytest.mark.slow
def test_poses_for_training_look_at_their_surface_from_all_around() -> None:
    cell, rng = Cell(CellPlan.draw(2, defects=())), np.random.default_rng(0)
    sight = Sight(cell)
    for site in SITES:
        points, _ = sight.place(site)
        poses = [sight.somewhere(site, rng) for _ in range(20)]
        for pose in poses:
            right, down, away = pose.seen(points.mean(axis=0))
            assert 0.06 < away < 0.3
            assert np.hypot(right, down) < 0.06
            assert np.linalg.det(pose.rotation) == pytest.approx(1.0)
        assert np.std([pose.at for pose in poses], axis=0).max() > 0.03
    assert np.mean([sight.share(site, sight.somewhere(site, rng)) for site in SITES]) > 0.4


@pytest.mark.slow
@pytest.mark.parametrize("seed", [3, pytest.param(11, marks=pytest.mark.slow)])
def test_with_the_turntables_help_every_surface_is_reached(seed: int) -> None:
    assert set(reached(Cell(CellPlan.draw(seed)))) == {named(site) for site in SITES}


@pytest.mark.slow
@pytest.mark.parametrize("seed", range(8))
def test_every_defect_is_seen_from_a_reachable_viewpoint(drawing: None, seed: int) -> None:
    plan = CellPlan.draw(1000 + seed)
    with Cell(plan, shadows=False) as cell:
        views, unseen = Viewpoints(cell), {defect.part: defect.kind for defect in plan.defects}
        for angle in QUARTERS:
            for site in [site for site in SITES if site.part in unseen]:
                cell.place(START, float(angle))
                for view in views.of(site):
                    if route(views.clearance, START, view.joints) is not None:
                        cell.place(view.joints)
                        for part in cell.view(size=(320, 240)).defects_seen:
                            unseen.pop(part, None)
        assert unseen == {}


@pytest.mark.slow
def test_boxes_that_nearly_touch_are_seen_to_and_less_the_wider_the_margin() -> None:
    """MuJoCo's own contacts miss this pair of boxes, 9 mm apart, at every margin up to 3 cm."""
    cell = Cell(CellPlan.draw(44).sound())
    cell.place(START, -2.625)
    joints = (-0.192, -0.951, 0.624, 1.185, 1.082, 0.3)
    for margin_m, seen in ((0.004, False), (0.008, False), (0.0105, True), (0.03, True)):
        touched = Clearance(cell, margin_m).touches(joints)
        assert (("gripper", "panel A") in touched) == seen, margin_m


@pytest.mark.slow
@pytest.mark.parametrize("seed", [2, 9])
def test_what_touches_at_one_margin_touches_at_every_wider_one(seed: int) -> None:
    cell = Cell(CellPlan.draw(seed).sound())
    cell.place(START, 1.5)
    rng = np.random.default_rng(seed)
    lower, upper = zip(*((joint.lower, joint.upper) for joint in cell.spec.joint), strict=True)
    clearances = [Clearance(cell, margin_m) for margin_m in (0.002, 0.008, 0.02)]
    some = 0
    for _ in range(60):
        joints = rng.uniform(lower, upper)
        touched = [set(clearance.touches(joints)) for clearance in clearances]
        assert touched[0] <= touched[1] <= touched[2]
        some += touched[0] != touched[2]
    assert some > 5
