"""The burn command: text, model and action say the same; nonsense is refused."""

from __future__ import annotations

import json
from typing import Any

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from pydantic import ValidationError

from helmsight.envs.orbital.command import FRAMES, LEVELS, BurnCommand

THROTTLE = st.floats(-1.0, 1.0)
COMMANDS = st.builds(
    BurnCommand,
    forward=THROTTLE,
    right=THROTTLE,
    down=THROTTLE,
    duration=st.floats(0.0, 10.0, exclude_min=True),
    frame=st.sampled_from(FRAMES),
)
COAST = {"forward": 0, "right": 0, "down": 0}


@given(COMMANDS)
def test_text_reads_back_as_the_same_command(command):
    assert BurnCommand.model_validate_json(command.text()) == command


@given(COMMANDS)
def test_action_reads_back_as_the_same_command_and_is_in_the_space(command):
    action = command.action()
    assert BurnCommand.space().contains(
        {"burn": action["burn"], "frame": np.int64(action["frame"])}
    )
    assert BurnCommand.from_action(action) == command


@pytest.mark.parametrize(
    ("fields", "text"),
    [
        (
            {"forward": 0.5, "right": 0, "down": -1},
            '{"forward": 0.5, "right": 0, "down": -1, "duration": 0.5}',
        ),
        (
            {"forward": -0.0, "right": 0.25, "down": 1, "duration": 3},
            '{"forward": 0, "right": 0.25, "down": 1, "duration": 3}',
        ),
        (
            {**COAST, "frame": "orbital"},
            '{"forward": 0, "right": 0, "down": 0, "duration": 0.5, "frame": "orbital"}',
        ),
    ],
)
def test_text_is_canonical(fields, text):
    assert BurnCommand(**fields).text() == text


@pytest.mark.parametrize(
    "wrong",
    [
        {"forward": float("nan")},
        {"right": float("inf")},
        {"down": 1.001},
        {"forward": -1.001},
        {"duration": 0},
        {"duration": -0.5},
        {"duration": 10.01},
        {"duration": float("nan")},
        {"frame": "sideways"},
        {"throttle": 1},
        {"forward": None},
        {"forward": "full"},
    ],
)
def test_nonsense_is_refused(wrong):
    with pytest.raises(ValidationError):
        BurnCommand(**{**COAST, **wrong})


@pytest.mark.parametrize("missing", ["forward", "right", "down"])
def test_every_throttle_must_be_said(missing):
    with pytest.raises(ValidationError, match=missing):
        BurnCommand.model_validate({k: v for k, v in COAST.items() if k != missing})


@pytest.mark.parametrize(
    "action",
    [
        {"burn": [0.0, 0.0, np.nan, 0.5], "frame": 0},
        {"burn": [0.0, 2.0, 0.0, 0.5], "frame": 0},
        {"burn": [0.0, 0.0, 0.0, 11.0], "frame": 0},
        {"burn": [0.0, 0.0, 0.0, 0.5], "frame": 3},
        {"burn": [0.0, 0.0, 0.0, 0.5], "frame": -1},
    ],
)
def test_an_action_out_of_its_space_is_refused(action):
    with pytest.raises(ValidationError):
        BurnCommand.from_action(action)


def test_an_action_of_no_duration_lasts_one_physics_step():
    action: dict[str, Any] = {"burn": np.zeros(4), "frame": np.int64(0)}
    command = BurnCommand.from_action(action)
    assert command.duration == 0.02


def test_choices_are_343_different_texts():
    texts = {command.text() for command in BurnCommand.choices()}
    assert len(texts) == len(LEVELS) ** 3 == 343
    assert BurnCommand.null().text() in texts


def test_the_null_command_coasts_for_half_a_second():
    assert BurnCommand.null().action()["burn"].tolist() == [0.0, 0.0, 0.0, 0.5]


def test_the_schema_shows_throttles_with_limits_and_hides_the_frame():
    schema = BurnCommand.model_json_schema()
    assert set(schema["properties"]) == {"forward", "right", "down", "duration"}
    assert schema["properties"]["forward"]["minimum"] == -1
    assert schema["properties"]["duration"]["maximum"] == 10
    assert schema["additionalProperties"] is False
    assert "frame" not in json.dumps(schema["properties"])


def test_a_command_does_not_change():
    with pytest.raises(ValidationError):
        BurnCommand.null().forward = 1.0
