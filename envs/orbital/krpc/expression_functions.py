"""Functions in expressions: parameters, variables, and what applies a function to values."""

from __future__ import annotations

import copy
from collections.abc import Callable
from functools import partial
from itertools import count
from typing import Any

from helmsight.envs.orbital.krpc.errors import ArgumentException, InvalidOperationException
from helmsight.envs.orbital.krpc.expression_types import NUMBERS, Type
from helmsight.envs.orbital.krpc.expressions import (
    BUDGET,
    STEPS,
    Cell,
    Expression,
    fits,
    made,
    operation,
    spend,
    total_size,
    value_kind,
)
from helmsight.envs.orbital.krpc.registry import named
from helmsight.envs.orbital.krpc.types import Code, WireType

_SERIAL = count(1)
EMPTY: dict[Code, Any] = {
    Code.BOOL: False, Code.STRING: "", Code.BYTES: b"", **dict.fromkeys(NUMBERS, 0),
}  # fmt: skip


class Returned(Exception):
    """A function ends with a value."""

    def __init__(self, value: Any) -> None:
        super().__init__()
        self.value = value


class Jump(Exception):
    """A loop ends, or goes on with its next turn."""

    def __init__(self, *, ends: bool) -> None:
        super().__init__()
        self.ends = ends


def _variable(what: str, name: str, kind: WireType) -> Expression:
    """Return a variable: each is one of its own, whatever its name."""
    cell = Cell()
    return Expression((what, name, next(_SERIAL)), kind, lambda: cell.value, cell=cell)


@operation
def parameter(name: str, type: Type) -> Expression:
    """A parameter of a function."""
    return _variable("parameter", name, type.kind)


@operation
def variable(name: str, type: Type) -> Expression:
    """A variable of a block."""
    return _variable("variable", name, type.kind)


@operation
def state_variable(name: str, initial_value: Expression) -> Expression:
    """A variable that keeps its value from one evaluation to the next."""
    cell = Cell(unset := object())

    def evaluate() -> Any:
        if cell.value is unset:
            cell.value = initial_value.evaluate()
        return cell.value

    key = ("state", name, next(_SERIAL))
    return Expression(key, value_kind(initial_value, "state variable"), evaluate, cell=cell)


def _function(parameters: list[Expression], body: Expression) -> Expression:
    for expected in parameters:
        if expected.cell is None:
            raise ArgumentException("a function takes parameters; make them with Parameter")
    kinds = set(body.returned)
    if len(kinds) > 1:
        told = ", ".join(map(str, kinds))
        raise ArgumentException(f"a function returns values of one type; this one {told}")

    def evaluate() -> Any:
        try:
            return body.evaluate()
        except Returned as end:
            return end.value
        except Jump:
            raise InvalidOperationException("a break or continue is in no loop") from None

    kind = body.returned[0] if body.returned else body.kind
    key = ("function", *parameters, body)
    size = 1 + total_size(body)
    return Expression(key, kind, evaluate, size, parameters=tuple(parameters))


@operation
def function(parameters: list[Expression], body: Expression) -> Expression:
    """A function with these parameters."""
    return _function(parameters, body)


@operation
@named("Lambda")
def lambda_(parameters: list[Expression], body: Expression) -> Expression:
    """A function with these parameters."""
    return _function(parameters, body)


@operation
def invoke(function: Expression, args: dict[str, Expression]) -> Expression:
    """What a function returns for these arguments, which are named as its parameters are."""
    wanted = {expected.key[1]: expected for expected in function.parameters or ()}
    if function.parameters is None or set(wanted) != set(args):
        raise ArgumentException(f"invoke: expected {sorted(wanted)}, got {sorted(args)}")
    given = [args[name] for name in wanted]
    call = applied("invoke", function, *(value_kind(argument, "invoke") for argument in given))
    operands = (function, *given)
    return made(
        "invoke", function.kind, lambda: call(*(value.evaluate() for value in given)), *operands
    )


@operation
def assign(variable: Expression, value: Expression) -> Expression:
    """Give a variable a value."""
    cell = variable.cell
    if cell is None:
        raise ArgumentException("assign: expected a variable or a parameter")
    if not fits(value.kind, value_kind(variable)):
        raise ArgumentException(f"assign: expected {variable.kind}, got {value.kind}")

    def evaluate() -> Any:
        cell.value = value.evaluate()
        return cell.value

    return made("assign", variable.kind, evaluate, variable, value)


def applied(
    name: str, function: Expression, *kinds: WireType, result: WireType | None = None
) -> Callable[..., Any]:
    """Return what applies a function to values of these types.

    Raises:
        ArgumentException: it is no function of such values, or returns another type than `result`.
    """
    told = ", ".join(map(str, kinds))
    if function.parameters is None or len(function.parameters) != len(kinds):
        raise ArgumentException(f"{name}: expected a function of {told}")
    for expected, kind in zip(function.parameters, kinds, strict=True):
        if not fits(kind, value_kind(expected)):
            raise ArgumentException(f"{name}: expected a function of {told}, not {expected.kind}")
    if result is not None and function.kind != result:
        raise ArgumentException(f"{name}: expected a function to {result}, not {function.kind}")
    return partial(apply, function)


def apply(function: Expression, *values: Any) -> Any:
    """Return what a function returns for these values."""
    spend(function.size)
    cells = [expected.cell for expected in function.parameters or () if expected.cell]
    before = [cell.value for cell in cells]
    for cell, value in zip(cells, values, strict=True):
        cell.value = value
    try:
        return function.evaluate()
    finally:
        for cell, value in zip(cells, before, strict=True):
            cell.value = value


def run_with(function: Expression, values: list[Any]) -> Any:
    """Return what a function returns for these values, as a whole evaluation of its own."""
    BUDGET.left = STEPS
    return apply(function, *values)


def empty(kind: WireType) -> Any:
    """Return what a variable of a type holds before it was given a value."""
    return copy.copy(EMPTY.get(kind.code))
