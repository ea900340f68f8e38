"""Reads commands out of what models write: prose, fences, near-JSON. Tolerant, never inventive.

The rule: what is not one command, and clearly that one, is unreadable.
"""

from __future__ import annotations

import json
import math
import re
from collections.abc import Collection, Iterator, Mapping
from dataclasses import dataclass
from difflib import get_close_matches
from typing import Any, Generic, TypeVar

from annotated_types import Ge, Le
from pydantic import BaseModel, ValidationError

from helmsight.prompts.errors import UnreadableAnswer
from helmsight.prompts.relaxed import DEEPEST, Broken, objects, plain, unique

T = TypeVar("T", bound=BaseModel)

SYNONYMS = {
    "fwd": "forward",
    "forwards": "forward",
    "forward_throttle": "forward",
    "right_throttle": "right",
    "rightward": "right",
    "down_throttle": "down",
    "downward": "down",
    "seconds": "duration",
    "duration_s": "duration",
    "burn_duration": "duration",
}
OPPOSITES = {
    "backward": "forward",
    "back": "forward",
    "reverse": "forward",
    "left": "right",
    "up": "down",
}
OVERSHOOT = 1e-6  # a rounding error past a limit is not an answer out of range
LONGEST = 20_000  # characters that are searched, from the end: answers come last

_THOUGHT = re.compile(
    r"<((?:\w+:)?(?:think|thinking|thought|reasoning|reflection|scratchpad|analysis))>.*?(</\1>|$)"
    r"|\[THINK\].*?(\[/THINK\]|$)|\u25c1think\u25b7.*?(\u25c1/think\u25b7|$)"
    r"|<\|channel\|>(?:analysis|commentary)<\|message\|>.*?(<\|channel\|>final<\|message\|>|$)",
    re.DOTALL | re.IGNORECASE,
)
_SEGMENTS = re.compile(r"[\n,;]")
_MARKS = re.compile(r"^\s*(?:[-*\u2022]|\d+[.)])\s+|[*`\"']")
_PAIR = re.compile(r"\s*([A-Za-z_][\w\- ]*?)\s*[:=]\s*(\S.*?)[.\s]*")
_NUMBER = re.compile(
    r"([+\-]?(?:[0-9]+\.?[0-9]*|\.[0-9]+)(?:[eE][+\-]?[0-9]+)?)\s*(%|s|secs?|seconds?)?",
    re.IGNORECASE,
)


@dataclass(frozen=True)
class ParsedCommand(Generic[T]):
    """A command and whether the text had to be mended to get it."""

    command: T
    mended: bool


def read(text: str, kind: type[T], beside: Collection[str] = ()) -> ParsedCommand[T]:
    """Return the one command of `kind` that `text` holds, without what was asked for `beside` it.

    Exact JSON is taken as it is. Otherwise fences and prose are dropped, quotes and commas
    mended, keys matched by case and synonym, percentages of shares divided, a limit overshot by at
    most 1e-6 pulled back. Unknown keys are dropped, but for what may stand for a value that is
    missing; a value that is not one number, not finite or
    out of range is refused, never clipped. So are an object that breaks off and two commands that
    differ.

    Raises:
        UnreadableAnswer: no command in the text, or more; the message says why, for a model to
            read.
    """
    try:
        values = json.loads(text, object_pairs_hook=unique)  # no exact JSON has a key twice
        if isinstance(values, dict) and not values.keys().isdisjoint(beside):
            values = {key: value for key, value in values.items() if key not in beside}
            text = json.dumps(values)
        command = kind.model_validate_json(text, strict=True)
    except (ValueError, RecursionError):
        return ParsedCommand(_mended(text, kind), mended=True)
    if not command.model_fields_set:
        raise UnreadableAnswer("the answer is an empty object")
    return ParsedCommand(command, mended=False)


def explain(error: ValidationError) -> str:
    """Return a validation error as one line that a model can act on."""
    return "; ".join(
        f"{'.'.join(str(part) for part in item['loc']) or 'answer'}: {item['msg']}"
        for item in error.errors(include_url=False, include_context=False)
    )


