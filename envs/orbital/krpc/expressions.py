"""Expressions that the server evaluates, for events and streams of what no procedure returns.

A client puts them together call by call. Equal ones are one object, and they go with their client.
"""

from __future__ import annotations

import operator
from collections.abc import Callable
from dataclasses import dataclass, field, replace
from typing import Any, ClassVar

import krpc.schema.KRPC_pb2 as KRPC

from helmsight.envs.orbital.krpc.arithmetic import divide, modulo, power
from helmsight.envs.orbital.krpc.client import Client
from helmsight.envs.orbital.krpc.errors import ArgumentException, InvalidOperationException
from helmsight.envs.orbital.krpc.expression_types import (
    BOOL,
    DOUBLE,
    FLOAT,
    INT,
    NUMBERS,
    STRING,
    Type,
    TypeCode,
)
from helmsight.envs.orbital.krpc.host import KEY_BYTES, key_of
from helmsight.envs.orbital.krpc.registry import Service
from helmsight.envs.orbital.krpc.types import Code, Float, UInt64, WireType

LARGEST = 500


@dataclass(frozen=True)
class Expression:
    """An expression that the server evaluates.

    key: what makes two of them equal. kind: the type of its value; None for what has none.
    size: how many expressions it is made of, each counted as often as it is evaluated.
    """

    krpc_owned: ClassVar = True
    key: tuple[Any, ...]
    kind: WireType | None = field(compare=False)
    evaluate: Callable[[], Any] = field(compare=False, repr=False)
    size: int = field(default=1, compare=False)

    @property
    def has_return_type(self) -> bool:
        """Whether the expression has a value."""
        return self.kind is not None

    @property
    def return_type(self) -> Type:
        """The type of the value."""
        if self.kind is None:
            raise InvalidOperationException("the expression has no value")
        return Type(self.kind)

    @property
    def parameter_types(self) -> list[Type]:
        """The types of the parameters: none, as no expression here has any."""
        return []

    @staticmethod
    def constant_double(value: float) -> Expression:
        """Double precision constant."""
        return _constant("double", value, DOUBLE)

    @staticmethod
    def constant_float(value: Float) -> Expression:
        """Single precision constant."""
        return _constant("float", value, FLOAT)

    @staticmethod
    def constant_int(value: int) -> Expression:
        """Integer constant."""
        return _constant("int", value, INT)

    @staticmethod
    def constant_bool(value: bool) -> Expression:
        """Boolean constant."""
        return _constant("bool", value, BOOL)

    @staticmethod
    def constant_string(value: str) -> Expression:
        """String constant."""
        if len(value) > KEY_BYTES:
            raise ArgumentException(f"{len(value)} characters; the limit is {KEY_BYTES}")
        return _constant("string", value, STRING)

    @staticmethod
    def constant_object(client: Client, value: UInt64) -> Expression:
        """A remote object, by its id."""
        thing = client.host.objects.thing(value, object)
        cls = next(base for base in type(thing).__mro__ if "__krpc__" in vars(base))
        return _constant("object", thing, WireType(Code.CLASS, python=cls))

    @staticmethod
    def call(client: Client, call: KRPC.ProcedureCall) -> Expression:
        """What a procedure returns."""
        return _call(client, call, {})

    @staticmethod
    def call_with_arguments(
        client: Client, call: KRPC.ProcedureCall, args: dict[int, Expression]
    ) -> Expression:
        """What a procedure returns whose arguments, by position, are expressions themselves."""
        return _call(client, call, args)

    @staticmethod
    def conditional(condition: Expression, if_true: Expression, if_false: Expression) -> Expression:
        """One of two values; only that one is evaluated."""
        _boolean("conditional", condition)
        if if_true.kind is None or if_true.kind != if_false.kind:
            raise ArgumentException(f"conditional: {if_true.kind} or {if_false.kind}")
        test, yes, no = condition.evaluate, if_true.evaluate, if_false.evaluate
        operands = (condition, if_true, if_false)
        return _made("if", if_true.kind, lambda: yes() if test() else no(), *operands)

    @staticmethod
    def conditional_and(arg0: Expression, arg1: Expression) -> Expression:
        """Both; the second is evaluated if the first holds."""
        _boolean("and", arg0, arg1)
        left, right = arg0.evaluate, arg1.evaluate
        return _made("and then", BOOL, lambda: left() and right(), arg0, arg1)

    @staticmethod
    def conditional_or(arg0: Expression, arg1: Expression) -> Expression:
        """Either; the second is evaluated if the first does not hold."""
        _boolean("or", arg0, arg1)
        left, right = arg0.evaluate, arg1.evaluate
        return _made("or else", BOOL, lambda: left() or right(), arg0, arg1)

    @staticmethod
    def is_null(value: Expression) -> Expression:
        """Whether there is no object."""
        evaluate = value.evaluate
        return _made("is null", BOOL, lambda: evaluate() is None, value)

    @staticmethod
    def equal(arg0: Expression, arg1: Expression) -> Expression:
        """Whether both are equal."""
        return _binary("==", operator.eq, arg0, arg1, BOOL)

    @staticmethod
    def not_equal(arg0: Expression, arg1: Expression) -> Expression:
        """Whether both differ."""
        return _binary("!=", operator.ne, arg0, arg1, BOOL)

    @staticmethod
    def greater_than(arg0: Expression, arg1: Expression) -> Expression:
        """Whether the first is greater."""
        return _compared(">", operator.gt, arg0, arg1)

    @staticmethod
    def greater_than_or_equal(arg0: Expression, arg1: Expression) -> Expression:
        """Whether the first is not less."""
        return _compared(">=", operator.ge, arg0, arg1)

    @staticmethod
    def less_than(arg0: Expression, arg1: Expression) -> Expression:
        """Whether the first is less."""
        return _compared("<", operator.lt, arg0, arg1)

    @staticmethod
    def less_than_or_equal(arg0: Expression, arg1: Expression) -> Expression:
        """Whether the first is not greater."""
        return _compared("<=", operator.le, arg0, arg1)

    @staticmethod
    def and_(arg0: Expression, arg1: Expression) -> Expression:
        """Both, of booleans or bit by bit; both are evaluated."""
        return _bits("and", operator.and_, arg0, arg1)

    @staticmethod
    def or_(arg0: Expression, arg1: Expression) -> Expression:
        """Either, of booleans or bit by bit; both are evaluated."""
        return _bits("or", operator.or_, arg0, arg1)

    @staticmethod
    def exclusive_or(arg0: Expression, arg1: Expression) -> Expression:
        """One of both alone, of booleans or bit by bit."""
        return _bits("xor", operator.xor, arg0, arg1)

    @staticmethod
    def not_(arg: Expression) -> Expression:
        """The opposite of a boolean."""
        _boolean("not", arg)
        evaluate = arg.evaluate
        return _made("not", BOOL, lambda: not evaluate(), arg)

    @staticmethod
    def negate(arg: Expression) -> Expression:
        """A number with the other sign."""
        return _binary("-", operator.sub, _constant("int", 0, INT), arg, _number(arg, arg))

    @staticmethod
    def add(arg0: Expression, arg1: Expression) -> Expression:
        """The sum."""
        return _binary("+", operator.add, arg0, arg1, _number(arg0, arg1))

    @staticmethod
    def subtract(arg0: Expression, arg1: Expression) -> Expression:
        """The difference."""
        return _binary("-", operator.sub, arg0, arg1, _number(arg0, arg1))

    @staticmethod
    def multiply(arg0: Expression, arg1: Expression) -> Expression:
        """The product."""
        return _binary("*", operator.mul, arg0, arg1, _number(arg0, arg1))

    @staticmethod
    def divide(arg0: Expression, arg1: Expression) -> Expression:
        """The quotient; of integers, without its fraction."""
        return _binary("/", divide, arg0, arg1, _number(arg0, arg1))

    @staticmethod
    def modulo(arg0: Expression, arg1: Expression) -> Expression:
        """The remainder, with the sign of the first."""
        return _binary("%", modulo, arg0, arg1, _number(arg0, arg1))

    @staticmethod
    def power(arg0: Expression, arg1: Expression) -> Expression:
        """The first to the power of the second."""
        _number(arg0, arg1)
        return _binary("**", power, arg0, arg1, DOUBLE)

    @staticmethod
    def cast(arg: Expression, type: Type) -> Expression:
        """A number as a number of another type."""
        _number(arg, arg)
        if type.kind.code not in NUMBERS:
            raise ArgumentException(f"cast: expected the type of a number, got {type.kind}")
        convert = float if type.kind in (DOUBLE, FLOAT) else int
        evaluate = arg.evaluate
        return _made(f"cast {type.kind}", type.kind, lambda: convert(evaluate()), arg)

    @staticmethod
    def get(arg: Expression, index: Expression) -> Expression:
        """An item of a tuple, a list or a dictionary."""
        kind = _item(arg, index)
        collection, place = arg.evaluate, index.evaluate

        def evaluate() -> Any:
            at = place()
            try:
                return collection()[at]
            except (IndexError, KeyError):
                raise InvalidOperationException(f"get: nothing at {at!r}") from None

        return _made("get", kind, evaluate, arg, index)


