"""The servo-bus drivers with the faults that real buses have."""

from __future__ import annotations

from pathlib import Path
from random import Random
from typing import TYPE_CHECKING, Any

import pytest

from helmsight.hardware.drivers.servo_reading import cure_of
from helmsight.hardware.emulators import dynamixel as dynamixel_emulator
from helmsight.hardware.emulators import emulate
from helmsight.hardware.emulators.device import Device
from helmsight.hardware.emulators.faults import Faults
from helmsight.hardware.emulators.feetech import FeetechBus
from helmsight.hardware.errors import (
    DeviceAlarm,
    HardwareError,
    HeldAtMachine,
    LinkLost,
    LinkRecovered,
    NoReply,
    StopUnconfirmed,
)
from helmsight.hardware.robot import JointTargets, Mode
from helmsight.hardware.spec import load_spec

if TYPE_CHECKING:
    from tests.hardware.drivers.servos.conftest import Arm

pytestmark = pytest.mark.serial
both = pytest.mark.parametrize("name", ["so101", "openmanipulator_x"])


def test_a_half_applied_sync_write_is_noticed_and_repaired(
    arm: Arm, monkeypatch: pytest.MonkeyPatch
) -> None:
    arm.robot.connect()
    arm.robot.move(JointTargets(arm.near(0.02)))
    deaf = [arm.device.servos[2]]
    device: Any = arm.device
    whole = device._write

    def missing(servo: Any, *rest: Any) -> Any:
        if servo in deaf:
            deaf.remove(servo)
            return 0
        return whole(servo, *rest)

    monkeypatch.setattr(arm.device, "_write", missing)
    sent = arm.robot.move(JointTargets(arm.near()))
    assert (sent.attempts, deaf) == (2, [])
    assert sent.positions == pytest.approx(arm.targets)


def test_a_servo_that_never_takes_its_goal_is_told_by_name(
    arm: Arm, monkeypatch: pytest.MonkeyPatch
) -> None:
    arm.robot.connect()
    arm.robot.move(JointTargets(arm.near(0.02)))
    monkeypatch.setattr(arm.device, "_write", lambda *_: 0)
    with pytest.raises(NoReply, match=arm.robot.spec.names[0]):
        arm.robot.move(JointTargets(arm.near()))


def test_one_dead_servo_does_not_keep_the_others_energised(arm: Arm) -> None:
    arm.robot.connect()
    arm.robot.move(JointTargets(arm.near()))
    dead = arm.robot.spec.names[2]
    arm.device.kill(dead)
    with pytest.raises(NoReply, match=dead):
        arm.robot.close()
    assert arm.energised() == [name == dead for name in arm.robot.spec.names]


def test_a_stop_with_a_dead_servo_stops_the_others_and_is_not_confirmed(arm: Arm) -> None:
    arm.robot.connect()
    arm.robot.move(JointTargets(arm.near(0.3)))
    arm.device.kill(arm.robot.spec.names[2])
    with pytest.raises(StopUnconfirmed, match=arm.robot.spec.names[2]):
        arm.robot.stop(within_s=0.3)
    others = [axis for index, axis in enumerate(arm.device.axes) if index != 2]
    assert not any(axis.moving for axis in others)


def test_a_late_answer_is_never_taken_for_a_fresh_one(arm: Arm) -> None:
    arm.robot.connect()
    line, block = arm.robot._line, arm.robot.block
    for turn in range(4):
        arm.emulation.to_host.faults = Faults(delay_s=0.08)
        assert line.read_all(*block) == {}
        arm.emulation.to_host.faults = Faults()
        before = arm.device.servos[0].tick
        arm.device.axes[0].position = 0.1 * (turn + 1)
        arm.device.axes[0].target = arm.device.axes[0].position
        assert arm.device.servos[0].tick != before
        while line.ids[0] not in (found := line.read_all(*block)):
            pass
        reading = arm.robot._reading(0, *found[line.ids[0]])
        assert reading.position == arm.device.servos[0].tick


