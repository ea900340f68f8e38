"""Further constants, structures and shifts of bits in expressions."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, get_type_hints

from helmsight.envs.orbital.krpc.client import Client
from helmsight.envs.orbital.krpc.errors import ArgumentException
from helmsight.envs.orbital.krpc.expression_types import (
    BYTES,
    INT,
    LONG,
    UINT,
    ULONG,
    Type,
    declared_type,
    nullable,
)
from helmsight.envs.orbital.krpc.expressions import (
    Expression,
    constant,
    fits,
    made,
    operation,
    value_kind,
)
from helmsight.envs.orbital.krpc.host import KEY_BYTES
from helmsight.envs.orbital.krpc.types import Code, Long, UInt32, UInt64, WireType, wire_type

BITS = {Code.SINT32: 32, Code.SINT64: 64, Code.UINT32: 32, Code.UINT64: 64}
SIGNED = (Code.SINT32, Code.SINT64)


@operation
def constant_long(value: Long) -> Expression:
    """Constant of 64 bits."""
    return constant("long", value, LONG)


@operation
def constant_u_int(value: UInt32) -> Expression:
    """Constant of 32 bits without a sign."""
    return constant("uint", value, UINT)


@operation
def constant_u_long(value: UInt64) -> Expression:
    """Constant of 64 bits without a sign."""
    return constant("ulong", value, ULONG)


@operation
def constant_bytes(value: bytes) -> Expression:
    """Constant of bytes."""
    if len(value) > KEY_BYTES:
        raise ArgumentException(f"{len(value)} bytes; the limit is {KEY_BYTES}")
    return constant("bytes", value, BYTES)


@operation
def constant_enum(client: Client, service: str, name: str, value: int) -> Expression:
    """A member of an enumeration."""
    kind = declared_type(client, service, name, Code.ENUMERATION).kind
    assert kind.python is not None
    try:
        member = kind.python(value)
    except ValueError:
        raise ArgumentException(f"{value} is no {service}.{name}"[:200]) from None
    return constant(f"enum {service}.{name}", member, kind)


@operation
def constant_null(type: Type) -> Expression:
    """Null, as a value of a type."""
    kind = nullable(type.kind)
    return Expression(("null", kind), kind, lambda: None)


def _fields(kind: WireType | None) -> dict[str, WireType]:
    """Return the fields of a structure by the names that clients have for them."""
    if kind is None or kind.code is not Code.STRUCT:
        raise ArgumentException(f"expected a structure, got {kind}")
    assert kind.python is not None
    hints = get_type_hints(kind.python, include_extras=True)
    return {name.replace("_", "").lower(): wire_type(hint) for name, hint in hints.items()}


@operation
def create_struct(type: Type, field_values: list[Expression]) -> Expression:
    """A structure with these fields, in their order."""
    kind, wanted = type.kind, list(_fields(type.kind).values())
    if len(wanted) != len(field_values) or not all(
        fits(value.kind, field) for value, field in zip(field_values, wanted, strict=True)
    ):
        told, got = (", ".join(map(str, k)) for k in (wanted, [v.kind for v in field_values]))
        raise ArgumentException(f"structure: expected {told}; got {got}")
    build: Callable[..., Any] = kind.python  # type: ignore[assignment]
    return made(
        f"structure {kind}", kind, lambda: build(*(v.evaluate() for v in field_values)),
        *field_values,
    )  # fmt: skip


@operation
def get_field(arg: Expression, name: str) -> Expression:
    """The field of a structure."""
    fields = _fields(arg.kind)
    plain = name.replace("_", "").lower()
    if plain not in fields:
        raise ArgumentException(f"{arg.kind} has no field {name[:80]!r}; it has {[*fields]}")
    place = list(fields).index(plain)
    return made(f"field {plain}", fields[plain], lambda: arg.evaluate()[place], arg)


def _shifted(name: str, arg0: Expression, arg1: Expression, work: Callable[..., int]) -> Expression:
    kind = value_kind(arg0, name)
    if kind.code not in BITS or arg1.kind != INT:
        raise ArgumentException(f"{name}: expected integers, got {kind} and {arg1.kind}")
    bits, signed = BITS[kind.code], kind.code in SIGNED

    def evaluate() -> int:
        value = work(arg0.evaluate(), arg1.evaluate() & (bits - 1)) & ((1 << bits) - 1)
        return value - (1 << bits) if signed and value >> (bits - 1) else value

    return made(name, kind, evaluate, arg0, arg1)


@operation
def left_shift(arg0: Expression, arg1: Expression) -> Expression:
    """An integer with its bits moved to the left."""
    return _shifted("left shift", arg0, arg1, lambda value, by: value << by)


@operation
def right_shift(arg0: Expression, arg1: Expression) -> Expression:
    """An integer with its bits moved to the right."""
    return _shifted("right shift", arg0, arg1, lambda value, by: value >> by)
