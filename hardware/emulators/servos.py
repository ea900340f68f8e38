"""What the emulated servo buses share: servos with register tables that move, and their journal."""

from __future__ import annotations

import dataclasses
from abc import abstractmethod
from collections.abc import Sequence
from typing import Any, ClassVar, Protocol

from helmsight.hardware.emulators.device import Device
from helmsight.hardware.emulators.motion import EmulatedAxis
from helmsight.hardware.framing import Packets
from helmsight.hardware.scales import IN_SERVOS, load_calibration, scales_of
from helmsight.hardware.spec import Joint, RobotSpec
from helmsight.hardware.ticks import ServoOptions, TickScale
from helmsight.hardware.wire.registers import Register, Registers, one_byte

GAP_S = 0.01  # of silence within a packet, after which a servo forgets what it has of it
NO_RAMP = 100_000.0  # ticks/s^2 without an acceleration limit (153 rad/s^2)
STALL_TICKS = 8  # a blocked servo this far from its goal pushes with all it has


class Shaft(Protocol):
    """What a servo turns: where it is (rad or m) and how fast, whatever its ramp says."""

    @property
    def position(self) -> float: ...

    @property
    def velocity(self) -> float: ...


class EmulatedServo:
    """One servo: its registers, its ramp, what it turns, and what is wrong with it.

    axis: the ramp, where the servo means its joint to be. shaft: where the joint is; the same
    unless something is simulated that hangs back.

    dead: it answers nothing. blocked: it cannot turn. stalled_s: for how long it has pushed.
    """

    def __init__(
        self,
        joint: Joint,
        scale: TickScale,
        options: ServoOptions,
        axis: EmulatedAxis,
        shaft: Shaft,
        bus: EmulatedServoBus,
    ) -> None:
        self.joint, self.scale, self.options = joint, scale, options
        self.axis, self.shaft = axis, shaft
        self.registers = bus.registers
        self.table = bytearray(bus.table_size)
        self._bytes = one_byte(self.registers)
        self._offset_sign = bus.offset_sign
        self.pending: tuple[int, bytes] | None = None
        self.position_read: int | None = None  # the present position that the host read last
        self.dead = False
        self.blocked = False
        self.stalled_s = 0.0

    def __getitem__(self, name: str) -> int:
        if (at := self._bytes.get(name)) is not None:
            return self.table[at]
        register = self.registers[name]
        return register.decode(bytes(self.table[register.address : register.end]))

    def __setitem__(self, name: str, value: int) -> None:
        register = self.registers[name]
        self.table[register.address : register.end] = register.encode(value)

    def span(self, address: int, length: int) -> bytes:
        """Return `length` bytes of the table; what lies beyond it reads 0."""
        return bytes(self.table[address : address + length]).ljust(length, b"\0")

    def touched(self, address: int, length: int) -> list[tuple[str, Register]]:
        """Return the registers that a span covers, wholly or in part."""
        return [
            (name, register)
            for name, register in self.registers.items()
            if register.address < address + length and register.end > address
        ]

    @property
    def energised(self) -> bool:
        """Whether the motor holds."""
        return self["torque_enable"] == 1

    @property
    def tick(self) -> int:
        """Where it is, in ticks as its registers show them."""
        return self.scale.tick(self.shaft.position) + self._offset_sign * self["homing_offset"]

    def place(self, goal: int) -> float:
        """Return where a goal leads, in units of the axis."""
        return self.scale.value(goal - self._offset_sign * self["homing_offset"])

    @property
    def moving(self) -> bool:
        """Whether it goes to its goal: not within its dead zone of one tick."""
        way = abs(self.axis.target - self.axis.position) * abs(self.scale.per_unit)
        return abs(self.velocity) > 1.0 or way > 1.0

    @property
    def velocity(self) -> float:
        """Ticks a second."""
        return self.shaft.velocity * self.scale.per_unit


