"""Values to bytes and back: one pair of functions for every wire type, made once per server.

Bytes after a number or a text are left alone, as kRPC does: krpc-node sends the rest of its buffer.
"""

from __future__ import annotations

import struct
from collections.abc import Callable
from enum import IntEnum
from functools import partial
from typing import Any

import krpc.schema.KRPC_pb2 as KRPC
from google.protobuf.message import DecodeError

from helmsight.envs.orbital.krpc.errors import MalformedMessage
from helmsight.envs.orbital.krpc.types import MESSAGES, Code, Dialect, Objects, WireType
from helmsight.envs.orbital.krpc.wire import (
    field,
    read_varint,
    repeated,
    sized,
    unzigzag,
    varint,
    zigzag,
)

Encode = Callable[[Any], bytes]
Decode = Callable[[bytes], Any]

DOUBLE = struct.Struct("<d")
FLOAT = struct.Struct("<f")
DOUBLES = {n: struct.Struct("<" + "2sd" * n) for n in (2, 3, 4)}  # tuples of n doubles
ITEM = b"\x0a\x08"  # the head of a double in a collection
BITS = {Code.SINT32: 32, Code.SINT64: 64, Code.UINT32: 32, Code.UINT64: 64}
INFINITY = float("inf")
NULL = b"\x00"  # before 0.7: of a class, and of a collection


class Values:
    """The values of one server in one dialect. `objects` keeps the ids of remote objects."""

    def __init__(self, dialect: Dialect, objects: Objects) -> None:
        self.dialect = dialect
        self.objects = objects
        self._made: dict[WireType, tuple[Encode, Decode]] = {}

    def encoder(self, kind: WireType) -> Encode:
        """Return what writes a value of `kind`, other than null. Raises TypeError, ValueError."""
        return self._pair(kind)[0]

    def decoder(self, kind: WireType) -> Decode:
        """Return what reads a value of `kind`; it raises MalformedMessage, ArgumentException."""
        return self._pair(kind)[1]

    def _pair(self, kind: WireType) -> tuple[Encode, Decode]:
        if kind not in self._made:
            pair = self._make(kind)
            if kind.nullable and self.dialect is Dialect.LEGACY:
                pair = _legacy_null(*pair)
            self._made[kind] = pair
        return self._made[kind]

    def _make(self, kind: WireType) -> tuple[Encode, Decode]:
        code = kind.code
        if code in SCALARS:
            return SCALARS[code]
        if code in BITS:
            return _integer(BITS[code], signed=code in (Code.SINT32, Code.SINT64))
        if code in MESSAGES.values():
            return _message(kind)
        if code is Code.ENUMERATION:
            return _enumeration(kind)
        if code is Code.CLASS:
            return self._object(kind)
        kinds = kind.legacy_items if self.dialect is Dialect.LEGACY else kind.items
        items = [self._item(item) for item in kinds]
        if code is Code.STRUCT and kinds != kind.items:
            return _shorter(kind, _tuple(WireType(Code.TUPLE, kinds), items))
        if code in (Code.TUPLE, Code.STRUCT):
            return _tuple(kind, items)
        if code is Code.DICTIONARY:
            return _dictionary(items[0], items[1])
        return _sequence(items[0], list if code is Code.LIST else set)

    def _item(self, kind: WireType) -> tuple[Encode, Decode]:
        """Return the pair for a position inside a collection."""
        encode, decode = self._pair(kind)
        if not kind.nullable or self.dialect is Dialect.LEGACY:
            return encode, decode

        def read(data: bytes) -> Any:
            if not data:
                raise MalformedMessage("a position that can hold null has no presence byte")
            return decode(data[1:]) if data[0] else None

        return lambda value: b"\x00" if value is None else b"\x01" + encode(value), read

    def _object(self, kind: WireType) -> tuple[Encode, Decode]:
        objects, cls = self.objects, kind.python
        assert cls is not None

        def read(data: bytes) -> Any:
            return objects.thing(_whole(data), cls)

        return lambda thing: varint(objects.id_of(thing, cls)), read


def _legacy_null(encode: Encode, decode: Decode) -> tuple[Encode, Decode]:
    return (
        lambda value: NULL if value is None else encode(value),
        lambda data: None if data[:1] == NULL else decode(data),
    )


def _whole(data: bytes) -> int:
    return read_varint(data)[0]


def _integer(bits: int, *, signed: bool) -> tuple[Encode, Decode]:
    low, high = (-1 << bits - 1, (1 << bits - 1) - 1) if signed else (0, (1 << bits) - 1)

    def write(value: Any) -> bytes:
        if not low <= value <= high:
            raise ValueError(f"{value} does not fit into {bits} bits")
        return varint(zigzag(int(value)) if signed else int(value))

    def read(data: bytes) -> int:
        value = unzigzag(_whole(data)) if signed else _whole(data)
        if not low <= value <= high:
            raise MalformedMessage(f"{value} does not fit into {bits} bits")
        return value

    return write, read


