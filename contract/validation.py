"""What is wrong with data that somebody gave, in one line."""

from __future__ import annotations

from pydantic import ValidationError

MOST_SHOWN = 60  # characters of a value


def wrong(error: ValidationError, before: str = "") -> str:
    """Return every wrong field of `error` with its value and what is expected, "; " between them.

    before: what stands in front of the name of each field.
    """
    return "; ".join(
        f"{before}{_name(entry['loc'])}={entry['input']!r:.{MOST_SHOWN}}: {entry['msg']}"
        for entry in error.errors()
    )


def _name(where: tuple[int | str, ...]) -> str:
    return ".".join(map(str, where))
