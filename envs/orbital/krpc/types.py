"""The types of the protocol: Python annotations to wire types, values to bytes and back.

    float -> double        int -> sint32       tuple[X, Y]  list[X]  set[X]  dict[K, V]
    Float -> float         Long -> sint64      IntEnum, NamedTuple and classes that a service
    bool, str, bytes       UInt32, UInt64      registered, messages of KRPC_pb2, X | None

There are two dialects. Up to kRPC 0.6 null is the object id 0 (or one zero byte for a collection);
from 0.7 on it is told beside the value, and a position inside a collection that can hold null
carries a presence byte.
"""

from __future__ import annotations

import types
import typing
from collections.abc import Iterable
from dataclasses import dataclass, replace
from enum import IntEnum
from typing import Annotated, Any, Protocol

import krpc.schema.KRPC_pb2 as KRPC


class Code(IntEnum):
    """The type codes of the protocol."""

    NONE = 0
    DOUBLE = 1
    FLOAT = 2
    SINT32 = 3
    SINT64 = 4
    UINT32 = 5
    UINT64 = 6
    BOOL = 7
    STRING = 8
    BYTES = 9
    CLASS = 100
    ENUMERATION = 101
    STRUCT = 102
    EVENT = 200
    PROCEDURE_CALL = 201
    STREAM = 202
    STATUS = 203
    SERVICES = 204
    TUPLE = 300
    LIST = 301
    SET = 302
    DICTIONARY = 303


Float = Annotated[float, Code.FLOAT]
Long = Annotated[int, Code.SINT64]
UInt32 = Annotated[int, Code.UINT32]
UInt64 = Annotated[int, Code.UINT64]


class Dialect(IntEnum):
    """How a client speaks; its first message says so (`protocol_version`)."""

    LEGACY = 0  # kRPC up to 0.6
    MODERN = 1  # kRPC 0.7


SCALARS: dict[Any, Code] = {
    type(None): Code.NONE,
    float: Code.DOUBLE,
    int: Code.SINT32,
    bool: Code.BOOL,
    str: Code.STRING,
    bytes: Code.BYTES,
}
MESSAGES: dict[Any, Code] = {
    KRPC.Event: Code.EVENT,
    KRPC.ProcedureCall: Code.PROCEDURE_CALL,
    KRPC.Stream: Code.STREAM,
    KRPC.Status: Code.STATUS,
    KRPC.Services: Code.SERVICES,
}
COLLECTIONS: dict[Any, Code] = {
    tuple: Code.TUPLE,
    list: Code.LIST,
    set: Code.SET,
    dict: Code.DICTIONARY,
}
NAMED = (Code.CLASS, Code.ENUMERATION, Code.STRUCT)
HOLDS_NULL = (Code.CLASS, Code.BYTES, *COLLECTIONS.values())  # in both dialects


@dataclass(frozen=True)
class WireType:
    """A wire type. `items` are the types inside it, `python` the class behind a named type."""

    code: Code
    items: tuple[WireType, ...] = ()
    python: type[Any] | None = None
    nullable: bool = False

    @property
    def legacy_items(self) -> tuple[WireType, ...]:
        """What clients before 0.7 know of `items`: some structures were shorter tuples then."""
        return self.items[: getattr(self.python, "krpc_legacy_fields", None)]

    def __str__(self) -> str:
        name = self.python.__name__ if self.python else self.code.name.lower()
        inside = f"({', '.join(map(str, self.items))})" if self.items else ""
        return name + inside + (" or null" if self.nullable else "")


class Objects(Protocol):
    """Where the ids of remote objects are kept; see helmsight.envs.orbital.krpc.objects."""

    def id_of(self, thing: object, cls: type[Any]) -> int: ...

    def thing(self, number: int, cls: type[Any]) -> object: ...


def register(cls: type[Any], code: Code, service: str) -> None:
    """Mark `cls` as the class, enumeration or structure of `service` that has its name."""
    cls.__krpc__ = (code, service)


def mark(cls: type[Any]) -> tuple[Code, str]:
    """Return (code, service) of a class that a service registered.

    Raises:
        TypeError: no service did; a subclass does not inherit the mark.
    """
    noted: tuple[Code, str] | None = vars(cls).get("__krpc__")
    if noted is None:
        raise TypeError(f"{cls.__name__} is in no service: register it, e.g. with @service.remote")
    return noted


def resolve_fields(classes: Iterable[type[Any]], known: dict[str, type[Any]]) -> None:
    """Replace the names of types in the fields of structures by the types; `known` has them."""
    for cls in classes:
        if mark(cls)[0] is Code.STRUCT:
            hints = typing.get_type_hints(cls, localns=known, include_extras=True)
            cls.__annotations__ = hints


def wire_type(annotation: Any) -> WireType:
    """Return the wire type of a resolved annotation.

    Raises:
        TypeError: the protocol has no such type, or null where one dialect cannot tell it.
    """
    origin, arguments = typing.get_origin(annotation), typing.get_args(annotation)
    if origin is Annotated and isinstance(arguments[1], Code):
        return WireType(arguments[1])
    if origin in (typing.Union, types.UnionType):
        others = [argument for argument in arguments if argument is not type(None)]
        if len(others) != 1 or len(others) == len(arguments):
            raise TypeError(f"{annotation}: a union can only be X | None")
        kind = wire_type(others[0])
        if kind.code not in HOLDS_NULL:
            raise TypeError(f"{annotation}: only classes and collections can be null before 0.7")
        return replace(kind, nullable=True)
    if origin in COLLECTIONS:
        return WireType(COLLECTIONS[origin], tuple(wire_type(argument) for argument in arguments))
    for known in (SCALARS, MESSAGES):
        if annotation in known:
            return WireType(known[annotation], python=annotation if known is MESSAGES else None)
    if annotation is None:
        return WireType(Code.NONE)
    if isinstance(annotation, type):
        code = mark(annotation)[0]
        items: tuple[WireType, ...] = ()
        if code is Code.STRUCT:
            fields = typing.get_type_hints(annotation, include_extras=True)
            items = tuple(wire_type(hint) for hint in fields.values())
        return WireType(code, items, annotation)
    raise TypeError(f"{annotation!r} is no type of the protocol; see envs/orbital/krpc/types.py")


def describe(kind: WireType, dialect: Dialect) -> KRPC.Type:
    """Return the type as GetServices tells it. Older clients know no structures and no nullable."""
    legacy = dialect is Dialect.LEGACY
    code = Code.TUPLE if legacy and kind.code is Code.STRUCT else kind.code
    message = KRPC.Type(code=int(code))  # type: ignore[arg-type]
    if code in NAMED:
        assert kind.python is not None
        message.service, message.name = mark(kind.python)[1], kind.python.__name__
    if code is not Code.STRUCT:
        items = kind.legacy_items if legacy else kind.items
        message.types.extend(describe(item, dialect) for item in items)
    if kind.nullable and not legacy:
        message.nullable = True
    return message