def _constant(name: str, value: Any, kind: WireType) -> Expression:
    return Expression((name, value), kind, lambda: value)


def _call(client: Client, call: KRPC.ProcedureCall, computed: dict[int, Expression]) -> Expression:
    procedure = client.host.find(call.service, call.procedure)
    for position, expression in computed.items():
        kinds = [parameter.kind for parameter in procedure.parameters]
        if not (0 <= position < len(kinds) and _fits(expression.kind, kinds[position])):
            raise ArgumentException(
                f"{call.service}.{call.procedure}: expected {', '.join(map(str, kinds))}, got "
                f"{expression.kind} at position {position}"
            )
    given = {position: expression.evaluate for position, expression in computed.items()}
    prepared = client.host.prepare(call, client, given)
    if prepared.waits:
        raise InvalidOperationException(f"{prepared.name} takes more than one tick: no expression")
    key = ("call", key_of(call))
    more = tuple(part for pair in sorted(computed.items()) for part in pair)
    size = 1 + _size(*computed.values())
    kind = None if procedure.result.code is Code.NONE else procedure.result
    return Expression(key + more, kind, prepared.run, size)


def _fits(kind: WireType | None, wanted: WireType) -> bool:
    """Return whether a value of `kind` can be given for `wanted`."""
    if kind is None:
        return False
    if wanted.code in NUMBERS:
        return kind.code in NUMBERS and NUMBERS.index(kind.code) <= NUMBERS.index(wanted.code)
    return replace(kind, nullable=False) == replace(wanted, nullable=False) and (
        wanted.nullable or not kind.nullable or kind.code is Code.CLASS
    )


