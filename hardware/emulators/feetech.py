"""An emulated bus of Feetech STS3215 servos, register for register.

Not modelled: gravity, wheel and step modes (a servo in one stands still), baud rates.
"""

from __future__ import annotations

from collections.abc import Sequence

from helmsight.hardware.emulators.servos import (
    NO_RAMP,
    EmulatedServo,
    EmulatedServoBus,
    Shaft,
)
from helmsight.hardware.framing import Packets
from helmsight.hardware.spec import RobotSpec
from helmsight.hardware.wire import feetech as wire
from helmsight.hardware.wire.feetech import FeetechFault, FeetechInstruction, FeetechPacket

FULL_SPEED = 3073  # ticks/s: 45 rev/min without load, 7.4 V
AMBIENT_C, SUPPLY_V = 25, 7.4
STALL_A = 2.4
FACTORY = 71  # registers from here on are plain memory
MAX_DATA = 250
# plain numbers, since they are looked at with every turn: members of a flag take ten times as long
OVERLOAD, VOLTAGE = int(FeetechFault.OVERLOAD), int(FeetechFault.VOLTAGE)
OVERHEAT = int(FeetechFault.OVERHEAT)
MIDDLE = 128  # written to torque_enable: call this place tick 2048

POWER_ON = {
    "firmware_major": 3, "firmware_minor": 10, "baud": 0, "return_delay": 0, "status_level": 1,
    "max_temperature": 70, "max_voltage": 80, "min_voltage": 40, "max_torque": 1000, "phase": 12,
    "unloading": 44, "led_alarm": 47, "position_p": 32, "position_d": 32, "position_i": 0,
    "startup_force": 16, "dead_zone_cw": 1, "dead_zone_ccw": 1, "protection_current": 500,
    "resolution": 1, "mode": 0, "protective_torque": 20, "protection_time": 200,
    "overload_torque": 80, "velocity_p": 10, "overcurrent_time": 200, "velocity_i": 10,
}  # fmt: skip


