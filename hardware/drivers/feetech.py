"""Arms of Feetech STS servos (SO-100, SO-101), through the vendor's `scservo_sdk`.

These servos have no bus watchdog: when the host dies, the last goal is still driven to. Motion
ends by itself because no goal is further away than `limits.horizon_s`; torque stays on. The driver
writes RAM registers only; what a servo keeps (EPROM) is left to the calibration's user, and the
lock of register 55 is closed.
"""

from __future__ import annotations

import math
import struct
from collections.abc import Sequence
from typing import Any

import scservo_sdk

from helmsight.hardware.calibration import Held
from helmsight.hardware.drivers.bus import ServoBus
from helmsight.hardware.drivers.servo_reading import Goal, ServoReading
from helmsight.hardware.drivers.servoline import Sdk, SdkPort
from helmsight.hardware.errors import SetupNeeded
from helmsight.hardware.wire import feetech as wire
from helmsight.hardware.wire.feetech import FeetechFault
from helmsight.hardware.wire.registers import from_sign_magnitude

# registers 40 to 70: torque, acceleration, goal, time, speed, torque limit | lock, position,
# velocity, load, voltage, temperature | status, moving | current
BLOCK = struct.Struct("<BBHHHH5xBHHHBBxBB2xH")
FAULTS = {
    FeetechFault.VOLTAGE: "voltage",
    FeetechFault.SENSOR: "sensor",
    FeetechFault.OVERHEAT: "overheated",
    FeetechFault.OVERCURRENT: "overcurrent",
    FeetechFault.ANGLE: "angle",
    FeetechFault.OVERLOAD: "overload",
}


class ScsSdk(Sdk):
    """Protocol 0, little-endian."""

    speaks = "the Feetech STS protocol"

    def __init__(self) -> None:
        self.handler: Any = scservo_sdk.PacketHandler(0)

    def ask_all(self, port: SdkPort, address: int, length: int, ids: Sequence[int]) -> int:
        """Send a sync read; return the SDK's result."""
        return int(self.handler.syncReadTx(port, address, length, list(ids), len(ids)))

    def next_status(self, port: SdkPort) -> tuple[int, int, bytes, int]:
        """Return id, error bits, data and the SDK's result of the next status packet."""
        packet, result = self.handler.rxPacket(port)
        if result != scservo_sdk.COMM_SUCCESS:
            return -1, 0, b"", int(result)
        return packet[2], packet[4], bytes(packet[5 : packet[3] + 3]), result


class Feetech(ServoBus):
    """STS servos in position mode. See the module for what ends motion."""

    registers = wire.REGISTERS
    models = (wire.MODEL_STS3215,)
    block = (wire.REGISTERS["torque_enable"].address, BLOCK.size)
    goal_address = wire.REGISTERS["acceleration"].address

    def _sdk(self) -> Sdk:
        return ScsSdk()

    def _reading(self, index: int, error: int, data: bytes) -> ServoReading:
        (
            torque, acceleration, goal, _, speed, torque_limit, lock, position, velocity, load,
            volts, celsius, status, moving, current,
        ) = BLOCK.unpack(data)  # fmt: skip
        faults = FeetechFault(error | status)
        return ServoReading(
            energised=torque == 1,
            goal=(acceleration, from_sign_magnitude(speed, 15), from_sign_magnitude(goal, 15)),
            prepared=lock == 1 and torque_limit == self._torque_limits[index],
            position=from_sign_magnitude(position, 15),
            velocity=from_sign_magnitude(velocity, 15),
            moving=bool(moving),
            volts=volts * wire.VOLTAGE_UNIT_V,
            celsius=celsius,
            effort={
                "load": from_sign_magnitude(load, 10) * wire.LOAD_UNIT,
                "current_a": from_sign_magnitude(current, 15) * wire.CURRENT_UNIT_A,
            },
            faults=tuple(name for bit, name in FAULTS.items() if faults & bit),
        )

    def _settings(self) -> list[bytes]:
        return self._line.read_each(0, wire.REGISTERS["mode"].end)

    def _held(self, settings: bytes) -> Held:
        offset, lower, upper = (
            wire.REGISTERS[name].found_in(settings)
            for name in ("homing_offset", "min_position", "max_position")
        )
        return Held(offset, lower, upper)

    def _inspect(self, settings: Sequence[bytes]) -> None:
        mode = wire.REGISTERS["mode"]
        versions = sorted({f"{data[0]}.{data[1]}" for data in settings})
        self.firmware = f"Feetech {', '.join(versions)}"
        for index, data in enumerate(settings):
            joint, expected = self.spec.joint[index], self._servos[index].mode or 0
            actual = data[mode.address]
            if actual != expected:
                raise SetupNeeded(
                    f"{joint.name} (servo {self._line.ids[index]}) is in mode {actual}, expected "
                    f"{expected} (position): set register {mode.address} with the vendor's tool"
                )

    @property
    def _torque_limits(self) -> list[int]:
        return [round(1000 * share) for share in self._torque]

    def _prepare(self) -> None:
        limit, lock = wire.REGISTERS["torque_limit"], wire.REGISTERS["lock"]
        limits = dict(zip(self._line.ids, self._torque_limits, strict=True))

        def prepared() -> None:
            wanted = {id_: limit.encode(value) for id_, value in limits.items()}
            self._line.write_all(limit.address, wanted)
            self._line.write_all(lock.address, dict.fromkeys(limits, b"\1"))
            self._demand_prepared()

        self._session.retried(prepared)

    def _goal(self, index: int, tick: int, pace: tuple[float, float]) -> Goal:
        speed, acceleration = pace
        fastest = math.floor(self.spec.joint[index].speed * abs(self._scales[index].per_unit))
        ramp = max(1, min(254, math.ceil(acceleration / wire.ACCELERATION_UNIT)))
        return ramp, max(1, min(fastest, math.ceil(speed))), tick  # 0 would mean "as fast as can"

    def _encode(self, goal: Goal) -> bytes:
        names = ("acceleration", "goal_position", "goal_time", "goal_velocity")
        values = (goal[0], goal[2], 0, goal[1])
        return b"".join(wire.REGISTERS[n].encode(v) for n, v in zip(names, values, strict=True))

    def _cure(self, id_: int, reading: ServoReading) -> None:
        """Switch torque off and on, the goal being where the joint is: that ends an overload."""
        torque = wire.REGISTERS["torque_enable"]
        self._line.write(id_, wire.REGISTERS["goal_position"], reading.position)
        self._line.write(id_, torque, 0)
        if reading.energised:
            self._line.write(id_, torque, 1)