def test_an_unplug_during_a_move_is_told_and_the_robot_is_back(arm: Arm) -> None:
    arm.robot.connect()
    arm.robot.move(JointTargets(arm.near(0.1)))
    arm.emulation.unplug(0.1)

    def moved_until_lost() -> bool:
        try:
            arm.robot.move(JointTargets(arm.near()))
        except LinkRecovered:
            return True
        return False

    arm.wait_for(moved_until_lost)
    assert arm.robot.link.counters.reconnects == 1
    assert arm.robot.state().energised
    arm.robot.move(JointTargets(arm.near()))
    assert arm.targets == pytest.approx(arm.near(), abs=1e-3)


def test_the_sdk_s_lock_is_open_after_a_lost_link(arm: Arm) -> None:
    arm.robot.connect()
    arm.emulation.unplug(60.0)
    arm.wait_for(lambda: not Path(arm.emulation.port).exists())
    for _ in range(3):
        with pytest.raises(LinkLost):
            arm.robot._line.read_all(*arm.robot.block)
        assert not arm.robot._line._port.is_using


@both
def test_under_faults_every_command_is_carried_out_once_or_reported(
    name: str, arm_at: type[Arm]
) -> None:
    faults = "drop=0.01,flip=0.005,noise=0.005,delay=50ms:0.005"
    with emulate(name, faults=faults, seed=11) as emulation:
        arm, random = arm_at(emulation), Random(5)
        arm.robot.connect()
        sent: list[tuple[float, ...]] = []
        open_ended = 0
        for _ in range(100):
            share = random.uniform(0.0, 0.1)
            try:
                positions = arm.robot.move(JointTargets(arm.near(share), duration_s=0.2)).positions
            except NoReply:
                open_ended += 1
                continue
            assert arm.targets == pytest.approx(positions)
            if sent[-1:] != [positions]:
                sent.append(positions)
        moves = [entry.positions for entry in arm.device.journal if entry.kind == "move"]
        arm.robot.link.close()
    assert len(sent) > 80
    assert arm.device.outside == []
    rest = iter(moves)
    assert all(any(positions == pytest.approx(one) for one in rest) for positions in sent)
    assert len(moves) <= len(sent) + open_ended, "something was carried out twice"