class FeetechBus(EmulatedServoBus):
    """Answers as the servos of a description would; `supply_v` is what feeds them."""

    registers = wire.REGISTERS
    table_size = wire.TABLE_SIZE
    position_modes = (0,)
    offset_sign = -1

    def __init__(self, spec: RobotSpec, shafts: Sequence[Shaft] | None = None) -> None:
        self.supply_v = SUPPLY_V
        super().__init__(spec, shafts)
        self._saved = [bytes(servo.table[: wire.EPROM_END]) for servo in self.servos]
        self.heat = {name: AMBIENT_C for name in spec.names}

    def power_cycle(self) -> None:
        """Switch the supply off and on: what was written under lock is gone, torque is off."""
        for servo, saved in zip(self.servos, self._saved, strict=True):
            servo.table = bytearray(self.table_size)
            servo.table[: wire.EPROM_END] = saved
            servo.axis.freeze()
            self._ram(servo)

    def _framer(self) -> Packets[FeetechPacket]:
        return Packets(wire.scan)

    def _power_on(self, servo: EmulatedServo) -> None:
        for name, value in POWER_ON.items():
            servo[name] = value
        servo["model"] = servo.options.model or wire.MODEL_STS3215
        servo["id"] = servo.scale.id
        servo["mode"] = servo.options.mode or 0
        servo["min_position"] = servo.scale.lower
        servo["max_position"] = servo.scale.upper
        self._ram(servo)

    def _ram(self, servo: EmulatedServo) -> None:
        servo["torque_limit"] = servo["max_torque"]
        servo["lock"] = 1
        servo["goal_position"] = servo.tick

    def _execute(self, packet: FeetechPacket, now: float) -> list[bytes]:
        parameters, addressed = packet.parameters, self._addressed(packet.id, wire.BROADCAST)
        silent = packet.id == wire.BROADCAST
        if packet.code == FeetechInstruction.PING:
            return [self._status(servo) for servo in addressed]
        if packet.code == FeetechInstruction.SYNC_READ and len(parameters) > 2:
            address, length, *ids = parameters
            chosen = [servo for id_ in ids for servo in self._addressed(id_, -1)]
            return [self._status(servo, self._read(servo, address, length)) for servo in chosen]
        if packet.code == FeetechInstruction.SYNC_WRITE and len(parameters) > 2:
            address, length = parameters[0], parameters[1]
            for chunk in self._chunks(parameters[2:], length + 1):
                for servo in self._addressed(chunk[0], -1):
                    self._write(servo, address, chunk[1:], now)
            return []
        if packet.code == FeetechInstruction.READ and len(parameters) == 2 and not silent:
            return [self._status(servo, self._read(servo, *parameters)) for servo in addressed]
        if packet.code == FeetechInstruction.WRITE and len(parameters) > 1:
            for servo in addressed:
                self._write(servo, parameters[0], parameters[1:], now)
        elif packet.code == FeetechInstruction.REG_WRITE and len(parameters) > 1:
            for servo in addressed:
                servo.pending = (parameters[0], parameters[1:])
        elif packet.code == FeetechInstruction.ACTION:
            for servo in addressed:
                pending, servo.pending = servo.pending, None
                if pending is not None:
                    self._write(servo, *pending, now)
        else:
            return []
        heard = [] if silent else [servo for servo in addressed if servo["status_level"]]
        return [self._status(servo) for servo in heard]

    def _status(self, servo: EmulatedServo, data: bytes = b"") -> bytes:
        if len(data) > MAX_DATA:
            return b""  # more than a packet holds: not answered
        return wire.encode(FeetechPacket(servo["id"], servo["status"], data))

    def _write(self, servo: EmulatedServo, address: int, data: bytes, now: float) -> None:
        """Write what may be written; the rest is left as it is, without a word, as on the bus."""
        before, offset = servo.energised, servo["homing_offset"]
        touched = servo.touched(address, len(data))
        for _, register in touched:
            old = bytes(servo.table[register.address : register.end])
            new = bytearray(old)
            for place in range(register.address, register.end):
                if address <= place < address + len(data):
                    new[place - register.address] = data[place - address]
            if register.writable and register.fits(register.decode(bytes(new))):
                servo.table[register.address : register.end] = new
        for place in range(max(address, FACTORY), min(address + len(data), self.table_size)):
            servo.table[place] = data[place - address]
        names = {name for name, _ in touched}
        if "torque_enable" in names:
            self._torque_written(servo, before, offset)
        if not servo["lock"]:
            self._saved[self.servos.index(servo)] = bytes(servo.table[: wire.EPROM_END])
        self._switch(servo, before, now)
        if names & {"goal_position", "goal_velocity", "acceleration"}:
            self._aim(servo)

    def _torque_written(self, servo: EmulatedServo, before: bool, offset: int) -> None:
        if servo["torque_enable"] == MIDDLE:
            servo["homing_offset"] = max(-2047, min(2047, servo.tick + offset - 2048))
        if servo["torque_enable"] not in (0, 1):
            servo["torque_enable"] = int(before)
        servo["status"] = servo["status"] & ~OVERLOAD
        servo.stalled_s = 0.0

    def _profile(self, servo: EmulatedServo) -> tuple[float, float]:
        speed = abs(servo["goal_velocity"]) or FULL_SPEED
        acceleration = servo["acceleration"] * wire.ACCELERATION_UNIT or NO_RAMP
        unit = abs(servo.scale.per_unit)
        return min(speed, FULL_SPEED) / unit, acceleration / unit

    def _allowed(self, servo: EmulatedServo, goal: int) -> int:
        low, high = servo["min_position"], servo["max_position"]
        return goal if low == high == 0 else max(low, min(high, goal))

    def _effort(self, servo: EmulatedServo) -> float:
        """Return the share of its stall torque that a servo gives, positive as its ticks rise."""
        share = 0.1 + 0.2 * abs(servo.velocity) / FULL_SPEED if servo.moving else 0.02
        if servo.stalled_s > 0.0 or servo["status"] & OVERLOAD:
            share = self._torque(servo)
        away = servo.axis.target - servo.axis.position
        return -share if away * servo.scale.per_unit < 0 else share

    @staticmethod
    def _torque(servo: EmulatedServo) -> float:
        """Return the share of its stall torque that a servo may give."""
        if servo["status"] & OVERLOAD:
            return servo["protective_torque"] / 100.0
        return servo["torque_limit"] / 1000.0

    def _refresh(self, servo: EmulatedServo) -> None:
        effort = self._effort(servo) if servo.energised else 0.0
        servo["present_position"] = servo.tick
        servo["present_velocity"] = round(servo.velocity)
        servo["present_load"] = max(-1000, min(1000, round(effort * 1000)))
        servo["present_current"] = round(effort * STALL_A / wire.CURRENT_UNIT_A)
        servo["present_voltage"] = round(self.supply_v / wire.VOLTAGE_UNIT_V)
        servo["present_temperature"] = self.heat[servo.joint.name]
        servo["moving"] = int(servo.moving)

    def _protect(self, servo: EmulatedServo) -> None:
        status = before = servo["status"]
        hard = servo["torque_limit"] >= servo["overload_torque"] * 10
        if hard and servo.stalled_s > servo["protection_time"] * 0.01:
            status |= OVERLOAD  # it goes on with its protective torque
        volts = self.supply_v / wire.VOLTAGE_UNIT_V
        low, high = servo["min_voltage"], servo["max_voltage"]
        status = _set(status, VOLTAGE, not low <= round(volts) <= high)
        if self.heat[servo.joint.name] >= servo["max_temperature"]:
            status |= OVERHEAT
            servo["torque_enable"] = 0
        else:
            status = _set(status, OVERHEAT, False)
        if status != before:
            servo["status"] = status


def _set(faults: int, bit: int, on: bool) -> int:
    return faults | bit if on else faults & ~bit
