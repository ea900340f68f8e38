"""NAME=VALUE as the command lines of others hand it over."""

from __future__ import annotations

from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from helmsight.evals.bridges.asked import option, scenarios, seeds
from helmsight.evals.errors import InvalidPlan


@pytest.mark.parametrize(
    ("asked", "found"),
    [
        (3, [0, 1, 2]), ("4,0, 4", [4, 0]), (["5", "7"], [5, 7]), ([5, 7], [5, 7]),
        ("6,", [6]), (["6", ""], [6]),
    ],
)  # fmt: skip
def test_a_number_says_how_many_seeds_and_a_list_which(asked: Any, found: list[int]) -> None:
    assert seeds(asked) == found


@pytest.mark.slow
@settings(max_examples=20)
@given(st.lists(st.integers(0, 10**6), min_size=1, unique=True))
def test_seeds_are_the_same_as_a_list_and_with_commas(wanted: list[int]) -> None:
    assert seeds(wanted) == seeds(",".join(map(str, wanted)) + ",") == wanted


@pytest.mark.parametrize("asked", [0, -1, "", "-1", "1.5", ["x"], []])
def test_what_is_no_seed_is_told(asked: Any) -> None:
    with pytest.raises(InvalidPlan, match="seeds"):
        seeds(asked)


def test_scenarios_are_a_list_or_parted_by_commas() -> None:
    assert scenarios("PE1-E1-I2, Inspection") == scenarios(["PE1-E1-I2", "Inspection"])
    with pytest.raises(InvalidPlan, match="none is named"):
        scenarios(" , ")


@pytest.mark.parametrize(
    ("text", "value"),
    [
        ('["dish", "foil"]', ["dish", "foil"]), ('{"a": 1}', {"a": 1}), ("dish", "dish"),
        ("[half", "[half"), (3, 3), (None, None),
    ],
)  # fmt: skip
def test_lists_and_objects_are_read_as_json_and_all_else_stays(text: Any, value: Any) -> None:
    assert option(text) == value
