"""Moves, holds, stops and torque of the servo-bus drivers, on their emulated buses."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING

import numpy as np
import pytest

from helmsight.hardware.errors import (
    TargetRefused,
)
from helmsight.hardware.robot import JointTargets, Mode, Twist

if TYPE_CHECKING:
    from tests.hardware.drivers.servos.conftest import Arm

pytestmark = pytest.mark.serial
both = pytest.mark.parametrize("name", ["so101", "openmanipulator_x"])


def test_connecting_moves_nothing_and_switches_nothing_on(arm: Arm) -> None:
    state = arm.robot.connect()
    assert (state.mode, state.energised, state.standing) == (Mode.ready, False, True)
    assert state.positions == pytest.approx(arm.device.positions, abs=1e-3)
    assert arm.device.journal == []
    assert not any(arm.energised())
    assert arm.robot.firmware in ("Feetech 3.10", "Dynamixel 45")


def test_a_move_is_acknowledged_and_arrives(arm: Arm) -> None:
    arm.robot.connect()
    sent = arm.robot.move(JointTargets(arm.near()))
    assert sent.positions == pytest.approx(arm.near(), abs=1e-3)
    assert sent.positions == pytest.approx(arm.targets)
    assert arm.robot.state().mode == Mode.moving
    arm.wait_for(lambda: arm.robot.state().standing)
    state = arm.robot.state()
    assert state.positions == pytest.approx(arm.near(), abs=2e-3)
    assert (state.mode, state.energised) == (Mode.ready, True)


def test_what_is_sent_keeps_to_the_limits_to_the_last_tick(arm: Arm) -> None:
    """The tick that is nearest to a limit may lie beyond it."""
    arm.robot.connect()
    for scale, joint in zip(arm.robot._scales, arm.robot.spec.joint, strict=True):
        for limit in (joint.lower, joint.upper):
            tick = max(scale.lower, min(scale.upper, scale.tick(limit)))
            assert joint.lower - 1e-6 <= scale.value(tick) <= joint.upper + 1e-6, joint.name


def test_torque_on_never_goes_to_an_old_goal(arm: Arm) -> None:
    for servo in arm.device.servos:
        servo["goal_position"] = servo.scale.upper  # left there by another program
    arm.robot.connect()
    sent = arm.robot.move(JointTargets(arm.near()))
    assert all(arm.energised())
    assert [(e.kind, e.positions) for e in arm.device.journal] == [("move", sent.positions)]


def test_the_tool_bit_moves_the_gripper(arm: Arm) -> None:
    arm.robot.connect()
    for _ in range(3):
        arm.robot.move(Twist((0.0, 0.0, 0.0), tool=False))
        arm.wait_for(lambda: arm.robot.state().standing)
    state = arm.robot.state()
    assert state.positions[-1] == pytest.approx(arm.robot.spec.tool.open, abs=2e-3)
    assert state.tool is False
    sent = arm.robot.move(Twist((0.0, 0.0, 0.0), tool=True))
    assert sent.positions[-1] < state.positions[-1]


@pytest.mark.parametrize("bad", [math.nan, math.inf, -math.inf, 9.0, -9.0])
def test_what_is_not_a_target_is_refused_before_the_wire(arm: Arm, bad: float) -> None:
    arm.robot.connect()
    before = arm.robot.link.counters.bytes_out
    for place in range(len(arm.robot.spec.joint)):
        targets = list(arm.near())
        targets[place] = bad
        with pytest.raises(TargetRefused, match=arm.robot.spec.names[place]):
            arm.robot.move(JointTargets(tuple(targets)))
    assert arm.robot.link.counters.bytes_out == before


def test_a_way_that_takes_too_long_is_cut_and_says_so(arm: Arm) -> None:
    arm.robot.connect()
    far = (arm.robot.spec.joint[0].upper, *arm.robot.spec.home[1:])
    sent = arm.robot.move(JointTargets(far))
    assert 0.0 < sent.positions[0] < far[0]
    assert "of the way" in sent.notes[0]
    arm.device.block(arm.robot.spec.names[1])  # sent again from elsewhere it leads further
    arm.wait_for(lambda: arm.robot.state().standing)
    assert arm.robot.move(JointTargets(far)).positions[0] > sent.positions[0]


def test_a_hold_ends_motion_where_it_is(arm: Arm) -> None:
    arm.robot.connect()
    arm.robot.move(JointTargets(arm.near(0.2)))
    arm.wait_for(lambda: arm.device.positions[0] > 0.02)
    arm.robot.hold()
    assert arm.kinds()[-1] == "hold"
    arm.wait_for(lambda: arm.robot.state().standing)
    assert all(arm.energised())
    assert arm.device.positions[0] < arm.near(0.2)[0] - 0.05
    arm.robot.move(JointTargets(arm.near()))  # goes on


def test_a_hold_without_torque_leaves_it_off(arm: Arm) -> None:
    arm.robot.connect()
    arm.robot.hold()
    assert not any(arm.energised())
    assert arm.device.journal == []


def test_a_stop_stands_and_keeps_the_torque(arm: Arm) -> None:
    arm.robot.connect()
    arm.robot.move(JointTargets(arm.near(0.2)))
    report = arm.robot.stop()
    assert report.state.standing
    assert arm.device.standing
    where = np.array(arm.device.positions)
    arm.wait_for(lambda: all(axis.velocity == 0.0 for axis in arm.device.axes))
    tick = np.array([1.0 / abs(servo.scale.per_unit) for servo in arm.device.servos])
    assert (np.abs(where - arm.device.positions) <= 1.01 * tick).all()  # it stood to a tick
    assert all(arm.energised())
    assert arm.robot.reset().mode == Mode.ready
    arm.robot.move(JointTargets(arm.near()))


def test_closing_takes_the_torque_off(arm: Arm) -> None:
    arm.robot.connect()
    arm.robot.move(JointTargets(arm.near(0.2)))
    arm.robot.close()
    assert not any(arm.energised())


def test_torque_limits_come_from_the_description(sts: Arm) -> None:
    sts.robot.connect()
    assert [servo["torque_limit"] for servo in sts.device.servos] == [1000] * 5 + [500]
