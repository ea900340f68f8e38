"""One episode to its row."""

from __future__ import annotations

import json
from dataclasses import replace
from pathlib import Path

import pytest

from helmsight.evals.episode import Episode
from helmsight.evals.runner.settings import Settings
from helmsight.evals.runner.work import run_episode
from helmsight.session import fly

SHORT = Episode(
    "flight", "PE1-E1-I3", "naive", 1, time="fixed:0.5", observation="telemetry", max_steps=5
)


def settings(folder: Path, **changed) -> Settings:
    return Settings(folder, "mine", **changed)


@pytest.mark.slow
def test_a_row_tells_what_the_same_flight_by_hand_comes_to(tmp_path: Path) -> None:
    row = run_episode(SHORT, settings(tmp_path))
    flight = fly("PE1-E1-I3", "naive", 1, steps=5, time="fixed:0.5")
    assert (row.score, row.steps, row.sim_s) == tuple(
        flight.summary[key] for key in ("score", "steps", "sim_s")
    )
    assert (row.status, row.better, row.reason, row.success) == ("done", "lower", "steps", False)
    assert json.loads(row.terms)["fuel_kg"] == flight.summary["fuel_kg"]
    assert len(row.think_ms) == 5
    assert row.decided == 4  # nothing was held, late or repaired: the nearest to the target


@pytest.mark.slow
@pytest.mark.parametrize("strength", [0.5, 1.0])
def test_a_provider_that_fails_leaves_the_safe_default_and_is_counted(tmp_path, strength) -> None:
    answers = tmp_path / "answers.txt"
    answers.write_text('{"forward": 1, "right": 0, "down": 0, "duration": 0.5}\n')
    failing = replace(
        SHORT, pilot=f"scripted:{answers}", observation="frame",
        disturbance=f"provider-fails:{strength:g}",
    )  # fmt: skip
    row = run_episode(failing, settings(tmp_path))
    failures = row.errors
    assert json.loads(row.repairs).get("errors", 0) == failures
    assert failures == 5 if strength == 1.0 else 0 < failures < 5
    assert row.outcome() == run_episode(failing, settings(tmp_path)).outcome()


@pytest.mark.slow
def test_only_failures_are_kept_as_recordings_where_only_they_are_asked_for(tmp_path) -> None:
    row = run_episode(SHORT, settings(tmp_path, record="failures"))
    assert row.run == f"runs/{SHORT.key}"
    assert (tmp_path / row.run / "steps.jsonl").is_file()
    assert run_episode(SHORT, settings(tmp_path, record="every:2")).run == ""  # seed 1


def test_what_the_world_refuses_is_a_row_that_says_so(tmp_path: Path) -> None:
    row = run_episode(replace(SHORT, options={"start_met": -1}), settings(tmp_path))
    assert (row.status, row.score) == ("failed", None)
    assert "start_met=-1" in row.error


def test_a_question_is_an_episode_too_and_the_oracle_is_right(tmp_path: Path) -> None:
    asked = Episode("questions", "generated", "oracle", 5, time="paused", variant="combined")
    row = run_episode(asked, settings(tmp_path))
    assert (row.status, row.score, row.success, row.reason) == ("done", 1.0, True, "right")
    wrong = run_episode(replace(asked, pilot="oracle:flips=1,stuck=1"), settings(tmp_path))
    assert (wrong.score, wrong.reason) == (0.0, "wrong")
