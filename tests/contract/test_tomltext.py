"""TOML is read within bounds, and all that is wrong with it is one kind of error."""

from __future__ import annotations

import tomllib

import pytest

from helmsight.contract.tomltext import LONGEST_LINE, MOST_TEXT, parse_toml


def test_what_is_toml_is_read():
    assert parse_toml('[a]\nb = [1, 2.5, "c"]\n') == {"a": {"b": [1, 2.5, "c"]}}


@pytest.mark.parametrize(
    ("text", "told"),
    [
        ("][", "Invalid"),
        ("a = " + "9" * 4990, "too long"),
        ("a = " + "[\n" * 20_000, "too deep"),
        ("a" * (LONGEST_LINE + 1), "line 1"),
        ("#\n" * MOST_TEXT, "characters"),
    ],
)
def test_what_is_not_is_one_kind_of_error(text, told):
    with pytest.raises(tomllib.TOMLDecodeError, match=told):
        parse_toml(text)
