"""The robot contract, on a robot in memory: checks, retries, reconnection, stop, close."""

from __future__ import annotations

import math
import threading
import time
from collections.abc import Callable
from contextlib import suppress
from typing import Any, NoReturn

import pytest

from helmsight.hardware.errors import (
    BadReply,
    HardwareError,
    LinkLost,
    LinkRecovered,
    NoReply,
    NotConnected,
    RobotStopped,
    StopUnconfirmed,
    TargetRefused,
)
from helmsight.hardware.robot import JointTargets, Robot, Twist

MemoryRobot = Any
GOAL = (0.1, 0.5, 1.1, 0.1, 0.4, 0.6)


@pytest.fixture
def robot(real_arm: MemoryRobot) -> MemoryRobot:
    real_arm.connect()
    real_arm.calls.clear()
    return real_arm


@pytest.mark.parametrize(
    "targets",
    [
        JointTargets((math.nan, *GOAL[1:])),
        JointTargets((math.inf, *GOAL[1:])),
        JointTargets((3.5, *GOAL[1:])),
        JointTargets(GOAL[:5]),
        JointTargets((*GOAL, 0.0)),
        JointTargets(GOAL, duration_s=0.0),
        JointTargets(GOAL, duration_s=math.nan),
        JointTargets(GOAL[:5], tool=True),
        Twist((math.nan, 0.0, 0.0)),
        Twist((0.0, 0.0, 0.0), (0.0, math.inf, 0.0)),
    ],
    ids=str,
)
def test_what_cannot_be_meant_is_refused_before_the_wire(
    robot: MemoryRobot, targets: JointTargets
) -> None:
    with pytest.raises(TargetRefused):
        robot.move(targets)
    assert robot.sent == []


def test_a_move_says_what_was_sent_and_how_often_it_was_tried(robot: MemoryRobot) -> None:
    robot.trouble.errors["send"] = [NoReply("lost"), BadReply("damaged")]
    sent = robot.move(JointTargets(GOAL))
    assert sent.positions == GOAL
    assert sent.duration_s == robot.spec.limits.horizon_s
    assert (sent.attempts, robot.link.counters.retries) == (3, 2)


def test_a_move_that_is_never_answered_is_reported_after_three_attempts(
    robot: MemoryRobot,
) -> None:
    robot.trouble.errors["send"] = [NoReply("lost") for _ in range(9)]
    with pytest.raises(NoReply):
        robot.move(JointTargets(GOAL))
    assert robot.calls.count("send") == 3


def test_a_move_over_a_lost_link_is_not_sent_again_by_itself(robot: MemoryRobot) -> None:
    robot.trouble.errors["send"] = [LinkLost("unplugged")]
    with pytest.raises(LinkRecovered, match="look again"):
        robot.move(JointTargets(GOAL))
    assert robot.calls == ["send", "handshake", "hold", "read"]
    assert robot.sent == []


def test_a_reading_over_a_lost_link_is_taken_again(robot: MemoryRobot) -> None:
    robot.trouble.errors["read"] = [LinkLost("unplugged")]
    assert robot.state().positions == robot.spec.home
    assert robot.link.counters.reconnects == 1


def test_a_device_that_is_not_itself_again_in_time_is_lost(robot: MemoryRobot) -> None:
    robot.trouble.errors["read"] = [LinkLost("unplugged")]
    robot.trouble.errors["handshake"] = [NoReply("still starting")] * 100_000
    with pytest.raises(LinkLost, match="the device on it is not"):
        robot.state()


def test_a_stop_bars_moves_until_reset(robot: MemoryRobot) -> None:
    robot.move(JointTargets(GOAL))
    report = robot.stop()
    assert report.state.standing
    with pytest.raises(RobotStopped, match="reset"):
        robot.move(JointTargets(GOAL))
    robot.reset()
    robot.move(JointTargets(GOAL))


def test_a_stop_is_repeated_and_its_read_back_asked_again(robot: MemoryRobot) -> None:
    robot.trouble.errors["stop"] = [NoReply("lost"), LinkLost("unplugged")]
    robot.trouble.errors["read"] = [NoReply("lost"), NoReply("lost")]
    report = robot.stop()
    assert report.attempts == 3
    assert robot.calls[-1] == "read"


def test_a_stop_that_is_not_confirmed_says_cut_the_power(robot: MemoryRobot) -> None:
    robot.trouble.runaway = True
    with pytest.raises(StopUnconfirmed, match="Cut the power"):
        robot.stop(within_s=0.1)
    assert robot.is_stopped


