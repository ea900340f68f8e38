"""Arms of Dynamixel X servos (OpenMANIPULATOR-X), through the vendor's `dynamixel_sdk`.

The servos' bus watchdog is armed at connect: a servo that hears nothing for `watchdog_ms` stops by
itself and takes no goals until the watchdog is cleared, which the next move or reset does. Every
question and every move feeds it; nothing else does, so it watches the loop that moves the robot.
"""

from __future__ import annotations

import math
import struct
from collections.abc import Sequence
from typing import Annotated, Any, ClassVar

import dynamixel_sdk
from pydantic import Field

from helmsight.hardware.calibration import Held
from helmsight.hardware.drivers.bus import BusOptions, ServoBus
from helmsight.hardware.drivers.servo_reading import Goal, ServoReading
from helmsight.hardware.drivers.servoline import Sdk, SdkPort
from helmsight.hardware.errors import NoReply, SetupNeeded
from helmsight.hardware.spec import RobotSpec
from helmsight.hardware.wire import dynamixel as wire
from helmsight.hardware.wire.dynamixel import DynamixelFault

# registers 64 to 146: torque | hardware error | watchdog | goal PWM | profile acceleration,
# profile velocity, goal position | moving, moving status | load or current, velocity, position |
# voltage, temperature
BLOCK = struct.Struct("<B5xB27xbxh6xIIi2xBB2xhii8xHB")
FAULTS = {
    DynamixelFault.VOLTAGE: "voltage",
    DynamixelFault.OVERHEAT: "overheated",
    DynamixelFault.ENCODER: "encoder",
    DynamixelFault.SHOCK: "electrical shock",
    DynamixelFault.OVERLOAD: "overload",
}
XL430 = 1060
FULL_PWM = 885


class DynamixelOptions(BusOptions):
    """`device` of a Dynamixel bus. watchdog_ms: silence after which the servos stop."""

    watchdog_ms: Annotated[int, Field(ge=40, le=500)] = 300


class DxlSdk(Sdk):
    """Protocol 2.0."""

    speaks = "Dynamixel protocol 2.0"
    muted = (
        "it answers pings but no reads: its status return level is 0. Set register 68 to 2 with "
        "the vendor's tool, or switch the servos off and on, which resets it"
    )

    def __init__(self) -> None:
        self.handler: Any = dynamixel_sdk.PacketHandler(2.0)

    def answers_ping(self, port: SdkPort, id_: int) -> bool:
        """Return whether a servo answers a ping, which every status return level does."""
        ping = [0] * 10
        ping[4], ping[5], ping[7] = id_, 3, int(wire.DynamixelInstruction.PING)
        # not handler.ping, which trips over an answer that is too short
        packet, result, _ = self.handler.txRxPacket(port, ping)
        return bool(result == dynamixel_sdk.COMM_SUCCESS and packet[4] == id_)

    def ask_all(self, port: SdkPort, address: int, length: int, ids: Sequence[int]) -> int:
        """Send a sync read; return the SDK's result."""
        return int(self.handler.syncReadTx(port, address, length, list(ids), len(ids), False))

    def next_status(self, port: SdkPort) -> tuple[int, int, bytes, int]:
        """Return id, error, data and the SDK's result of the next status packet."""
        packet, result = self.handler.rxPacket(port, False)
        if result != dynamixel_sdk.COMM_SUCCESS:
            return -1, 0, b"", int(result)
        end = 7 + packet[5] + (packet[6] << 8) - 2
        return packet[4], packet[8], bytes(packet[9:end]), result


