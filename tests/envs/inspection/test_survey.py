"""Looks planned by the drawing: which pose, which angle, which way; and where things should be."""

from __future__ import annotations

from dataclasses import replace
from itertools import pairwise

import numpy as np
import pytest

from helmsight.envs.inspection.cell import START, Cell
from helmsight.envs.inspection.clearance import Joints
from helmsight.envs.inspection.looks import LOOKS, Look
from helmsight.envs.inspection.outlook import Outlook
from helmsight.envs.inspection.parts import PARTS
from helmsight.envs.inspection.plan import CellPlan
from helmsight.envs.inspection.sites import SITES
from helmsight.envs.inspection.survey import ANGLES, NEARER_M, SIDE_RAD, Survey, Visit
from helmsight.envs.inspection.telemetry import (
    Spot,
    joints_of,
    looks_of,
    spots_of,
    turntable_of,
    vector,
)

PLAN = CellPlan.draw(6)
SIZE = (480, 360)


@pytest.fixture(scope="module")
def survey() -> Survey:
    return Survey(PLAN)


@pytest.fixture
def visits(survey: Survey) -> dict[str, Visit]:
    """The looks at the dish, one after the other, from the folded arm."""
    joints: Joints = START
    turntable = PLAN.turntable
    made = {}
    for way in ("", ", closer", ", other side"):
        visit = survey.visit(LOOKS[f"dish: bowl{way}"], joints, turntable)
        assert visit is not None
        joints, turntable = visit.view.joints, visit.turntable
        made[way] = visit
    return made


def test_the_drawing_has_nothing_wrong_in_it(survey: Survey) -> None:
    assert PLAN.defects
    assert survey.cell.plan.defects == ()


@pytest.mark.slow
def test_a_look_shows_its_site_and_is_driven_clear_of_everything(survey: Survey) -> None:
    joints: Joints = START
    turntable = PLAN.turntable
    for name in ("dish: bowl", "foil: left", "thruster 3: cap"):
        visit = survey.visit(LOOKS[name], joints, turntable)
        assert visit is not None
        assert visit.view.share >= 0.6
        assert visit.way[-1] == visit.view.joints
        for angle, places in (
            (turntable, (joints, *visit.fold)),
            (visit.turntable, (visit.fold[-1] if visit.fold else joints, *visit.way)),
        ):
            survey.cell.place(turntable=angle)
            assert all(survey.views.clearance.way(a, b) for a, b in pairwise(places))
        if visit.fold:
            assert visit.fold[-1] == START
        joints, turntable = visit.view.joints, visit.turntable


def test_the_turntable_turns_only_where_it_has_to(survey: Survey) -> None:
    first = survey.visit(LOOKS["dish: bowl"], START, 0.0)
    assert first is not None
    assert (first.turntable, first.fold) == (0.0, ())
    far = survey.visit(LOOKS["foil: back"], first.view.joints, first.turntable)
    assert far is not None
    assert far.turntable in ANGLES
    assert abs(far.turntable) > 2.0
    assert far.fold


def test_closer_is_closer_and_the_other_side_is_another(
    survey: Survey, visits: dict[str, Visit]
) -> None:
    plain, closer, other = visits.values()
    assert closer.view.distance < plain.view.distance
    assert closer.view.share >= 0.85
    ways = []
    for visit in (plain, other):
        survey.cell.place(turntable=visit.turntable)
        _, turn = survey.cell.seat("dish")
        middle = survey.views.sight.place(visit.look.site)[0].mean(axis=0)
        way = turn.T @ (visit.view.pose.at - middle)
        ways.append(way / np.linalg.norm(way))
    assert np.arccos(ways[0] @ ways[1]) > SIDE_RAD - 1e-6


def test_the_same_question_has_the_same_answer(visits: dict[str, Visit]) -> None:
    again = Survey(PLAN).visit(LOOKS["dish: bowl"], START, PLAN.turntable)
    assert again is not None
    assert again.view.joints == visits[""].view.joints
    assert again.way == visits[""].way


def test_what_no_pose_in_reach_shows_is_no_visit() -> None:
    fixed = Survey(replace(PLAN, turntable=0.0), turns=False)
    assert fixed.visit(LOOKS["dish: bowl"], START, 0.0) is not None
    assert fixed.visit(LOOKS["foil: back"], START, 0.0) is None
    assert fixed.reachable(LOOKS["dish: bowl"].site)
    assert not fixed.reachable(LOOKS["foil: back"].site)