def tidy(text: str) -> str:
    """Return the end of `text` with plain quotes and minus signs, without what was thought."""
    return plain(_answered(text))


def _answered(text: str) -> str:
    """Return the end of `text` without what was thought; the mark that opens it may be missing."""
    for end in ("</think>", "[/THINK]", "\u25c1/think\u25b7"):
        if end in text and end.replace("/", "") not in text:
            text = text.rpartition(end)[2]
    return _THOUGHT.sub(" ", text)[-LONGEST:]


def _mended(text: str, kind: type[T]) -> T:
    found: list[T] = []
    for values in _commands(_answered(text), kind):
        try:
            command = kind.model_validate(values)
        except ValidationError as error:
            raise UnreadableAnswer(explain(error)) from None
        if command not in found:
            found.append(command)
    if len(found) > 1:
        raise UnreadableAnswer(f"it holds {len(found)} different commands; give one")
    if not found:
        keys = ", ".join(kind.model_fields)
        raise UnreadableAnswer(f"no JSON object with the keys {keys} was found")
    return found[0]


def _commands(text: str, kind: type[BaseModel]) -> Iterator[dict[str, Any]]:
    """Yield the values of everything in a text that is meant as a command.

    Raises:
        UnreadableAnswer: something that is meant as one cannot be read.
    """
    with_brace = False
    for found in objects(_unquoted(text)):
        with_brace = True
        if isinstance(found, str):
            if _speaks_of(found, kind):
                raise UnreadableAnswer("the JSON object is not whole, or a value in it is no JSON")
        else:
            yield from _within(found, kind)
    if not with_brace and not getattr(kind, "whole", False):
        values = _pairs(plain(text), kind)
        if values:
            yield values


def _unquoted(text: str) -> str:
    """Return what a text says that is a JSON string as a whole, or else the text."""
    try:
        inner = json.loads(text)
    except (ValueError, RecursionError):
        return text
    return inner if isinstance(inner, str) else text


def _within(found: Any, kind: type[BaseModel], depth: int = 0) -> Iterator[dict[str, Any]]:
    """Yield the command that an object is, or those that it holds further in."""
    if depth > DEEPEST:
        return
    if isinstance(found, str):
        if "{" in found:
            yield from _commands(found, kind)
    elif isinstance(found, list):
        for item in found:
            yield from _within(item, kind, depth + 1)
    elif isinstance(found, Mapping):
        values = _known(found, kind)
        if values:
            yield values
        else:
            for item in found.values():
                yield from _within(item, kind, depth + 1)


def _pairs(text: str, kind: type[BaseModel]) -> dict[str, Any]:
    """Return the values of a text without braces: pairs of names and values, and nothing unclear.

    Raises:
        UnreadableAnswer: a part of it has a number, or speaks of a value, and is no such pair.
    """
    pairs: list[tuple[str, Any]] = []
    prose: list[str] = []
    for segment in map(lambda part: _MARKS.sub("", part), _SEGMENTS.split(text)):
        match = _PAIR.fullmatch(segment)
        if match and _name(match[1], kind)[0] in kind.model_fields:
            pairs.append((match[1], match[2]))
        else:
            prose.append(segment)
    if not pairs:
        return {}
    for segment in prose:
        if re.search(r"\d", segment) or _speaks_of(segment, kind):
            raise UnreadableAnswer(f"it is not clear what {segment.strip()[:60]!r} means")
    try:
        return _known(unique(pairs), kind)
    except Broken as error:
        raise UnreadableAnswer(str(error)) from None


def _speaks_of(text: str, kind: type[BaseModel]) -> bool:
    """Whether a text names a value of the command."""
    words = {word.lower() for word in re.findall(r"[A-Za-z_]+", text)}
    return bool(words & {*kind.model_fields, *SYNONYMS, *OPPOSITES})


