"""Expressions that the server evaluates, for events and streams of what no procedure returns.

A client puts them together call by call. Equal ones are one object, and they go with their client.
"""

from __future__ import annotations

import operator
import threading
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
from helmsight.envs.orbital.krpc.registry import Service, hidden
from helmsight.envs.orbital.krpc.types import Code, Float, UInt64, WireType

LARGEST = 500
STEPS = 20_000
"""What one evaluation may take: each application of a function counts as its size."""
LONGEST = 100_000
"""Items of a collection, and letters of a text, that an expression may put together."""


class _Budget(threading.local):
    left = STEPS


BUDGET = _Budget()


class Exhausted(InvalidOperationException):
    """An expression takes too long. Goes on: it ends, and nothing in it can catch that."""

    @classmethod
    def name(cls) -> str:
        """Return the name of the exception that clients know."""
        return InvalidOperationException.__name__


def spend(steps: int) -> None:
    """Count steps of the evaluation that is under way.

    Raises:
        Exhausted: there are too many.
    """
    BUDGET.left -= steps
    if BUDGET.left < 0:
        raise Exhausted(f"the expression takes more than {STEPS} steps")


@dataclass
class Cell:
    """Where a variable has its value while an expression is evaluated."""

    value: Any = None


@dataclass(frozen=True)
class Expression:
    """An expression that the server evaluates.

    key: what makes two of them equal. kind: the type of its value; None for what has none.
    size: how many expressions it is made of, each counted as often as it is evaluated.
    parameters: of a function, which is what other expressions apply; None for all else.
    cell: what a variable or a parameter has its value in.
    returned: the types that the statements in it return from the function around them.
    """

    krpc_owned: ClassVar = True
    key: tuple[Any, ...]
    kind: WireType | None = field(compare=False)
    evaluate: Callable[[], Any] = field(compare=False, repr=False)
    size: int = field(default=1, compare=False)
    parameters: tuple[Expression, ...] | None = field(default=None, compare=False, repr=False)
    cell: Cell | None = field(default=None, compare=False, repr=False)
    returned: tuple[WireType | None, ...] = field(default=(), compare=False, repr=False)

    @hidden
    def run(self) -> Any:
        """Return its value: of a function, of one without parameters.

        Raises:
            InvalidOperationException: it takes too many steps, or wants arguments.
        """
        if self.parameters:
            raise InvalidOperationException(
                f"the function wants {len(self.parameters)} arguments and gets none"
            )
        BUDGET.left = STEPS
        return self.evaluate()

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
        """The types of the parameters of a function; of all else none."""
        return [Type(value_kind(parameter)) for parameter in self.parameters or ()]

    @staticmethod
    def constant_double(value: float) -> Expression:
        """Double precision constant."""
        return constant("double", value, DOUBLE)

    @staticmethod
    def constant_float(value: Float) -> Expression:
        """Single precision constant."""
        return constant("float", value, FLOAT)

    @staticmethod
    def constant_int(value: int) -> Expression:
        """Integer constant."""
        return constant("int", value, INT)

    @staticmethod
    def constant_bool(value: bool) -> Expression:
        """Boolean constant."""
        return constant("bool", value, BOOL)

    @staticmethod
    def constant_string(value: str) -> Expression:
        """String constant."""
        if len(value) > KEY_BYTES:
            raise ArgumentException(f"{len(value)} characters; the limit is {KEY_BYTES}")
        return constant("string", value, STRING)

    @staticmethod
    def constant_object(client: Client, value: UInt64) -> Expression:
        """A remote object, by its id."""
        thing = client.host.objects.thing(value, object)
        cls = next(base for base in type(thing).__mro__ if "__krpc__" in vars(base))
        return constant("object", thing, WireType(Code.CLASS, python=cls))

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
        boolean("conditional", condition)
        kinds = {branch.kind for branch in (if_true, if_false) if not _ends(branch)}
        if len(kinds) != 1 or None in kinds:
            raise ArgumentException(f"conditional: {if_true.kind} or {if_false.kind}")
        test, yes, no = condition.evaluate, if_true.evaluate, if_false.evaluate
        operands = (condition, if_true, if_false)
        return made("if", kinds.pop(), lambda: yes() if test() else no(), *operands)

    @staticmethod
    def conditional_and(arg0: Expression, arg1: Expression) -> Expression:
        """Both; the second is evaluated if the first holds."""
        boolean("and", arg0, arg1)
        left, right = arg0.evaluate, arg1.evaluate
        return made("and then", BOOL, lambda: left() and right(), arg0, arg1)

    @staticmethod
    def conditional_or(arg0: Expression, arg1: Expression) -> Expression:
        """Either; the second is evaluated if the first does not hold."""
        boolean("or", arg0, arg1)
        left, right = arg0.evaluate, arg1.evaluate
        return made("or else", BOOL, lambda: left() or right(), arg0, arg1)

    @staticmethod
    def is_null(value: Expression) -> Expression:
        """Whether there is no object."""
        evaluate = value.evaluate
        return made("is null", BOOL, lambda: evaluate() is None, value)

    @staticmethod
    def equal(arg0: Expression, arg1: Expression) -> Expression:
        """Whether both are equal."""
        return binary("==", operator.eq, arg0, arg1, BOOL)

    @staticmethod
    def not_equal(arg0: Expression, arg1: Expression) -> Expression:
        """Whether both differ."""
        return binary("!=", operator.ne, arg0, arg1, BOOL)

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
        boolean("not", arg)
        evaluate = arg.evaluate
        return made("not", BOOL, lambda: not evaluate(), arg)

    @staticmethod
    def negate(arg: Expression) -> Expression:
        """A number with the other sign."""
        return binary("-", operator.sub, constant("int", 0, INT), arg, number(arg, arg))

    @staticmethod
    def add(arg0: Expression, arg1: Expression) -> Expression:
        """The sum."""
        return binary("+", operator.add, arg0, arg1, number(arg0, arg1))

    @staticmethod
    def subtract(arg0: Expression, arg1: Expression) -> Expression:
        """The difference."""
        return binary("-", operator.sub, arg0, arg1, number(arg0, arg1))

    @staticmethod
    def multiply(arg0: Expression, arg1: Expression) -> Expression:
        """The product."""
        return binary("*", operator.mul, arg0, arg1, number(arg0, arg1))

    @staticmethod
    def divide(arg0: Expression, arg1: Expression) -> Expression:
        """The quotient; of integers, without its fraction."""
        return binary("/", divide, arg0, arg1, number(arg0, arg1))

    @staticmethod
    def modulo(arg0: Expression, arg1: Expression) -> Expression:
        """The remainder, with the sign of the first."""
        return binary("%", modulo, arg0, arg1, number(arg0, arg1))

    @staticmethod
    def power(arg0: Expression, arg1: Expression) -> Expression:
        """The first to the power of the second."""
        number(arg0, arg1)
        return binary("**", power, arg0, arg1, DOUBLE)

    @staticmethod
    def cast(arg: Expression, type: Type) -> Expression:
        """A number as a number of another type."""
        number(arg, arg)
        if type.kind.code not in NUMBERS:
            raise ArgumentException(f"cast: expected the type of a number, got {type.kind}")
        convert = float if type.kind in (DOUBLE, FLOAT) else int
        evaluate = arg.evaluate
        return made(f"cast {type.kind}", type.kind, lambda: convert(evaluate()), arg)

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

        return made("get", kind, evaluate, arg, index)


