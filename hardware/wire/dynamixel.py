"""Dynamixel protocol 2.0: packets, and the control table that XL430, XM430 and XM540 share.

`FF FF FD 00 ID LENGTH16 INSTRUCTION PARAMETERS CRC16`; LENGTH counts what follows it, stuffing
included. Sources: ROBOTIS e-Manual, "Protocol 2.0" and "X series control table".
"""

from __future__ import annotations

from dataclasses import dataclass
from enum import IntEnum, IntFlag
from typing import Final

from helmsight.hardware.wire.registers import Register

HEADER: Final = b"\xff\xff\xfd\x00"
BROADCAST: Final = 0xFE
MAX_LENGTH: Final = 1024
BUFFER: Final = MAX_LENGTH + 16  # for `helmsight.hardware.framing.Packets`
MODELS: Final = {1020: "XM430-W350", 1030: "XM430-W210", 1060: "XL430-W250"}
TICKS: Final = 4096  # a turn
VELOCITY_UNIT: Final = 0.229 * TICKS / 60.0  # ticks/s a unit (0.229 rev/min)
ACCELERATION_UNIT: Final = 214.577 * TICKS / 3600.0  # ticks/s^2 a unit (214.577 rev/min^2)
CURRENT_UNIT_A: Final = 0.00269  # XM series; XL series has a load register instead
LOAD_UNIT: Final = 0.001
VOLTAGE_UNIT_V: Final = 0.1
WATCHDOG_UNIT_S: Final = 0.02
IN_POSITION, PROFILE_ONGOING = 0x01, 0x02  # bits of the moving status register (123)
TIME_BASED: Final = 0x04  # bit of the drive mode (10): profile registers are ms, not speeds
TRIPPED: Final = -1
EEPROM_END: Final = 64
POSITION_MODE: Final = 3
EXTENDED_MODE: Final = 4
CURRENT_POSITION_MODE: Final = 5


class DynamixelInstruction(IntEnum):
    """What a host may ask, and STATUS, what a servo says."""

    PING = 0x01
    READ = 0x02
    WRITE = 0x03
    REG_WRITE = 0x04
    ACTION = 0x05
    REBOOT = 0x08
    STATUS = 0x55
    SYNC_READ = 0x82
    SYNC_WRITE = 0x83
    FAST_SYNC_READ = 0x8A
    BULK_READ = 0x92
    BULK_WRITE = 0x93
    FAST_BULK_READ = 0x9A


class InstructionError(IntEnum):
    """Why an instruction was refused: the low bits of a status packet's error."""

    RESULT = 1
    INSTRUCTION = 2
    CRC = 3
    RANGE = 4
    LENGTH = 5
    LIMIT = 6
    ACCESS = 7


ALERT: Final = 0x80  # bit of the error: look at the hardware error register


class DynamixelFault(IntFlag):
    """Bits of the hardware error register (70)."""

    VOLTAGE = 1
    OVERHEAT = 4
    ENCODER = 8
    SHOCK = 16
    OVERLOAD = 32


@dataclass(frozen=True)
class DynamixelPacket:
    """One packet, without its stuffing. A status packet's first parameter is its error."""

    id: int
    instruction: int
    parameters: bytes = b""


def crc16(data: bytes) -> int:
    """Return the CRC (polynomial 0x8005, start 0, not reflected)."""
    crc = 0
    for byte in data:
        crc = (crc << 8 & 0xFFFF) ^ _CRC[crc >> 8 ^ byte]
    return crc


def _crc_of(byte: int) -> int:
    crc = byte << 8
    for _ in range(8):
        crc = (crc << 1 ^ (0x8005 if crc & 0x8000 else 0)) & 0xFFFF
    return crc


_CRC: Final = tuple(_crc_of(byte) for byte in range(256))


def encode(packet: DynamixelPacket) -> bytes:
    """Return the bytes of a packet. Raises ValueError for one that is too long."""
    return frame(packet.id, stuffed(bytes([packet.instruction]) + packet.parameters))


def frame(id_: int, body: bytes) -> bytes:
    """Return header, ID, length, a body that is stuffed already, and CRC."""
    if len(body) + 2 > MAX_LENGTH:
        raise ValueError(f"{len(body)} bytes: at most {MAX_LENGTH - 2} fit a packet")
    head = HEADER + bytes([id_]) + (len(body) + 2).to_bytes(2, "little") + body
    return head + crc16(head).to_bytes(2, "little")