def _fixed(form: struct.Struct) -> tuple[Encode, Decode]:
    def write(value: Any) -> bytes:
        try:
            return form.pack(value)
        except OverflowError:  # beyond the range of a float32
            return form.pack(INFINITY if value > 0 else -INFINITY)

    def read(data: bytes) -> Any:
        if len(data) < form.size:
            raise MalformedMessage(f"expected {form.size} bytes of a number, found {len(data)}")
        return form.unpack_from(data)[0]

    return write, read


def _read_bytes(data: bytes) -> bytes:
    size, start = read_varint(data)
    if len(data) - start < size:
        raise MalformedMessage(f"expected {size} bytes, found {len(data) - start}")
    return data[start : start + size]


def _read_string(data: bytes) -> str:
    try:
        return _read_bytes(data).decode("utf-8")
    except UnicodeDecodeError:
        raise MalformedMessage("a string that is not UTF-8") from None


SCALARS: dict[Code, tuple[Encode, Decode]] = {
    Code.NONE: (lambda value: b"", lambda data: None),
    Code.DOUBLE: _fixed(DOUBLE),
    Code.FLOAT: _fixed(FLOAT),
    Code.BOOL: (lambda value: b"\x01" if value else b"\x00", lambda data: _whole(data) != 0),
    Code.STRING: (lambda value: sized(value.encode("utf-8")), _read_string),
    Code.BYTES: (lambda value: sized(bytes(value)), _read_bytes),
}


def _message(kind: WireType) -> tuple[Encode, Decode]:
    assert kind.python is not None
    return lambda value: bytes(value.SerializeToString()), partial(parse, kind.python)


def parse(cls: Any, data: bytes) -> Any:
    """Return the protobuf message of class `cls` in `data`.

    Raises:
        MalformedMessage: there is none.
    """
    try:
        return cls.FromString(data)
    except DecodeError:
        raise MalformedMessage(f"{len(data)} bytes that are no {cls.DESCRIPTOR.name}") from None


def _enumeration(kind: WireType) -> tuple[Encode, Decode]:
    write, whole = _integer(32, signed=True)
    cls = kind.python
    assert cls is not None
    assert issubclass(cls, IntEnum)

    def read(data: bytes) -> IntEnum:
        value = whole(data)
        try:
            return cls(value)
        except ValueError:
            names = ", ".join(member.name for member in cls)
            raise MalformedMessage(f"{value} is no {cls.__name__}; it is one of {names}") from None

    return lambda value: write(cls(value)), read


def _tuple(kind: WireType, items: list[tuple[Encode, Decode]]) -> tuple[Encode, Decode]:
    writers, readers = [encode for encode, _ in items], [decode for _, decode in items]
    build: Callable[[tuple[Any, ...]], Any] = tuple
    if kind.code is Code.STRUCT:
        cls = kind.python
        assert cls is not None
        build = lambda values: cls(*values)  # noqa: E731

    def write(value: Any) -> bytes:
        return repeated(
            [encode(item) for encode, item in zip(writers, value, strict=True)]  # ValueError
        )

    def read(data: bytes) -> Any:
        items = parse(KRPC.Tuple, data).items
        if len(items) != len(readers):
            raise MalformedMessage(f"expected a tuple of {len(readers)}, found {len(items)}")
        return build(tuple([decode(item) for decode, item in zip(readers, items, strict=True)]))

    if all(item.code is Code.DOUBLE for item in kind.items) and len(kind.items) in DOUBLES:
        return _doubles(len(kind.items)), read
    return write, read


def _shorter(kind: WireType, pair: tuple[Encode, Decode]) -> tuple[Encode, Decode]:
    """Return the pair for a structure whose last fields older clients do not know."""
    encode, decode = pair
    cls, size = kind.python, len(kind.legacy_items)
    assert cls is not None
    return lambda value: encode(tuple(value)[:size]), lambda data: cls(*decode(data))


def _doubles(n: int) -> Encode:
    """Return what writes a tuple of n doubles: positions, directions, rotations, all the time."""
    pack = DOUBLES[n].pack
    if n == 3:  # the commonest by far, and unpacking checks its length for nothing

        def vector(value: Any) -> bytes:
            x, y, z = value
            return pack(ITEM, x, ITEM, y, ITEM, z)

        return vector

    def write(value: Any) -> bytes:
        if len(value) != n:
            raise ValueError(f"expected a tuple of {n}, got {len(value)}")
        return pack(*[part for number in value for part in (ITEM, number)])

    return write


def _sequence(item: tuple[Encode, Decode], cls: type[Any]) -> tuple[Encode, Decode]:
    encode, decode = item

    def read(data: bytes) -> Any:
        return cls([decode(item) for item in parse(KRPC.List, data).items])

    return lambda value: repeated([encode(item) for item in value]), read


def _dictionary(
    keys: tuple[Encode, Decode], values: tuple[Encode, Decode]
) -> tuple[Encode, Decode]:
    encode_key, decode_key = keys
    encode_value, decode_value = values

    def write(mapping: Any) -> bytes:
        return repeated(
            [
                field(1, encode_key(key)) + field(2, encode_value(value))
                for key, value in mapping.items()
            ]
        )

    def read(data: bytes) -> Any:
        entries = parse(KRPC.Dictionary, data).entries
        return {decode_key(entry.key): decode_value(entry.value) for entry in entries}

    return write, read
