"""The wire format of our own servo firmware `helm`; the whole of it is in docs/helm-protocol.md.

A frame: `A5, length, ~length, sequence, command, payload, CRC-16`. Length with its complement
rather than COBS, because then every single flipped bit is found by construction: in the length by
the complement, in the rest by the CRC, while a flipped COBS code moves the frame's own zeros.
"""

from __future__ import annotations

import binascii
import struct
from dataclasses import dataclass
from enum import IntEnum, IntFlag
from typing import Any, Self

from helmsight.hardware.framing import Packets

PROTOCOL = 1
NAME = b"helm"
SYNC = 0xA5
HEADER = 5
MAX_PAYLOAD = 48
MAX_FRAME = HEADER + MAX_PAYLOAD + 2
REPLY = 0x80  # or-ed to the command in an answer
# Of the sequence numbers for which no byte of a HELLO is a command to a G-code controller (which
# acts on `!`, `?`, `~`, 0x18 and 0x80 to 0xA4): a probe must not move what it does not know.
HELLO_SEQUENCE = 0x01

CHANNELS = 6
NO_CHANNEL = 0xFF
TICKS_PER_US = 2  # a pulse width is counted in ticks of 0.5 us
WIDTH_MIN, WIDTH_MAX = 1000, 5000  # ticks; the firmware drives nothing beyond them
SPEED_MIN, SPEED_MAX = 200, 32000  # ticks a second
BEAT_S = 0.02  # of the firmware: one pulse a channel, one step of a trajectory
DURATION_MAX_MS = 2000
WATCHDOG_MIN_MS, WATCHDOG_DEFAULT_MS, WATCHDOG_MAX_MS = 100, 500, 1000


class HelmCommand(IntEnum):
    """What a host asks; an answer carries the same number or-ed with REPLY."""

    HELLO = 1
    CONFIG = 2
    WATCHDOG = 3
    ARM = 4
    MOVE = 5
    HOLD = 6
    STOP = 7
    RESET = 8
    RELEASE = 9
    STATE = 10


class Status(IntEnum):
    """The first byte of every answer."""

    OK = 0
    UNKNOWN_COMMAND = 1
    BAD_LENGTH = 2
    BAD_VALUE = 3
    UNCONFIGURED = 4
    OUT_OF_LIMITS = 5
    NOT_ARMED = 6
    STOPPED = 7
    ENERGISED = 8
    SEQUENCE_REUSED = 9


class BoardMode(IntEnum):
    """What the board says of itself."""

    RELEASED = 0
    READY = 1
    MOVING = 2
    HELD = 3
    STOPPED = 4


class Flag(IntFlag):
    """Bits of a STATE answer."""

    WATCHDOG = 1
    WATCHDOG_RESET = 2
    BROWN_OUT = 4


@dataclass(frozen=True)
class HelmFrame:
    """One frame, either way."""

    sequence: int
    command: int
    payload: bytes = b""

    def encode(self) -> bytes:
        """Return the frame's bytes. Raises ValueError for what does not fit a frame."""
        length = len(self.payload)
        if length > MAX_PAYLOAD:
            raise ValueError(f"payload of {length} bytes; expected {MAX_PAYLOAD} at most")
        body = bytes((length, length ^ 0xFF, self.sequence, self.command)) + self.payload
        return bytes((SYNC,)) + body + struct.pack("<H", crc16(body))


def crc16(data: bytes) -> int:
    """Return CRC-16/IBM-3740 (polynomial 0x1021, start 0xFFFF): 0x29B1 for b"123456789"."""
    return binascii.crc_hqx(data, 0xFFFF)


def scan(data: bytes) -> tuple[int, HelmFrame | None] | None:
    """Look for a frame at the start of `data`; the contract is helmsight.hardware.framing.Scan."""
    if not begins(data):
        return 1, None
    whole = HEADER + data[1] + 2 if len(data) > 1 else HEADER
    if len(data) < whole:
        return None
    if crc16(data[1 : whole - 2]) != struct.unpack_from("<H", data, whole - 2)[0]:
        return 1, None
    return whole, HelmFrame(data[3], data[4], bytes(data[HEADER : whole - 2]))


