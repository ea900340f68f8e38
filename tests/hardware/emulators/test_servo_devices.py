"""Emulated servos on a clock of the test's own: motion, alarms, torque, watchdog."""

from __future__ import annotations

import math
from random import Random
from typing import Any

import pytest

from helmsight.hardware.emulators.dynamixel import DynamixelBus
from helmsight.hardware.emulators.feetech import FeetechBus
from helmsight.hardware.framing import Packets
from helmsight.hardware.spec import load_spec
from helmsight.hardware.wire import dynamixel, feetech
from helmsight.hardware.wire.registers import Register

CODES = [1, 2, 3, 4, 5, 0x82, 0x83, 0x8A, 0x92, 0x93, 0x9A]


class Sts:
    """A bus of STS servos, spoken to packet by packet."""

    def __init__(self) -> None:
        self.device = FeetechBus(load_spec("so101"))
        self.now = 10.0

    def send(self, id_: int, code: int, *parameters: int) -> list[feetech.FeetechPacket]:
        packet = feetech.encode(feetech.FeetechPacket(id_, code, bytes(parameters)))
        replies = b"".join(self.device.receive(packet, self.now))
        return Packets(feetech.scan).feed(replies)

    def write(self, id_: int, name: str, value: int) -> list[feetech.FeetechPacket]:
        register = feetech.REGISTERS[name]
        return self.send(id_, 3, register.address, *register.encode(value))

    def read(self, id_: int, name: str) -> int:
        register = feetech.REGISTERS[name]
        (reply,) = self.send(id_, 2, register.address, register.size)
        return register.decode(reply.parameters)

    def wait(self, seconds: float) -> None:
        self.now += seconds
        self.device.tick(self.now)


class X:
    """A bus of Dynamixel servos, spoken to packet by packet."""

    def __init__(self) -> None:
        self.device = DynamixelBus(load_spec("openmanipulator_x"))
        self.now = 10.0

    def send(self, id_: int, code: int, parameters: bytes = b"") -> list[dynamixel.DynamixelPacket]:
        packet = dynamixel.encode(dynamixel.DynamixelPacket(id_, code, parameters))
        replies = b"".join(self.device.receive(packet, self.now))
        return Packets(dynamixel.scan, dynamixel.BUFFER).feed(replies)

    def write(self, id_: int, name: str, value: int) -> int:
        register: Register = dynamixel.REGISTERS[name]
        data = register.address.to_bytes(2, "little") + register.encode(value)
        (reply,) = self.send(id_, 3, data)
        return reply.parameters[0]

    def read(self, id_: int, name: str) -> int:
        register: Register = dynamixel.REGISTERS[name]
        span = register.address.to_bytes(2, "little") + register.size.to_bytes(2, "little")
        (reply,) = self.send(id_, 2, span)
        return register.decode(reply.parameters[1:])

    def wait(self, seconds: float) -> None:
        self.now += seconds
        self.device.tick(self.now)


@pytest.fixture
def sts() -> Sts:
    return Sts()


@pytest.fixture
def x() -> X:
    return X()


@pytest.fixture(params=[(Sts, 1), (X, 11)], ids=["feetech", "dynamixel"])
def bus(request: pytest.FixtureRequest) -> tuple[Any, int]:
    kind, id_ = request.param
    return kind(), id_


def test_a_servo_moves_at_the_speed_it_was_told(sts: Sts) -> None:
    sts.write(1, "torque_enable", 1)
    sts.write(1, "goal_velocity", 500)
    sts.write(1, "goal_position", 3000)
    sts.wait(1.0)
    assert sts.read(1, "present_position") == pytest.approx(2048 + 500, abs=3)
    assert sts.read(1, "present_velocity") == 500
    assert sts.read(1, "moving") == 1
    sts.wait(1.5)
    assert (sts.read(1, "present_position"), sts.read(1, "moving")) == (3000, 0)


def test_backwards_is_a_sign_bit(sts: Sts) -> None:
    sts.write(1, "torque_enable", 1)
    sts.write(1, "goal_velocity", 500)
    sts.write(1, "goal_position", 1000)
    sts.wait(0.5)
    assert sts.read(1, "present_velocity") == -500
    (raw,) = sts.send(1, 2, 58, 2)
    assert int.from_bytes(raw.parameters, "little") == 0x8000 | 500


def test_a_ramp_takes_its_time(sts: Sts) -> None:
    sts.write(1, "torque_enable", 1)
    sts.write(1, "acceleration", 10)  # 1000 ticks/s^2
    sts.write(1, "goal_velocity", 1000)
    sts.write(1, "goal_position", 3200)
    sts.wait(0.5)
    assert sts.read(1, "present_velocity") == pytest.approx(500, abs=5)


