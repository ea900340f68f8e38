"""A calibration by hand: ranges from readings, and what is no range."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from helmsight.contract.errors import InvalidOption
from helmsight.hardware.drivers import make_robot
from helmsight.hardware.emulators import emulate
from helmsight.hardware.emulators.feetech import FeetechBus
from helmsight.hardware.emulators.serve import Emulation
from helmsight.hardware.emulators.servos import EmulatedServoBus
from helmsight.hardware.errors import NoReply, PortUnavailable, SetupNeeded
from helmsight.hardware.recording import Range, Recording
from helmsight.hardware.robot import JointTargets
from helmsight.hardware.spec import load_spec, shipped


def push(device: object, share: float) -> None:
    """Move every joint by hand to a share of its way between the end stops, but for torque."""
    assert isinstance(device, EmulatedServoBus)
    for servo in device.servos:
        if not servo.energised:
            lower, upper = servo.options.stops_of(servo.joint)
            servo.axis.position = lower + share * (upper - lower)
            servo.axis.target = servo.axis.position


@pytest.fixture
def arm() -> Iterator[Emulation]:
    with emulate("so101") as emulation:
        yield emulation


@pytest.mark.serial
@pytest.mark.parametrize("name", ["so100", "so101", "openmanipulator_x"])
def test_joints_moved_from_end_to_end_give_the_calibration_that_they_have(name: str) -> None:
    with emulate(name) as arm:
        recording = Recording(name, arm.port)
        with recording.by_hand():
            for share in (0.4, 0.2, 0.0, 0.3, 0.6, 0.8, 1.0):
                push(arm.device, share)
                recording.take()
        assert recording.unmoved == ()
        made = recording.calibration().scales(load_spec(name))
        assert isinstance(arm.device, EmulatedServoBus)
        for scale, servo in zip(made, arm.device.servos, strict=True):
            assert scale.zero == pytest.approx(servo.scale.zero, abs=1)
            assert scale.lower == pytest.approx(servo.scale.lower, abs=1)
            assert scale.upper == pytest.approx(servo.scale.upper, abs=1)
        assert arm.device.journal == []


@pytest.mark.serial
def test_an_arm_that_held_is_loose_while_it_is_recorded_and_afterwards(arm: Emulation) -> None:
    robot = make_robot("so101", arm.port)
    robot.move(JointTargets(robot.connect().positions))
    robot.link.close()  # as if its program had died: nothing was released
    assert isinstance(arm.device, FeetechBus)
    assert all(servo.energised for servo in arm.device.servos)
    recording = Recording("so101", arm.port)
    with recording.by_hand():
        assert not any(servo.energised for servo in arm.device.servos)
    assert not any(servo.energised for servo in arm.device.servos)


@pytest.mark.serial
def test_an_arm_that_cannot_be_connected_before_it_is_calibrated_can_be_recorded(
    arm: Emulation,
) -> None:
    assert isinstance(arm.device, FeetechBus)
    arm.device.servo("elbow_flex")["max_position"] = 1900
    with pytest.raises(SetupNeeded, match="calibrate"):
        make_robot("so101", arm.port).connect()
    recording = Recording("so101", arm.port)
    with recording.by_hand():
        recording.take()
    assert recording.ranges["elbow_flex"].present == 2048


@pytest.mark.serial
def test_a_calibration_that_is_not_there_yet_is_no_obstacle(arm: Emulation, tmp_path: Path) -> None:
    text = shipped()["so101"].read_text(encoding="utf-8")
    mine = tmp_path / "mine.toml"
    mine.write_text(
        text.replace('"servos"', f'"{(tmp_path / "none").as_posix()}"'),
        encoding="utf-8",
    )
    recording = Recording(mine, arm.port)
    with recording.by_hand():
        recording.take()
    assert recording.ranges["elbow_flex"].present == 2048


@pytest.mark.serial
def test_joints_that_were_hardly_moved_are_named(arm: Emulation) -> None:
    recording = Recording("so101", arm.port)
    with recording.by_hand():
        for share in (0.0, 0.3, 0.7, 1.0):
            push(arm.device, share)
            assert isinstance(arm.device, FeetechBus)
            still = arm.device.servo("wrist_flex").axis
            still.position = still.target = 0.3 * share  # rad
            recording.take()
    assert recording.unmoved == ("wrist_flex",)
    with pytest.raises(SetupNeeded, match=r"wrist_flex 8% of the described range"):
        recording.calibration()


@pytest.mark.serial
@pytest.mark.parametrize(("low", "high", "end"), [(0.0, 0.9, "upper"), (0.1, 1.0, "lower")])
def test_an_end_that_the_servo_knows_of_and_that_was_not_reached_is_asked_for(
    arm: Emulation, low: float, high: float, end: str
) -> None:
    """Beyond the described limits, too: this arm's stops are further apart than those."""
    assert isinstance(arm.device, FeetechBus)
    servo = arm.device.servo("shoulder_pan")
    servo["min_position"] -= 150
    servo["max_position"] += 150
    recording = Recording("so101", arm.port)

    def turn(share: float) -> None:
        ticks = servo["min_position"] + share * (servo["max_position"] - servo["min_position"])
        servo.axis.position = servo.axis.target = servo.scale.value(ticks)

    with recording.by_hand():
        for share in (0.0, 0.2, 0.4, 0.6, 0.8, 1.0):
            push(arm.device, share)
            turn(low + share * (high - low))
            recording.take()
        assert recording.ranges["shoulder_pan"].share > 1.0
        assert recording.unmoved == ("shoulder_pan",)
        with pytest.raises(SetupNeeded, match=f"shoulder_pan not to its {end} end"):
            recording.calibration()
        for share in (0.5, 1.0 if end == "upper" else 0.0):
            turn(share)
            recording.take()
    assert recording.unmoved == ()
    assert recording.calibration().joint["shoulder_pan"].zero == pytest.approx(2048, abs=1)


