"""The types of expressions, as objects that clients ask about."""

from __future__ import annotations

from dataclasses import dataclass
from enum import IntEnum
from typing import Any

from helmsight.envs.orbital.krpc.types import NAMED, Code, WireType, mark

BOOL, INT, FLOAT, DOUBLE, STRING = (
    WireType(code) for code in (Code.BOOL, Code.SINT32, Code.FLOAT, Code.DOUBLE, Code.STRING)
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
