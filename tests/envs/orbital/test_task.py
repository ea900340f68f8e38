"""What a pursuit tells of itself: its examples, and what old records lack."""

from __future__ import annotations

import json
from importlib.resources import files

import pytest

from helmsight.contract.description import DESCRIPTION
from helmsight.envs.orbital.task import briefing, describe_schema_1, examples, pursuit_task
from helmsight.prompts.templates import render_text


@pytest.mark.parametrize(("family", "count"), [("PE1", 3), ("LBG1", 2), ("SB1", 2)])
def test_examples_explain_in_words_and_answer_in_json(family, count):
    assert len(examples(family)) == count
    for example in examples(family):
        assert example.image[:3] == b"\xff\xd8\xff"
        assert example.media_type == "image/jpeg"
        assert set(json.loads(example.answer)) == {"forward", "right", "down", "duration"}
        assert not any(char.isdigit() for char in example.why)


def test_the_examples_stay_small():
    folder = files("helmsight.envs.orbital") / "data" / "few_shot"
    assert sum(len(entry.read_bytes()) for entry in folder.iterdir()) < 600_000


@pytest.mark.parametrize("pictures", [[], ["the whole frame"]])
def test_the_briefing_holds_no_digit(pictures):
    text = render_text(briefing(), goal="Dock.", pictures=pictures)
    assert not any(char.isdigit() for char in text)
    assert ("navball" in text) == bool(pictures)


def test_a_description_is_the_same_after_json():
    told = pursuit_task("PE1-E1-I3", {}).description()
    assert DESCRIPTION.validate_json(DESCRIPTION.dump_json(told)) == told


def test_what_records_of_schema_1_lack_is_known():
    assert (
        describe_schema_1("helmsight/PE1-E1-I3-v0") == pursuit_task("PE1-E1-I3", {}).description()
    )
    assert describe_schema_1("helmsight/KSP-v0", "PE1-E1-I3").note == ""