@pytest.mark.serial
@pytest.mark.parametrize("share", [0.5, 0.81, 0.94])
def test_a_joint_swept_in_part_is_refused_with_what_it_does_to_the_zero(
    arm: Emulation, share: float
) -> None:
    recording = Recording("so101", arm.port)
    with recording.by_hand():
        for step in (0.0, 0.3, 0.6, 1.0):
            push(arm.device, step)
            assert isinstance(arm.device, FeetechBus)
            roll = arm.device.servo("wrist_roll")
            place = roll.joint.lower + step * share * (roll.joint.upper - roll.joint.lower)
            roll.axis.position = roll.axis.target = place
            recording.take()
    assert recording.unmoved == ("wrist_roll",)
    with pytest.raises(SetupNeeded, match=r"wrist_roll .*its zero could be \d\.\d\d rad wrong"):
        recording.calibration()


@pytest.mark.serial
def test_limits_of_another_count_ask_for_nothing(arm: Emulation) -> None:
    assert isinstance(arm.device, FeetechBus)
    for servo in arm.device.servos:
        servo["homing_offset"] = 300  # its ticks shifted, its limits were not
    recording = Recording("so101", arm.port)
    with recording.by_hand():
        for share in (0.0, 0.2, 0.4, 0.6, 0.8, 1.0):
            push(arm.device, share)
            recording.take()
    assert recording.unmoved == ()
    assert {own.offset for own in recording.calibration().joint.values()} == {300}


@pytest.mark.serial
def test_a_servo_that_is_not_there_is_named(arm: Emulation) -> None:
    assert isinstance(arm.device, FeetechBus)
    arm.device.kill("gripper")
    with pytest.raises(SetupNeeded, match="gripper"), Recording("so101", arm.port).by_hand():
        pass


@pytest.mark.serial
def test_a_joint_that_does_not_answer_takes_nothing_and_may_come_back(arm: Emulation) -> None:
    assert isinstance(arm.device, FeetechBus)
    recording = Recording("so101", arm.port)
    with recording.by_hand():
        arm.device.kill("gripper")
        with pytest.raises(NoReply, match="gripper"):
            recording.take()
        assert recording.ranges["elbow_flex"].present is None
        arm.device.kill("gripper", False)
        recording.take()
    assert recording.ranges["elbow_flex"].present == 2048


@pytest.mark.parametrize("name", ["gantry", "helm_arm", "uarm"])
def test_a_robot_without_calibration_says_so(name: str) -> None:
    with pytest.raises(InvalidOption, match="no calibration"):
        Recording(name, "nowhere")


def test_a_port_that_is_not_there_is_told_as_everywhere() -> None:
    with pytest.raises(PortUnavailable), Recording("so101", "no/such/port").by_hand():
        pass


@given(ticks=st.lists(st.integers(0, 2000), min_size=1))
def test_a_range_holds_every_reading(ticks: list[int]) -> None:
    found = Range(turn=4096, whole=2000.0)
    for tick in ticks:
        found.take(tick)
    assert (found.lower, found.upper, found.present) == (min(ticks), max(ticks), ticks[-1])
    assert found.jump is None
    assert found.share == (max(ticks) - min(ticks)) / 2000.0


def test_a_count_that_begins_anew_within_a_range_is_refused() -> None:
    recording = Recording("so101", "nowhere")
    for name, found in recording.ranges.items():
        for tick in (3000, 4000, 50, 1200) if name == "elbow_flex" else (100, 2000, 4000):
            found.take(tick)
    with pytest.raises(SetupNeeded, match="elbow_flex jumped from tick 4000 to 50"):
        recording.calibration()
