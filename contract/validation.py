"""What is wrong with data that somebody gave, in one line."""

from __future__ import annotations

from typing import Annotated

from pydantic import Strict, ValidationError
from pydantic_core import ErrorDetails

Number = Annotated[float, Strict()]
"""A number in a file of a person's, and no text or yes, which pydantic would take for one."""
Whole = Annotated[int, Strict()]
"""A whole number in such a file."""

MOST_SHOWN = 60  # characters of a value


def wrong(error: ValidationError, before: str = "") -> str:
    """Return every wrong field of `error` with its value and what is expected, "; " between them.

    before: what stands in front of the name of each field.
    """
    return "; ".join(
        f"{before}{_name(entry['loc'])}={entry['input']!r:.{MOST_SHOWN}}: {message(entry)}"
        for entry in error.errors()
    )


def message(entry: ErrorDetails) -> str:
    """Return what is wrong with one field; what a validator of ours says stands without a title."""
    return entry["msg"].removeprefix("Value error, ")


def _name(where: tuple[int | str, ...]) -> str:
    return ".".join(map(str, where))