def _name(key: str, kind: type[BaseModel]) -> tuple[str, float]:
    """Return the field that a key means, and the sign that it gives to a number."""
    name = re.sub(r"[\s\-()]+", "_", key.lower()).strip("_")
    if name in kind.model_fields:  # a field's own name is never another's synonym
        return name, 1.0
    sign = -1.0 if name in OPPOSITES else 1.0
    return OPPOSITES.get(name, SYNONYMS.get(name, name)), sign


def _known(candidate: Mapping[str, Any], kind: type[BaseModel]) -> dict[str, Any]:
    """Return the values of `candidate` under the keys of `kind`, numbers within rounding."""
    values: dict[str, Any] = {}
    others: dict[str, Any] = {}
    for key, value in candidate.items():
        name, sign = _name(key, kind)
        if name not in kind.model_fields:
            others[key] = value
            continue
        if kind.model_fields[name].annotation is not float:
            if values.setdefault(name, value) != value:
                raise UnreadableAnswer(f"{name}: given twice with different values")
            continue
        number = _number(name, value, kind)
        if sign < 0 and number < 0:
            raise UnreadableAnswer(f"{key}: {value} is not clear; give {name} with a sign")
        number *= sign
        if name in values and (sign < 0 or values[name] != number):
            raise UnreadableAnswer(f"{name}: given twice with different values")
        values[name] = _rounded(number, kind, name)
    if values:
        _check_others(others, values, kind)
    return values


def _check_others(
    others: Mapping[str, Any], values: Mapping[str, Any], kind: type[BaseModel]
) -> None:
    """Raise UnreadableAnswer where an unknown key may stand for a value that is not given.

    A default would be flown in its place.
    """
    missing = kind.model_fields.keys() - values.keys()
    for key, value in others.items():
        if isinstance(value, Mapping):
            inner = {_name(name, kind)[0] for name in value} & kind.model_fields.keys()
            if inner and inner <= missing:
                raise UnreadableAnswer(f"{key}: give {', '.join(sorted(inner))} beside the others")
        elif isinstance(value, int | float) or (
            isinstance(value, str) and _NUMBER.fullmatch(plain(value).strip())
        ):
            words = re.findall(r"[A-Z]?[a-z]+|[A-Z]+", key)
            meant = {_name(word, kind)[0] for word in words}
            meant.update(get_close_matches(key.lower(), missing, n=1, cutoff=0.8))
            if meant := meant & missing:
                raise UnreadableAnswer(f"{key}: there is no such value; say {min(meant)}")


def _number(name: str, value: Any, kind: type[BaseModel]) -> float:
    """Return a value as a number: a share may be in per cent, a duration in seconds."""
    if isinstance(value, int | float) and not isinstance(value, bool):
        try:
            return float(value)
        except OverflowError:  # a whole number of more digits than there are numbers for
            return math.inf
    match = _NUMBER.fullmatch(plain(value).strip()) if isinstance(value, str) else None
    unit = (match[2] or "").lower() if match else ""
    if (
        match is None
        or (unit == "%" and not _is_share(name, kind))
        or (unit not in ("", "%") and name != "duration")
    ):
        raise UnreadableAnswer(f"{name}: {str(value)[:40]!r} is not a number")
    return float(match[1]) / (100.0 if unit == "%" else 1.0)


def _is_share(name: str, kind: type[BaseModel]) -> bool:
    """Whether a field goes up to 1, so that per cent have a meaning."""
    bounds = kind.model_fields[name].metadata
    return any(isinstance(bound, Le) and bound.le == 1 for bound in bounds)


def _rounded(number: float, kind: type[BaseModel], name: str) -> float:
    """Pull a number that overshoots a limit of the field by a rounding error back to it."""
    for bound in kind.model_fields[name].metadata:
        if isinstance(bound, Ge) and isinstance(bound.ge, int | float):
            low = float(bound.ge)
            number = low if low - OVERSHOOT <= number < low else number
        if isinstance(bound, Le) and isinstance(bound.le, int | float):
            high = float(bound.le)
            number = high if high < number <= high + OVERSHOOT else number
    return number
