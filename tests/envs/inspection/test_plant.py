"""The arm's servos are joints with weight: on a clock of the test's own."""

from __future__ import annotations

from typing import Any

import pytest

from helmsight.contract.errors import InvalidOption
from helmsight.envs.inspection.cell import START
from helmsight.envs.inspection.parts import PARTS
from helmsight.envs.inspection.plan import CellPlan
from helmsight.envs.inspection.plant import TURNING, Plant
from helmsight.envs.inspection.servos import TableServo
from helmsight.hardware.wire.feetech import FeetechFault

NAMES = ("shoulder_pan", "shoulder_lift", "elbow_flex", "wrist_flex", "wrist_roll", "gripper")


def test_the_arm_holds_its_weight_where_it_was_left(arm: Any) -> None:
    arm.wait(2.0)
    assert arm.device.positions == pytest.approx(START, abs=0.01)
    assert arm.device.standing
    assert abs(arm.read("elbow_flex", "present_load")) > 50  # it does have a weight
    assert abs(arm.read("wrist_roll", "present_load")) < 20
    assert arm.plant.touches == ()


@pytest.mark.parametrize("joint", NAMES)
def test_a_goal_in_the_registers_moves_the_simulated_joint(arm: Any, joint: str) -> None:
    index = NAMES.index(joint)
    way = -0.2 if joint == "wrist_flex" else 0.2
    arm.write(joint, "goal_velocity", 600)
    arm.go(joint, START[index] + way)
    arm.wait(0.1)
    assert arm.read(joint, "moving") == 1
    assert arm.read(joint, "present_velocity") * way > 0
    arm.wait(1.5)
    assert arm.device.positions[index] == pytest.approx(START[index] + way, abs=0.012)
    servo = arm.device.servo(joint)
    assert servo.scale.value(arm.read(joint, "present_position")) == pytest.approx(
        arm.device.positions[index], abs=2e-3
    )
    others = [i for i in range(len(NAMES)) if i != index]
    assert [arm.device.positions[i] for i in others] == pytest.approx(
        [START[i] for i in others], abs=0.015
    )


def test_torque_off_lets_the_arm_sink_and_on_again_it_stays_where_it_is(arm: Any) -> None:
    for joint in NAMES:
        arm.write(joint, "torque_enable", 0)
    arm.wait(1.5)
    sunk = arm.device.positions
    assert sunk[2] > START[2] + 0.1
    assert arm.read("elbow_flex", "present_load") == 0
    for joint in NAMES:
        arm.write(joint, "goal_position", arm.read(joint, "present_position"))
        arm.write(joint, "torque_enable", 1)
    arm.wait(1.0)
    assert arm.device.positions == pytest.approx(sunk, abs=0.03)


def test_less_torque_than_the_arm_weighs_does_not_hold_it(arm: Any) -> None:
    arm.write("elbow_flex", "torque_limit", 40)
    arm.wait(1.5)
    assert arm.device.positions[2] > START[2] + 0.1
    assert arm.read("elbow_flex", "torque_limit") == 40


def test_a_joint_that_slips_is_elsewhere_and_its_servo_does_not_know(arm: Any) -> None:
    before = arm.read("wrist_flex", "present_position")
    arm.device.slip("wrist_flex", 0.15)
    arm.wait(1.0)
    assert arm.read("wrist_flex", "present_position") == pytest.approx(before, abs=12)
    assert arm.device.positions[3] == pytest.approx(START[3] - 0.15, abs=0.015)
    arm.go("wrist_flex", START[3] - 0.2)
    arm.wait(1.0)
    assert arm.device.positions[3] == pytest.approx(START[3] - 0.35, abs=0.015)


def into_the_satellite(arm: Any) -> None:
    """Stretch the arm toward the satellite, as a pilot must not."""
    for joint, place in (("wrist_flex", 0.2), ("elbow_flex", 0.9), ("shoulder_lift", -0.3)):
        arm.write(joint, "goal_velocity", 800)
        arm.go(joint, place)
    arm.wait(3.0)


@pytest.mark.slow
def test_touching_the_satellite_is_kept_with_time_link_and_part(arm: Any) -> None:
    into_the_satellite(arm)
    touches = [touch for touch in arm.plant.touches if touch.what == "satellite"]
    assert touches
    first = touches[0]
    assert first.with_ in PARTS
    assert first.link in (*NAMES, "base")
    assert 0.0 < first.start_s <= first.end_s <= arm.plant.seconds
    assert first.force_n > 0.0
    assert len(touches) < 200  # contacts, not steps


@pytest.mark.slow
def test_a_servo_that_pushes_against_something_takes_itself_for_overloaded(arm: Any) -> None:
    into_the_satellite(arm)
    arm.wait(4.0)
    faults = [FeetechFault(arm.read(joint, "status")) for joint in NAMES]
    assert any(FeetechFault.OVERLOAD in fault for fault in faults)


def test_a_free_arm_touches_nothing_and_takes_no_harm(arm: Any) -> None:
    arm.go("shoulder_pan", 0.5)
    arm.wait(2.0)
    assert arm.plant.touches == ()
    assert all(arm.read(joint, "status") == 0 for joint in NAMES)


@pytest.mark.slow
def test_the_table_is_told_from_the_satellite(arm: Any) -> None:
    for joint in NAMES:
        arm.go(joint, {"shoulder_pan": 1.5, "shoulder_lift": 0.9, "elbow_flex": 0.9}.get(joint, 0))
    arm.wait(4.0)
    assert {touch.what for touch in arm.plant.touches} & {"table", "thing"}
    assert not any(touch.what == "satellite" for touch in arm.plant.touches)


@pytest.mark.slow
def test_the_same_commands_have_the_same_effect_to_the_last_bit(arm: Any) -> None:
    again = type(arm)(Plant(arm.plant.plan))
    for one in (arm, again):
        one.go("shoulder_pan", 0.3)
        one.wait(1.0)
    assert arm.device.positions == again.device.positions


# -- the turntable --------------------------------------------------------------------------------


def test_the_turntable_turns_slowly_to_where_it_is_told(arm: Any) -> None:
    arm.plant.turn(0.4)
    arm.wait(0.4)
    assert arm.plant.turning
    assert 0.05 < arm.plant.turntable < TURNING * 0.4 + 0.01
    arm.wait(1.5)
    assert arm.plant.turntable == pytest.approx(0.4, abs=5e-3)
    assert not arm.plant.turning
    with pytest.raises(InvalidOption, match="expected"):
        arm.plant.turn(7.0)


def test_the_turntable_is_a_servo_on_a_bus_of_its_own() -> None:
    plant = Plant(CellPlan.draw(1, defects=()))
    table = TableServo(plant)
    assert table.positions == pytest.approx([plant.plan.turntable])
    table.tick(10.0)
    servo = table.servo("turntable")
    assert servo.tick == pytest.approx(servo.scale.tick(plant.plan.turntable), abs=1)
    assert table.standing
