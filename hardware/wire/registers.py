"""Registers of smart servos: where they lie, how wide they are, how their numbers are written."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass


@dataclass(frozen=True)
class Register:
    """One register, little-endian.

    sign_bit: this bit is the sign and the bits below it the magnitude; None: none of that.
    signed: two's complement. lower (0 where only upper
    is given), upper: the values that may be written, in register units.
    """

    address: int
    size: int = 1
    writable: bool = True
    sign_bit: int | None = None
    signed: bool = False
    lower: int | None = None
    upper: int | None = None

    @property
    def end(self) -> int:
        """The first address after it."""
        return self.address + self.size

    def fits(self, value: int) -> bool:
        """Whether `value` may be written; without bounds everything may."""
        if self.upper is None:
            return self.lower is None or value >= self.lower
        return (self.lower or 0) <= value <= self.upper

    def decode(self, data: bytes) -> int:
        """Return the number that `size` bytes stand for."""
        value = int.from_bytes(data, "little", signed=self.signed)
        return value if self.sign_bit is None else from_sign_magnitude(value, self.sign_bit)

    def found_in(self, table: bytes) -> int:
        """Return the number in a table that begins at address 0."""
        return self.decode(table[self.address : self.end])

    def encode(self, value: int) -> bytes:
        """Return the bytes of a number. Raises OverflowError when they cannot hold it."""
        if self.sign_bit is not None:
            value = to_sign_magnitude(value, self.sign_bit)
        return value.to_bytes(self.size, "little", signed=self.signed)


Registers = Mapping[str, Register]


def one_byte(registers: Registers) -> dict[str, int]:
    """Return where the registers lie whose byte is their number."""
    return {
        name: register.address
        for name, register in registers.items()
        if register.size == 1 and register.sign_bit is None and not register.signed
    }


def from_sign_magnitude(value: int, sign_bit: int) -> int:
    """Return the number whose magnitude is below `sign_bit`."""
    magnitude = value & ((1 << sign_bit) - 1)
    return -magnitude if value >> sign_bit & 1 else magnitude


def to_sign_magnitude(value: int, sign_bit: int) -> int:
    """Return `value` as sign bit and magnitude. Raises OverflowError beyond the magnitude."""
    if abs(value) >= 1 << sign_bit:
        raise OverflowError(f"{value} does not fit below sign bit {sign_bit}")
    return abs(value) | (1 << sign_bit if value < 0 else 0)
