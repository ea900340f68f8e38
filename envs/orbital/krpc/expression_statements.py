"""Statements in expressions: blocks, loops, returns, exceptions, changes."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from typing import Any

from helmsight.envs.orbital.krpc.client import Client
from helmsight.envs.orbital.krpc.errors import (
    ArgumentException,
    InvalidOperationException,
    RemoteException,
)
from helmsight.envs.orbital.krpc.expression_collections import dictionary_kinds
from helmsight.envs.orbital.krpc.expression_functions import Jump, Returned, empty
from helmsight.envs.orbital.krpc.expression_sequences import MANY, bounded, item_kind
from helmsight.envs.orbital.krpc.expression_types import BOOL, INT, STRING
from helmsight.envs.orbital.krpc.expressions import (
    Cell,
    Exhausted,
    Expression,
    boolean,
    fits,
    made,
    operation,
    spend,
    value_kind,
)
from helmsight.envs.orbital.krpc.types import Code


def _cells(variables: list[Expression]) -> list[tuple[Cell, Any]]:
    pairs = []
    for expected in variables:
        if expected.cell is None:
            raise ArgumentException("a block declares variables; make them with Variable")
        pairs.append((expected.cell, empty(value_kind(expected))))
    return pairs


@operation
def block(statements: list[Expression]) -> Expression:
    """Statements one after the other; the value is that of the last."""
    return _block([], statements)


@operation
def block_with_variables(variables: list[Expression], statements: list[Expression]) -> Expression:
    """Statements one after the other, with variables of their own."""
    return _block(variables, statements)


def _block(variables: list[Expression], statements: list[Expression]) -> Expression:
    if not statements:
        raise ArgumentException("a block of no statements; give one")
    cells = _cells(variables)

    def evaluate() -> Any:
        before = [(cell, cell.value) for cell, _ in cells]
        for cell, nothing in cells:
            cell.value = nothing
        try:
            value = None
            for statement in statements:
                value = statement.evaluate()
            return value
        finally:
            for cell, value_before in before:
                cell.value = value_before

    return made("block", statements[-1].kind, evaluate, *variables, *statements)


@operation
def if_then(condition: Expression, body: Expression) -> Expression:
    """A statement that is evaluated if a condition holds."""
    boolean("if", condition)

    def evaluate() -> None:
        if condition.evaluate():
            body.evaluate()

    return made("if then", None, evaluate, condition, body)


@operation
def if_then_else(condition: Expression, body: Expression, else_body: Expression) -> Expression:
    """One of two statements."""
    boolean("if", condition)

    def evaluate() -> None:
        (body if condition.evaluate() else else_body).evaluate()

    return made("if then else", None, evaluate, condition, body, else_body)


def _turn(body: Expression) -> bool:
    """Evaluate the body of a loop once; return whether the loop goes on."""
    spend(body.size)
    try:
        body.evaluate()
    except Jump as jump:
        return not jump.ends
    return True


@operation
def while_(condition: Expression, body: Expression) -> Expression:
    """A statement that is evaluated as long as a condition holds."""
    boolean("while", condition)

    def evaluate() -> None:
        while condition.evaluate() and _turn(body):
            pass

    return made("while", None, evaluate, condition, body)


@operation
def for_each(variable: Expression, collection: Expression, body: Expression) -> Expression:
    """A statement that is evaluated for each item of a collection."""
    cell = variable.cell
    if cell is None or not fits(item_kind("for each", collection), value_kind(variable)):
        raise ArgumentException(f"for each: expected a variable for items of {collection.kind}")

    def evaluate() -> None:
        for item in list(bounded(collection.evaluate())):
            cell.value = item
            if not _turn(body):
                return

    return made("for each", None, evaluate, variable, collection, body)


def _jump(name: str, *, ends: bool) -> Expression:
    def evaluate() -> None:
        raise Jump(ends=ends)

    return Expression((name,), None, evaluate)


@operation
def break_() -> Expression:
    """End the loop around it."""
    return _jump("break", ends=True)


@operation
def continue_() -> Expression:
    """Go on with the next turn of the loop around it."""
    return _jump("continue", ends=False)


@operation
def return_(value: Expression) -> Expression:
    """End the function around it with a value."""

    def evaluate() -> None:
        raise Returned(value.evaluate())

    return replace(made("return", None, evaluate, value), returned=(value_kind(value, "return"),))


@operation
def return_nothing() -> Expression:
    """End the function around it without a value."""

    def evaluate() -> None:
        raise Returned(None)

    return Expression(("return nothing",), None, evaluate, returned=(None,))


def _exception(client: Client, service: str, name: str) -> type[RemoteException]:
    for candidate in client.host.services:
        if candidate.name == service and name in candidate.exceptions:
            return candidate.exceptions[name]
    raise ArgumentException(f"no service declares the exception {service}.{name}"[:200])


@operation
def throw(client: Client, service: str, name: str, message: Expression) -> Expression:
    """Raise an exception that a service declares."""
    error = _exception(client, service, name)
    _text("throw", message)

    def evaluate() -> None:
        raise error(message.evaluate())

    return made(f"throw {service}.{name}", None, evaluate, message)


@operation
def try_catch(
    client: Client,
    body: Expression,
    service: str,
    name: str,
    message: Expression | None,
    handler: Expression,
) -> Expression:
    """A statement, and another that is evaluated if the first raises a certain exception."""
    error = _exception(client, service, name)
    return _catching(f"try {service}.{name}", error, body, message, handler)


@operation
def try_catch_all(body: Expression, message: Expression | None, handler: Expression) -> Expression:
    """A statement, and another that is evaluated if the first raises any exception."""
    return _catching("try", Exception, body, message, handler)


def _catching(
    name: str,
    kind: type[Exception],
    body: Expression,
    message: Expression | None,
    handler: Expression,
) -> Expression:
    if message is not None and (message.cell is None or message.kind != STRING):
        raise ArgumentException("try: the message goes into a variable of a string, or null")

    def evaluate() -> None:
        try:
            body.evaluate()
        except (Jump, Returned, Exhausted):
            raise
        except kind as error:
            if message is not None and message.cell is not None:
                message.cell.value = str(error)
            handler.evaluate()

    operands = [body, handler] if message is None else [body, message, handler]
    return made(name, None, evaluate, *operands)


@operation
def try_finally(body: Expression, finalizer: Expression) -> Expression:
    """A statement, and another that is evaluated after it, whatever it raises."""

    def evaluate() -> None:
        try:
            body.evaluate()
        finally:
            finalizer.evaluate()

    return made("finally", None, evaluate, body, finalizer)


def _text(name: str, expression: Expression) -> None:
    if expression.kind != STRING:
        raise ArgumentException(f"{name}: expected a string, got {expression.kind}")


def _member(name: str, collection: Expression, value: Expression) -> None:
    if not fits(value.kind, item_kind(name, collection)):
        raise ArgumentException(f"{name}: {value.kind} does not go into {collection.kind}")


@operation
def append(collection: Expression, value: Expression) -> Expression:
    """Add an item to a list or a set."""
    _member("append", collection, value)

    def evaluate() -> None:
        items = collection.evaluate()
        (items.append if isinstance(items, list) else items.add)(value.evaluate())
        bounded(items)

    return made("append", None, evaluate, collection, value)


@operation
def set(collection: Expression, index: Expression, value: Expression) -> Expression:
    """Set an item of a list, or an entry of a dictionary."""
    kind = value_kind(collection, "set")
    kinds = (INT, kind.items[0]) if kind.code is Code.LIST else dictionary_kinds("set", collection)
    if not (fits(index.kind, kinds[0]) and fits(value.kind, kinds[1])):
        raise ArgumentException(f"set: {index.kind}, {value.kind} do not go into {kind}")

    def evaluate() -> None:
        items, place = collection.evaluate(), index.evaluate()
        if isinstance(items, list) and not 0 <= place < len(items):
            raise InvalidOperationException(f"set: nothing at {place}")
        items[place] = value.evaluate()
        bounded(items)

    return made("set item", None, evaluate, collection, index, value)


@operation
def remove(collection: Expression, value: Expression) -> Expression:
    """Remove an item of a list or a set, or an entry of a dictionary; whether there was one."""
    if value_kind(collection, "remove").code in MANY:
        _member("remove", collection, value)
    elif not fits(value.kind, dictionary_kinds("remove", collection)[0]):
        raise ArgumentException(f"remove: {value.kind} is no key of {collection.kind}")

    def evaluate() -> bool:
        items, gone = collection.evaluate(), value.evaluate()
        if gone not in items:
            return False
        (items.pop if isinstance(items, dict) else items.remove)(gone)
        return True

    return made("remove", BOOL, evaluate, collection, value)


@operation
def remove_at(list: Expression, index: Expression) -> Expression:
    """Remove the item of a list at a place."""
    if value_kind(list, "remove at").code is not Code.LIST or index.kind != INT:
        raise ArgumentException(f"remove at: expected a list and an integer, got {list.kind}")

    def evaluate() -> None:
        items, place = list.evaluate(), index.evaluate()
        if not 0 <= place < len(items):
            raise InvalidOperationException(f"remove at: nothing at {place}")
        del items[place]

    return made("remove at", None, evaluate, list, index)


@operation
def clear(collection: Expression) -> Expression:
    """Remove all of a collection."""
    if value_kind(collection, "clear").code not in (*MANY, Code.DICTIONARY):
        raise ArgumentException(f"clear: expected a collection, got {collection.kind}")
    work: Callable[[], None] = lambda: collection.evaluate().clear()  # noqa: E731
    return made("clear", None, work, collection)
