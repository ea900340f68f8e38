"""Frames of earlier observations in a question, also after a run went on from its record."""

from __future__ import annotations

import pytest

from helmsight.agents.asking_style import AskingStyle, Views
from helmsight.agents.decide import ModelPilot
from helmsight.agents.models.scripted import ScriptedVLM
from helmsight.agents.operator import Operator

GOOD = '{"forward": 1, "right": 0, "down": 0, "duration": 0.5}'


class Frank(ScriptedVLM):
    """A scripted model that may be asked anew: its answers do not depend on what came before."""

    remembers = False


def pilot_of(frames):
    model = Frank(answers=[GOOD])
    return model, ModelPilot(
        model, "scripted", AskingStyle(views=Views(names=("frame",)), history_frames=frames)
    )


def shown(call):
    """Return the pictures of a question, oldest first, and its text."""
    *pictures, text = call[-1].content
    return [picture["image_url"]["url"] for picture in pictures], text["text"]


def test_the_last_frames_come_first_and_are_called_by_their_age(world):
    model, pilot = pilot_of(2)
    Operator(world("frame"), pilot).fly(max_steps=4)
    questions = [shown(call) for call in model.calls]
    assert [len(pictures) for pictures, _ in questions] == [1, 2, 3, 3]
    pictures, text = questions[-1]
    assert pictures[:2] == [questions[1][0][-1], questions[2][0][-1]]
    assert "the frame of 1.0 s before, then the frame of 0.5 s before, then the whole" in text


def test_a_new_episode_begins_without_them(world):
    model, pilot = pilot_of(2)
    for _ in range(2):
        Operator(world("frame"), pilot).fly(max_steps=2)
    assert [len(shown(call)[0]) for call in model.calls] == [1, 2, 1, 2]


def test_a_run_that_is_resumed_shows_the_frames_that_it_would_have_shown(world):
    model, pilot = pilot_of(2)
    whole = Operator(world("frame"), pilot).fly(max_steps=5)
    again, second = pilot_of(2)
    Operator(world("frame"), second).fly(max_steps=5, past=whole.records[:3])
    assert [shown(call) for call in again.calls] == [shown(call) for call in model.calls[3:]]


@pytest.mark.parametrize("think", ["none", "brief", "free"])
def test_examples_show_the_thinking_that_is_asked_for(world, think):
    from helmsight.envs.orbital.task import pursuit_task

    model = Frank(answers=[GOOD])
    pilot = ModelPilot(model, "m", AskingStyle(few_shot=3, think=think))
    pilot.reset(pursuit_task("PE1-E1-I1", {}), 0)
    told = [str(message.content) for message in pilot.composer.opening]
    answers = told[2::2]
    why = "speed up"
    assert (why in answers[2]) == (think != "none")
    assert (why in told[5]) == (think == "none")
    assert ("Command: {" in answers[2]) == (think == "free")
    assert ('"reason": ' in answers[2]) == (think == "brief")
