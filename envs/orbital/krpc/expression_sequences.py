"""Collections in expressions: made, asked about, and worked on item by item.

What kRPC reckons lazily is reckoned at once here, as a list.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from helmsight.envs.orbital.krpc.errors import ArgumentException, InvalidOperationException
from helmsight.envs.orbital.krpc.expression_functions import applied
from helmsight.envs.orbital.krpc.expression_types import BOOL, DOUBLE, FLOAT, INT, NUMBERS, Type
from helmsight.envs.orbital.krpc.expressions import (
    LONGEST,
    Exhausted,
    Expression,
    fits,
    made,
    operation,
    spend,
    value_kind,
)
from helmsight.envs.orbital.krpc.types import Code, WireType

MANY = (Code.LIST, Code.SET)


def item_kind(name: str, arg: Expression) -> WireType:
    """Return the type of the items of a list or a set. Raises ArgumentException for all else."""
    kind = arg.kind
    if kind is None or kind.code not in MANY:
        raise ArgumentException(f"{name}: expected a list or a set, got {kind}")
    return kind.items[0]


def list_of(kind: WireType) -> WireType:
    """Return the type of a list of such items."""
    return WireType(Code.LIST, (kind,))


def hashable(name: str, kind: WireType) -> WireType:
    """Return a type. Raises ArgumentException if its values cannot be told apart in a set."""
    if kind.code in (Code.LIST, Code.SET, Code.DICTIONARY):
        raise ArgumentException(f"{name}: a {kind} can be no member of a set and no key")
    for item in kind.items:
        hashable(name, item)
    return kind


def ordered(name: str, kind: WireType) -> WireType:
    """Return a type. Raises ArgumentException if its values have no order."""
    if kind.code not in (*NUMBERS, Code.STRING, Code.BOOL):
        raise ArgumentException(f"{name}: a {kind} has no order")
    return kind


def bounded(items: Any) -> Any:
    """Return a collection. Raises Exhausted if it is too long."""
    if len(items) > LONGEST:
        raise Exhausted(f"a collection of {len(items)} items; the limit is {LONGEST}")
    spend(1 + len(items) // 10)
    return items


def _one_kind(name: str, values: list[Expression] | set[Expression]) -> WireType:
    kinds = {value_kind(value, name) for value in values}
    if len(kinds) != 1:
        told = ", ".join(sorted(map(str, kinds))) or "none"
        raise ArgumentException(f"{name}: expected values of one type, got {told}")
    return kinds.pop()


@operation
def create_tuple(elements: list[Expression]) -> Expression:
    """A tuple."""
    kind = WireType(Code.TUPLE, tuple(value_kind(element, "tuple") for element in elements))
    return made("tuple", kind, lambda: tuple(e.evaluate() for e in elements), *elements)


@operation
def create_list(values: list[Expression]) -> Expression:
    """A list."""
    kind = list_of(_one_kind("list", values))
    return made("list", kind, lambda: [value.evaluate() for value in values], *values)


@operation
def create_set(values: set[Expression]) -> Expression:
    """A set."""
    kind = WireType(Code.SET, (hashable("set", _one_kind("set", values)),))
    members = sorted(values, key=lambda value: repr(value.key))
    return made("set", kind, lambda: {value.evaluate() for value in members}, *members)


@operation
def create_dictionary(keys: list[Expression], values: list[Expression]) -> Expression:
    """A dictionary."""
    if len(keys) != len(values):
        raise ArgumentException(f"dictionary: {len(keys)} keys and {len(values)} values")
    key = hashable("dictionary", _one_kind("dictionary", keys))
    kind = WireType(Code.DICTIONARY, (key, _one_kind("dictionary", values)))
    pairs = list(zip(keys, values, strict=True))
    return made(
        "dictionary", kind, lambda: {k.evaluate(): v.evaluate() for k, v in pairs}, *keys, *values
    )


@operation
def create_empty_list(value_type: Type) -> Expression:
    """A list of nothing yet."""
    return Expression(("empty list", value_type), list_of(value_type.kind), list)


@operation
def create_empty_set(value_type: Type) -> Expression:
    """A set of nothing yet."""
    kind = WireType(Code.SET, (hashable("set", value_type.kind),))
    return Expression(("empty set", value_type), kind, set)


@operation
def create_empty_dictionary(key_type: Type, value_type: Type) -> Expression:
    """A dictionary of nothing yet."""
    key = hashable("dictionary", key_type.kind)
    kind = WireType(Code.DICTIONARY, (key, value_type.kind))
    return Expression(("empty dictionary", key_type, value_type), kind, dict)


def _simple(
    name: str, doc: str, kind_of: Callable[[WireType], WireType], work: Callable[[Any], Any]
) -> Callable[[Expression], Expression]:
    """Return an operation on one collection."""

    def operate(arg: Expression) -> Expression:
        kind = kind_of(item_kind(name, arg))
        return made(name, kind, lambda: work(bounded(arg.evaluate())), arg)

    operate.__name__, operate.__doc__ = name, doc
    return operate


def _same(kind: WireType) -> WireType:
    return kind


def _set_of(kind: WireType) -> WireType:
    return WireType(Code.SET, (hashable("set", kind),))


def _list_of_each(kind: WireType) -> WireType:
    return list_of(hashable("distinct", kind))


def _some(name: str, work: Callable[[Any], Any]) -> Callable[[Any], Any]:
    def evaluate(items: Any) -> Any:
        if not items:
            raise InvalidOperationException(f"{name}: the collection is empty")
        return work(items)

    return evaluate


def _number_kind(kind: WireType) -> WireType:
    if kind.code not in NUMBERS:
        raise ArgumentException(f"expected numbers, got {kind}")
    return kind


def _mean_kind(kind: WireType) -> WireType:
    return FLOAT if _number_kind(kind) == FLOAT else DOUBLE


_mean = _some("average", lambda items: sum(items) / len(items))
for _operation in (
    _simple("to_list", "A collection as a list.", list_of, list),
    _simple("to_set", "A collection as a set.", _set_of, set),
    _simple("sum", "The sum of numbers.", _number_kind, sum),
    _simple("max", "The greatest number.", _number_kind, _some("max", max)),
    _simple("min", "The least number.", _number_kind, _some("min", min)),
    _simple("average", "The mean of numbers.", _mean_kind, _mean),
):
    operation(_operation)
for _operation in (
    _simple("first", "The first item.", _same, _some("first", lambda items: next(iter(items)))),
    _simple("last", "The last item.", _same, _some("last", lambda items: list(items)[-1])),
    _simple("reverse", "The items from last to first.", list_of, lambda i: list(i)[::-1]),
    _simple("distinct", "Each item once.", _list_of_each, lambda i: list(dict.fromkeys(i))),
):
    operation(_operation)


@operation
def count(arg: Expression) -> Expression:
    """How many items a collection has."""
    if arg.kind is None or arg.kind.code not in (*MANY, Code.DICTIONARY):
        raise ArgumentException(f"count: expected a collection, got {arg.kind}")
    return made("count", INT, lambda: len(arg.evaluate()), arg)


@operation
def contains(arg: Expression, value: Expression) -> Expression:
    """Whether an item is in a collection."""
    if not fits(value.kind, item_kind("contains", arg)):
        raise ArgumentException(f"contains: expected a member of {arg.kind}, got {value.kind}")
    return made("contains", BOOL, lambda: value.evaluate() in arg.evaluate(), arg, value)


@operation
def select(arg: Expression, func: Expression) -> Expression:
    """What a function returns for each item."""
    call = applied("select", func, item_kind("select", arg))
    kind = list_of(value_kind(func, "select"))
    return made("select", kind, lambda: [call(item) for item in bounded(arg.evaluate())], arg, func)


@operation
def where(arg: Expression, func: Expression) -> Expression:
    """The items that a function holds for."""
    kind = item_kind("where", arg)
    call = applied("where", func, kind, result=BOOL)
    return made(
        "where", list_of(kind), lambda: [i for i in bounded(arg.evaluate()) if call(i)], arg, func
    )


@operation
def all(arg: Expression, predicate: Expression) -> Expression:
    """Whether a function holds for all items."""
    call = applied("all", predicate, item_kind("all", arg), result=BOOL)

    def evaluate() -> bool:
        return not any_of(lambda item: not call(item), arg.evaluate())

    return made("all", BOOL, evaluate, arg, predicate)


@operation
def any(arg: Expression, predicate: Expression) -> Expression:
    """Whether a function holds for an item."""
    call = applied("any", predicate, item_kind("any", arg), result=BOOL)
    return made("any", BOOL, lambda: any_of(call, arg.evaluate()), arg, predicate)


def any_of(holds: Callable[[Any], bool], items: Any) -> bool:
    """Return whether something holds for an item."""
    return next((True for item in bounded(items) if holds(item)), False)


@operation
def aggregate(arg: Expression, func: Expression) -> Expression:
    """All items put together by a function, beginning with the first."""
    kind = item_kind("aggregate", arg)
    call = applied("aggregate", func, kind, kind, result=kind)

    def evaluate() -> Any:
        items = iter(bounded(arg.evaluate()))
        try:
            value = next(items)
        except StopIteration:
            raise InvalidOperationException("aggregate: the collection is empty") from None
        for item in items:
            value = call(value, item)
        return value

    return made("aggregate", kind, evaluate, arg, func)


@operation
def aggregate_with_seed(arg: Expression, seed: Expression, func: Expression) -> Expression:
    """All items put together by a function, beginning with a value."""
    kind = value_kind(seed, "aggregate")
    call = applied("aggregate", func, kind, item_kind("aggregate", arg), result=kind)

    def evaluate() -> Any:
        value = seed.evaluate()
        for item in bounded(arg.evaluate()):
            value = call(value, item)
        return value

    return made("aggregate from", kind, evaluate, arg, seed, func)


@operation
def concat(arg1: Expression, arg2: Expression) -> Expression:
    """The items of both, one after the other."""
    kind = _both("concat", arg1, arg2)
    return made("concat", kind, lambda: bounded([*arg1.evaluate(), *arg2.evaluate()]), arg1, arg2)


@operation
def order_by(arg: Expression, key: Expression) -> Expression:
    """The items in the order of what a function returns for them."""
    kind = item_kind("order by", arg)
    call = applied("order by", key, kind)
    ordered("order by", value_kind(key, "order by"))
    return made(
        "order by", list_of(kind), lambda: sorted(bounded(arg.evaluate()), key=call), arg, key
    )


def _both(name: str, arg1: Expression, arg2: Expression) -> WireType:
    kind, other = item_kind(name, arg1), item_kind(name, arg2)
    if kind != other:
        raise ArgumentException(f"{name}: expected items of one type, got {kind} and {other}")
    return list_of(kind)