class EmulatedServoBus(Device):
    """Servos on one line. `servos` are in the order of the description's joints.

    shafts: what they turn, in that order; default: what they turn follows without a lag.
    offset_sign: what a homing offset does to the position that a servo shows.
    """

    registers: ClassVar[Registers]
    table_size: ClassVar[int]
    position_modes: ClassVar[tuple[int, ...]]
    offset_sign: ClassVar[int]

    def __init__(self, spec: RobotSpec, shafts: Sequence[Shaft] | None = None) -> None:
        super().__init__(spec)
        options = spec.joint_options(ServoOptions)
        scales = scales_of(spec, spec.device.get("calibration"))
        self.servos = [
            EmulatedServo(joint, scale, option, axis, shaft, self)
            for joint, scale, option, axis, shaft in zip(
                spec.joint, scales, options, self.axes, shafts or self.axes, strict=True
            )
        ]
        for servo in self.servos:
            self._follow(servo)
            self._power_on(servo)
        self._hold_calibration()
        self._packets: Packets[Any] = self._framer()
        self._heard = 0.0
        self._changes: list[bool] = []  # of one packet: whether each new goal is a hold

    @property
    def standing(self) -> bool:
        """Whether every servo is within its dead zone: what it still creeps no reading tells."""
        return not any(servo.moving for servo in self.servos)

    @property
    def resting(self) -> bool:
        """Whether it stands: it says nothing unasked, and is brought up to date by a request."""
        return self.standing

    def _hold_calibration(self) -> None:
        """Keep what the calibration file of the description says that the servos keep."""
        name = self.spec.device.get("calibration")
        if name in (None, IN_SERVOS):
            return
        calibration = load_calibration(str(name), self.spec)
        for servo in self.servos:
            own = calibration.joint[servo.joint.name]
            offset = own.offset or 0
            # what it shows is the calibration's, so its shaft is turned by the offset
            zero = servo.scale.zero - self.offset_sign * offset
            servo.scale = dataclasses.replace(servo.scale, zero=zero)
            servo["homing_offset"] = offset
            if own.limits is not None:
                servo["min_position"], servo["max_position"] = own.limits
            if own.drive_mode is not None:
                servo["drive_mode"] = own.drive_mode
            servo["goal_position"] = servo.tick

    # -- for tests ------------------------------------------------------------------------------

    def servo(self, joint: str) -> EmulatedServo:
        """Return the servo of a joint."""
        return self.servos[self.spec.names.index(joint)]

    def block(self, joint: str, blocked: bool = True) -> None:
        """Keep a joint from turning; its servo overloads after a while."""
        self.servo(joint).blocked = blocked

    def kill(self, joint: str, dead: bool = True) -> None:
        """Take a servo off the bus: it answers and obeys no more."""
        self.servo(joint).dead = dead

    # -- bytes ----------------------------------------------------------------------------------

    def receive(self, data: bytes, now: float) -> list[bytes]:
        """Execute the packets that `data` completes; one message a status packet."""
        self.tick(now)
        if len(self._packets) and now - self._heard > GAP_S:
            self._packets.clear()
        self._heard = now
        replies: list[bytes] = []
        for packet in self._packets.feed(data):
            self._changes.clear()
            replies += self._execute(packet, now)
            if self._changes:
                self.record("hold" if all(self._changes) else "move", now)
        return replies

    def _pass(self, seconds: float, now: float) -> list[bytes]:
        for servo in self.servos:
            energised = servo.energised
            if servo.blocked or not energised or servo["mode"] not in self.position_modes:
                servo.axis.velocity = 0.0
                if not energised:
                    self._follow(servo)
            else:
                servo.axis.advance(seconds)
            servo.stalled_s = servo.stalled_s + seconds if self._stalls(servo) else 0.0
            self._protect(servo)
        return []

    def _stalls(self, servo: EmulatedServo) -> bool:
        """Return whether a servo pushes with all it has and gets nowhere."""
        far = abs(servo.axis.target - servo.axis.position) * abs(servo.scale.per_unit)
        return servo.blocked and servo.energised and far > STALL_TICKS

    @staticmethod
    def _follow(servo: EmulatedServo) -> None:
        """Have the ramp of a servo without torque be where its joint is."""
        servo.axis.position = servo.axis.target = servo.shaft.position

    # -- what the two buses do alike ------------------------------------------------------------

    def _aim(self, servo: EmulatedServo) -> None:
        """Take over goal, speed and acceleration from the registers of an energised servo."""
        if not servo.energised:
            return
        servo.axis.speed, servo.axis.acceleration = self._profile(servo)
        target = servo.place(self._allowed(servo, servo["goal_position"]))
        changed = abs(target - servo.axis.target) * abs(servo.scale.per_unit) > 0.51
        servo.axis.target = target
        if servo.axis.velocity == 0.0 and not servo.moving:
            servo.axis.position = target  # less than it can tell
        if changed:
            self._changes.append(servo["goal_position"] == servo.position_read)

    def _switch(self, servo: EmulatedServo, before: bool, now: float) -> None:
        """Follow a change of torque: off, the joint stays; on, it goes to its goal."""
        if servo.energised and not before:
            self._aim(servo)
        elif before and not servo.energised:
            self._follow(servo)
            servo.axis.freeze()
            self.record("release", now)

    def _read(self, servo: EmulatedServo, address: int, length: int) -> bytes:
        self._refresh(servo)
        position = self.registers["present_position"].address
        if address <= position < address + length:
            servo.position_read = servo["present_position"]
        return servo.span(address, length)

    def _addressed(self, id_: int, broadcast: int) -> list[EmulatedServo]:
        alive = [servo for servo in self.servos if not servo.dead]
        return alive if id_ == broadcast else [servo for servo in alive if servo["id"] == id_]

    @staticmethod
    def _chunks(data: bytes, size: int) -> list[bytes]:
        """Return the whole pieces of `size` bytes."""
        return [data[i : i + size] for i in range(0, len(data) - size + 1, size)]

    # -- what a bus fills in --------------------------------------------------------------------

    @abstractmethod
    def _framer(self) -> Packets[Any]: ...

    @abstractmethod
    def _power_on(self, servo: EmulatedServo) -> None:
        """Fill the table of a servo that was just switched on."""

    @abstractmethod
    def _execute(self, packet: Any, now: float) -> list[bytes]:
        """Carry out one packet; return the status packets."""

    @abstractmethod
    def _profile(self, servo: EmulatedServo) -> tuple[float, float]:
        """Return speed and acceleration by the registers, in units of the axis."""

    @abstractmethod
    def _allowed(self, servo: EmulatedServo, goal: int) -> int:
        """Return the tick that the servo really goes to."""

    @abstractmethod
    def _refresh(self, servo: EmulatedServo) -> None:
        """Bring the read-only registers up to date."""

    @abstractmethod
    def _protect(self, servo: EmulatedServo) -> None:
        """Raise and keep up the servo's own alarms."""