def test_without_torque_nothing_moves_and_with_it_the_old_goal_counts(
    bus: tuple[Any, int],
) -> None:
    client, id_ = bus
    client.write(id_, "goal_position", 2300)
    client.wait(1.0)
    assert client.read(id_, "present_position") == 2048
    client.write(id_, "torque_enable", 1)  # the trap that drivers must know
    client.wait(2.0)
    assert client.read(id_, "present_position") == 2300
    assert [entry.kind for entry in client.device.journal] == ["move"]


def test_torque_off_leaves_the_joint_where_it_is(bus: tuple[Any, int]) -> None:
    client, id_ = bus
    client.write(id_, "torque_enable", 1)
    client.write(id_, "goal_position", 3000)
    client.wait(0.1)
    client.write(id_, "torque_enable", 0)
    here = client.read(id_, "present_position")
    client.wait(1.0)
    assert client.read(id_, "present_position") == here != 3000
    assert client.device.journal[-1].kind == "release"


def test_a_goal_that_repeats_the_position_just_read_is_a_hold(bus: tuple[Any, int]) -> None:
    client, id_ = bus
    client.write(id_, "torque_enable", 1)
    client.write(id_, "goal_position", 3000)
    client.wait(0.1)
    client.write(id_, "goal_position", client.read(id_, "present_position"))
    client.wait(1.0)
    assert [entry.kind for entry in client.device.journal] == ["move", "hold"]
    assert client.device.standing


def test_the_same_goal_again_is_not_another_command(bus: tuple[Any, int]) -> None:
    client, id_ = bus
    client.write(id_, "torque_enable", 1)
    for _ in range(3):
        client.write(id_, "goal_position", 2200)
    assert len(client.device.journal) == 1


def test_goals_beyond_its_own_limits_are_clamped_by_an_sts_servo(sts: Sts) -> None:
    sts.write(1, "torque_enable", 1)
    sts.write(1, "goal_position", 4000)
    sts.wait(3.0)
    assert sts.read(1, "present_position") == sts.read(1, "max_position") == 3300
    assert not sts.device.outside


def test_sts_read_only_registers_stay_and_bounds_hold(sts: Sts) -> None:
    for name, value in (("present_voltage", 9), ("model", 5), ("lock", 7), ("mode", 9)):
        before = sts.read(1, name)
        sts.write(1, name, value)
        assert sts.read(1, name) == before


def test_what_is_written_under_lock_is_lost_with_the_power(sts: Sts) -> None:
    sts.write(1, "max_position", 3000)
    sts.write(2, "lock", 0)
    sts.write(2, "max_position", 3000)
    sts.device.power_cycle()
    assert (sts.read(1, "max_position"), sts.read(2, "max_position")) == (3300, 3000)


def test_the_middle_can_be_set_where_the_joint_is(sts: Sts) -> None:
    sts.write(1, "torque_enable", 1)
    sts.write(1, "goal_position", 2200)
    sts.wait(1.0)
    sts.write(1, "torque_enable", 128)
    assert (sts.read(1, "present_position"), sts.read(1, "homing_offset")) == (2048, 152)


def test_a_homing_offset_shifts_what_is_shown_and_where_goals_lead(x: X, sts: Sts) -> None:
    x.write(11, "homing_offset", 100)
    assert x.read(11, "present_position") == 2148  # added
    sts.write(1, "homing_offset", 100)
    assert sts.read(1, "present_position") == 1948  # subtracted
    for client, id_ in ((x, 11), (sts, 1)):
        client.write(id_, "torque_enable", 1)
        client.write(id_, "goal_position", 2300)
        client.wait(2.0)
        assert client.read(id_, "present_position") == 2300
    assert x.device.servos[0].scale.tick(x.device.positions[0]) == 2200
    assert sts.device.servos[0].scale.tick(sts.device.positions[0]) == 2400


def test_a_multi_turn_goal_may_lie_beyond_the_limits(x: X) -> None:
    x.write(11, "mode", dynamixel.EXTENDED_MODE)
    x.write(11, "torque_enable", 1)
    assert x.write(11, "goal_position", 5000) == 0
    x.wait(3.0)
    assert x.read(11, "present_position") == 5000


