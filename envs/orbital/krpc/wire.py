"""Bytes of the protocol: varints, length-prefixed frames, and the fields of small messages.

Messages that are sent thousands of times a second are written here by hand; whatever is read from
a client goes through protobuf, which knows every way to be malformed.
"""

from __future__ import annotations

from collections.abc import Iterable

from helmsight.envs.orbital.krpc.errors import MalformedMessage

MAX_FRAME = 1 << 20  # bytes; a request of a client is some hundred
MAX_RESPONSE = 4 << 20  # bytes of results in one message to a client
LENGTH_BYTES = 5  # a varint of 32 bits
BYTE = tuple(bytes((value,)) for value in range(256))


def varint(value: int) -> bytes:
    """Return an unsigned integer of up to 64 bits as a varint."""
    if value < 128:
        return BYTE[value]
    out = bytearray()
    while value > 127:
        out.append(value & 127 | 128)
        value >>= 7
    out.append(value)
    return bytes(out)


def read_varint(data: bytes, start: int = 0) -> tuple[int, int]:
    """Return (value, position after it) of the varint at `start`.

    Raises:
        MalformedMessage: it is cut off, or longer than 64 bits.
    """
    value = shift = 0
    for position in range(start, min(len(data), start + 10)):
        byte = data[position]
        value |= (byte & 127) << shift
        if byte < 128:
            if value >> 64:
                break
            return value, position + 1
        shift += 7
    raise MalformedMessage(f"expected a varint of 64 bits, found {data[start : start + 10].hex()}")


def zigzag(value: int) -> int:
    """Return a signed integer as an unsigned one: 0, -1, 1, -2 become 0, 1, 2, 3."""
    return value << 1 if value >= 0 else (-value << 1) - 1


def unzigzag(value: int) -> int:
    """Return the signed integer behind `value`."""
    return value >> 1 if value & 1 == 0 else -(value >> 1) - 1


def sized(data: bytes) -> bytes:
    """Return `data` behind its length."""
    return varint(len(data)) + data


def field(number: int, data: bytes) -> bytes:
    """Return a length-delimited field of a message."""
    return BYTE[number << 3 | 2] + varint(len(data)) + data


def repeated(items: Iterable[bytes]) -> bytes:
    """Return a message of one repeated field: Tuple, List, Set and Dictionary are all alike."""
    return b"".join([b"\x0a" + varint(len(item)) + item for item in items])


class Frames:
    """Cuts what a client sends into messages, each behind its length as a varint.

    What is kept of an incomplete message never exceeds `limit` bytes.
    """

    def __init__(self, limit: int = MAX_FRAME) -> None:
        self.limit = limit
        self._buffer = bytearray()
        self._at = 0

    def feed(self, data: bytes | bytearray | memoryview) -> None:
        """Take what arrived."""
        if self._at:
            del self._buffer[: self._at]
            self._at = 0
        self._buffer += data

    def next(self) -> bytes | None:
        """Return the next whole message, None when more bytes are needed.

        Raises:
            MalformedMessage: a length that no message has; there is no way back into step.
        """
        buffer, start = self._buffer, self._at
        size = shift = 0
        for position in range(start, len(buffer)):
            byte = buffer[position]
            size |= (byte & 127) << shift
            if byte < 128:
                break
            shift += 7
            if shift >= 7 * LENGTH_BYTES:
                raise MalformedMessage("the length of a message does not end")
        else:
            return None
        if size > self.limit:
            raise MalformedMessage(f"a message of {size} bytes; the limit is {self.limit}")
        begin = position + 1
        if len(buffer) - begin < size:
            return None
        self._at = begin + size
        return bytes(buffer[begin : self._at])

    def __len__(self) -> int:
        return len(self._buffer) - self._at
