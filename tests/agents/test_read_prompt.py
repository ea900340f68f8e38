"""Whether a question's words hold all that is needed: a program flies that has nothing else."""

from __future__ import annotations

import json
import math
import re
from typing import Any

import gymnasium
import pytest
from langchain_core.language_models import BaseChatModel
from langchain_core.messages import AIMessage
from langchain_core.outputs import ChatGeneration, ChatResult
from pydantic import Field

import helmsight.envs  # noqa: F401  registers the environments
from helmsight.agents.asking_style import AskingStyle
from helmsight.agents.decide import ModelPilot
from helmsight.agents.operator import Operator

pytestmark = pytest.mark.slow
MARGIN = 0.6  # of the closing speed that could still be braked away
FULL_S = 2.0  # the longest burn


class Reader(BaseChatModel):
    """Follows the rule of thumb in the briefing with the figures in the question; knows no code."""

    asked: list[str] = Field(default_factory=list)

    @property
    def _llm_type(self) -> str:
        return "reader"

    def _generate(self, messages: Any, *_: Any, **__: Any) -> ChatResult:
        briefing, question = messages[0].text, messages[-1].text
        self.asked.append(question)
        answer = json.dumps({"reason": "by the rule of thumb", **command(briefing, question)})
        return ChatResult(generations=[ChatGeneration(message=AIMessage(answer))])


def figures(text: str, words: str) -> list[float]:
    line = next(line for line in text.splitlines() if re.search(words, line))
    return [float(number) for number in re.findall(r"[-+]?\d+(?:\.\d+)?", line)]


def command(briefing: str, question: str) -> dict[str, float]:
    """Return what the texts say to do."""
    assert "changes the speed by a little more than one metre per second each second" in briefing
    assert "a lateral one by half of that" in briefing
    pushes = (1.0, 0.5, 0.5)  # m/s^2: forward, right, down
    distance, _ = figures(question, "distance to the target")
    speeds = figures(question, "you move past the target")
    late = figures(question, "takes effect about")[0] if "takes effect" in question else 0.0
    distance = max(0.0, distance - max(0.0, speeds[0]) * late)
    assert "twice the braking acceleration times the distance" in briefing
    wanted = (MARGIN * math.sqrt(2 * pushes[0] * distance), 0.0, 0.0)
    seconds = min(FULL_S, max(0.1, distance / 100))
    throttles = []
    for speed, aim, push in zip(speeds, wanted, pushes, strict=True):
        throttle = (aim - speed) / (push * seconds)
        throttles.append(round(max(-1.0, min(1.0, throttle if abs(aim - speed) > 0.2 else 0)), 3))
    names = ("forward", "right", "down")
    return {**dict(zip(names, throttles, strict=True)), "duration": round(seconds, 3)}


@pytest.mark.parametrize("time", ["paused", "fixed:1"])
@pytest.mark.parametrize("scenario", ["PE1-E1-I1", "PE1-E1-I3"])
def test_who_reads_only_the_words_captures_a_passive_target(scenario, time):
    env = gymnasium.make(f"helmsight/{scenario}-v0", observation="telemetry", time=time)
    reader = Reader()
    flight = Operator(env, ModelPilot(reader, "reader", AskingStyle(needs="telemetry"))).fly()
    assert flight.reason == "captured", flight.summary
    assert flight.summary["repairs"] == {}
    assert ("takes effect about" in reader.asked[-1]) == (time != "paused")
