"""Objects in a text as models write them: JSON, or nearly. What is written is never added to.

A value that is no JSON is kept as the whole text between its key and the next separator, so that
"0.5 or 1" is that, and no number. What does not end, or says something twice, is refused.
Mending parsers (json-repair, strict as well) take "0.5 or 1" for 0.5, "50%" for 50, the last of two
values for one key, and close what was cut off: `tests/prompts/answers.toml` has these.
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterator, Mapping, Sequence
from typing import Any

DEEPEST = 8
"""Objects within each other that are looked into."""
_SPACE = re.compile(r"(?:\s|//[^\n]*|#[^\n]*|/\*.*?\*/)*", re.DOTALL)
_KEY = re.compile(r"[A-Za-z_][\w\- ]*")
_BARE = re.compile(r"(?:[^\s,;{}\[\]\"'#/]|(?<!\s)#|/(?![/*])|[^\S\n]++(?!#|//|/\*|[,;}\]\n]))+")
_STRING = re.compile(r"\"((?:[^\"\\]|\\.)*)\"|'((?:[^'\\]|\\.)*)'", re.DOTALL)
_PLAIN: dict[int, int | str] = {
    **{code: code - 0xFEE0 for code in range(0xFF01, 0xFF5F)},  # as wide as Chinese is set
    **str.maketrans("\u201c\u201d\u201e\u00ab\u00bb\u2018\u2019\u2212\u2013\u2014", '"""""\'\'---'),
    **dict.fromkeys((0x200B, 0x2060, 0xFEFF), " "),  # what has no width
}


class Broken(ValueError):
    """A brace that begins no object, or one that does not end or says something twice."""


def objects(text: str) -> Iterator[Mapping[str, Any] | str]:
    """Yield every outermost object of a text in order; where one is broken, the text from there.

    To the broken one belongs what follows it up to the next brace, and all of the rest where it was
    cut off.
    """
    marked = plain(text)
    at = marked.find("{")
    while at >= 0:
        try:
            found, end = _exact(text, at) or _object(marked, at, 0)
            yield found
        except Broken:
            cut = marked.count("{", at) > marked.count("}", at)
            following = -1 if cut else marked.find("{", at + 1)
            end = following if following >= 0 else len(text)
            yield text[at:end]
        at = marked.find("{", end)


def plain(text: str) -> str:
    """Return a text of the same length with ASCII's quotes, dashes, digits and spaces."""
    return text.translate(_PLAIN)


def unique(pairs: Sequence[tuple[str, Any]]) -> dict[str, Any]:
    """Return pairs as a dict; raises Broken for a key with two values."""
    values: dict[str, Any] = {}
    for key, value in pairs:
        kept = values.setdefault(key, value)
        if kept is not value and kept != value:
            raise Broken(f"{key}: given twice with different values")
    return values


_DECODER = json.JSONDecoder(object_pairs_hook=unique)


def _exact(text: str, at: int) -> tuple[Mapping[str, Any], int] | None:
    try:
        return _DECODER.raw_decode(text, at)
    except Broken:
        raise
    except (ValueError, RecursionError):
        return None


def _object(text: str, at: int, depth: int) -> tuple[dict[str, Any], int]:
    """Return the object whose brace is at `at`, and where it ends."""
    if depth > DEEPEST:
        raise Broken("too many objects within each other")
    pairs: list[tuple[str, Any]] = []
    at = _after_space(text, at + 1)
    while text[at : at + 1] != "}":
        key, at = _key(text, at)
        at = _after_space(text, at)
        if text[at : at + 1] not in (":", "="):
            raise Broken(f"no value follows {key!r}")
        value, at = _value(text, _after_space(text, at + 1), depth)
        pairs.append((key, value))
        at = _separated(text, at)
    return unique(pairs), at + 1


def _key(text: str, at: int) -> tuple[str, int]:
    if quoted := _STRING.match(text, at):
        return quoted[1] if quoted[1] is not None else quoted[2], quoted.end()
    if bare := _KEY.match(text, at):
        return bare[0].strip(), bare.end()
    raise Broken("a key is missing, or the object does not end")


def _value(text: str, at: int, depth: int) -> tuple[Any, int]:
    begins = text[at : at + 1]
    if begins == "{":
        return _object(text, at, depth + 1)
    if begins == "[":
        return _list(text, at, depth + 1)
    if quoted := _STRING.match(text, at):
        inner = quoted[1] if quoted[1] is not None else quoted[2]
        try:
            return json.loads(f'"{inner}"', strict=False), quoted.end()
        except ValueError:
            return inner, quoted.end()
    bare = _BARE.match(text, at)
    if bare is None:
        raise Broken("a value is missing")
    word = bare[0].strip()
    try:
        return json.loads(word), bare.end()
    except ValueError:
        return word, bare.end()


def _list(text: str, at: int, depth: int) -> tuple[list[Any], int]:
    if depth > DEEPEST:
        raise Broken("too many lists within each other")
    items: list[Any] = []
    at = _after_space(text, at + 1)
    while text[at : at + 1] != "]":
        item, at = _value(text, at, depth)
        items.append(item)
        at = _separated(text, at, "]")
    return items, at + 1


def _separated(text: str, at: int, end: str = "}") -> int:
    """Return where what follows a value begins: behind a comma, a semicolon or an end of line."""
    begin, at = at, _after_space(text, at)
    if text[at : at + 1] in (",", ";"):
        return _after_space(text, at + 1)
    if text[at : at + 1] == end or "\n" in text[begin:at]:
        return at
    raise Broken("what follows a value is neither a comma nor the end")


def _after_space(text: str, at: int) -> int:
    match = _SPACE.match(text, at)
    return match.end() if match else at