def test_a_stop_goes_before_retries_and_other_calls(robot: MemoryRobot) -> None:
    class Slow(list[HardwareError]):
        """An error that takes its time, as a reply that does not come."""

        def pop(self, _: object = -1) -> HardwareError:
            time.sleep(0.05)
            return NoReply("slow")

    robot.trouble.errors["send"] = Slow([NoReply("slow")])
    ended: list[BaseException] = []

    def loop() -> None:
        try:
            robot.move(JointTargets(GOAL))
        except HardwareError as error:
            ended.append(error)

    thread = threading.Thread(target=loop)
    thread.start()
    while "send" not in robot.calls:
        time.sleep(0.001)
    robot.stop()
    thread.join(600.0)
    assert robot.calls.count("send") == 1  # no further attempt once the stop was asked
    assert len(ended) == 1


def test_a_stop_does_not_wait_for_a_reconnection(robot: MemoryRobot) -> None:
    waiting, ended = threading.Event(), []

    def away(within_s: float, unless: Callable[[], bool] = lambda: False) -> None:
        waiting.set()
        deadline = time.monotonic() + 600.0
        while not unless() and time.monotonic() < deadline:
            time.sleep(0.001)
        ended.append("left to the stop" if unless() else "waited in vain")
        robot.link.reopen = plain
        raise LinkLost("still away")

    plain, robot.link.reopen = robot.link.reopen, away
    robot.trouble.errors["read"] = [LinkLost("unplugged")]

    def loop() -> None:
        with suppress(LinkLost):
            robot.state()

    thread = threading.Thread(target=loop)
    thread.start()
    assert waiting.wait(600.0)
    assert robot.stop().state.standing
    thread.join(600.0)
    assert ended == ["left to the stop"]


def test_closing_goes_on_past_what_fails_and_tells_it(robot: MemoryRobot) -> None:
    robot.trouble.errors["hold"] = [NoReply("dead")] * 3
    robot.trouble.motors = {"elbow"}
    with pytest.raises(NoReply, match="dead"):
        robot.close()
    assert set(robot.released) == set(robot.spec.names) - {"elbow"}
    assert not robot.is_connected


def test_an_interrupt_while_closing_comes_after_all_steps(robot: MemoryRobot) -> None:
    real, presses = robot._send_hold, iter([KeyboardInterrupt()])

    def hold() -> None:
        for press in presses:
            raise press
        real()

    robot._send_hold = hold
    with pytest.raises(KeyboardInterrupt):
        robot.close()
    assert "hold" in robot.calls
    assert set(robot.released) == set(robot.spec.names)
    assert not robot.is_connected


def test_an_interrupt_between_handshake_and_first_state_holds_and_closes(
    robot: MemoryRobot,
) -> None:
    robot.close()
    held = robot.calls.count("hold")

    def read() -> NoReturn:
        raise KeyboardInterrupt

    robot._read_state = read
    with pytest.raises(KeyboardInterrupt), robot:
        pass
    assert robot.calls.count("hold") == held + 1
    assert not robot.is_connected


def test_nothing_is_asked_of_a_robot_that_is_not_connected(real_arm: Robot) -> None:
    for use in (real_arm.state, real_arm.hold, real_arm.stop, real_arm.reset):
        with pytest.raises(NotConnected):
            use()
    with pytest.raises(NotConnected):
        real_arm.move(JointTargets(GOAL))
    real_arm.close()


def test_a_twist_becomes_absolute_targets_and_does_not_loosen_a_grip(robot: MemoryRobot) -> None:
    robot.move(JointTargets(robot.spec.home, tool=True))
    closed = robot.sent[-1].positions[-1]
    assert closed == robot.spec.tool.closed
    robot.move(Twist((0.02, 0.0, 0.0), duration_s=0.2))
    assert robot.sent[-1].positions[-1] == closed
    before, _ = robot.kinematics.pose(robot.spec.home)
    after, _ = robot.kinematics.pose(robot.sent[-1].positions)
    assert after - before == pytest.approx([0.004, 0.0, 0.0], abs=2e-3)
    robot.hold()
    robot.move(Twist((0.0, 0.0, 0.0), duration_s=0.2))
    assert robot.sent[-1].positions[-1] != closed  # a hold lets go of the goal, too