@both
def test_an_alarm_is_told_and_a_reset_clears_it(
    name: str, arm_at: type[Arm], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(dynamixel_emulator, "STALL_S", 0.05)
    with emulate(name) as emulation:
        arm, joint = arm_at(emulation), load_spec(name).names[1]
        arm.robot.connect()
        if name == "so101":
            arm.device.servo(joint)["protection_time"] = 5
        arm.device.block(joint)
        arm.robot.move(JointTargets(arm.near()))
        arm.wait_for(lambda: arm.robot.state().mode == Mode.alarm)
        assert arm.robot.state().faults == (f"{joint}: overload",)
        with pytest.raises(DeviceAlarm, match=f"{joint}: overload") as told:
            arm.robot.move(JointTargets(arm.near()))
        assert told.value.code == "overload"
        arm.device.block(joint, False)
        arm.robot.reset()
        arm.wait_for(lambda: arm.robot.state().mode == Mode.ready)
        stood = arm.robot.spec.home[1]
        assert arm.device.axes[1].target == pytest.approx(stood, abs=2e-3), "a reset moves nothing"
        arm.robot.move(JointTargets(arm.near()))
        assert arm.targets == pytest.approx(arm.near(), abs=1e-3)
        arm.robot.link.close()


def test_silence_trips_the_bus_watchdog_and_a_move_goes_on(x: Arm) -> None:
    x.robot.connect()
    assert x.robot.watchdog_s == 0.3
    x.robot.move(JointTargets(x.near(0.3)))
    x.wait_for(lambda: all(servo["watchdog"] == -1 for servo in x.device.servos))
    assert x.device.standing
    here = x.device.positions
    state = x.robot.state()
    assert state.mode == Mode.held
    assert "watchdog" in state.faults[0]
    x.robot.hold()
    assert x.device.positions == here
    x.robot.move(JointTargets(x.near()))
    assert x.targets == pytest.approx(x.near(), abs=1e-3)
    assert [servo["watchdog"] for servo in x.device.servos] == [15] * 5


def test_a_tripped_watchdog_is_cleared_by_a_reset_without_motion(x: Arm) -> None:
    x.robot.connect()
    x.robot.move(JointTargets(x.near(0.3)))
    x.wait_for(lambda: all(servo["watchdog"] == -1 for servo in x.device.servos))
    here = x.device.positions
    assert x.robot.reset().mode == Mode.ready
    x.wait_for(lambda: x.robot.state().standing)
    assert x.device.positions == pytest.approx(here, abs=1e-3)


def test_an_arm_whose_supply_was_cut_moves_only_after_a_reset_and_is_set_up_again(
    arm: Arm,
) -> None:
    arm.robot.connect()
    arm.robot.move(JointTargets(arm.near(0.02)))
    arm.wait_for(lambda: arm.robot.state().standing)
    servo = arm.device.servos[-1]
    limit = "torque_limit" if "torque_limit" in servo.registers else "goal_pwm"
    set_up = servo[limit]
    servo[limit] = 1000 if limit == "torque_limit" else 0
    servo["torque_enable"] = 0
    here = arm.device.positions
    with pytest.raises(HeldAtMachine, match=rf"{arm.robot.spec.names[-1]}\) was taken off"):
        arm.robot.move(JointTargets(arm.near()))
    state = arm.robot.state()
    assert state.mode is Mode.stopped
    assert "taken off" in state.faults[0]
    assert not servo["torque_enable"]
    assert arm.device.positions == here
    arm.robot.reset()
    assert not servo["torque_enable"]
    arm.robot.move(JointTargets(arm.near()))
    assert servo[limit] == set_up
    assert all(arm.energised())


def test_a_reading_tells_that_somebody_took_the_torque_off(arm: Arm) -> None:
    arm.robot.connect()
    arm.robot.state()
    assert arm.robot.held_at_machine == ""  # it never had any
    arm.robot.move(JointTargets(arm.near(0.02)))
    for servo in arm.device.servos:
        servo["torque_enable"] = 0
    assert arm.robot.state().mode is Mode.stopped
    with pytest.raises(HeldAtMachine):
        arm.robot.move(JointTargets(arm.near()))


def test_garbage_in_mid_run_raises_typed_errors_only(arm: Arm, garbage: type[Device]) -> None:
    arm.robot.connect()
    arm.emulation.device = garbage(arm.robot.spec)
    for _ in range(4):
        with pytest.raises(HardwareError):
            arm.robot.state()


def test_advice_about_an_alarm_is_about_that_alarm(sts: Arm) -> None:
    sts.robot.connect()
    assert isinstance(sts.device, FeetechBus)
    sts.device.heat["elbow_flex"] = 75
    with pytest.raises(DeviceAlarm, match=r"elbow_flex: overheated\. Let it cool, then") as hot:
        sts.robot.move(JointTargets(sts.near(0.01)))
    assert "blocks" not in str(hot.value)
    sts.device.heat["elbow_flex"] = 25
    sts.device.supply_v = 3.5
    with pytest.raises(DeviceAlarm, match=r"voltage\. Measure the servos' supply") as weak:
        sts.robot.move(JointTargets(sts.near(0.01)))
    assert "cool" not in str(weak.value)


def test_an_alarm_that_says_nothing_gets_no_guess() -> None:
    assert cure_of(["hardware error", "sensor"]) == "Look at it with the vendor's tool"
    assert cure_of(["overload", "overcurrent"]) == "Take away what blocks it or hangs on it"
