"""YAML is read within bounds, and all that is wrong with it is one kind of error."""

from __future__ import annotations

import pytest
import yaml

from helmsight.contract.yamltext import MOST_TEXT, parse_yaml

BOMB = "a: &a0 [x, x]\n" + "".join(f"b{i}: &a{i} [{f'*a{i - 1}, ' * 8}]\n" for i in range(1, 9))


def test_what_is_yaml_is_read_with_its_aliases_and_merges():
    text = "base: &b {seeds: 3, name: x}\nother: {<<: *b, name: y}\nempty:\n"
    assert parse_yaml(text) == {
        "base": {"seeds": 3, "name": "x"}, "other": {"seeds": 3, "name": "y"}, "empty": None,
    }  # fmt: skip
    assert parse_yaml("") is None


def test_numbers_with_an_exponent_are_numbers_as_they_are_in_json():
    told = parse_yaml("[7.5e5, 1e3, -2.E-3, .5e+1, 1E3, e5, 1e, 1e5x, '1e5', 1.5]")
    assert told == [7.5e5, 1e3, -2e-3, 5.0, 1e3, "e5", "1e", "1e5x", "1e5", 1.5]


@pytest.mark.parametrize(
    ("text", "told"),
    [
        ("a: [1", "expected"),
        ("a: 1\nb: 2\na: 3\n", "the key 'a' is there twice"),
        ("a: {b: 1, b: 2}", "line 1"),
        ("a: !!python/object:os.system {}", "constructor"),
        ("a: " + "[" * 20_000, "too deep"),
        ("a: &a [*a]", "holds itself"),
        ("a: 2001-13-45", "month"),
        ("a: " + "9" * 5000, "digits"),
        (BOMB, "multiply"),
        ("#\n" * MOST_TEXT, "characters"),
    ],
)
def test_what_is_not_is_one_kind_of_error(text, told):
    with pytest.raises(yaml.YAMLError, match=told):
        parse_yaml(text)
