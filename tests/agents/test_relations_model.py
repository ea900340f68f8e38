"""The shipped model of relations: it loads like any other, answers in the form, sees."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest

from helmsight.agents.decide import ModelPilot
from helmsight.agents.ground import ModelGrounder
from helmsight.agents.grounding.asking import PilotAsker
from helmsight.agents.grounding.judge import judge
from helmsight.agents.grounding.verify import ground
from helmsight.agents.models.load import load_pilot
from helmsight.agents.models.sources import RELATIONS
from helmsight.evals.spatial.generator import GeneratedQuestion, Split, questions
from helmsight.prompts.orders import Prompt, compose

pytestmark = pytest.mark.slow  # torch and weights are loaded
SEED = 9090  # of the validation split; training never draws from it


@pytest.fixture(scope="module")
def pilot() -> ModelPilot:
    loaded = load_pilot("bundled-relations")
    assert isinstance(loaded, ModelPilot)
    return loaded


@pytest.fixture(scope="module")
def generated() -> list[GeneratedQuestion]:
    return list(questions(Split.VALID, 14, SEED))


def combined(question: GeneratedQuestion) -> Prompt:
    return compose(
        "combined", [question.question.a, question.question.b], question=question.question.text
    )


def test_the_weights_are_small_and_load_without_our_code() -> None:
    from transformers import AutoModelForImageTextToText, AutoProcessor

    assert (RELATIONS / "model.safetensors").stat().st_size <= 20e6
    model = AutoModelForImageTextToText.from_pretrained(RELATIONS, local_files_only=True)
    processor = AutoProcessor.from_pretrained(RELATIONS, local_files_only=True)
    assert model.num_parameters() < 6e6
    assert processor.tokenizer.chat_template or processor.chat_template


def test_it_fills_in_every_line_that_is_asked_for(
    pilot: ModelPilot, generated: list[GeneratedQuestion]
) -> None:
    for question in generated[:4]:
        prompt = combined(question)
        answer = prompt.read(pilot.answer_free(prompt.text, question.picture.image, {}))
        assert answer.unread == ()
        assert answer.yes is not None
        between = {question.question.a, question.question.b}
        assert sum({claim.a, claim.b} == between for claim in answer.claims) == 6


def test_most_answers_about_unseen_pictures_are_right(
    pilot: ModelPilot, generated: list[GeneratedQuestion]
) -> None:
    right = []
    for question in generated:
        grounding = ground(PilotAsker(pilot), question.picture.image, combined(question))
        right.append(judge(question.question, grounding).yes is question.cell.label)
    assert np.mean(right) > 0.7


def test_what_is_drawn_at_random_is_the_same_for_the_same_seed(
    pilot: ModelPilot, generated: list[GeneratedQuestion]
) -> None:
    question = generated[0]
    answers = [
        pilot.answer_free(combined(question).text, question.picture.image, {}, draw=s)
        for s in (1, 1, 2, 3)
    ]
    assert answers[0] == answers[1]
    assert len(set(answers)) > 1


def test_it_grounds_the_cockpit_of_a_flight(pilot: ModelPilot) -> None:
    import gymnasium as gym

    import helmsight.envs  # noqa: F401  (registers the environments)
    from helmsight.contract.pilot import Sighting

    env: Any = gym.make("helmsight/PE1-E1-I2-v0", observation="frame")
    observation, info = env.reset(seed=4)
    pilot.reset(env.unwrapped.task, 4)
    grounder = ModelGrounder("combined", verified=True)
    grounder.prepare(pilot, env.unwrapped.task, env.unwrapped, 4)
    grounding = grounder.ground(pilot, env.unwrapped.task, Sighting(observation, info["met"]))
    assert grounding.counts.failed == 0
    assert grounding.claims
    assert grounding.counts.left == 0
