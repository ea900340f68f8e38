"""The commands of a robot: written, read, encoded; and what is none."""

from __future__ import annotations

import json

import numpy as np
import pytest
from pydantic import ValidationError

from helmsight.agents.constrain import strict_schema
from helmsight.contract.command import lasts, words
from helmsight.envs.robot.command import RobotCommand
from helmsight.hardware.spec import load_spec
from helmsight.prompts.errors import UnreadableAnswer
from helmsight.prompts.reading import read

ARM = RobotCommand.of(load_spec("so101"), ("home", "look"))
GANTRY = RobotCommand.of(load_spec("gantry"), ("home",))


@pytest.mark.parametrize("kind", [ARM, GANTRY])
def test_every_choice_is_the_same_after_text_and_after_gymnasium(kind: type[RobotCommand]) -> None:
    choices = list(kind.choices())
    assert len(choices) > 15
    for choice in choices:
        assert kind.model_validate_json(choice.text(), strict=True) == choice
        assert kind.space().contains(choice.action())
        assert kind.from_action(choice.action()) == choice


def test_every_action_of_the_space_is_a_command() -> None:
    space = ARM.space()
    space.seed(3)
    kinds = {ARM.from_action(space.sample()).do for _ in range(200)}
    assert kinds == {"twist", "joints", "pose", "tool", "hold", "done"}


def test_a_twist_is_in_full_and_others_hold_nothing_of_it() -> None:
    twist = ARM(do="twist", vz=0.1)
    assert (twist.linear, twist.angular, twist.duration) == ((0.0, 0.0, 0.1), (0.0,) * 3, 0.5)
    assert ARM(do="pose", pose="look").model_dump(exclude_none=True) == {
        "do": "pose",
        "pose": "look",
    }


def test_what_a_model_that_must_answer_every_field_says_with_nought_is_nothing() -> None:
    whole = dict.fromkeys(("vx", "vy", "vz", "wx", "wy", "wz"), 0) | {
        "do": "pose", "joints": None, "pose": "look", "tool": None, "duration": 0.5, "verdict": "",
    }  # fmt: skip
    assert read(json.dumps(whole), ARM).command == ARM(do="pose", pose="look")
    assert set(strict_schema(ARM)["required"]) == set(whole)


@pytest.mark.parametrize(
    "answer",
    [
        '{"do": "pose"}',
        '{"do": "pose", "pose": "moon"}',
        '{"do": "pose", "pose": "look", "vx": 0.1}',
        '{"do": "twist", "vx": 3}',
        '{"do": "twist", "vx": NaN}',
        '{"do": "twist", "duration": 60}',
        '{"do": "joints", "joints": [0.1]}',
        '{"do": "joints", "joints": [null, null, null, null, null, null]}',
        '{"do": "tool"}',
        '{"do": "fly"}',
        '{"do": "twist", "vx": 0.05, "vz": 0.',
        "do: twist would be too fast with vx: 0.1",
        "{}",
    ],
)
def test_what_is_no_whole_command_is_refused_with_the_reason(answer: str) -> None:
    with pytest.raises(UnreadableAnswer):
        read(answer, ARM)


def test_a_robot_without_a_tool_has_no_command_for_one() -> None:
    spec = load_spec("so101")
    bare = spec.model_copy(update={"tool": type(spec.tool)()})
    kind = RobotCommand.of(bare, ("home",))
    assert "tool" not in kind.model_json_schema()["properties"]
    with pytest.raises(ValidationError):
        kind.model_validate({"do": "tool", "tool": True})
    with pytest.raises(ValidationError):
        kind.model_validate({"do": "twist", "tool": True})


def test_a_verdict_goes_into_the_action_as_far_as_it_fits() -> None:
    assert ARM.from_action(ARM(do="done", verdict="wie schön").action()).verdict == "wie schön"
    cut = ARM.from_action(ARM(do="done", verdict="ä" * 400).action()).verdict
    assert cut == "ä" * 300


def test_an_action_with_a_number_that_is_none_is_refused() -> None:
    action = ARM(do="twist", vx=0.1).action()
    action["twist"] = np.full(6, np.nan)
    with pytest.raises(ValidationError):
        ARM.from_action(action)


def test_commands_are_shown_in_words() -> None:
    assert words(ARM(do="pose", pose="look").model_dump()) == "pose look"
    joints = ARM(do="joints", joints=[0.5, *[None] * 5]).model_dump()
    assert words(joints) == "joints (0.50, -, -, -, -, -)"
    assert words(ARM(do="twist", vx=0.1, tool=False).model_dump()) == "twist tool off"
    assert lasts(ARM(do="twist", vx=0.1).model_dump()) == 0.5
    assert lasts(ARM(do="pose", pose="look").model_dump()) is None
