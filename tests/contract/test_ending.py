"""A run's reason says whether an error ended it."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from helmsight.contract.ending import error_reason, is_error


@given(st.text())
def test_the_reason_of_an_error_is_known_as_one(words: str) -> None:
    reason = error_reason(ValueError(words))
    assert is_error(reason)
    assert reason.endswith(f"ValueError: {words}")


def test_other_ends_are_none() -> None:
    assert not any(map(is_error, ("captured", "steps", "interrupted", "budget", "errors")))
