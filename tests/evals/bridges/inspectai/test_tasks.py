"""Our suites as tasks of Inspect AI: its models fly, its logs hold what came of it."""

from __future__ import annotations

import json
import math
from pathlib import Path
from typing import Any

import pytest
from inspect_ai import Task, eval
from inspect_ai._util.registry import registry_lookup
from inspect_ai.log import read_eval_log
from inspect_ai.model import ContentImage, ContentText, Model, ModelOutput, ModelUsage, get_model

from helmsight.evals.bridges.inspectai.flying import MODEL, ROW
from helmsight.evals.bridges.inspectai.tasks import flight, suite
from helmsight.evals.episode import Episode, EpisodeRow
from helmsight.evals.errors import InvalidPlan
from helmsight.evals.runner.settings import Settings
from helmsight.evals.runner.work import run_episode
from helmsight.session import fly

pytestmark = pytest.mark.slow  # each is an evaluation of its own
ANSWERS = (
    '{"forward": 1, "right": 0, "down": 0, "duration": 0.5}',
    "A little to the left. {'forward': 0, 'right': -0.2, 'down': 0,}",
    "no idea", "none at all",
)  # fmt: skip
TINY = """
name: tiny
pilots: [naive, rendezvous]
scenarios: [PE1-E1-I2]
seeds: 2
times: ["fixed:0.5"]
max_steps: 4
"""


def model(*answers: Any) -> Model:
    """Return a model of Inspect with given answers; an exception is raised instead of given."""
    left = iter(answers)

    def answer(*asked: Any) -> ModelOutput:
        said = next(left)
        if isinstance(said, Exception):
            raise said
        output = ModelOutput.from_content("mockllm/pilot", said)
        output.usage = ModelUsage(input_tokens=100, output_tokens=7, total_tokens=107)
        return output

    return get_model("mockllm/pilot", custom_outputs=answer, memoize=False)


def logged(task: Task, folder: Path, flown_by: Model | str = "none", **options: Any) -> Any:
    """Return the log of an evaluation, as it was written."""
    (log,) = eval(task, flown_by, log_dir=str(folder), display="none", **options)
    return read_eval_log(log.location, resolve_attachments=True)


def row_of(sample: Any) -> EpisodeRow:
    return EpisodeRow.from_dict(sample.store[ROW])


@pytest.fixture
def answers(tmp_path: Path) -> str:
    (tmp_path / "answers.txt").write_text("\n".join(ANSWERS))
    return f"scripted:{tmp_path / 'answers.txt'}"


def test_inspect_finds_the_tasks_by_their_names() -> None:
    for kind, name in (("task", "flight"), ("task", "suite"), ("solver", "fly")):
        assert registry_lookup(kind, f"helmsight/{name}") is not None  # type: ignore[arg-type]
    assert registry_lookup("scorer", "helmsight/outcome") is not None


def test_a_scripted_pilot_flies_there_as_in_our_own_loop(tmp_path: Path) -> None:
    log = logged(flight("PE1-E3-I3", [4, 6], "rendezvous", max_steps=5), tmp_path)
    assert log.status == "success"
    assert [sample.id for sample in log.samples] == ["PE1-E3-I3 seed 4", "PE1-E3-I3 seed 6"]
    for sample in log.samples:
        own = fly("PE1-E3-I3", "rendezvous", sample.metadata["seed"], steps=5, time="paused")
        told = sample.scores["outcome"]
        assert told.value["score"] == own.summary["score"]
        assert told.value["fuel_kg"] == own.summary["fuel_kg"]
        assert (told.value["success"], told.answer, sample.target) == (0.0, "steps", "captured")
        events = [e for e in sample.events if e.event == "info" and e.source == "helmsight"]
        assert [event.data["applied"] for event in events] == [r.applied for r in own.records]
    metrics = {score.name: score.metrics for score in log.results.scores}
    assert {"score", "success", "steps", "closest_approach_m"} <= metrics.keys()
    scores = [sample.scores["outcome"].value["score"] for sample in log.samples]
    assert metrics["score"]["mean"].value == pytest.approx(sum(scores) / 2, rel=1e-12)


def test_a_model_of_inspect_flies_as_any_chat_model_of_ours(tmp_path: Path, answers: str) -> None:
    log = logged(flight(seeds=[2], max_steps=4), tmp_path, model(*ANSWERS, *ANSWERS))
    own = fly("PE1-E1-I2", answers, 2, steps=4, time="paused", observation="frame")
    (sample,) = log.samples
    events = [e for e in sample.events if e.event == "info" and e.source == "helmsight"]
    assert [event.data["applied"] for event in events] == [r.applied for r in own.records]
    row = row_of(sample)
    assert json.loads(row.repairs) == own.summary["repairs"]
    assert json.loads(row.repairs) == {"unreadable": 1, "local": 1, "reask": 1}
    calls = [event for event in sample.events if event.event == "model"]
    assert (row.tokens_in, row.tokens_out) == (100 * len(calls), 7 * len(calls))
    assert log.stats.model_usage["mockllm/pilot"].input_tokens == row.tokens_in