def value_kind(expression: Expression, what: str = "expression") -> WireType:
    """Return the type of the value. Raises ArgumentException if there is none."""
    if expression.kind is None:
        raise ArgumentException(f"{what}: an operand has no value")
    return expression.kind


def operation(function: Callable[..., Expression]) -> Callable[..., Expression]:
    """Make a function a static method of Expression, under its own name."""
    setattr(Expression, function.__name__, staticmethod(function))
    return function


def constant(name: str, value: Any, kind: WireType) -> Expression:
    return Expression((name, value), kind, lambda: value)


def _call(client: Client, call: KRPC.ProcedureCall, computed: dict[int, Expression]) -> Expression:
    procedure = client.host.find(call.service, call.procedure, client.dialect)
    for position, expression in computed.items():
        kinds = [parameter.kind for parameter in procedure.parameters]
        if not (0 <= position < len(kinds) and fits(expression.kind, kinds[position])):
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
    size = 1 + total_size(*computed.values())
    kind = None if procedure.result.code is Code.NONE else procedure.result
    run = prepared.run
    if procedure.result.code in (Code.LIST, Code.SET, Code.DICTIONARY):
        run = _copied(prepared.run)  # statements may change what they get
    return Expression(key + more, kind, run, size)


def _copied(run: Callable[[], Any]) -> Callable[[], Any]:
    return lambda: None if (found := run()) is None else found.copy()


def fits(kind: WireType | None, wanted: WireType) -> bool:
    """Return whether a value of `kind` can be given for `wanted`."""
    if kind is None:
        return False
    if wanted.code in NUMBERS:
        return kind.code in NUMBERS and NUMBERS.index(kind.code) <= NUMBERS.index(wanted.code)
    return replace(kind, nullable=False) == replace(wanted, nullable=False) and (
        wanted.nullable or not kind.nullable or kind.code is Code.CLASS
    )


def _ends(branch: Expression) -> bool:
    """Return whether a branch raises an exception, and so needs no value."""
    last = branch.key[-1] if branch.key[0] == "block" else branch
    return bool(str(last.key[0]).startswith("throw "))


def boolean(name: str, *operands: Expression) -> None:
    for operand in operands:
        if operand.kind != BOOL:
            raise ArgumentException(f"{name}: expected a bool, got {operand.kind}")


def total_size(*operands: Expression) -> int:
    """Return how large expressions are together. Raises ArgumentException above the limit."""
    size = sum(operand.size for operand in operands)
    if size >= LARGEST:
        raise ArgumentException(f"an expression of {size + 1} parts; the limit is {LARGEST}")
    return size


def made(
    name: str, kind: WireType | None, evaluate: Callable[[], Any], *operands: Expression
) -> Expression:
    returned = tuple(kind for operand in operands for kind in operand.returned)
    size = 1 + total_size(*operands)
    return Expression((name, *operands), kind, evaluate, size, returned=returned)


def binary(
    name: str, work: Callable[[Any, Any], Any], a: Expression, b: Expression, kind: WireType
) -> Expression:
    for operand in (a, b):
        value_kind(operand, name)
    left, right = a.evaluate, b.evaluate
    return made(name, kind, lambda: work(left(), right()), a, b)


def _compared(
    name: str, work: Callable[[Any, Any], Any], a: Expression, b: Expression
) -> Expression:
    if not (a.kind == b.kind == STRING):
        number(a, b)
    return binary(name, work, a, b, BOOL)


def _bits(name: str, work: Callable[[Any, Any], Any], a: Expression, b: Expression) -> Expression:
    if a.kind != b.kind or a.kind not in (BOOL, INT):
        raise ArgumentException(
            f"{name}: expected two booleans or integers, got {a.kind}, {b.kind}"
        )
    return binary(name, work, a, b, a.kind)


def number(a: Expression, b: Expression) -> WireType:
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