def _boolean(name: str, *operands: Expression) -> None:
    for operand in operands:
        if operand.kind != BOOL:
            raise ArgumentException(f"{name}: expected a bool, got {operand.kind}")


def _size(*operands: Expression) -> int:
    """Return how large expressions are together. Raises ArgumentException above the limit."""
    size = sum(operand.size for operand in operands)
    if size >= LARGEST:
        raise ArgumentException(f"an expression of {size + 1} parts; the limit is {LARGEST}")
    return size


def _made(
    name: str, kind: WireType, evaluate: Callable[[], Any], *operands: Expression
) -> Expression:
    return Expression((name, *operands), kind, evaluate, 1 + _size(*operands))


def _binary(
    name: str, work: Callable[[Any, Any], Any], a: Expression, b: Expression, kind: WireType
) -> Expression:
    if a.kind is None or b.kind is None:
        raise ArgumentException(f"{name}: an operand has no value")
    left, right = a.evaluate, b.evaluate
    return _made(name, kind, lambda: work(left(), right()), a, b)


def _compared(
    name: str, work: Callable[[Any, Any], Any], a: Expression, b: Expression
) -> Expression:
    if not (a.kind == b.kind == STRING):
        _number(a, b)
    return _binary(name, work, a, b, BOOL)


def _bits(name: str, work: Callable[[Any, Any], Any], a: Expression, b: Expression) -> Expression:
    if a.kind != b.kind or a.kind not in (BOOL, INT):
        raise ArgumentException(
            f"{name}: expected two booleans or integers, got {a.kind}, {b.kind}"
        )
    return _binary(name, work, a, b, a.kind)


def _number(a: Expression, b: Expression) -> WireType:
    """Return the type of a number made of both: the wider one."""
    for operand in (a, b):
        if operand.kind is None or operand.kind.code not in NUMBERS:
            raise ArgumentException(f"expected numbers, got {a.kind} and {b.kind}")
    assert a.kind is not None
    assert b.kind is not None
    first, second = a.kind, b.kind
    return first if NUMBERS.index(first.code) > NUMBERS.index(second.code) else second


def _item(arg: Expression, index: Expression) -> WireType:
    """Return the type of what `get` finds."""
    kind = arg.kind
    if kind is None or kind.code not in (Code.TUPLE, Code.LIST, Code.DICTIONARY):
        raise ArgumentException(f"get: expected a tuple, a list or a dictionary, got {kind}")
    if kind.code is not Code.DICTIONARY and index.kind != INT:
        raise ArgumentException(f"get: expected an integer as index, got {index.kind}")
    if kind.code is Code.TUPLE:
        if index.key[0] != "int" or not 0 <= index.key[1] < len(kind.items):
            raise ArgumentException(f"get: expected a constant index, 0 to {len(kind.items) - 1}")
        return kind.items[int(index.key[1])]
    return kind.items[-1]


def declare(service: Service) -> None:
    """Declare the classes of expressions in `service`."""
    service.enum(TypeCode)
    service.remote(Type)
    service.remote(Expression)
