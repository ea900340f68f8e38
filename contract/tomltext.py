"""TOML that others may have written: bounded, and every mistake of it one kind of error."""

from __future__ import annotations

import tomllib
from typing import Any

MOST_TEXT = 1 << 20  # characters: a description of an arm has 4,000
LONGEST_LINE = 5000  # a key of so many parts takes 20 MB
DEEPEST = "lists or tables are nested too deep"


def parse_toml(text: str) -> dict[str, Any]:
    """Return the data of a TOML text.

    Raises:
        tomllib.TOMLDecodeError: it is none, or one that nobody writes by hand: too long, nested too
            deep, numbers of thousands of digits; whoever reads it names the file.
    """
    if len(text) > MOST_TEXT:
        raise tomllib.TOMLDecodeError(f"{len(text)} characters, more than {MOST_TEXT}")
    for number, line in enumerate(text.split("\n"), start=1):
        if len(line) > LONGEST_LINE:
            raise tomllib.TOMLDecodeError(
                f"line {number} has {len(line)} characters, more than {LONGEST_LINE}"
            )
    try:
        return tomllib.loads(text)
    except tomllib.TOMLDecodeError:
        raise
    except (RecursionError, MemoryError):
        raise tomllib.TOMLDecodeError(DEEPEST) from None
    except ValueError as error:  # of int(), beyond its digits
        raise tomllib.TOMLDecodeError(f"a number is too long ({error})") from None
