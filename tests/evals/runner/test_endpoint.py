"""Answers of providers: counted, priced, and given again instead of paid for twice."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path
from types import SimpleNamespace

import pytest
from langchain_core.language_models import BaseChatModel
from langchain_core.messages import AIMessage, HumanMessage
from langchain_core.outputs import ChatGeneration, ChatResult

from helmsight.evals.episode import Episode
from helmsight.evals.runner.endpoint import Meter
from helmsight.evals.runner.settings import Settings
from helmsight.evals.runner.work import run_episode
from helmsight.testing import FakeProvider

EPISODE = Episode("flight", "PE1-E1-I2", "openai:test", 0, time="fixed:1")
USAGE = {"input_tokens": 1000, "output_tokens": 20, "total_tokens": 1020}


class Provider(BaseChatModel):
    """Counts how often it was really asked."""

    asked: int = 0

    @property
    def _llm_type(self) -> str:
        return "provider"

    def _generate(self, messages, stop=None, run_manager=None, **kwargs) -> ChatResult:
        self.asked += 1
        message = AIMessage(
            f"answer {self.asked}", usage_metadata=USAGE, response_metadata={"model_name": "test"}
        )
        return ChatResult(generations=[ChatGeneration(message=message)])


def asked(model: Provider, episode: Episode, settings: Settings, *questions: str):
    meter = Meter.around(SimpleNamespace(model=model), settings, episode)
    with meter:
        answers = [model.invoke([HumanMessage(text)]).text for text in questions]
    return answers, meter.counted()


@pytest.fixture
def settings(tmp_path: Path) -> Settings:
    return Settings(tmp_path, "mine", prices={"openai:*": (2.0, 10.0)})


def test_tokens_are_counted_and_priced_by_the_million(settings: Settings) -> None:
    answers, counted = asked(Provider(), EPISODE, settings, "a", "b")
    assert answers == ["answer 1", "answer 2"]
    assert counted == {
        "tokens_in": 2000, "tokens_out": 40, "cost": pytest.approx(2 * (0.002 + 0.0002)),
    }  # fmt: skip


@pytest.mark.parametrize("kind", ["flight", "questions"])
@pytest.mark.parametrize(("pattern", "cost"), [("openai:*", 0.0022), ("ollama:*", 0.0011)])
def test_the_pilots_own_price_counts_where_the_suite_has_none(tmp_path, kind, pattern, cost):
    model = Provider()
    pilot = SimpleNamespace(model=model, price=(1.0, 5.0))
    priced = Settings(tmp_path, "mine", prices={pattern: (2.0, 10.0)})
    with Meter.around(pilot, priced, replace(EPISODE, kind=kind)) as meter:
        model.invoke([HumanMessage("a")])
    assert meter.counted()["cost"] == pytest.approx(cost)


@pytest.mark.slow
def test_an_episode_whose_answers_are_all_kept_asks_nobody_and_costs_nothing(settings) -> None:
    good = '{"forward": 0.5, "right": 0, "down": 0, "duration": 0.5}'
    with FakeProvider({"text": good, "tokens": [1000, 20]}) as provider:
        episode = replace(
            EPISODE, pilot="openai:m", observation="frame", time="paused", max_steps=2,
            pilot_options={"base_url": provider.url, "few_shot": 0},
        )  # fmt: skip
        rows = [run_episode(episode, settings) for _ in "ab"]
        assert len(provider.requests) == 2
    assert [(row.status, row.tokens_in, row.tokens_out) for row in rows] == [
        ("done", 2000, 40), ("done", 0, 0),
    ]  # fmt: skip
    assert [row.requests for row in rows] == [2, 2]


def test_what_was_answered_once_is_given_again_and_is_free(settings: Settings) -> None:
    asked(Provider(), EPISODE, settings, "a")
    model = Provider()
    answers, counted = asked(model, EPISODE, settings, "a", "c")
    assert (answers, model.asked) == (["answer 1", "answer 1"], 1)
    assert (counted["tokens_in"], counted["cost"]) == (1000, pytest.approx(0.0022))
    assert model.cache is None
    assert model.callbacks is None


@pytest.mark.parametrize("time", ["measured", "runner", "realtime"])
def test_where_think_time_counts_every_answer_is_asked_for(settings: Settings, time: str) -> None:
    model = Provider()
    asked(model, replace(EPISODE, time=time), settings, "a", "a")
    asked(model, EPISODE, replace(settings, cache=False), "a", "a")
    assert model.asked == 4


def test_an_answer_whose_writing_was_cut_off_is_asked_for_again(settings: Settings) -> None:
    asked(Provider(), EPISODE, settings, "a")
    [kept] = (settings.folder / "cache").glob("*.json")
    kept.write_text(kept.read_text()[:40])
    model = Provider()
    assert asked(model, EPISODE, settings, "a")[0] == ["answer 1"]
    assert model.asked == 1
