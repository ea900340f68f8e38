"""Homing and holds at the machine in the contract, whatever the driver."""

from __future__ import annotations

import pytest

from helmsight.hardware.errors import (
    CommandRefused,
    HeldAtMachine,
    NoReply,
    NotConnected,
    RobotStopped,
)
from helmsight.hardware.robot import JointTargets, Mode, RobotState
from helmsight.hardware.spec import RobotSpec
from tests.hardware.conftest import MemoryRobot


class HomingRobot(MemoryRobot):
    """Has switches to home to, and a button at the machine."""

    button = ""

    @property
    def can_home(self) -> bool:
        return True

    def _send_home(self) -> None:
        self._told("home")

    def _read_state(self) -> RobotState:
        if self.button:
            self._hold_at_machine(self.button)
        return super()._read_state()


@pytest.fixture
def homing(arm_spec: RobotSpec) -> HomingRobot:
    robot = HomingRobot(arm_spec)
    robot.connect()
    return robot


def test_a_robot_without_homing_refuses_it(arm: MemoryRobot) -> None:
    with pytest.raises(NotConnected):
        arm.home()
    arm.connect()
    with pytest.raises(CommandRefused, match="has no homing: nothing was moved"):
        arm.home()
    assert (arm.can_home, arm.is_homed) == (False, None)


def test_homing_is_sent_once_and_not_while_stopped(homing: HomingRobot) -> None:
    assert homing.home().mode == Mode.ready
    assert homing.calls.count("home") == 1
    homing.stop()
    with pytest.raises(RobotStopped):
        homing.home()
    assert homing.calls.count("home") == 1


@pytest.mark.parametrize("error", [NoReply("late"), KeyboardInterrupt()])
def test_whatever_ends_homing_early_holds_the_robot(
    homing: HomingRobot, error: BaseException
) -> None:
    homing.trouble.errors["home"] = [error]  # type: ignore[list-item]
    with pytest.raises(type(error)):
        homing.home()
    assert homing.calls[-1] == "hold"
    assert homing.calls.count("home") == 1  # it is not tried again: it moves


def test_a_hold_at_the_machine_stays_until_reset(homing: HomingRobot) -> None:
    homing.button = "a button"
    state = homing.state()
    assert state.mode == Mode.stopped
    assert state.faults == ("held at the machine: a button; nothing moves before reset()",)
    homing.button = ""
    for refused in (homing.home, lambda: homing.move(JointTargets(homing.spec.home))):
        with pytest.raises(HeldAtMachine, match="a button"):
            refused()
    homing.hold()
    homing.stop()
    assert homing.held_at_machine
    assert homing.reset().faults == ()
    homing.move(JointTargets(homing.spec.home))
