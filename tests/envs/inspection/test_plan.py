"""What a seed decides."""

from __future__ import annotations

import json
import math

import pytest

from helmsight.envs.inspection.parts import DEFECTS, NONE, PARTS, possible
from helmsight.envs.inspection.plan import MOST, CellPlan
from helmsight.envs.inspection.satellite.assembly import CENTRE, REACH_M

PLANS = [CellPlan.draw(seed) for seed in range(300)]


def test_a_seed_always_makes_the_same_plan_and_another_one_another() -> None:
    assert CellPlan.draw(7) == PLANS[7]
    assert len({json.dumps(plan.as_dict(), sort_keys=True) for plan in PLANS}) == len(PLANS)


def test_every_defect_occurs_and_a_part_has_one_that_it_can_have() -> None:
    seen = {(PARTS[defect.part], defect.kind) for plan in PLANS for defect in plan.defects}
    assert seen == {(kind, defect) for kind, all_ in DEFECTS.items() for defect in all_}
    for plan in PLANS:
        parts = [defect.part for defect in plan.defects]
        assert len(set(parts)) == len(parts) <= MOST
        assert all(defect.kind in possible(defect.part)[1:] for defect in plan.defects)


def test_some_satellites_have_nothing_wrong_and_some_several_things() -> None:
    counts = [len(plan.defects) for plan in PLANS]
    assert 0.08 < counts.count(0) / len(counts) < 0.25
    assert sum(count > 1 for count in counts) > len(counts) / 3


def test_the_sound_plan_differs_in_the_defects_only() -> None:
    for plan in PLANS[:20]:
        told, sound = plan.as_dict(), plan.sound().as_dict()
        assert sound.pop("defects") == ()
        told.pop("defects")
        assert told == sound
        assert CellPlan.draw(plan.seed, defects=()) == plan.sound()


def test_what_lies_around_is_clear_of_the_satellite_and_of_the_arms_foot() -> None:
    for plan in PLANS:
        for thing in plan.things:
            assert math.dist(thing.place, CENTRE[:2]) > REACH_M + 0.06
            assert math.dist(thing.place, (0.0, 0.0)) > 0.12


@pytest.mark.parametrize("part", PARTS)
def test_every_part_may_be_sound(part: str) -> None:
    assert possible(part)[0] == NONE
    assert len(possible(part)) > 1
