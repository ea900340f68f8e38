"""The bus of Feetech STS/SMS servos ("protocol 0"): packets and the register table.

`FF FF ID LENGTH CODE PARAMETERS CHECKSUM`; LENGTH counts what follows it, CHECKSUM is the inverted
low byte of the sum from ID on. CODE is an instruction, or the error bits in a status packet.
Sources: Feetech "SMS/STS memory table" and "communication protocol user manual"; the addresses
agree with the vendor's SDKs and LeRobot's `STS_SMS_SERIES_CONTROL_TABLE`.
"""

from __future__ import annotations

from dataclasses import dataclass
from enum import IntEnum, IntFlag
from typing import Final

from helmsight.hardware.wire.registers import Register

HEADER: Final = b"\xff\xff"
BROADCAST: Final = 0xFE
MODEL_STS3215: Final = 777
TICKS: Final = 4096  # a turn
ACCELERATION_UNIT: Final = 100.0  # ticks/s^2 a unit of register 41; 0 is "no ramp"
CURRENT_UNIT_A: Final = 0.0065
VOLTAGE_UNIT_V: Final = 0.1
LOAD_UNIT: Final = 0.001  # of full PWM
EPROM_END: Final = 40


class FeetechInstruction(IntEnum):
    """What a host may ask."""

    PING = 1
    READ = 2
    WRITE = 3
    REG_WRITE = 4
    ACTION = 5
    SYNC_READ = 0x82
    SYNC_WRITE = 0x83


class FeetechFault(IntFlag):
    """Error bits of a status packet and of the status register (65)."""

    VOLTAGE = 1
    SENSOR = 2
    OVERHEAT = 4
    OVERCURRENT = 8
    ANGLE = 16
    OVERLOAD = 32


@dataclass(frozen=True)
class FeetechPacket:
    """One packet. code: the instruction, or the error bits when a servo sends it."""

    id: int
    code: int
    parameters: bytes = b""


def encode(packet: FeetechPacket) -> bytes:
    """Return the bytes of a packet. Raises ValueError for one that is too long."""
    if len(packet.parameters) > 253:
        raise ValueError(f"{len(packet.parameters)} parameter bytes: at most 253 fit a packet")
    body = bytes([packet.id, len(packet.parameters) + 2, packet.code]) + packet.parameters
    return HEADER + body + bytes([checksum(body)])


def checksum(body: bytes) -> int:
    """Return the checksum of what lies between header and checksum."""
    return ~sum(body) & 0xFF


def scan(data: bytes) -> tuple[int, FeetechPacket | None] | None:
    """Look at the start of a buffer; see `helmsight.hardware.framing.Packets`."""
    start = data.find(HEADER)
    if start:
        kept = 0 if start > 0 else int(data.endswith(b"\xff"))
        size = start if start > 0 else len(data) - kept
        return (size, None) if size else None
    if len(data) < 4:
        return None
    if data[2] == 0xFF or data[3] < 2:
        return 1, None
    size = data[3] + 4
    if len(data) < size:
        return None
    if data[size - 1] != checksum(data[2 : size - 1]):
        return 1, None
    return size, FeetechPacket(data[2], data[4], bytes(data[5 : size - 1]))


def _read_only(address: int, size: int = 1, sign_bit: int | None = None) -> Register:
    return Register(address, size, writable=False, sign_bit=sign_bit)


REGISTERS: Final[dict[str, Register]] = {
    "firmware_major": _read_only(0),
    "firmware_minor": _read_only(1),
    "model": _read_only(3, 2),
    "id": Register(5, upper=253),
    "baud": Register(6, upper=7),
    "return_delay": Register(7),
    "status_level": Register(8, upper=1),
    "min_position": Register(9, 2, sign_bit=15),
    "max_position": Register(11, 2, sign_bit=15),
    "max_temperature": Register(13),
    "max_voltage": Register(14),
    "min_voltage": Register(15),
    "max_torque": Register(16, 2, upper=1000),
    "phase": Register(18),
    "unloading": Register(19),
    "led_alarm": Register(20),
    "position_p": Register(21),
    "position_d": Register(22),
    "position_i": Register(23),
    "startup_force": Register(24, 2, upper=1000),
    "dead_zone_cw": Register(26),
    "dead_zone_ccw": Register(27),
    "protection_current": Register(28, 2),
    "resolution": Register(30),
    "homing_offset": Register(31, 2, sign_bit=11),
    "mode": Register(33, upper=3),
    "protective_torque": Register(34, upper=100),
    "protection_time": Register(35),  # 10 ms
    "overload_torque": Register(36, upper=100),
    "velocity_p": Register(37),
    "overcurrent_time": Register(38),
    "velocity_i": Register(39),
    "torque_enable": Register(40),
    "acceleration": Register(41, upper=254),
    "goal_position": Register(42, 2, sign_bit=15),
    "goal_time": Register(44, 2),
    "goal_velocity": Register(46, 2, sign_bit=15),
    "torque_limit": Register(48, 2, upper=1000),
    "lock": Register(55, upper=1),
    "present_position": _read_only(56, 2, sign_bit=15),
    "present_velocity": _read_only(58, 2, sign_bit=15),
    "present_load": _read_only(60, 2, sign_bit=10),
    "present_voltage": _read_only(62),
    "present_temperature": _read_only(63),
    "async_write": _read_only(64),
    "status": _read_only(65),
    "moving": _read_only(66),
    "present_current": _read_only(69, 2, sign_bit=15),
}
TABLE_SIZE: Final = 87  # with the factory registers 71 to 86
