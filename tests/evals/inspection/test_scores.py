"""Marks of inspections against the truth, and the tables made of them."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from helmsight.envs.inspection.marking import micro_f1
from helmsight.envs.inspection.parts import PARTS
from helmsight.envs.inspection.plan import CellPlan, Defect
from helmsight.evals.inspection.scores import Marks, marks, reported_of, truth_of
from helmsight.evals.inspection.tables import COLUMNS, PAIRS, pairs, rows
from helmsight.tools.player import load_run

DEFECTS = (
    Defect("dish", "dent", 0.5, (0.5, 0.5), 1),
    Defect("panel A", "scorch", 0.5, (0.5, 0.5), 2),
    Defect("mast", "bend", 0.5, (0.5, 0.5), 3),
)
PLAN = CellPlan.draw(7, defects=DEFECTS).without("connector")
GOOD = Marks(12, 12, 0, 2, 0, 0, 1.0, 20, 0, 0, 34, 10.0, 12.0, 60.0, "inspected")


def marked(folder: Path, **summary: Any) -> Marks:
    told = {"looks": 3, "touches": 0, "wall_s": 60.0, "reason": "inspected", **summary}
    return marks(PLAN, {}, load_run(folder).records, told)


def test_the_truth_is_that_of_the_plan() -> None:
    truth = truth_of(PLAN, tuple(PARTS))
    assert (truth["dish"], truth["panel A"], truth["connector"]) == ("dent", "scorch", "absent")
    assert sum(state == "sound" for state in truth.values()) == 8


def test_hits_false_ones_and_missed_ones_are_counted_by_part_and_kind(story: Any) -> None:
    told = story()
    told.report("dish", "dent")  # a hit
    told.report("panel A", "missing cell")  # the wrong kind: false and missed
    told.report("foil", "tear")  # false
    told.report("mast", "unsure")  # missed, and open
    told.report("connector", "absent")  # a hit
    told.report("bus", "sound")
    mark = marked(told.done())
    assert (mark.hits, mark.false, mark.missed) == (2, 2, 2)
    assert (mark.right, mark.parts) == (3, 12)
    assert mark.open == 7  # the mast, and six parts that nothing was said of
    assert mark.f1 == (4.0, 8.0)
    assert mark.precision == (2.0, 4.0)
    assert mark.recall == (2.0, 4.0)


def test_f1_is_the_worlds_own(story: Any) -> None:
    told = story()
    for part, state in (("dish", "dent"), ("panel A", "scorch"), ("foil", "tear")):
        told.report(part, state)
    folder = told.done()
    above, below = marked(folder).f1
    records = load_run(folder).records
    states = {p: s for p, s in reported_of(records, tuple(PARTS)).items() if s != "not reported"}
    assert above / below == pytest.approx(micro_f1(truth_of(PLAN, tuple(PARTS)), states))


def test_what_the_world_does_not_tell_is_not_made_up(story: Any) -> None:
    mark = marked(story().done(), touches=None)
    assert mark.touches is None
    assert mark.coverage is None
    assert rows({"coverage": {0: mark}})[0][COLUMNS.index("contacts")] == "not measured"


def test_marks_are_read_as_they_were_written() -> None:
    assert Marks.from_dict(GOOD.to_dict()) == GOOD


def test_a_row_has_every_figure_with_its_interval() -> None:
    results = {"inspector": {seed: replace(GOOD, right=10 + seed % 3) for seed in range(18)}}
    row = dict(zip(COLUMNS, rows(results)[0], strict=True))
    assert row["n"] == "18"
    assert row["states right"].startswith("91.7 % [")
    assert row["F1"].startswith("1.00 [0.8")
    assert row["contacts"].startswith("0 of 18 [0.0 %, ")


def test_touching_the_satellite_is_told_by_inspections() -> None:
    results = {"a": {0: GOOD, 1: replace(GOOD, touches=3), 2: GOOD}}
    row = dict(zip(COLUMNS, rows(results)[0], strict=True))
    assert row["contacts"] == "1 of 3 (n = 3)"


def test_where_there_are_no_defects_and_none_was_claimed_there_is_no_f1() -> None:
    results = {"a": {0: replace(GOOD, hits=0)}}
    row = dict(zip(COLUMNS, rows(results)[0], strict=True))
    assert row["F1"] == row["recall"] == "-"


@pytest.mark.slow
def test_pilots_are_compared_on_the_cells_that_both_inspected() -> None:
    worse = replace(GOOD, hits=1, missed=1, right=11, model_s=20.0)
    results = {"a": dict.fromkeys(range(50), GOOD), "b": dict.fromkeys(range(5, 60), worse)}
    pair = dict(zip(PAIRS, pairs(results)[0], strict=True))
    assert pair["n"] == "45"
    assert pair["F1, difference"].startswith("0.33 [")
    assert float(pair["p"]) < 0.001
    assert pair["model time, first / second"] == "0.50 [0.50, 0.50]"


def test_pilots_without_a_cell_in_common_are_not_compared() -> None:
    assert pairs({"a": {0: GOOD}, "b": {1: GOOD}}) == []