def stuffed(body: bytes) -> bytes:
    """Return `body` with FD after every FF FF FD, so that no header appears in it."""
    return body.replace(b"\xff\xff\xfd", b"\xff\xff\xfd\xfd")


def unstuffed(body: bytes) -> bytes:
    """Return `body` as it was before `stuffed`."""
    return body.replace(b"\xff\xff\xfd\xfd", b"\xff\xff\xfd")


def scan(data: bytes) -> tuple[int, DynamixelPacket | None] | None:
    """Look at the start of a buffer; see `helmsight.hardware.framing.Packets`."""
    start = data.find(HEADER)
    if start:
        kept = 0
        if start < 0:
            kept = next((n for n in (3, 2, 1) if data.endswith(HEADER[:n])), 0)
        size = start if start > 0 else len(data) - kept
        return (size, None) if size else None
    if len(data) < 7:
        return None
    length = int.from_bytes(data[5:7], "little")
    if not 3 <= length <= MAX_LENGTH:
        return 1, None
    size = length + 7
    if len(data) < size:
        return None
    if crc16(data[: size - 2]) != int.from_bytes(data[size - 2 : size], "little"):
        return 1, None
    return size, DynamixelPacket(data[4], data[7], unstuffed(bytes(data[8 : size - 2])))


def _read_only(address: int, size: int = 1, signed: bool = False) -> Register:
    return Register(address, size, writable=False, signed=signed)


def _two(address: int, lower: int | None = None, upper: int | None = None) -> Register:
    return Register(address, 2, lower=lower, upper=upper)


REGISTERS: Final[dict[str, Register]] = {
    "model": _read_only(0, 2),
    "model_information": _read_only(2, 4),
    "firmware": _read_only(6),
    "id": Register(7, upper=252),
    "baud": Register(8, upper=7),
    "return_delay": Register(9, upper=254),
    "drive_mode": Register(10, upper=13),
    "mode": Register(11, upper=16),
    "secondary_id": Register(12),
    "protocol": Register(13, lower=1, upper=22),
    "homing_offset": Register(20, 4, signed=True, lower=-1_044_479, upper=1_044_479),
    "moving_threshold": Register(24, 4, upper=1023),
    "temperature_limit": Register(31, upper=100),
    "max_voltage": _two(32, 60, 160),
    "min_voltage": _two(34, 60, 160),
    "pwm_limit": _two(36, upper=885),
    "current_limit": _two(38, upper=1193),
    "velocity_limit": Register(44, 4, upper=1023),
    "max_position": Register(48, 4, upper=4095),
    "min_position": Register(52, 4, upper=4095),
    "startup": Register(60),
    "shutdown": Register(63),
    "torque_enable": Register(64, upper=1),
    "led": Register(65, upper=1),
    "status_level": Register(68, upper=2),
    "registered": _read_only(69),
    "hardware_error": _read_only(70),
    "velocity_i": _two(76, upper=16383),
    "velocity_p": _two(78, upper=16383),
    "position_d": _two(80, upper=16383),
    "position_i": _two(82, upper=16383),
    "position_p": _two(84, upper=16383),
    "feedforward_2": _two(88, upper=16383),
    "feedforward_1": _two(90, upper=16383),
    "watchdog": Register(98, signed=True, lower=0, upper=127),
    "goal_pwm": Register(100, 2, signed=True, lower=-885, upper=885),
    "goal_current": Register(102, 2, signed=True, lower=-1193, upper=1193),
    "goal_velocity": Register(104, 4, signed=True, lower=-1023, upper=1023),
    "profile_acceleration": Register(108, 4, upper=32767),
    "profile_velocity": Register(112, 4, upper=32767),
    "goal_position": Register(116, 4, signed=True),
    "realtime_tick": _read_only(120, 2),
    "moving": _read_only(122),
    "moving_status": _read_only(123),
    "present_pwm": _read_only(124, 2, signed=True),
    "present_load": _read_only(126, 2, signed=True),  # current on the XM series
    "present_velocity": _read_only(128, 4, signed=True),
    "present_position": _read_only(132, 4, signed=True),
    "velocity_trajectory": _read_only(136, 4),
    "position_trajectory": _read_only(140, 4),
    "present_voltage": _read_only(144, 2),
    "present_temperature": _read_only(146),
}
GOALS: Final = ("goal_pwm", "goal_current", "goal_velocity", "goal_position")
TABLE_SIZE: Final = 662  # with the indirect addresses, which are plain memory here
