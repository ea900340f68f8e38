from __future__ import annotations

import json
from importlib.resources import files

import pytest
from jinja2 import UndefinedError

from helmsight.prompts.errors import UnknownPrompt
from helmsight.prompts.templates import examples, names, render, schema_text


def test_every_shipped_template_has_a_name():
    assert {"pilot", "decide", "reask", "example", "bundled", "bundled_relation"} <= set(names())


def test_a_wrong_name_is_answered_with_the_nearest():
    with pytest.raises(UnknownPrompt, match='Did you mean "bundled"'):
        render("bundeld")


def test_a_value_that_is_missing_is_an_error_and_not_a_hole_in_the_text():
    with pytest.raises(UndefinedError):
        render("pilot", goal="x")


@pytest.mark.parametrize("pictures", [[], ["the whole frame"]])
def test_the_rules_of_the_game_hold_no_digit(pictures):
    text = render("pilot", goal="Dock.", schema="SCHEMA", pictures=pictures)
    assert not any(char.isdigit() for char in text)
    assert ("navball" in text) == bool(pictures)


def test_the_schema_is_said_without_titles():
    schema = {"title": "T", "properties": {"title": {"title": "t", "type": "x"}}}
    assert json.loads(schema_text(schema)) == {"properties": {"title": {"type": "x"}}}


def test_examples_explain_in_words_and_answer_in_json():
    shown = examples("PE1-E3-I3")
    assert len(shown) == 3
    for example in shown:
        assert example.image[:3] == b"\xff\xd8\xff"
        assert example.media_type == "image/jpeg"
        assert set(json.loads(example.answer)) == {"forward", "right", "down", "duration"}
        assert not any(char.isdigit() for char in example.why)


def test_examples_are_for_the_scenarios_they_are_of():
    assert examples("OTHER") == ()


def test_the_examples_stay_small():
    folder = files("helmsight.prompts") / "templates" / "few_shot"
    assert sum(len(entry.read_bytes()) for entry in folder.iterdir()) < 400_000