def test_a_blocked_sts_servo_overloads_and_recovers(sts: Sts) -> None:
    sts.device.block("shoulder_pan")
    sts.write(1, "torque_enable", 1)
    sts.write(1, "goal_position", 3000)
    sts.wait(1.0)
    assert sts.read(1, "present_load") == 1000
    sts.wait(1.5)
    (reply,) = sts.send(1, 1)
    assert reply.code == feetech.FeetechFault.OVERLOAD
    assert sts.read(1, "present_load") == 200  # its protective torque
    sts.device.block("shoulder_pan", False)
    sts.write(1, "torque_enable", 1)
    (reply,) = sts.send(1, 1)
    assert reply.code == 0


def test_a_servo_with_little_torque_may_push_for_ever(sts: Sts) -> None:
    sts.device.block("gripper")
    sts.write(6, "torque_limit", 500)
    sts.write(6, "torque_enable", 1)
    sts.write(6, "goal_position", 2400)
    sts.wait(10.0)
    assert sts.read(6, "present_load") == 500
    (reply,) = sts.send(6, 1)
    assert reply.code == 0


def test_too_little_voltage_and_too_much_heat_are_alarms(sts: Sts) -> None:
    sts.device.supply_v = 3.5
    sts.device.heat["gripper"] = 75
    sts.write(6, "torque_enable", 1)
    sts.wait(0.01)
    (reply,) = sts.send(6, 1)
    assert reply.code == feetech.FeetechFault.VOLTAGE | feetech.FeetechFault.OVERHEAT
    assert sts.read(6, "torque_enable") == 0


def test_half_a_packet_is_forgotten_after_a_pause(sts: Sts) -> None:
    packet = feetech.encode(feetech.FeetechPacket(1, 1))
    assert sts.device.receive(packet[:4], sts.now) == []
    sts.wait(0.05)
    assert len(sts.device.receive(packet, sts.now)) == 1


def test_a_watchdog_stops_a_servo_that_hears_nothing(x: X) -> None:
    x.write(11, "torque_enable", 1)
    x.write(11, "profile_velocity", 20)
    x.write(11, "watchdog", 10)  # 0.2 s
    x.write(11, "goal_position", 3000)
    for _ in range(10):
        x.wait(0.1)
        assert x.read(11, "watchdog") == 10  # fed by the question itself
    x.wait(0.1)
    assert not x.device.standing
    x.wait(0.15)
    assert x.device.standing
    assert x.read(11, "watchdog") == dynamixel.TRIPPED
    here = x.read(11, "present_position")
    assert x.write(11, "goal_position", 2500) == dynamixel.InstructionError.RANGE
    assert x.write(11, "watchdog", 10) == dynamixel.InstructionError.RANGE
    assert x.write(11, "watchdog", 0) == 0
    x.wait(1.0)
    assert x.read(11, "present_position") == here
    assert x.write(11, "goal_position", 2500) == 0


def test_a_blocked_dynamixel_shuts_down_until_it_is_rebooted(x: X) -> None:
    x.device.block("joint1")
    x.write(11, "torque_enable", 1)
    x.write(11, "goal_position", 3000)
    x.wait(1.5)
    assert x.write(11, "led", 1) == dynamixel.ALERT
    assert x.read(11, "hardware_error") == dynamixel.DynamixelFault.OVERLOAD
    assert x.read(11, "torque_enable") == 0
    x.send(11, dynamixel.DynamixelInstruction.REBOOT)
    assert x.read(11, "hardware_error") == 0
    assert x.write(11, "led", 1) == 0


def test_an_unknown_dynamixel_instruction_is_an_error(x: X) -> None:
    (reply,) = x.send(11, 0x42)
    assert reply.parameters[0] == dynamixel.InstructionError.INSTRUCTION


def test_a_dead_servo_says_nothing(bus: tuple[Any, int]) -> None:
    client, id_ = bus
    client.device.kill(client.device.spec.names[0])
    assert client.send(id_, 1) == []


@pytest.mark.slow
@pytest.mark.parametrize("device", [FeetechBus, DynamixelBus])
def test_random_bytes_do_no_harm(device: Any) -> None:
    random = Random(3)
    bus = device(load_spec("so101" if device is FeetechBus else "openmanipulator_x"))
    wire, packet_of = (
        (feetech, feetech.FeetechPacket)
        if device is FeetechBus
        else (dynamixel, dynamixel.DynamixelPacket)
    )
    for step in range(1500):
        bus.receive(random.randbytes(100), step * 0.001)
        packet: Any = packet_of(
            random.choice([1, 11, 254]), random.choice(CODES),
            random.randbytes(random.randint(0, 12)),
        )  # fmt: skip
        bus.receive(wire.encode(packet), step * 0.001)  # whole packets of nonsense
        bus.tick(step * 0.001)
    assert all(math.isfinite(position) for position in bus.positions)
