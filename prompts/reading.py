"""Reads commands out of what models write: prose, fences, near-JSON. Tolerant, never inventive."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any, Generic, TypeVar

from annotated_types import Ge, Le
from pydantic import BaseModel, ValidationError

from helmsight.prompts.errors import UnreadableAnswer

T = TypeVar("T", bound=BaseModel)

SYNONYMS = {
    "fwd": "forward",
    "forwards": "forward",
    "forward_throttle": "forward",
    "ft": "forward",
    "x": "forward",
    "right_throttle": "right",
    "rightward": "right",
    "rt": "right",
    "y": "right",
    "down_throttle": "down",
    "downward": "down",
    "dt": "down",
    "z": "down",
    "seconds": "duration",
    "time": "duration",
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

_THOUGHT = re.compile(r"<think>.*?(</think>|$)", re.DOTALL)
_QUOTES = str.maketrans("\u201c\u201d\u2018\u2019\u2212", "\"\"''-")
_PAIR = re.compile(
    r"[\"'`*]*([A-Za-z_]+)[\"'`*]*\s*[:=]\s*[\"'`*]*"
    r"([+\-]?[\d.]+[eE][+\-]?\d+\s?%?|[+\-]?[\w.]+\s?%?)"
)
_NUMBER = re.compile(
    r"([+\-]?(?:\d+\.?\d*|\.\d+)(?:[eE][+\-]?\d+)?)\s*(%|s|sec|secs|seconds)?", re.IGNORECASE
)


@dataclass(frozen=True)
class ParsedCommand(Generic[T]):
    """A command and whether the text had to be mended to get it."""

    command: T
    mended: bool


def read(text: str, kind: type[T]) -> ParsedCommand[T]:
    """Return the command of `kind` that `text` holds.

    Exact JSON is taken as it is. Otherwise the last object in the text is mended: fences and
    prose dropped, quotes and commas repaired, keys matched by case and synonym, percentages
    divided, a limit overshot by at most 1e-6 pulled back. Unknown keys are dropped; a value that
    is not finite or out of range is refused, never clipped.

    Raises:
        UnreadableAnswer: no command in the text; the message says why, for a model to read.
    """
    try:
        command = kind.model_validate_json(text, strict=True)
    except ValidationError:
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
    return _THOUGHT.sub(" ", text.translate(_QUOTES))[-LONGEST:]


def _mended(text: str, kind: type[T]) -> T:
    text = tidy(text)
    for candidate in _objects(text, whole=getattr(kind, "whole", False)):
        values = _known(candidate, kind)
        if values:
            try:
                return kind.model_validate(values)
            except ValidationError as error:  # an earlier object is not the answer either
                raise UnreadableAnswer(explain(error)) from None
    raise UnreadableAnswer(f"no JSON object with the keys {', '.join(kind.model_fields)} was found")


def _objects(text: str, *, whole: bool) -> Iterator[Mapping[str, Any]]:
    """Yield what reads as an object, last first; then the pairs of a text without braces.

    Of an object that is cut off the part before. Where it has to be `whole`, objects only.
    """
    spans, opened = [], []
    for at, char in enumerate(text):
        if char == "{":
            opened.append(at)
        elif char == "}" and opened:
            start = opened.pop()
            if not opened:
                spans.append(text[start : at + 1])
    for span in reversed(spans):
        try:
            value = json.loads(span)
        except (ValueError, RecursionError):
            value = _pairs(span)
        if isinstance(value, Mapping):
            yield value
    if opened and not whole:  # what follows the brace, less a value that may be cut off, too
        yield _pairs(re.sub(r"[\w.+\-%]+$", "", text[opened[0] :].rstrip()))
    elif not spans and not opened and not whole:
        yield _pairs(text)


def _pairs(text: str) -> dict[str, str]:
    return {match[1]: match[2] for match in _PAIR.finditer(text)}


def _known(candidate: Mapping[str, Any], kind: type[BaseModel]) -> dict[str, Any]:
    """Return the values of `candidate` under the keys of `kind`, numbers within rounding."""
    values: dict[str, Any] = {}
    for key, value in candidate.items():
        name = re.sub(r"[\s\-]+", "_", key.strip().lower())
        sign = 1.0
        if name not in kind.model_fields:  # a field's own name is never another's synonym
            sign = -1.0 if name in OPPOSITES else 1.0
            name = OPPOSITES.get(name, SYNONYMS.get(name, name))
        if name not in kind.model_fields:
            continue
        if kind.model_fields[name].annotation is not float:
            values[name] = value
            continue
        number = sign * _number(name, value)
        if (sign < 0 and name in values) or values.get(name, number) != number:
            raise UnreadableAnswer(f"{name}: given twice with different values")
        values[name] = _within(number, kind, name)
    if values:
        return values
    inner = [item for item in candidate.values() if isinstance(item, Mapping)]
    return next(filter(None, (_known(item, kind) for item in reversed(inner))), {})


def _number(name: str, value: Any) -> float:
    if isinstance(value, int | float) and not isinstance(value, bool):
        return float(value)
    match = _NUMBER.fullmatch(value.strip()) if isinstance(value, str) else None
    if match is None:
        raise UnreadableAnswer(f"{name}: {str(value)[:40]!r} is not a number")
    return float(match[1]) / (100.0 if match[2] == "%" else 1.0)


def _within(number: float, kind: type[BaseModel], name: str) -> float:
    """Pull a number that overshoots a limit of the field by a rounding error back to it."""
    for bound in kind.model_fields[name].metadata:
        if isinstance(bound, Ge) and isinstance(bound.ge, int | float):
            low = float(bound.ge)
            number = low if low - OVERSHOOT <= number < low else number
        if isinstance(bound, Le) and isinstance(bound.le, int | float):
            high = float(bound.le)
            number = high if high < number <= high + OVERSHOOT else number
    return number
