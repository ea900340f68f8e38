"""Marks where the truth is known: F1 of what is wrong, coverage, and what touching costs."""

from __future__ import annotations

from typing import Any

import pytest

from helmsight.contract.record import StepRecord
from helmsight.envs.inspection.cell import START
from helmsight.envs.inspection.clearance import Joints
from helmsight.envs.inspection.contacts import Touch
from helmsight.envs.inspection.looks import LOOKS
from helmsight.envs.inspection.marking import Marking, micro_f1
from helmsight.envs.inspection.plan import CellPlan
from helmsight.envs.inspection.plant import Plant
from helmsight.envs.inspection.progress import Progress, stood
from helmsight.envs.inspection.sites import SITES
from helmsight.envs.inspection.survey import Survey
from helmsight.envs.inspection.telemetry import Spot, vector

PLAN = CellPlan.draw(6)  # a dent in the dish
PARTS = ("dish", "foil", "connector")
SOUND = {"foil": "sound", "connector": "sound"}


@pytest.fixture(scope="module")
def survey() -> Survey:
    return Survey(PLAN)


def marking(survey: Survey, plan: CellPlan = PLAN, parts: tuple[str, ...] = PARTS) -> Marking:
    return Marking(Plant(plan), survey, parts)


def record(index: int, telemetry: Any, **applied: Any) -> StepRecord:
    measures = {"telemetry": list(telemetry), "touches": 1, "way": 0.5}
    return StepRecord(
        index=index, stamp=float(index), sense_ms=0.0, think_ms=0.0, act_ms=0.0, prompt_hash="",
        raw="", wanted=None, applied=applied, repairs={}, clamped=[], late=False, relations=[],
        measures=measures, lag=0.0,
    )  # fmt: skip


def told(joints: tuple[float, ...], turntable: float) -> Any:
    return vector(joints, turntable, 0, {site.label: Spot() for site in SITES})


@pytest.mark.parametrize(
    ("states", "f1"),
    [
        ({"dish": "dent"} | SOUND, 1.0),
        ({"dish": "scorch"} | SOUND, 0.0),
        ({"dish": "dent", "foil": "tear"}, 2 / 3),
        ({"dish": "unsure", "foil": "not seen"}, 0.0),
        ({}, 0.0),
    ],
)
def test_f1_counts_parts_with_the_right_kind_of_defect(states: dict[str, str], f1: float) -> None:
    truth = {"dish": "dent", "foil": "sound", "connector": "sound"}
    assert micro_f1(truth, states) == pytest.approx(f1)


def test_a_part_that_is_not_there_counts_and_reports_of_other_parts_do_not() -> None:
    truth = {"dish": "absent", "foil": "sound"}
    assert micro_f1(truth, {"dish": "absent"}) == 1.0
    assert micro_f1(truth, {"dish": "absent", "mast": "bend"}) == 1.0
    assert micro_f1({"foil": "sound"}, {}) == 1.0


def test_who_says_nothing_of_a_sound_satellite_earns_nothing(survey: Survey) -> None:
    marks = marking(survey, PLAN.sound())
    assert marks.marks({})["score"] == 0.0
    assert marks.marks({"dish": "sound"} | SOUND)["score"] == 1.0
    assert marks.marks({"dish": "dent"} | SOUND)["score"] == 0.0


@pytest.mark.slow
def test_the_satellite_touched_is_nothing_earned(
    survey: Survey, monkeypatch: pytest.MonkeyPatch
) -> None:
    marks = marking(survey)
    right = {"dish": "dent"} | SOUND
    assert marks.marks(right)["score"] == 1.0
    hits = (Touch("table", "gripper", "table", 0, 1, 1), Touch("satellite", "x", "dish", 0, 1, 1))
    monkeypatch.setattr(Plant, "touches", hits)
    told = marks.marks(right)
    assert (told["touches"], told["f1"], told["score"]) == (1, 1.0, 0.0)


def test_a_part_is_covered_when_all_its_sites_were_in_a_picture(survey: Survey) -> None:
    marks = marking(survey)
    assert marks.coverage == 0.0
    joints: Joints = START
    turntable = PLAN.turntable
    covered = []
    past: list[StepRecord] = []
    for name in ("dish: bowl", "foil: left", "foil: right", "foil: back"):
        visit = survey.visit(LOOKS[name], joints, turntable)
        assert visit is not None
        joints, turntable = visit.view.joints, visit.turntable
        past.append(record(len(past), told(joints, turntable), do="look", view=name))
        marks.recorded(past[-1:])
        covered.append(marks.coverage)
    assert covered[0] >= 1 / 3 - 1e-9
    assert covered == sorted(covered)
    seen = {label for label in marks._seen if label.startswith("foil")}
    assert len(seen) == 3
    assert covered[-1] >= 2 / 3 - 1e-9
    assert marks.touches == 1  # as the record has it


def test_progress_goes_on_where_the_record_ends() -> None:
    where = told(START, 0.0)
    past = [
        record(0, where, do="look", view="dish: bowl"),
        record(1, where, do="hold"),  # a look that was not made
        record(2, where, do="report", part="dish", state="dent"),
        record(3, where, do="report", part="dish", state="sound"),
        record(4, where, do="report", part="mast", state="bend"),
    ]
    progress = Progress.after(PARTS, past)
    assert (progress.looks, progress.reported, progress.complete) == (1, 1, False)
    assert progress.states["dish"] == "sound"


def test_a_cell_stands_where_the_last_look_of_a_record_led(survey: Survey) -> None:
    visit = survey.visit(LOOKS["dish: bowl"], START, 0.0)
    assert visit is not None
    past = [record(0, told(START, 0.0), do="look", view="dish: bowl")]
    assert stood(survey, past) == (visit.view.joints, visit.turntable)
    past.append(record(1, told(visit.view.joints, 0.0), do="hold"))
    joints, turntable = stood(survey, past) or ((), None)
    assert joints == pytest.approx(visit.view.joints)
    assert turntable == 0.0
    assert stood(survey, []) is None