def begins(data: bytes) -> bool:
    """Return whether `data`, as far as it goes, may be the header of a frame."""
    return (
        data[0] == SYNC
        and (len(data) < 2 or data[1] <= MAX_PAYLOAD)
        and (len(data) < 3 or data[1] ^ data[2] == 0xFF)
    )


def packets() -> Packets[HelmFrame]:
    """Return a deframer for either end."""
    return Packets(scan, MAX_FRAME)


@dataclass(frozen=True)
class Config:
    """Limits of one channel: widths in ticks, speed in ticks a second.

    start: the width that pulses begin with when the channel is armed.
    """

    channel: int
    lower: int
    upper: int
    start: int
    speed: int

    def encode(self) -> bytes:
        """Return the payload of CONFIG."""
        return struct.pack("<B4H", self.channel, self.lower, self.upper, self.start, self.speed)


@dataclass(frozen=True)
class Move:
    """Absolute targets in ticks for the channels of `mask`; the others are not looked at."""

    mask: int
    duration_ms: int
    targets: tuple[int, ...]

    def encode(self) -> bytes:
        """Return the payload of MOVE."""
        return struct.pack(f"<BH{CHANNELS}H", self.mask, self.duration_ms, *self.targets)


@dataclass(frozen=True)
class Hello:
    """Who answers. build: the first 32 bits of the SHA-256 of the firmware's sources."""

    protocol: int
    channels: int
    name: bytes
    version: tuple[int, int, int]
    build: int

    _FORM = struct.Struct("<BB4s3BI")

    def encode(self) -> bytes:
        """Return the answer to HELLO, after status and channel."""
        return self._FORM.pack(self.protocol, self.channels, self.name, *self.version, self.build)

    @classmethod
    def decode(cls, data: bytes) -> Self:
        """Return what `data` says. Raises ValueError when it is no such answer."""
        try:
            protocol, channels, name, major, minor, patch, build = cls._FORM.unpack(data)
        except struct.error as error:
            raise ValueError(f"HELLO answered with {len(data)} bytes: {error}") from None
        return cls(protocol, channels, name, (major, minor, patch), build)


@dataclass(frozen=True)
class HelmReport:
    """The answer to STATE. Widths in ticks, velocities in ticks a second.

    driven is what the board drives, not what the horn does: hobby servos report nothing.
    """

    mode: BoardMode
    flags: Flag
    armed: int
    configured: int
    uptime_ms: int
    watchdog_ms: int
    bad_frames: int
    dropped_bytes: int
    overruns: int
    trips: int
    duplicates: int
    driven: tuple[int, ...]
    velocity: tuple[int, ...]

    _FORM = struct.Struct(f"<4BI6H{CHANNELS}H{CHANNELS}h")

    def encode(self) -> bytes:
        """Return the answer to STATE, after status and channel."""
        return self._FORM.pack(
            self.mode, self.flags, self.armed, self.configured, self.uptime_ms, self.watchdog_ms,
            self.bad_frames, self.dropped_bytes, self.overruns, self.trips, self.duplicates,
            *self.driven, *self.velocity,
        )  # fmt: skip

    @classmethod
    def decode(cls, data: bytes) -> Self:
        """Return what `data` says. Raises ValueError when it is no such answer."""
        try:
            values = cls._FORM.unpack(data)
        except struct.error as error:
            raise ValueError(f"STATE answered with {len(data)} bytes: {error}") from None
        mode, flags, *counts = values[:11]
        widths = values[11 : 11 + CHANNELS], values[11 + CHANNELS :]
        fields: list[Any] = [BoardMode(mode), Flag(flags), *counts, *widths]
        return cls(*fields)
