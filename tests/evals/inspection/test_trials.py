"""Inspections of many cells: planned, made, kept, gone on with."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from helmsight.contract.errors import InvalidOption
from helmsight.envs.inspection.command import InspectionCommand
from helmsight.envs.inspection.plan import CellPlan
from helmsight.evals.errors import InvalidPlan, ResultsUnusable
from helmsight.evals.inspection import trials as module
from helmsight.evals.inspection.direct import DirectInspection
from helmsight.evals.inspection.scores import Marks
from helmsight.evals.inspection.trials import Conditions, Kept, Trial, plan_trials, run_trials
from helmsight.hardware.errors import NoReply

MARK = Marks(12, 12, 0, 2, 0, 0, 1.0, 20, 0, 0, 34, 10.0, 12.0, 60.0, "inspected")
TRIALS = plan_trials(["coverage"], [], range(3))


@pytest.fixture
def made(monkeypatch: pytest.MonkeyPatch) -> list[Trial]:
    """Return the trials that were made, each at no cost."""
    done: list[Trial] = []

    def run(trial: Trial, conditions: Conditions) -> Marks:
        done.append(trial)
        return MARK

    monkeypatch.setattr(module, "run_trial", run)
    return done


def test_only_inspectors_have_a_way_of_looking() -> None:
    trials = plan_trials(["inspector:x", "coverage"], ["adaptive", "fixed"], [4])
    assert [trial.name for trial in trials] == [
        "inspector:x, adaptive", "inspector:x, fixed", "coverage"
    ]  # fmt: skip


@pytest.mark.parametrize(("pilots", "seeds"), [([], [0]), (["coverage"], []), (["x"], [-1])])
def test_a_plan_of_nothing_is_refused(pilots: list[str], seeds: list[int]) -> None:
    with pytest.raises(InvalidPlan):
        plan_trials(pilots, [], seeds)


def test_what_was_done_is_not_done_again(tmp_path: Path, made: list[Trial]) -> None:
    path = tmp_path / "kept.jsonl"
    kept = Kept(path, Conditions())
    for trial, mark in run_trials(TRIALS[:2], Conditions()):
        kept.add(trial, mark)
    again = Kept(path, Conditions())
    assert again.missing(TRIALS) == [TRIALS[2]]
    assert again.of(TRIALS) == {"coverage": {0: MARK, 1: MARK}}
    assert made == TRIALS[:2]


def test_a_line_that_was_cut_off_is_made_again_and_written_over(
    tmp_path: Path, made: list[Trial]
) -> None:
    path = tmp_path / "kept.jsonl"
    kept = Kept(path, Conditions())
    for trial in TRIALS[:2]:
        kept.add(trial, MARK)
    path.write_bytes(path.read_bytes()[:-20])
    again = Kept(path, Conditions())
    assert again.missing(TRIALS) == TRIALS[1:]
    again.add(TRIALS[1], MARK)
    assert Kept(path, Conditions()).missing(TRIALS) == [TRIALS[2]]
    assert made == []


@pytest.mark.parametrize(
    "other", [Conditions(faults="drop=0.01"), Conditions(stress="dim"), Conditions(direct=True)]
)
def test_results_of_other_conditions_do_not_count_and_stay(
    tmp_path: Path, other: Conditions
) -> None:
    path = tmp_path / "kept.jsonl"
    Kept(path, other).add(TRIALS[0], MARK)
    kept = Kept(path, Conditions())
    assert kept.missing(TRIALS) == TRIALS
    kept.add(TRIALS[0], MARK)
    assert Kept(path, other).missing(TRIALS) == TRIALS[1:]


def test_results_of_other_code_do_not_count(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    path = tmp_path / "kept.jsonl"
    Kept(path, Conditions()).add(TRIALS[0], MARK)
    monkeypatch.setattr(module, "made_with", lambda pilot: "another")
    assert Kept(path, Conditions()).missing(TRIALS) == TRIALS


def test_a_file_of_something_else_is_refused_and_left_alone(tmp_path: Path) -> None:
    path = tmp_path / "kept.jsonl"
    path.write_text(json.dumps({"a": 1}) + "\n", encoding="utf-8")
    with pytest.raises(ResultsUnusable, match="line 1"):
        Kept(path, Conditions())
    assert path.read_text(encoding="utf-8") == '{"a": 1}\n'


def test_no_process_makes_no_trial() -> None:
    with pytest.raises(InvalidPlan, match="processes"):
        list(run_trials(TRIALS, Conditions(), 0))


class Broken(DirectInspection):
    """A world whose robot is not there at first."""

    missing = 0

    def reset(self, **settings: Any) -> Any:
        if Broken.missing:
            Broken.missing -= 1
            raise NoReply("no servo answers")
        return super().reset(**settings)


@pytest.mark.slow
@pytest.mark.parametrize(("missing", "reason"), [(1, "inspected"), (2, "failed: NoReply: no")])
def test_an_inspection_that_fails_is_made_again_and_then_counts(
    missing: int, reason: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(Broken, "missing", missing)
    monkeypatch.setattr(Conditions, "world", lambda self: Broken(("dish",), budget_views=2))
    ((trial, mark),) = run_trials(TRIALS[1:2], Conditions())
    assert trial == TRIALS[1]
    assert mark.reason.startswith(reason)
    wrong = len(CellPlan.draw(1).defects)
    if mark.reason.startswith("failed"):
        assert (mark.right, mark.hits, mark.missed, mark.coverage) == (0, 0, wrong, 0.0)


def test_direct_trials_have_no_line_that_could_be_faulty() -> None:
    with pytest.raises(InvalidOption, match="faults"):
        Conditions(faults="drop=0.1", direct=True).world()


def test_stress_takes_parts_out_of_the_truth() -> None:
    assert Conditions(stress="dim,missing:dish").plan(3).absent == ("dish",)


@pytest.fixture
def world(monkeypatch: pytest.MonkeyPatch) -> Any:
    """Return a direct world that draws nothing, for machines without OpenGL."""
    from helmsight.envs.inspection.camera import CellSource

    picture = np.full((360, 480, 3), 90, np.uint8)
    monkeypatch.setattr(CellSource, "open", lambda self: None)
    monkeypatch.setattr(CellSource, "read", lambda self: (picture.copy(), 0.0))
    env = DirectInspection(budget_views=2)
    yield env
    env.close()


@pytest.mark.slow
def test_the_direct_world_shows_and_takes_what_it_says(world: Any) -> None:
    observation, info = world.reset(seed=3)
    assert world.observation_space.contains(observation)
    assert world.action_space.contains(InspectionCommand.null().action())
    world.task.outcome.check("direct", info)


@pytest.mark.slow
def test_a_direct_look_shows_its_site_and_counts_until_the_budget_is_spent(world: Any) -> None:
    observation, info = world.reset(seed=3)
    assert info["looks"] == 0
    assert "touches" not in info
    look = InspectionCommand(do="look", view="dish: bowl")
    for number in (1, 2):
        observation, _, _, _, info = world.step(look.action())
        assert info["looks"] == number
    place = 8 + 4 * [f.name for f in world.task.fields[8::4]].index("dish: bowl x") + 3
    assert observation["telemetry"][place] >= 0.6
    observation, _, _, _, info = world.step(look.action())
    assert info["applied"]["do"] == "hold"
    assert "used up" in info["notes"][0]
    _, _, done, _, info = world.step(InspectionCommand(do="done", verdict="enough").action())
    assert done
    assert not info["inspected"]