def test_a_model_is_shown_the_briefing_the_examples_and_the_views_and_told_the_numbers(
    tmp_path: Path,
) -> None:
    task = flight(seeds=1, observation="frame+telemetry", max_steps=1)
    (sample,) = logged(task, tmp_path, model(ANSWERS[0])).samples
    (call,) = [event for event in sample.events if event.event == "model"]
    roles = [message.role for message in call.input]
    assert roles == ["system", "user", "assistant", "user", "assistant", "user"]
    assert "You fly a spacecraft" in call.input[0].text
    *pictures, words = call.input[-1].content
    assert all(isinstance(part, ContentImage) for part in pictures)
    assert len(pictures) == 3
    assert isinstance(words, ContentText)
    assert "distance to the target" in words.text


def test_a_model_that_fails_fails_its_sample_and_not_the_pilot_s_next_decision(tmp_path) -> None:
    broken = model(ANSWERS[0], ValueError("the provider is gone"))
    log = logged(flight(seeds=1), tmp_path, broken)
    assert log.status == "error"
    (sample,) = log.samples
    assert "the provider is gone" in sample.error.message
    assert row_of(sample).reason == "interrupted"
    assert len([event for event in sample.events if event.event == "model"]) == 2


def test_a_limit_of_inspect_ends_a_flight_which_is_scored_as_it_stood(tmp_path: Path) -> None:
    log = logged(flight(seeds=1), tmp_path, model(*ANSWERS[:1] * 9), token_limit=400)
    assert log.status == "success"
    (sample,) = log.samples
    assert sample.limit.type == "token"
    told = sample.scores["outcome"]
    assert (told.answer, told.value["success"]) == ("interrupted", 0.0)
    assert 3 <= told.value["steps"] <= 4
    assert math.isfinite(told.value["score"])


def test_a_world_that_refuses_its_options_says_so_before_there_is_a_sample() -> None:
    with pytest.raises(InvalidPlan, match=r"options: .*start_met=-1"):
        flight(pilot="naive", seeds=1, options={"start_met": -1})


def test_a_suite_is_a_sample_for_every_episode_with_the_rows_of_our_runner(tmp_path: Path) -> None:
    (tmp_path / "tiny.yaml").write_text(TINY)
    log = logged(suite(str(tmp_path / "tiny.yaml")), tmp_path / "logs")
    samples = log.samples
    assert len({sample.id for sample in samples}) == 4
    for sample in samples:
        episode = Episode.from_dict(sample.metadata["episode"])
        own = run_episode(episode, Settings(tmp_path, "inspect"))
        assert row_of(sample).outcome() == own.outcome()
    (figures,) = [s.metrics for s in log.results.scores if s.name == "fuel_kg"]
    flown = [sample for sample in samples if sample.metadata["competitor"] == "rendezvous"]
    fuel = [sample.scores["outcome"].value["fuel_kg"] for sample in flown]
    told = figures["helmsight/each_rendezvous"].value
    assert told == pytest.approx(sum(fuel) / 2, rel=1e-12)
    assert len(figures) == 4  # mean and standard error of two


def test_a_model_takes_the_place_of_a_suite_s_pilots(tmp_path: Path) -> None:
    (tmp_path / "tiny.yaml").write_text(TINY)
    task = suite(str(tmp_path / "tiny.yaml"), pilot="model", limit=1)
    (sample,) = logged(task, tmp_path / "logs", model(*ANSWERS[:1] * 4)).samples
    row = row_of(sample)
    assert (row.spec, row.steps, row.time) == (MODEL, 4, "fixed:0.5")


def test_a_model_answers_the_questions_of_a_suite(tmp_path: Path) -> None:
    (tmp_path / "asked.yaml").write_text(
        "name: asked\nkind: questions\npilots: [oracle]\nscenarios: [generated]\nseeds: 1\n"
    )
    where = str(tmp_path / "asked.yaml")
    oracle = logged(suite(where), tmp_path / "logs")
    assert {s.name: s.metrics["mean"].value for s in oracle.results.scores}["score"] == 1.0
    found = set()
    for said in ("Yes.", "No."):
        log = logged(suite(where, "model"), tmp_path / "logs", model(said))
        found |= {row_of(sample).reason for sample in log.samples}
    assert found == {"right", "wrong"}


def test_a_world_of_another_distribution_is_flown_by_its_own_pilot(tmp_path, room: str) -> None:
    log = logged(flight(room, 1, "two-point", max_steps=3), tmp_path)
    own = fly(room, "two-point", 0, steps=3)
    (sample,) = log.samples
    assert sample.scores["outcome"].value["score"] == own.summary["score"]
    assert sample.target == "comfortable"


@pytest.mark.serial
def test_a_model_of_inspect_is_the_eyes_of_our_inspector(tmp_path: Path, drawing: None) -> None:
    world = {"size": [160, 120], "parts": ["dish"], "budget_views": 1}
    how = {"compare": False, "relations": "own"}
    task = flight("Inspection", [6], "inspector:model", options=world, pilot_options=how)
    log = logged(task, tmp_path, model(*["dent"] * 20))
    assert log.status == "success", log.error
    (sample,) = log.samples
    told = sample.scores["outcome"]
    assert (told.answer, told.value["reported"], told.value["looks"]) == ("inspected", 1, 1)
    calls = [event for event in sample.events if event.event == "model"]
    pictures, words = zip(*(call.input[-1].content for call in calls), strict=True)
    assert all(isinstance(picture, ContentImage) for picture in pictures)
    assert all("Look at the dish only" in said.text for said in words)
