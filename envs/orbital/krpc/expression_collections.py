"""More on collections: parts of them, several together, dictionaries."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from helmsight.envs.orbital.krpc.errors import ArgumentException, InvalidOperationException
from helmsight.envs.orbital.krpc.expression_functions import applied
from helmsight.envs.orbital.krpc.expression_sequences import (
    bounded,
    hashable,
    item_kind,
    list_of,
    ordered,
)
from helmsight.envs.orbital.krpc.expression_types import BOOL, INT
from helmsight.envs.orbital.krpc.expressions import Expression, fits, made, operation, value_kind
from helmsight.envs.orbital.krpc.types import Code, WireType


@operation
def select_many(arg: Expression, func: Expression) -> Expression:
    """The items of all collections that a function returns for the items of one."""
    call = applied("select many", func, item_kind("select many", arg))
    kind = list_of(item_kind("select many", func))

    def evaluate() -> list[Any]:
        items: list[Any] = []
        for item in bounded(arg.evaluate()):
            items.extend(bounded(call(item)))
            bounded(items)
        return items

    return made("select many", kind, evaluate, arg, func)


def _together(name: str, doc: str, keep: Callable[[list[Any], list[Any]], list[Any]]) -> None:
    """Declare an operation on two collections of one type; each item comes once."""

    def operate(arg1: Expression, arg2: Expression) -> Expression:
        kind, other = item_kind(name, arg1), item_kind(name, arg2)
        if kind != other:
            raise ArgumentException(f"{name}: expected items of one type, got {kind} and {other}")

        hashable(name, kind)

        def evaluate() -> list[Any]:
            first, second = bounded(arg1.evaluate()), bounded(arg2.evaluate())
            return list(dict.fromkeys(keep(list(first), list(second))))

        return made(name, list_of(kind), evaluate, arg1, arg2)

    operate.__name__, operate.__doc__ = name, doc
    operation(operate)


_together("union", "The items of either.", lambda a, b: a + b)
_together("intersect", "The items of both.", lambda a, b: [i for i in a if i in set(b)])
_together("except", "The items of the first alone.", lambda a, b: [i for i in a if i not in set(b)])


def _part(name: str, doc: str, cut: Callable[[list[Any], int], list[Any]]) -> None:
    """Declare an operation that keeps a part of a collection."""

    def operate(arg: Expression, count: Expression) -> Expression:
        kind = item_kind(name, arg)
        _whole(name, count)

        def evaluate() -> list[Any]:
            return cut(list(bounded(arg.evaluate())), max(0, count.evaluate()))

        return made(name, list_of(kind), evaluate, arg, count)

    operate.__name__, operate.__doc__ = name, doc
    operation(operate)


def _whole(name: str, expression: Expression) -> None:
    if expression.kind != INT:
        raise ArgumentException(f"{name}: expected an integer, got {expression.kind}")


_part("take", "The first items.", lambda items, number: items[:number])
_part("skip", "All but the first items.", lambda items, number: items[number:])


@operation
def element_at(arg: Expression, index: Expression) -> Expression:
    """The item at a place, counted from zero."""
    kind = item_kind("element at", arg)
    _whole("element at", index)

    def evaluate() -> Any:
        items, place = list(bounded(arg.evaluate())), index.evaluate()
        if not 0 <= place < len(items):
            raise InvalidOperationException(f"element at: nothing at {place}")
        return items[place]

    return made("element at", kind, evaluate, arg, index)


@operation
def zip(arg1: Expression, arg2: Expression, func: Expression) -> Expression:
    """What a function returns for the items of two collections in pairs."""
    call = applied("zip", func, item_kind("zip", arg1), item_kind("zip", arg2))
    kind = list_of(value_kind(func, "zip"))

    def evaluate() -> list[Any]:
        return list(map(call, bounded(arg1.evaluate()), bounded(arg2.evaluate())))

    return made("zip", kind, evaluate, arg1, arg2, func)


def _extreme(name: str, doc: str, choose: Callable[..., Any]) -> None:
    def operate(arg: Expression, key: Expression) -> Expression:
        kind = item_kind(name, arg)
        call = applied(name, key, kind)
        ordered(name, value_kind(key, name))

        def evaluate() -> Any:
            items = bounded(arg.evaluate())
            if not items:
                raise InvalidOperationException(f"{name}: the collection is empty")
            return choose(items, key=call)

        return made(name, kind, evaluate, arg, key)

    operate.__name__, operate.__doc__ = name, doc
    operation(operate)


_extreme("max_by", "The item for which a function returns most.", max)
_extreme("min_by", "The item for which a function returns least.", min)


@operation
def group_by(arg: Expression, key: Expression) -> Expression:
    """The items by what a function returns for them."""
    kind = item_kind("group by", arg)
    call = applied("group by", key, kind)

    def evaluate() -> dict[Any, list[Any]]:
        groups: dict[Any, list[Any]] = {}
        for item in bounded(arg.evaluate()):
            groups.setdefault(call(item), []).append(item)
        return groups

    whole = WireType(Code.DICTIONARY, (hashable("group by", value_kind(key)), list_of(kind)))
    return made("group by", whole, evaluate, arg, key)


@operation
def build_dictionary(arg: Expression, key_func: Expression, value_func: Expression) -> Expression:
    """A dictionary with a key and a value for each item."""
    kind = item_kind("dictionary", arg)
    key, value = applied("dictionary", key_func, kind), applied("dictionary", value_func, kind)
    whole = WireType(
        Code.DICTIONARY, (hashable("dictionary", value_kind(key_func)), value_kind(value_func))
    )
    return made(
        "build dictionary", whole,
        lambda: {key(item): value(item) for item in bounded(arg.evaluate())},
        arg, key_func, value_func,
    )  # fmt: skip


def dictionary_kinds(name: str, arg: Expression) -> tuple[WireType, WireType]:
    """Return the types of keys and values. Raises ArgumentException if it is no dictionary."""
    kind = arg.kind
    if kind is None or kind.code is not Code.DICTIONARY:
        raise ArgumentException(f"{name}: expected a dictionary, got {kind}")
    return kind.items[0], kind.items[1]


@operation
def dictionary_keys(dictionary: Expression) -> Expression:
    """The keys of a dictionary."""
    kind = list_of(dictionary_kinds("keys", dictionary)[0])
    return made("keys", kind, lambda: list(dictionary.evaluate()), dictionary)


@operation
def dictionary_values(dictionary: Expression) -> Expression:
    """The values of a dictionary."""
    kind = list_of(dictionary_kinds("values", dictionary)[1])
    return made("values", kind, lambda: list(dictionary.evaluate().values()), dictionary)


@operation
def contains_key(dictionary: Expression, key: Expression) -> Expression:
    """Whether a key is in a dictionary."""
    if not fits(key.kind, dictionary_kinds("contains key", dictionary)[0]):
        raise ArgumentException(f"contains key: {key.kind} is no key of {dictionary.kind}")
    return made("has key", BOOL, lambda: key.evaluate() in dictionary.evaluate(), dictionary, key)