class Dynamixel(ServoBus):
    """X-series servos in position mode, their bus watchdog armed."""

    options = DynamixelOptions
    registers = wire.REGISTERS
    models = tuple(wire.MODELS)
    block = (wire.REGISTERS["torque_enable"].address, BLOCK.size)
    goal_address = wire.REGISTERS["profile_acceleration"].address
    watchdog_s: ClassVar[float | None] = 0.3

    def __init__(self, spec: RobotSpec, port: str) -> None:
        super().__init__(spec, port)
        assert isinstance(self._options, DynamixelOptions)
        self._watchdog = max(1, self._options.watchdog_ms // 20)
        # an attribute of the class by contract; this robot's own here
        self.watchdog_s = self._watchdog * wire.WATCHDOG_UNIT_S  # type: ignore[misc]
        self._models: list[int] = []

    def _sdk(self) -> Sdk:
        return DxlSdk()

    def _reading(self, index: int, error: int, data: bytes) -> ServoReading:
        (
            torque, hardware, watchdog, pwm, acceleration, speed, goal, moving, status, effort,
            velocity, position, volts, celsius,
        ) = BLOCK.unpack(data)  # fmt: skip
        xl = self._models[index] == XL430
        named = ("load", wire.LOAD_UNIT) if xl else ("current_a", wire.CURRENT_UNIT_A)
        faults = [name for bit, name in FAULTS.items() if hardware & bit]
        if error & wire.ALERT and not faults:
            faults = ["hardware error"]
        return ServoReading(
            energised=torque == 1,
            goal=(acceleration, speed, goal),
            prepared=watchdog == self._watchdog and pwm == self._pwm_limits[index],
            position=position,
            velocity=velocity * wire.VELOCITY_UNIT,
            moving=bool(moving or status & wire.PROFILE_ONGOING),
            volts=volts * wire.VOLTAGE_UNIT_V,
            celsius=celsius,
            effort={named[0]: effort * named[1]},
            faults=tuple(faults),
            tripped=watchdog == wire.TRIPPED,
        )

    def _settings(self) -> list[bytes]:
        return self._line.read_each(0, wire.REGISTERS["min_position"].end)

    def _held(self, settings: bytes) -> Held:
        offset, lower, upper, drive = (
            wire.REGISTERS[name].found_in(settings)
            for name in ("homing_offset", "min_position", "max_position", "drive_mode")
        )
        return Held(offset, lower, upper, drive)

    def _inspect(self, settings: Sequence[bytes]) -> None:
        mode, model = wire.REGISTERS["mode"], wire.REGISTERS["model"]
        drive = wire.REGISTERS["drive_mode"]
        self._models = [model.found_in(data) for data in settings]
        versions = sorted({data[wire.REGISTERS["firmware"].address] for data in settings})
        self.firmware = f"Dynamixel {', '.join(map(str, versions))}"
        for index, data in enumerate(settings):
            joint, expected = self.spec.joint[index], self._servos[index].mode
            expected = wire.POSITION_MODE if expected is None else expected
            if data[mode.address] != expected:
                raise SetupNeeded(
                    f"{joint.name} (servo {self._line.ids[index]}) is in operating mode "
                    f"{data[mode.address]}, expected {expected}: set register {mode.address} "
                    "with the vendor's tool, torque off"
                )
            if data[drive.address] & wire.TIME_BASED:
                raise SetupNeeded(
                    f"{joint.name} (servo {self._line.ids[index]}) has drive mode "
                    f"{data[drive.address]}: profile velocities would be taken for milliseconds. "
                    f"Set register {drive.address} to {data[drive.address] & ~wire.TIME_BASED} "
                    "with the vendor's tool, torque off"
                )

    @property
    def _pwm_limits(self) -> list[int]:
        return [round(FULL_PWM * share) for share in self._torque]

    def _prepare(self) -> None:
        self._session.retried(self._limit_and_arm)

    def _limit_and_arm(self) -> None:
        readings = self._readings()
        if any(r.tripped for r in readings):
            self._rearm(readings)
        pwm = wire.REGISTERS["goal_pwm"]
        limits = zip(self._line.ids, self._pwm_limits, strict=True)
        self._line.write_all(pwm.address, {id_: pwm.encode(value) for id_, value in limits})
        self._arm(self._watchdog)
        self._demand_prepared()

    def _arm(self, value: int) -> None:
        """Write the watchdog and read it back."""
        register = wire.REGISTERS["watchdog"]
        wanted = register.encode(value)
        self._line.write_all(register.address, dict.fromkeys(self._line.ids, wanted))
        values = self._line.read_all(register.address, register.size)
        self._line.demand(values, self._line.ids)
        refused = [id_ for id_ in self._line.ids if values[id_][1] != wanted]
        if refused:
            raise NoReply(f"{self._line.named(refused)} did not take the bus watchdog {value}")

    def _rearm(self, readings: Sequence[ServoReading]) -> None:
        self._arm(0)  # clears the trip: until then goals are refused
        here = {
            scale.id: self._here(scale, r, self._slow(index))
            for index, (scale, r) in enumerate(zip(self._scales, readings, strict=True))
            if r.energised
        }
        if here:
            self._write_goals(here)  # what was under way before must not go on
        self._arm(self._watchdog)

    def _goal(self, index: int, tick: int, pace: tuple[float, float]) -> Goal:
        speed, acceleration = pace
        joint, unit = self.spec.joint[index], abs(self._scales[index].per_unit)
        fastest = math.floor(joint.speed * unit / wire.VELOCITY_UNIT)
        ramp = max(1, math.ceil(acceleration / wire.ACCELERATION_UNIT))  # 0 would be "no ramp"
        return ramp, max(1, min(fastest, math.ceil(speed / wire.VELOCITY_UNIT))), tick

    def _encode(self, goal: Goal) -> bytes:
        names = ("profile_acceleration", "profile_velocity", "goal_position")
        return b"".join(wire.REGISTERS[n].encode(v) for n, v in zip(names, goal, strict=True))

    def _cure(self, id_: int, reading: ServoReading) -> None:
        """Restart the servo: nothing else clears a hardware error. It had no torque already."""
        self._line.reboot(id_)
