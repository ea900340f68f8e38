"""Where an answer begins when a model thinks before it, and what is asked for then."""

from __future__ import annotations

import json

import pytest

from helmsight.envs.orbital.command import BurnCommand
from helmsight.prompts.errors import UnreadableAnswer
from helmsight.prompts.reading import read
from helmsight.prompts.thinking import REASON, after_thinking, with_reason

COMMAND = '{"forward": 0.5, "right": 0, "down": -1, "duration": 2}'


@pytest.mark.parametrize(
    ("text", "rest"),
    [
        (f"It drifts.\nCommand: {COMMAND}", COMMAND),
        (f"It drifts.\n**Command:** {COMMAND}", f"** {COMMAND}"),
        (f"Command: none yet, I think first.\nMy command:\n{COMMAND}", COMMAND),
        (f"command : {COMMAND}", COMMAND),
        (COMMAND, COMMAND),
    ],
)
def test_the_command_stands_behind_the_last_line_that_says_so(text, rest):
    assert after_thinking(text, "free").strip() == rest
    assert after_thinking(text, "brief") == text
    assert read(after_thinking(text, "free"), BurnCommand).command == BurnCommand(
        forward=0.5, right=0, down=-1, duration=2
    )


def test_what_is_weighed_while_thinking_is_no_second_command():
    text = f"{COMMAND.replace('0.5', '1')} would be too much.\nCommand: {COMMAND}"
    assert read(after_thinking(text, "free"), BurnCommand).command.forward == 0.5
    with pytest.raises(UnreadableAnswer, match="2 different commands"):
        read(after_thinking(text, "none"), BurnCommand)


def test_the_reason_comes_first_in_the_schema_and_is_required():
    schema = with_reason(BurnCommand.model_json_schema())
    assert next(iter(schema["properties"])) == REASON
    assert schema["required"][0] == REASON
    assert REASON not in BurnCommand.model_json_schema()["properties"]


def test_a_reason_that_was_asked_for_is_no_repair():
    text = json.dumps({REASON: 'say "{forward: 1}"', **json.loads(COMMAND)})
    told = read(text, BurnCommand, (REASON,))
    assert (told.command.forward, told.mended) == (0.5, False)
    assert read(text, BurnCommand).mended


def test_a_reason_alone_is_no_command():
    with pytest.raises(UnreadableAnswer, match="no JSON object"):
        read(json.dumps({REASON: "nothing to do"}), BurnCommand, (REASON,))
