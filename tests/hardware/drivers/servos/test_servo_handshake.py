"""Who is at the other end of a servo bus, and whether it is set up as described."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from helmsight.hardware.calibration import Calibration
from helmsight.hardware.drivers import make_robot
from helmsight.hardware.emulators import emulate, make_device
from helmsight.hardware.emulators.device import Device
from helmsight.hardware.emulators.serve import Emulation
from helmsight.hardware.emulators.servos import EmulatedServoBus
from helmsight.hardware.errors import (
    SetupNeeded,
    TargetRefused,
    WrongProtocol,
)
from helmsight.hardware.robot import JointTargets
from helmsight.hardware.spec import load_spec, parse_spec, shipped
from helmsight.hardware.ticks import ServoOptions, range_ticks

if TYPE_CHECKING:
    from tests.hardware.drivers.servos.conftest import Arm

pytestmark = pytest.mark.serial
both = pytest.mark.parametrize("name", ["so101", "openmanipulator_x"])


class Silence(Device):
    """Answers nothing."""

    def receive(self, data: bytes, now: float) -> list[bytes]:
        return []


class Text(Device):
    """A line-protocol controller."""

    def receive(self, data: bytes, now: float) -> list[bytes]:
        return [b"ERROR: COMMAND NOT RECOGNIZED\r\n"]


@both
@pytest.mark.parametrize(("device", "told"), [(Silence, "heard nothing"), (Text, "line-protocol")])
def test_what_is_no_servo_bus_is_told_with_what_it_said(
    name: str, device: type[Device], told: str
) -> None:
    spec = load_spec(name)
    with Emulation(device(spec)) as emulation:
        robot = make_robot(spec, emulation.port)
        with pytest.raises(WrongProtocol, match=told):
            robot.connect()
        assert not robot.link.is_open


@both
def test_what_answers_nonsense_is_told(name: str, garbage: type[Device]) -> None:
    spec = load_spec(name)
    with Emulation(garbage(spec)) as emulation:
        robot = make_robot(spec, emulation.port)
        with pytest.raises(WrongProtocol, match="heard"):
            robot.connect()


@both
def test_the_other_protocol_is_told(name: str) -> None:
    other = "so101" if name == "openmanipulator_x" else "openmanipulator_x"
    with emulate(other) as emulation:
        robot = make_robot(name, emulation.port)
        with pytest.raises(WrongProtocol, match="no servo answered by"):
            robot.connect()


def test_another_model_is_told(arm: Arm) -> None:
    arm.device.servos[1]["model"] = 1234
    with pytest.raises(WrongProtocol, match="model 1234, expected"):
        arm.robot.connect()


def test_a_missing_servo_is_told(arm: Arm) -> None:
    arm.device.kill(arm.robot.spec.names[3])
    with pytest.raises(SetupNeeded, match=f"{arm.robot.spec.names[3]}.* did not answer"):
        arm.robot.connect()


def test_another_mode_is_told(arm: Arm) -> None:
    arm.device.servos[0]["mode"] = 1
    with pytest.raises(SetupNeeded, match="mode 1, expected"):
        arm.robot.connect()


def test_profiles_that_are_times_are_told() -> None:
    with emulate("openmanipulator_x") as emulation:
        device = emulation.device
        assert isinstance(device, EmulatedServoBus)
        device.servos[2]["drive_mode"] = 5
        with pytest.raises(SetupNeeded, match=r"drive mode 5: .* milliseconds.* register 10 to 1"):
            make_robot("openmanipulator_x", emulation.port).connect()


def test_a_servo_s_own_narrower_limits_count(arm: Arm) -> None:
    servo, joint = arm.device.servos[0], arm.robot.spec.joint[0]
    servo["max_position"] -= 100
    arm.robot.connect()
    before = arm.robot.link.counters.bytes_out
    with pytest.raises(TargetRefused, match="own limits"):
        arm.robot.move(JointTargets((joint.upper, *arm.robot.spec.home[1:])))
    assert arm.robot.link.counters.bytes_out == before


def test_a_servo_whose_own_limits_leave_too_little_is_told(arm: Arm) -> None:
    arm.device.servos[0]["max_position"] = 2100
    arm.device.servos[0]["min_position"] = 2000
    with pytest.raises(SetupNeeded, match=r"limits 2000 to 2100|seen from tick 2000 to 2100"):
        arm.robot.connect()


def test_a_joint_far_outside_its_limits_gets_no_torque(arm: Arm) -> None:
    arm.robot.connect()
    axis = arm.device.axes[0]
    axis.position = axis.target = arm.robot.spec.joint[0].upper + 0.2
    with pytest.raises(TargetRefused, match="torque stays off"):
        arm.robot.move(JointTargets(arm.near()))
    assert not any(arm.energised())


def test_a_calibration_file_counts(tmp_path: Path, arm_at: type[Arm]) -> None:
    plain = load_spec("so101")
    # 30 ticks (0.05 rad) short of either end: as far as a zero may be wrong
    whole = zip(plain.joint, plain.joint_options(ServoOptions), strict=True)
    halves = [round(range_ticks(joint, servo) / 2) - 30 for joint, servo in whole]
    ranges = {
        name: (2148 - half, 2148 + half) for name, half in zip(plain.names, halves, strict=True)
    }
    Calibration.from_ranges(plain, ranges).save(tmp_path / "arm.toml")
    text = shipped()["so101"].read_text(encoding="utf-8")
    text = text.replace('calibration = "servos"', f'calibration = "{tmp_path}/arm.toml"', 1)
    with Emulation(make_device(parse_spec(text))) as emulation:
        arm = arm_at(emulation)
        assert arm.robot.connect().positions[0] == pytest.approx(0.0, abs=1e-3)
        arm.robot.move(JointTargets((0.1, *plain.home[1:])))
        assert arm.targets[0] == pytest.approx(0.1, abs=1e-3)
        assert arm.device.servos[0]["goal_position"] == 2148 + 65
        with pytest.raises(TargetRefused, match="range of its calibration"):
            arm.robot.check(JointTargets((1.9, *plain.home[1:])))
        arm.robot.close()


@pytest.mark.parametrize("muted", [(12,), (11, 12, 13, 14, 15)])
def test_a_dynamixel_that_never_returns_status_is_told_by_its_register(
    x: Arm, muted: tuple[int, ...]
) -> None:
    for servo in x.device.servos:
        servo["status_level"] = 0 if servo["id"] in muted else 2
    with pytest.raises(SetupNeeded, match=r"answers pings but no reads.*register 68 to 2") as told:
        x.robot.connect()
    assert "cable" not in str(told.value)
    assert ("15 (gripper)" in str(told.value)) == (15 in muted)
    assert x.device.journal == []


def test_a_dynamixel_that_returns_status_to_reads_only_works(x: Arm) -> None:
    for servo in x.device.servos:
        servo["status_level"] = 1
    x.robot.connect()
    x.robot.move(JointTargets(x.near(0.01)))
    x.robot.stop()
    x.robot.reset()
    x.robot.close()
    assert not any(x.energised())


def test_advice_about_a_cable_names_who_answered_on_the_same_line(arm: Arm) -> None:
    names = arm.robot.spec.names
    arm.device.kill(names[3])
    told = rf"\({names[3]}\) did not answer, .*\({names[0]}\).* did on"
    with pytest.raises(SetupNeeded, match=told):
        arm.robot.connect()


def test_a_bus_that_is_silent_gets_advice_about_its_supply_and_not_about_its_baud(arm: Arm) -> None:
    for name in arm.robot.spec.names:
        arm.device.kill(name)
    with pytest.raises(
        WrongProtocol, match=r"heard nothing\. Is the servos' own supply on"
    ) as told:
        arm.robot.connect()
    assert "baud right" not in str(told.value)
