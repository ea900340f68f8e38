"""Models are asked before the worlds start; one that will never answer ends an evaluation."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import pytest

from helmsight.agents.errors import ModelRefused
from helmsight.evals.episode import REFUSED, Episode
from helmsight.evals.errors import InvalidPlan, ModelHalts
from helmsight.evals.evaluation import Evaluation
from helmsight.evals.plan import plan
from helmsight.evals.runner.here import run_here
from helmsight.evals.runner.probe import probe
from helmsight.evals.runner.settings import Settings
from helmsight.evals.runner.work import load_kept, run_episode
from helmsight.evals.suite import suite_of
from helmsight.testing import FakeProvider

GOOD = '{"forward": 0.5, "right": 0, "down": 0, "duration": 0.5}'
EPISODE = Episode("flight", "PE1-E1-I2", "openai:m", 0, time="paused", max_steps=1)
KEPT = {"few_shot": 0}


@pytest.fixture(autouse=True)
def key(monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setenv("OPENAI_API_KEY", "sk-0")
    load_kept.cache_clear()  # those of other tests
    yield
    load_kept.cache_clear()


def served(provider: FakeProvider, episode: Episode = EPISODE) -> Episode:
    return replace(episode, observation="frame", pilot_options={**KEPT, "base_url": provider.url})


def test_each_model_is_asked_once_and_local_ones_are_not_loaded() -> None:
    with FakeProvider("ok") as provider:
        mine = served(provider)
        others = [replace(EPISODE, pilot=name) for name in ("bundled", "naive", "inspector")]
        assert probe([mine, replace(mine, seed=1), *others], {}) == []
        assert len(provider.requests) == 1
    assert load_kept.cache_info().currsize == 2  # the provider's and the scripted one


def test_a_model_that_will_not_answer_is_told_of_before_any_episode() -> None:
    with FakeProvider({"status": 401, "error": "no such key"}) as provider:
        with pytest.raises(ModelRefused, match="401: no such key"):
            probe([served(provider)], {})
        assert len(provider.requests) == 1


def test_a_budget_of_costs_needs_a_price_and_names_models_without_one() -> None:
    with FakeProvider("ok") as provider:
        mine = served(provider)
        other = replace(mine, pilot="openai:n")
        with pytest.raises(InvalidPlan, match=r"no price is known for openai:m; .*--prices FILE"):
            probe([mine], {}, cost=2.0)
        assert probe([mine], {"openai:*": (1.0, 1.0)}, cost=2.0) == []
        [told] = probe([mine, other], {"openai:m": (1.0, 1.0)}, cost=2.0)
        assert told.startswith("no price is known for openai:n")
    with pytest.raises(InvalidPlan, match="no price is known for any pilot"):
        probe([replace(EPISODE, pilot="naive")], {}, cost=2.0)


@pytest.mark.slow
def test_a_provider_that_ends_in_the_middle_leaves_what_is_there_to_be_gone_on_with(
    tmp_path: Path,
) -> None:
    served_first = {"when": {"first": 2}, "text": GOOD}
    with FakeProvider(served_first, {"status": 402, "error": "no credit"}) as provider:
        suite = {
            "name": "mine", "scenarios": ["PE1-E1-I2"], "seeds": 4, "times": ["paused"],
            "max_steps": 1,
            "pilots": [{"pilot": "openai:m", "options": {**KEPT, "base_url": provider.url}}],
        }  # fmt: skip
        asked = plan(suite_of(suite, "mine.yaml"), tmp_path / "mine.yaml")
        halting = Evaluation(asked, tmp_path / "out")
        with pytest.raises(ModelHalts, match="402: no credit"):
            list(halting.run(run_here))
        assert [row.status for row in halting.store.rows()] == ["done", "done"]
        assert len(provider.requests) == 3
        provider.rules[1] = provider.rules[0].__class__(text=GOOD)
        going_on = Evaluation(asked, tmp_path / "out", resume=True)
        assert len(list(going_on.run(run_here))) == 2
    assert [row.status for row in going_on.store.rows()] == ["done"] * 4


def test_weights_that_cannot_be_loaded_are_of_no_table(tmp_path: Path) -> None:
    empty = tmp_path / "empty"
    empty.mkdir()
    episode = replace(EPISODE, pilot=f"local:{empty}")
    row = run_episode(episode, Settings(tmp_path, "mine"))
    assert (row.status, str(empty) in row.error) == (REFUSED, True)
