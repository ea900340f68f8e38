from __future__ import annotations

import json

import pytest
from jinja2 import UndefinedError

from helmsight.prompts.errors import UnknownPrompt
from helmsight.prompts.templates import names, render, render_text, schema_text


def test_every_shipped_template_has_a_name():
    assert {"operator", "decide", "reask", "example", "bundled", "bundled_relation"} <= set(names())


def test_a_wrong_name_is_answered_with_the_nearest():
    with pytest.raises(UnknownPrompt, match='Did you mean "bundled"'):
        render("bundeld")


def test_a_value_that_is_missing_is_an_error_and_not_a_hole_in_the_text():
    with pytest.raises(UndefinedError):
        render("operator", briefing="x")
    with pytest.raises(UndefinedError):
        render_text("{{ goal }}", pictures=[])


def test_the_schema_is_said_without_titles():
    schema = {"title": "T", "properties": {"title": {"title": "t", "type": "x"}}}
    assert json.loads(schema_text(schema)) == {"properties": {"title": {"type": "x"}}}
