"""Episodes flown in a batch come to the rows that they come to alone, bit for bit."""

from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from helmsight.contract.record import StepRecord
from helmsight.evals import batch
from helmsight.evals.batch import flies_in_batches, fly_batch
from helmsight.evals.episode import Episode
from helmsight.evals.errors import InvalidPlan
from helmsight.evals.runner.settings import Settings
from helmsight.evals.runner.work import load_kept, run_episode
from helmsight.tools.player import load_run

NAIVE = Episode("flight", "PE1-E1-I2", "naive", 0, time="paused", observation="telemetry")


@pytest.fixture
def settings(tmp_path):
    return Settings(tmp_path, "test", cache=False)


def different(episodes, settings):
    """Return the episodes that end otherwise in a batch than alone, with both outcomes."""
    together = {episode.key: row.outcome() for episode, row in fly_batch(episodes, settings)}
    assert set(together) == {episode.key for episode in episodes}
    alone = {episode.key: run_episode(episode, settings).outcome() for episode in episodes}
    assert all(row["status"] == "done" for row in alone.values())
    return {key: (alone[key], together[key]) for key in alone if alone[key] != together[key]}


@pytest.mark.slow
@pytest.mark.uncounted
@pytest.mark.parametrize(
    ("rule", "hold"), [("fixed:0.7", "repeat"), ("fixed:0.3", "coast"), ("runner:0.8", None)]
)
def test_scripted_pilots_fly_in_a_batch_as_alone(settings, rule, hold):
    # steps end at different times: other durations, other starts, episodes that are over early
    late = {"start_met": 236.0} if rule == "fixed:0.7" else {}
    episodes = [
        Episode(
            "flight", scenario, pilot, seed, time=rule, hold=hold, observation="telemetry",
            options=late if scenario == "PE1-E1-I2" else {}, max_steps=6 + seed,
        )
        for pilot, scenario, seed in [
            ("naive", "PE1-E2-I2", 0), ("navball", "PE1-E3-I1", 1), ("rendezvous", "PE1-E4-I4", 0),
            ("rendezvous", "PE1-E3-I3", 1), ("navball", "PE1-E1-I2", 2),
            ("shade", "SB1-E1-I5", 2), ("naive", "LBG1-LG2-I1", 0),
        ]
    ]  # fmt: skip
    assert different(episodes, settings) == {}


@pytest.mark.slow
@pytest.mark.uncounted
def test_the_bundled_model_flies_in_a_batch_as_alone(settings):
    episodes = [
        Episode("flight", f"PE1-E{n}-I{n}", "bundled", n, time="fixed:0.5", observation="frame",
                max_steps=2 + n)
        for n in (1, 2, 3)
    ]  # fmt: skip
    assert different(episodes, settings) == {}


@pytest.mark.slow
def test_every_step_of_a_recorded_episode_is_the_same(settings):
    episode = replace(NAIVE, pilot="navball", max_steps=4, time="fixed:0.5")
    kept = replace(settings, record="all")

    def steps(folder: Path) -> list[StepRecord]:
        records = load_run(folder / "runs" / episode.key).records
        return [replace(record, sense_ms=0.0, think_ms=0.0, act_ms=0.0) for record in records]

    other = replace(episode, scenario="PE1-E2-I4")
    assert len(list(fly_batch([other, episode], kept))) == 2
    together = steps(settings.folder)
    run_episode(episode, kept)
    assert len(together) == 4
    assert steps(settings.folder) == together


def test_an_episode_that_fails_ends_as_a_row_and_the_others_go_on(settings):
    wrong = replace(NAIVE, options={"start_met": 1e9}, max_steps=1)
    rows = {e.key: row for e, row in fly_batch([wrong, replace(NAIVE, max_steps=1)], settings)}
    assert sorted(row.status for row in rows.values()) == ["done", "failed"]
    assert "start_met" in rows[wrong.key].error


@pytest.mark.slow
def test_more_episodes_than_fit_are_flown_one_batch_after_another(settings, monkeypatch):
    monkeypatch.setattr(batch, "MOST", 2)
    episodes = [replace(NAIVE, seed=seed, max_steps=1) for seed in range(3)]
    assert {episode.seed for episode, _ in fly_batch(episodes, settings)} == {0, 1, 2}


@pytest.mark.parametrize(
    "change",
    [
        {"time": "measured"},
        {"time": "runner"},
        {"time": "realtime"},
        {"pilot": "openai:gpt-4o"},
        {"scenario": "Inspection"},
        {"kind": "questions"},
    ],
)
def test_what_a_batch_cannot_fly_is_told_before_anything_is_flown(settings, change):
    episode = replace(NAIVE, **change)
    assert flies_in_batches(NAIVE)
    assert not flies_in_batches(episode)
    with pytest.raises(InvalidPlan, match=r"paused, fixed:S, runner:S"):
        next(fly_batch([NAIVE, episode], settings))


@pytest.mark.slow
def test_answers_that_are_close_are_asked_again_alone(monkeypatch):
    from helmsight.agents.models import local

    pilot: Any = load_kept("bundled", '{"engine": "torch"}')
    model = pilot.model
    from langchain_core.messages import HumanMessage

    batch_of = [[HumanMessage("up")], [HumanMessage("down")]]
    allowed = ("left", "right")
    alone = [model.answer_batch([messages], allowed)[0] for messages in batch_of]
    asked = []
    answer_batch = local.LocalVLM.answer_batch

    def counted(self, messages, *rest):
        asked.append(len(messages))
        return answer_batch(self, messages, *rest)

    monkeypatch.setattr(local.LocalVLM, "answer_batch", counted)
    monkeypatch.setattr(local, "NEAR", 0.0)
    assert model.choose_batch(batch_of, allowed) == alone
    assert asked == []
    monkeypatch.setattr(local, "NEAR", 1e9)
    assert model.choose_batch(batch_of, allowed) == alone
    assert asked == [1, 1]
