"""Expressions that the server evaluates, for events and streams of what no procedure returns.

A client puts them together call by call. Equal ones are one object, so a script that runs a
hundred times leaves no more behind than one run.
"""

from __future__ import annotations

import math
import operator
from collections.abc import Callable
from dataclasses import dataclass, field
from enum import IntEnum
from typing import Any

import krpc.schema.KRPC_pb2 as KRPC

from envs.orbital.krpc.errors import ArgumentException, InvalidOperationException
from envs.orbital.krpc.host import Caller
from envs.orbital.krpc.registry import Service
from envs.orbital.krpc.types import NAMED, Code, Float, Kind, mark

BOOL, INT, FLOAT, DOUBLE, STRING = (
    Kind(code) for code in (Code.BOOL, Code.SINT32, Code.FLOAT, Code.DOUBLE, Code.STRING)
)
NUMBERS = (Code.SINT32, Code.SINT64, Code.UINT32, Code.UINT64, Code.FLOAT, Code.DOUBLE)

LARGEST = 500


class TypeCode(IntEnum):
    """The kind of a type, by its code in the protocol."""

    DOUBLE = 1
    FLOAT = 2
    S_INT32 = 3
    S_INT64 = 4
    U_INT32 = 5
    U_INT64 = 6
    BOOL = 7
    STRING = 8
    BYTES = 9
    CLASS = 100
    ENUMERATION = 101
    STRUCT = 102
    TUPLE = 300
    LIST = 301
    SET = 302
    DICTIONARY = 303


@dataclass(frozen=True)
class Type:
    """The type of a value of an expression."""

    kind: Kind

    @property
    def code(self) -> TypeCode:
        """The kind of the type."""
        return TypeCode(self.kind.code)

    @property
    def service(self) -> str:
        """The service that defines the type, empty for a type of the protocol."""
        return mark(self._named())[1] if self.kind.code in NAMED else ""

    @property
    def name(self) -> str:
        """The name that its service gave the type, empty for a type of the protocol."""
        return self._named().__name__ if self.kind.code in NAMED else ""

    @property
    def types(self) -> list[Type]:
        """The types inside a collection."""
        return [Type(one) for one in self.kind.items] if self.kind.code is not Code.STRUCT else []

    @property
    def nullable(self) -> bool:
        """Whether null is among the values."""
        return self.kind.nullable

    def _named(self) -> type[Any]:
        assert self.kind.python is not None
        return self.kind.python

    @staticmethod
    def double() -> Type:
        """Double precision floating point."""
        return Type(DOUBLE)

    @staticmethod
    def float_() -> Type:
        """Single precision floating point."""
        return Type(FLOAT)

    @staticmethod
    def int_() -> Type:
        """Signed 32 bit integer."""
        return Type(INT)

    @staticmethod
    def bool_() -> Type:
        """Boolean."""
        return Type(BOOL)

    @staticmethod
    def string() -> Type:
        """String."""
        return Type(STRING)


def _divide(a: Any, b: Any) -> Any:
    """Divide as the game does: integers towards zero, floats by IEEE 754."""
    if isinstance(a, int) and isinstance(b, int):
        if b == 0:
            raise InvalidOperationException("an expression divides by the integer 0")
        return abs(a) // abs(b) * (1 if (a < 0) == (b < 0) else -1)
    if b == 0:
        return math.nan if a == 0 or a != a else math.copysign(math.inf, a) * math.copysign(1, b)
    return a / b


def _modulo(a: Any, b: Any) -> Any:
    """Return the remainder with the sign of `a`, as the game does."""
    if b == 0:
        if isinstance(a, int) and isinstance(b, int):
            raise InvalidOperationException("an expression takes a remainder by the integer 0")
        return math.nan
    rest = math.fmod(a, b)
    return int(rest) if isinstance(a, int) and isinstance(b, int) else rest


def _power(a: Any, b: Any) -> Any:
    try:
        return math.pow(a, b)
    except (ValueError, OverflowError):
        return math.nan if a < 0 else math.inf


@dataclass(frozen=True)
class Expression:
    """An expression that the server evaluates.

    key: what makes two of them equal. kind: the type of its value; None for what has none.
    size: how many expressions it is made of, each counted as often as it is evaluated.
    """

    key: tuple[Any, ...]
    kind: Kind | None = field(compare=False)
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
        return _constant("string", value, STRING)

    @staticmethod
    def call(caller: Caller, call: KRPC.ProcedureCall) -> Expression:
        """What a procedure returns."""
        prepared = caller.host.prepare(call, caller)
        if prepared.waits:
            raise InvalidOperationException(
                f"{call.service}.{call.procedure} takes more than one tick: no expression has it"
            )
        result = caller.host.find(call.service, call.procedure).result
        key = ("call", call.SerializeToString(deterministic=True), caller.identifier)
        return Expression(key, None if result.code is Code.NONE else result, prepared.run)

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
        if arg.kind != BOOL:
            raise ArgumentException(f"not: expected a bool, got {arg.kind}")
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
        return _binary("/", _divide, arg0, arg1, _number(arg0, arg1))

    @staticmethod
    def modulo(arg0: Expression, arg1: Expression) -> Expression:
        """The remainder, with the sign of the first."""
        return _binary("%", _modulo, arg0, arg1, _number(arg0, arg1))

    @staticmethod
    def power(arg0: Expression, arg1: Expression) -> Expression:
        """The first to the power of the second."""
        _number(arg0, arg1)
        return _binary("**", _power, arg0, arg1, DOUBLE)

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


def _constant(name: str, value: Any, kind: Kind) -> Expression:
    return Expression((name, value), kind, lambda: value)


def _made(name: str, kind: Kind, evaluate: Callable[[], Any], *operands: Expression) -> Expression:
    size = 1 + sum(one.size for one in operands)
    if size > LARGEST:
        raise ArgumentException(f"an expression of {size} parts; the limit is {LARGEST}")
    return Expression((name, *operands), kind, evaluate, size)


def _binary(
    name: str, work: Callable[[Any, Any], Any], a: Expression, b: Expression, kind: Kind
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


def _number(a: Expression, b: Expression) -> Kind:
    """Return the type of a number made of both: the wider one."""
    for one in (a, b):
        if one.kind is None or one.kind.code not in NUMBERS:
            raise ArgumentException(f"expected numbers, got {a.kind} and {b.kind}")
    assert a.kind is not None
    assert b.kind is not None
    first, second = a.kind, b.kind
    return first if NUMBERS.index(first.code) > NUMBERS.index(second.code) else second


def _item(arg: Expression, index: Expression) -> Kind:
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
