"""Recorded runs again: built anew, and gone on with."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import pytest

import helmsight
from helmsight.contract.record import RunSpec
from helmsight.errors import Unreproducible
from helmsight.tools.player import first_difference, load_run
from helmsight.tools.recorder import Recorder


@pytest.mark.slow
def test_a_recorded_run_is_rebuilt_step_by_step(answers: str, tmp_path: Path) -> None:
    first, second = tmp_path / "first", tmp_path / "second"
    flight = helmsight.fly(
        "PE1-E2-I3", answers, seed=3, steps=4, out=first, video=False, time="fixed:0.3",
        operator={"history": 2},
    )  # fmt: skip
    assert flight.summary["steps"] == len(flight.records) == 4
    spec = load_run(first).spec
    helmsight.rebuild(spec).fly(spec.seed, spec.max_steps, [Recorder(second, video=False)])
    assert first_difference(first, second) is None
    again = load_run(second).spec  # versions and dates may be others
    assert replace(again, versions={}, made={}) == replace(spec, versions={}, made={})


@pytest.mark.slow
def test_a_run_that_began_later_is_resumed_and_rebuilt_from_there(
    answers: str, tmp_path: Path
) -> None:
    out, again = tmp_path / "out", tmp_path / "again"
    flight = helmsight.fly("PE1-E4-I3", answers, 2, steps=2, out=out, video=False, start_met=7.9)
    assert flight.records[0].measures["met"] == pytest.approx(7.9, abs=1.0)
    assert load_run(out).spec.options["start_met"] == 7.9
    longer = helmsight.resume(out, steps=3)
    assert longer.records[:2] == flight.records
    spec = load_run(out).spec
    helmsight.rebuild(spec).fly(spec.seed, 3, [Recorder(again, video=False)])
    assert load_run(again).records[0].measures == flight.records[0].measures


@pytest.mark.slow
def test_a_run_that_was_killed_after_its_last_step_is_ended_and_not_gone_on_with(
    answers: str, tmp_path: Path
) -> None:
    out = tmp_path / "out"
    flight = helmsight.fly("PE1-E2-I3", answers, steps=3, out=out, video=False, time="paused")
    (out / "summary.json").unlink()  # it comes after the last step
    again = helmsight.resume(out)
    assert again.reason == flight.reason == "steps"
    assert again.records == flight.records
    assert len(load_run(out).records) == 3


def test_a_record_of_something_unknown_here_says_what_made_it(answers: str) -> None:
    spec = RunSpec("helmsight/Elsewhere-v0", answers, versions={"helmsight": "9.9"})
    with pytest.raises(Unreproducible, match=r"Elsewhere.*helmsight 9\.9"):
        helmsight.rebuild(spec)
    options = RunSpec("helmsight/PE1-E1-I1-v0", answers, operator={"patience": 1})
    with pytest.raises(Unreproducible, match="patience"):
        helmsight.rebuild(options)
