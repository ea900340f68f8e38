"""JSON both ways: exact where it is written, bounded and finite where it is read."""

from __future__ import annotations

import json
import math
from typing import Any

from helmsight.contract.foreign import escaped
from helmsight.contract.keys import given_twice

MOST_TEXT = 16 << 20  # characters of one document or line: 360 MB of objects at the worst
DEEPEST = 100  # lists and objects within each other
MOST_DIGITS = 300  # of a whole number: what a float can hold


def exact_json(data: Any, **options: Any) -> str:
    r"""Return `data` as JSON, in UTF-8 where it is only shown and as `\uXXXX` where it is not.

    Read back, it is `data` exactly, halves of surrogate pairs included (two that follow each other
    are read back as the character that they are); printed, nothing in it is obeyed. `options` are
    those of `json.dumps`; what is not finite raises ValueError.
    """
    text = json.dumps(data, ensure_ascii=False, allow_nan=False, **options)
    # outside of strings JSON has no such characters, save the line feeds of an indent
    return escaped(text, lambda found: json.dumps(found)[1:-1])


def parse_json(text: str | bytes, most: int = MOST_TEXT) -> Any:
    """Return the data of one JSON text: every number finite, nothing nested beyond `DEEPEST`.

    Raises:
        ValueError: it is no such text, is longer than `most`, or has a key twice (one of its values
            would be lost without a word); whoever reads it names the file.
    """
    if len(text) > most:
        raise ValueError(f"{len(text)} characters of JSON, more than {most}")
    try:
        data = json.loads(
            text, parse_int=_whole, parse_float=_finite, parse_constant=_finite,
            object_pairs_hook=_once,
        )  # fmt: skip
    except RecursionError:
        raise ValueError(f"lists or objects are nested more than {DEEPEST} deep") from None
    _check_depth(data)
    return data


def _once(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    told = dict(pairs)
    if len(told) < len(pairs):
        twice = given_twice(key for key, _ in pairs) or ""
        raise ValueError(f"the key {twice[:40]!r} is there twice")
    return told


def _whole(digits: str) -> int:
    if len(digits) > MOST_DIGITS:
        raise ValueError(f"a number of {len(digits)} digits")
    return int(digits)


def _finite(digits: str) -> float:
    number = float(digits)
    if not math.isfinite(number):
        raise ValueError(f"{digits[:40]} is not finite")
    return number


def _check_depth(data: Any) -> None:
    level = [data]
    for _ in range(DEEPEST + 1):
        level = [inner for outer in level if isinstance(outer, dict | list) for inner in _in(outer)]
        if not level:
            return
    raise ValueError(f"lists or objects are nested more than {DEEPEST} deep")


def _in(outer: Any) -> Any:
    return outer.values() if isinstance(outer, dict) else outer
