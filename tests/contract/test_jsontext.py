"""JSON of others: no key twice, at any depth."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from helmsight.contract.jsontext import exact_json, parse_json

LEAF = st.none() | st.booleans() | st.integers() | st.text()
DATA = st.recursive(LEAF, lambda x: st.lists(x) | st.dictionaries(st.text(), x), max_leaves=20)


@given(DATA)
def test_what_is_written_is_read_back(data: object) -> None:
    assert parse_json(exact_json(data)) == data


@pytest.mark.parametrize("text", ['{"a": 1, "b": 2, "a": 3}', '[{"b": {"a": 1, "a": 1}}]'])
def test_a_key_that_is_there_twice_is_refused_by_name(text: str) -> None:
    with pytest.raises(ValueError, match="the key 'a' is there twice"):
        parse_json(text)
