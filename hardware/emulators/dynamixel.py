"""An emulated bus of Dynamixel X servos on protocol 2.0, register for register.

Not modelled: gravity, modes without a position (a servo in one stands still), reverse drive mode,
baud rates, secondary IDs, indirect addressing (its registers are plain memory).
"""

from __future__ import annotations

from helmsight.hardware.emulators.servos import NO_RAMP, EmulatedServo, EmulatedServoBus
from helmsight.hardware.framing import Packets
from helmsight.hardware.spec import RobotSpec
from helmsight.hardware.wire import dynamixel as wire
from helmsight.hardware.wire.dynamixel import (
    DynamixelFault,
    DynamixelInstruction,
    DynamixelPacket,
    InstructionError,
)

FULL_SPEED = 4150.0  # ticks/s: 61 rev/min without load, 12 V
AMBIENT_C, SUPPLY_V = 30, 12.0
STALL_S = 1.0  # a stalled servo shuts down after this
MEMORY = 168  # from here on plain memory

EEPROM = {
    "firmware": 45, "baud": 3, "return_delay": 0, "secondary_id": 255, "protocol": 2,
    "moving_threshold": 10, "temperature_limit": 80, "max_voltage": 160, "min_voltage": 95,
    "pwm_limit": 885, "current_limit": 1193, "velocity_limit": 330, "shutdown": 53,
}  # fmt: skip
RAM = {"status_level": 2, "velocity_i": 1920, "velocity_p": 100, "position_p": 800}
Span = tuple[int, int, int]  # id, address, length


