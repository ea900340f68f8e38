"""Which key is there twice: the first that comes again, however many there are."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from helmsight.contract.keys import given_twice


@given(st.lists(st.text(max_size=2)))
def test_the_first_key_that_comes_again_is_named(keys: list[str]) -> None:
    again = [key for i, key in enumerate(keys) if key in keys[i + 1 :]]
    assert given_twice(keys) == (again[0] if again else None)


def test_many_keys_are_counted_once() -> None:
    """Counted key by key, these would be 10^11 comparisons."""
    keys = [str(number) for number in range(300_000)]
    assert given_twice(keys) is None
    assert given_twice([*keys, "299999"]) == "299999"
