"""Keys of mappings that others wrote: one that is there twice would lose a value without a word."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable


def given_twice(keys: Iterable[str]) -> str | None:
    """Return the first of the keys that comes again, None where each is there once."""
    return next((key for key, times in Counter(keys).items() if times > 1), None)