class DynamixelBus(EmulatedServoBus):
    """Answers as the servos of a description would."""

    registers = wire.REGISTERS
    table_size = wire.TABLE_SIZE
    position_modes = (wire.POSITION_MODE, wire.EXTENDED_MODE, wire.CURRENT_POSITION_MODE)
    offset_sign = 1

    def __init__(self, spec: RobotSpec) -> None:
        super().__init__(spec)
        self._fed = [0.0] * len(self.servos)
        self._timeless = True  # watchdogs count from the first packet
        self.trips = 0

    def _framer(self) -> Packets[DynamixelPacket]:
        return Packets(wire.scan, wire.BUFFER)

    def _power_on(self, servo: EmulatedServo) -> None:
        for name, value in EEPROM.items():
            servo[name] = value
        servo["model"] = servo.options.model or 1020
        servo["id"] = servo.scale.id
        servo["mode"] = wire.POSITION_MODE if servo.options.mode is None else servo.options.mode
        servo["min_position"] = max(0, servo.scale.lower)
        servo["max_position"] = min(wire.TICKS - 1, servo.scale.upper)
        self._reboot(servo)

    def _reboot(self, servo: EmulatedServo) -> None:
        servo.table[wire.EEPROM_END :] = bytes(self.table_size - wire.EEPROM_END)
        for name, value in RAM.items():
            servo[name] = value
        servo.pending, servo.stalled_s = None, 0.0
        servo.axis.freeze()
        servo["goal_position"] = servo.tick

    # -- packets --------------------------------------------------------------------------------

    def _execute(self, packet: DynamixelPacket, now: float) -> list[bytes]:
        addressed = self._addressed(packet.id, wire.BROADCAST)
        self._feed(addressed, now)
        if packet.instruction == DynamixelInstruction.STATUS:
            return []  # another servo's answer
        if packet.id == wire.BROADCAST:
            return self._broadcast(packet, addressed, now)
        return [reply for servo in addressed for reply in self._single(servo, packet, now)]

    def _single(self, servo: EmulatedServo, packet: DynamixelPacket, now: float) -> list[bytes]:
        data, level = packet.parameters, servo["status_level"]
        error, answer, needed = 0, b"", 2
        if packet.instruction == DynamixelInstruction.PING:
            answer, needed = servo.span(0, 2) + servo.span(6, 1), 0
        elif packet.instruction == DynamixelInstruction.READ and len(data) == 4:
            address, length = _words(data)
            error = 0 if length and address + length <= self.table_size else InstructionError.ACCESS
            answer, needed = b"" if error else self._read(servo, address, length), 1
        elif packet.instruction == DynamixelInstruction.WRITE and len(data) > 2:
            error = self._write(servo, _word(data), data[2:], now)
        elif packet.instruction == DynamixelInstruction.REG_WRITE and len(data) > 2:
            error = self._refused(servo, _word(data), data[2:])
            if not error:
                servo.pending, servo["registered"] = (_word(data), data[2:]), 1
        elif packet.instruction == DynamixelInstruction.ACTION:
            error = self._act(servo, now)
        elif packet.instruction == DynamixelInstruction.REBOOT:
            self._reboot(servo)
        else:
            error = InstructionError.INSTRUCTION
        return [self._status(servo, answer, error)] if level >= needed else []

    def _broadcast(
        self, packet: DynamixelPacket, alive: list[EmulatedServo], now: float
    ) -> list[bytes]:
        data, code = packet.parameters, packet.instruction
        if code == DynamixelInstruction.PING:
            return [self._status(s, s.span(0, 2) + s.span(6, 1)) for s in alive]
        if (
            code in (DynamixelInstruction.SYNC_READ, DynamixelInstruction.FAST_SYNC_READ)
            and len(data) > 4
        ):
            address, length = _words(data)
            spans = [(id_, address, length) for id_ in data[4:]]
            return self._answers(spans, fast=code == DynamixelInstruction.FAST_SYNC_READ)
        if code in (DynamixelInstruction.BULK_READ, DynamixelInstruction.FAST_BULK_READ):
            spans = [(chunk[0], *_words(chunk[1:])) for chunk in self._chunks(data, 5)]
            return self._answers(spans, fast=code == DynamixelInstruction.FAST_BULK_READ)
        if code == DynamixelInstruction.SYNC_WRITE and len(data) > 4:
            address, length = _words(data)
            for chunk in self._chunks(data[4:], length + 1):
                for servo in self._addressed(chunk[0], -1):
                    self._write(servo, address, chunk[1:], now)
        elif code == DynamixelInstruction.BULK_WRITE:
            self._bulk_write(data, now)
        elif code in (
            DynamixelInstruction.WRITE,
            DynamixelInstruction.REG_WRITE,
            DynamixelInstruction.ACTION,
        ):
            for servo in alive:
                self._single(servo, packet, now)
        elif code == DynamixelInstruction.REBOOT:
            for servo in alive:
                self._reboot(servo)
        return []

    def _bulk_write(self, data: bytes, now: float) -> None:
        while len(data) > 5:
            address, length = _words(data[1:])
            for servo in self._addressed(data[0], -1):
                self._write(servo, address, data[5 : 5 + length], now)
            data = data[5 + length :]

    def _answers(self, spans: list[Span], *, fast: bool) -> list[bytes]:
        """Return the status packets of a sync or bulk read, one for all when `fast`."""
        readable = [(servo, span) for span in spans for servo in self._addressed(span[0], -1)]
        readable = [(servo, span) for servo, span in readable if sum(span[1:]) <= self.table_size]
        if not fast:
            return [self._status(servo, self._read(servo, *span[1:])) for servo, span in readable]
        size = 1 + sum(length + 4 for _, _, length in spans)
        if len(readable) < len(spans) or size > wire.MAX_LENGTH:
            return []  # each servo writes its part of the packet after the one before it
        packet = wire.HEADER + bytes([wire.BROADCAST]) + size.to_bytes(2, "little")
        packet += bytes([DynamixelInstruction.STATUS])
        for servo, (_, address, length) in readable:
            packet += bytes([self._alert(servo), servo["id"]]) + self._read(servo, address, length)
            packet += wire.crc16(packet).to_bytes(2, "little")
        return [packet]

    def _alert(self, servo: EmulatedServo) -> int:
        return wire.ALERT if servo["hardware_error"] else 0

    def _status(self, servo: EmulatedServo, data: bytes = b"", error: int = 0) -> bytes:
        parameters = bytes([error | self._alert(servo)]) + data
        return wire.encode(DynamixelPacket(servo["id"], DynamixelInstruction.STATUS, parameters))

    # -- registers ------------------------------------------------------------------------------

    def _act(self, servo: EmulatedServo, now: float) -> int:
        pending, servo.pending = servo.pending, None
        servo["registered"] = 0
        return self._write(servo, *pending, now) if pending else InstructionError.RESULT

    def _write(self, servo: EmulatedServo, address: int, data: bytes, now: float) -> int:
        """Write all of `data` or nothing; return the error."""
        if error := self._refused(servo, address, data):
            return error
        before = servo.energised
        servo.table[address : address + len(data)] = data
        self._switch(servo, before, now)
        if any(name == "goal_position" for name, _ in servo.touched(address, len(data))):
            self._aim(servo)  # a new profile counts from the next goal on
        return 0

    def _refused(self, servo: EmulatedServo, address: int, data: bytes) -> int:
        """Return the error that keeps `data` from being written, 0 if nothing does."""
        end = address + len(data)
        if address >= MEMORY and end <= self.table_size:
            return 0
        touched = servo.touched(address, len(data))
        if not touched or (address < wire.EEPROM_END and servo.energised):
            return InstructionError.ACCESS
        for name, register in touched:
            if not register.writable:
                return InstructionError.ACCESS
            if register.address < address or register.end > end:
                return InstructionError.LENGTH
            value = register.decode(data[register.address - address : register.end - address])
            tripped = servo["watchdog"] == wire.TRIPPED
            if tripped and (name in wire.GOALS or (name == "watchdog" and value)):
                return InstructionError.RANGE
            if not register.fits(value):
                return InstructionError.RANGE
            low, high = servo["min_position"], servo["max_position"]
            limited = name == "goal_position" and servo["mode"] == wire.POSITION_MODE
            if limited and not low <= value <= high:
                return InstructionError.LIMIT
        return 0

    def _profile(self, servo: EmulatedServo) -> tuple[float, float]:
        speed = servo["profile_velocity"] * wire.VELOCITY_UNIT or FULL_SPEED
        acceleration = servo["profile_acceleration"] * wire.ACCELERATION_UNIT or NO_RAMP
        unit = abs(servo.scale.per_unit)
        return min(speed, FULL_SPEED) / unit, acceleration / unit

    def _allowed(self, servo: EmulatedServo, goal: int) -> int:
        return goal  # a goal beyond the limits was not taken

    def _refresh(self, servo: EmulatedServo) -> None:
        velocity = round(servo.velocity / wire.VELOCITY_UNIT)
        load = (1000 if servo.stalled_s else 150 if servo.moving else 20) * servo.energised
        away = servo.axis.target - servo.axis.position
        servo["present_position"] = servo.tick
        servo["present_velocity"] = velocity
        servo["present_load"] = -load if away * servo.scale.per_unit < 0 else load
        servo["moving"] = int(abs(velocity) > servo["moving_threshold"])
        servo["moving_status"] = wire.PROFILE_ONGOING if servo.moving else wire.IN_POSITION
        servo["present_voltage"] = round(SUPPLY_V / wire.VOLTAGE_UNIT_V)
        servo["present_temperature"] = AMBIENT_C
        servo["position_trajectory"] = max(0, servo.tick)
        if self._now is not None:
            servo["realtime_tick"] = int(self._now * 1000) % 32768

    # -- alarms ---------------------------------------------------------------------------------

    def _feed(self, addressed: list[EmulatedServo], now: float) -> None:
        if self._timeless:
            self._timeless, self._fed = False, [now] * len(self.servos)
        for index, servo in enumerate(self.servos):
            if any(servo is other for other in addressed):
                self._fed[index] = now

    def _pass(self, seconds: float, now: float) -> list[bytes]:
        for index, servo in enumerate(self.servos):
            limit = servo["watchdog"] * wire.WATCHDOG_UNIT_S
            if limit > 0.0 and not self._timeless and now - self._fed[index] > limit:
                servo["watchdog"] = wire.TRIPPED
                servo.axis.freeze()  # at once: the profile does not count here
                self.trips += 1
        return super()._pass(seconds, now)

    def _protect(self, servo: EmulatedServo) -> None:
        if servo.stalled_s > STALL_S:
            servo["hardware_error"] = servo["hardware_error"] | DynamixelFault.OVERLOAD
        if servo["hardware_error"] & servo["shutdown"]:
            servo["torque_enable"] = 0
            servo.axis.freeze()


def _word(data: bytes) -> int:
    return int.from_bytes(data[:2], "little")


def _words(data: bytes) -> tuple[int, int]:
    return _word(data), _word(data[2:])
