"""What people write as NAME=VALUE on the command lines of others."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from helmsight.contract.jsontext import parse_json
from helmsight.evals.errors import InvalidPlan
from helmsight.evals.naming import names


def seeds(asked: int | str | Sequence[int | str]) -> list[int]:
    """Return seeds, none twice: a number says how many from 0 on; or a list, or one with commas.

    Raises:
        InvalidPlan: no seed at all, or what is no whole number from 0 on.
    """
    if isinstance(asked, int):
        found = list(range(asked))
    else:
        listed = names(asked) if isinstance(asked, str) else map(str, asked)
        parts = [part for part in listed if part]  # 5, is the list of one seed
        if odd := [part for part in parts if not part.isdecimal()]:
            raise InvalidPlan(f"seeds={odd[0]}: seeds are whole numbers from 0 on, as 3 or 0,1,5")
        found = list(dict.fromkeys(map(int, parts)))
    if not found:
        raise InvalidPlan(f"seeds={asked!r}: no seed, so that there is nothing to run")
    return found


def scenarios(asked: str | Sequence[str]) -> list[str]:
    """Return names or patterns of worlds: a list, or text with commas.

    Raises:
        InvalidPlan: none is named.
    """
    found = names(asked) if isinstance(asked, str) else [str(part) for part in asked]
    if not found:
        raise InvalidPlan("scenarios: none is named; `helmsight list scenarios` shows all")
    return found


def option(value: Any) -> Any:
    """Return the value of an option: JSON where the text is a list or an object, else as it is."""
    if not isinstance(value, str) or not value.startswith(("[", "{")):
        return value
    try:
        return parse_json(value)
    except ValueError:
        return value
