"""The types of expressions, as objects that clients ask about."""

from __future__ import annotations

from dataclasses import dataclass, replace
from enum import IntEnum
from typing import Any

from helmsight.envs.orbital.krpc.client import Client
from helmsight.envs.orbital.krpc.errors import ArgumentException
from helmsight.envs.orbital.krpc.types import HOLDS_NULL, NAMED, Code, WireType, mark, wire_type

BOOL, INT, FLOAT, DOUBLE, STRING = (
    WireType(code) for code in (Code.BOOL, Code.SINT32, Code.FLOAT, Code.DOUBLE, Code.STRING)
)
LONG, UINT, ULONG, BYTES = (
    WireType(code) for code in (Code.SINT64, Code.UINT32, Code.UINT64, Code.BYTES)
)
NUMBERS = (Code.SINT32, Code.SINT64, Code.UINT32, Code.UINT64, Code.FLOAT, Code.DOUBLE)


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

    kind: WireType

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
        return [Type(item) for item in self.kind.items] if self.kind.code is not Code.STRUCT else []

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

    @staticmethod
    def long() -> Type:
        """Signed 64 bit integer."""
        return Type(LONG)

    @staticmethod
    def u_int() -> Type:
        """Unsigned 32 bit integer."""
        return Type(UINT)

    @staticmethod
    def u_long() -> Type:
        """Unsigned 64 bit integer."""
        return Type(ULONG)

    @staticmethod
    def bytes_() -> Type:
        """Bytes."""
        return Type(BYTES)

    @staticmethod
    def class_type(client: Client, service: str, name: str) -> Type:
        """A class of a service."""
        return declared_type(client, service, name, Code.CLASS)

    @staticmethod
    def enumeration_type(client: Client, service: str, name: str) -> Type:
        """An enumeration of a service."""
        return declared_type(client, service, name, Code.ENUMERATION)

    @staticmethod
    def struct_type(client: Client, service: str, name: str) -> Type:
        """A structure of a service."""
        return declared_type(client, service, name, Code.STRUCT)

    @staticmethod
    def tuple_type(value_types: list[Type]) -> Type:
        """A tuple."""
        return Type(WireType(Code.TUPLE, tuple(item.kind for item in value_types)))

    @staticmethod
    def list_type(value_type: Type) -> Type:
        """A list."""
        return Type(WireType(Code.LIST, (value_type.kind,)))

    @staticmethod
    def set_type(value_type: Type) -> Type:
        """A set."""
        return Type(WireType(Code.SET, (value_type.kind,)))

    @staticmethod
    def dictionary_type(key_type: Type, value_type: Type) -> Type:
        """A dictionary."""
        return Type(WireType(Code.DICTIONARY, (key_type.kind, value_type.kind)))

    @staticmethod
    def nullable_type(value_type: Type) -> Type:
        """The type with null among its values."""
        return Type(nullable(value_type.kind))


def nullable(kind: WireType) -> WireType:
    """Return a type with null among its values. Raises ArgumentException if it cannot hold null."""
    if kind.code not in HOLDS_NULL:
        raise ArgumentException(f"{kind} cannot hold null: only classes and collections can")
    return replace(kind, nullable=True)


def declared_type(client: Client, service: str, name: str, code: Code) -> Type:
    """Return a type that a service declares.

    Raises:
        ArgumentException: it declares none of that name and kind.
    """
    for candidate in client.host.services:
        cls = candidate.types.get(name)
        if candidate.name == service and cls is not None and mark(cls)[0] is code:
            return Type(wire_type(cls))
    raise ArgumentException(f"no service declares the {code.name.lower()} {service}.{name}"[:200])