def test_from_where_the_arm_is_too_near_to_something_there_is_no_way(survey: Survey) -> None:
    down = (0.0, 1.2, 0.0, 0.0, 0.0, 0.3)
    survey.cell.place(turntable=0.0)
    assert survey.views.clearance.touches(down)
    assert survey.visit(LOOKS["dish: bowl"], down, 0.0) is None
    assert survey.fold(down, 0.0) is None


@pytest.mark.slow
@pytest.mark.parametrize("seed", [0, 3, 11])
def test_every_look_can_be_made_from_every_other_and_a_closer_one_is_closer(seed: int) -> None:
    plan = CellPlan.draw(seed)
    survey, turntable = Survey(plan), plan.turntable
    joints: Joints = START
    closer = 0
    for name, look in LOOKS.items():
        visit = survey.visit(look, joints, turntable)
        if look.way == "closer":
            usual = survey.visit(Look(look.site), joints, turntable)
            assert usual is not None
            if visit is None:  # the usual one is as near as there is
                continue
            closer += 1
            assert visit.view.distance <= usual.view.distance - NEARER_M
        assert visit is not None, name
        joints, turntable = visit.view.joints, visit.turntable
    assert closer >= len(SITES) // 2


def test_a_tour_names_every_site_of_the_parts_once_around(survey: Survey) -> None:
    tour = survey.tour(("dish", "foil"), -2.0)
    assert sorted(tour) == ["dish: bowl", "foil: back", "foil: left", "foil: right"]
    assert survey.tour(("dish", "foil"), 2.0) == tour[::-1]
    assert tour.index("foil: left") < tour.index("dish: bowl") < tour.index("foil: right")


def test_telemetry_is_read_back_as_it_was_put_together() -> None:
    spots = {name: Spot() for name, look in LOOKS.items() if not look.way}
    spots["foil: left"] = Spot(1.0, 2.0, 3.0, 0.5)
    told = vector((1, 2, 3, 4, 5, 6), -0.5, 7, spots)
    assert joints_of(told) == (1, 2, 3, 4, 5, 6)
    assert (turntable_of(told), looks_of(told)) == (-0.5, 7)
    assert spots_of(told) == spots


@pytest.mark.slow
def test_squares_are_where_the_parts_are(survey: Survey, drawing: None) -> None:
    visit = survey.visit(LOOKS["dish: bowl"], START, 0.0)
    assert visit is not None
    outlook = Outlook(survey, SIZE, tuple(PARTS))
    spots = outlook.spots(visit.view.joints, visit.turntable)
    assert spots["dish: bowl"].share == visit.view.share
    assert spots["foil: back"].share == 0.0
    with Cell(PLAN.sound(), shadows=False) as cell:
        cell.place(visit.view.joints, visit.turntable)
        seen = cell.view(size=SIZE).visible
    for label, spot in spots.items():
        part = label.split(":")[0]
        if spot.share >= 0.6:
            x0, y0, x1, y1 = seen[part].box
            assert x0 < spot.x < x1
            assert y0 < spot.y < y1
    x0, _, x1, _ = seen["dish"].box
    assert spots["dish: bowl"].side == pytest.approx(x1 - x0, rel=0.3)


@pytest.mark.slow
def test_relations_that_are_known_are_true_of_the_cell_itself(
    survey: Survey, drawing: None
) -> None:
    outlook = Outlook(survey, SIZE, tuple(PARTS))
    told = 0
    for name in ("dish: bowl", "bus: top", "foil: right"):
        visit = survey.visit(LOOKS[name], START, 0.0)
        assert visit is not None
        joints, angle = visit.view.joints, visit.turntable
        known = outlook.known(vector(joints, angle, 1, outlook.spots(joints, angle)))
        with Cell(PLAN, shadows=False) as cell:  # the one with the defects
            cell.place(joints, angle)
            pose, centres = cell.camera_pose(), cell.centres
        places = dict(zip(PARTS, pose.seen(centres), strict=True))
        for one, other, axis, sign in known:
            column = ("horizontal", "vertical", "depth").index(axis)
            assert np.sign(places[one][column] - places[other][column]) == sign
        told += len(known)
    assert told >= 6


def test_nothing_is_known_of_parts_that_are_not_asked_for(survey: Survey) -> None:
    outlook = Outlook(survey, SIZE, ("dish",))
    told = vector(START, 0.0, 0, outlook.spots(START, 0.0))
    assert outlook.known(told) == []
