"""Texts in expressions."""

from __future__ import annotations

from collections.abc import Callable
from enum import IntEnum
from typing import Any

from helmsight.envs.orbital.krpc import names
from helmsight.envs.orbital.krpc.errors import ArgumentException, InvalidOperationException
from helmsight.envs.orbital.krpc.expression_sequences import bounded, list_of
from helmsight.envs.orbital.krpc.expression_types import BOOL, INT, STRING
from helmsight.envs.orbital.krpc.expressions import (
    LONGEST,
    Exhausted,
    Expression,
    made,
    operation,
    spend,
    value_kind,
)
from helmsight.envs.orbital.krpc.types import WireType

TEXTS = list_of(STRING)


def _bounded(value: str) -> str:
    """Return a text. Raises Exhausted if it is too long."""
    if len(value) > LONGEST:
        raise Exhausted(f"a text of {len(value)} letters; the limit is {LONGEST}")
    spend(1 + len(value) // 100)
    return value


def _made(
    name: str, kind: WireType, work: Callable[..., Any], *operands: tuple[Expression, WireType]
) -> Expression:
    """Return an operation on operands that are to be of the types beside them."""
    for operand, wanted in operands:
        if operand.kind != wanted:
            raise ArgumentException(f"{name}: expected {wanted}, got {operand.kind}")
    values = [operand for operand, _ in operands]
    return made(name, kind, lambda: work(*(value.evaluate() for value in values)), *values)


@operation
def string_concat(args: list[Expression]) -> Expression:
    """Texts one after the other."""
    operands = [(arg, STRING) for arg in args]
    return _made("concat", STRING, lambda *parts: _bounded("".join(parts)), *operands)


@operation
def string_contains(arg: Expression, value: Expression) -> Expression:
    """Whether a text is in another."""
    return _made("in text", BOOL, lambda text, part: part in text, (arg, STRING), (value, STRING))


@operation
def string_starts_with(arg: Expression, value: Expression) -> Expression:
    """Whether a text begins with another."""
    return _made("starts", BOOL, str.startswith, (arg, STRING), (value, STRING))


@operation
def string_ends_with(arg: Expression, value: Expression) -> Expression:
    """Whether a text ends with another."""
    return _made("ends", BOOL, str.endswith, (arg, STRING), (value, STRING))


@operation
def string_index_of(arg: Expression, value: Expression) -> Expression:
    """Where a text is in another, counted from zero; -1 if it is not."""
    return _made("index of", INT, str.find, (arg, STRING), (value, STRING))


@operation
def string_length(arg: Expression) -> Expression:
    """How many letters a text has."""
    return _made("length", INT, len, (arg, STRING))


@operation
def string_get(arg: Expression, index: Expression) -> Expression:
    """The letter at a place, counted from zero."""
    return _made("letter", STRING, lambda text, at: _cut(text, at, 1), (arg, STRING), (index, INT))


@operation
def string_substring(arg: Expression, start: Expression, length: Expression) -> Expression:
    """A part of a text."""
    return _made("part of text", STRING, _cut, (arg, STRING), (start, INT), (length, INT))


def _cut(text: str, start: int, length: int) -> str:
    if start < 0 or length < 0 or start + length > len(text):
        raise InvalidOperationException(
            f"{length} letters from {start} on are not in a text of {len(text)}"
        )
    return text[start : start + length]


@operation
def string_join(separator: Expression, values: Expression) -> Expression:
    """Texts put together with another between them."""
    kind = TEXTS if values.kind == TEXTS else WireType(TEXTS.code, ())
    return _made(
        "join", STRING, lambda between, parts: _bounded(between.join(parts)),
        (separator, STRING), (values, kind),
    )  # fmt: skip


@operation
def string_split(arg: Expression, separator: Expression) -> Expression:
    """The parts of a text between others."""

    def work(text: str, between: str) -> Any:
        return bounded(text.split(between)) if between else [text]

    return _made("split", TEXTS, work, (arg, STRING), (separator, STRING))


@operation
def string_replace(arg: Expression, old_value: Expression, new_value: Expression) -> Expression:
    """A text with a part of it replaced wherever it is."""

    def work(text: str, old: str, new: str) -> str:
        if not old:
            raise InvalidOperationException("replace: the text to replace is empty")
        if len(text) + text.count(old) * len(new) > 2 * LONGEST:
            raise Exhausted(f"replace: a text of more than {LONGEST} letters")
        return _bounded(text.replace(old, new))

    return _made("replace", STRING, work, (arg, STRING), (old_value, STRING), (new_value, STRING))


@operation
def string_to_lower(arg: Expression) -> Expression:
    """A text in small letters."""
    return _made("lower", STRING, str.lower, (arg, STRING))


@operation
def string_to_upper(arg: Expression) -> Expression:
    """A text in capitals."""
    return _made("upper", STRING, str.upper, (arg, STRING))


@operation
def string_trim(arg: Expression) -> Expression:
    """A text without white space at its ends."""
    return _made("trim", STRING, str.strip, (arg, STRING))


@operation
def string_trim_start(arg: Expression) -> Expression:
    """A text without white space at its start."""
    return _made("trim start", STRING, str.lstrip, (arg, STRING))


@operation
def string_trim_end(arg: Expression) -> Expression:
    """A text without white space at its end."""
    return _made("trim end", STRING, str.rstrip, (arg, STRING))


@operation
def convert_to_string(arg: Expression) -> Expression:
    """A value as text."""
    kind = value_kind(arg, "text")
    return made("text", STRING, lambda: _written(arg.evaluate(), kind), arg)


def _written(value: Any, kind: WireType) -> str:
    """Return a value as the game writes it: numbers without a needless fraction."""
    if value is None:
        raise InvalidOperationException("null has no text")
    if isinstance(value, IntEnum):
        return names.member(value.name)
    if isinstance(value, str):
        return value
    if isinstance(value, float):
        return str(int(value)) if value.is_integer() and abs(value) < 1e15 else repr(value)
    return str(value) if isinstance(value, bool | int) else str(kind)
