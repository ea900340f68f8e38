"""Hold, stop and the device's own watchdog end a motion that is under way."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable

import pytest

from helmsight.hardware.conformance.ways import way
from helmsight.hardware.errors import HardwareError, RobotStopped
from helmsight.hardware.robot import Mode, Robot, RobotState
from helmsight.hardware.trial import Way, far, go, rest

EARLY = 0.2  # of a motion's time: when it is interrupted
MOST = 0.9  # of the way that an interrupted motion may have gone


def share(planned: Way, state: RobotState) -> float:
    """Return how much of the way the joint that went furthest has gone, 0 to 1."""
    return max(
        abs(at - start) / abs(goal - start)
        for at, start, goal in zip(state.positions, planned.start, planned.goal, strict=True)
        if goal != start
    )


def test_hold_ends_a_motion_and_the_next_move_goes_on(robot: Robot) -> None:
    planned = way(robot, slow=True)
    robot.move(planned.there)
    time.sleep(EARLY * planned.seconds)
    robot.hold()
    held = rest(robot)
    assert held.standing
    assert share(planned, held) < MOST
    assert held.energised is not False
    time.sleep(planned.seconds)
    assert far(robot.spec, robot.state().positions, held.positions) == ()
    robot.hold()  # once more changes nothing
    _, states = go(robot, robot.spec, planned.back)
    assert far(robot.spec, states[-1].positions, planned.start) == ()


def test_stop_ends_a_motion_is_confirmed_and_lets_nothing_move(
    robot: Robot, record_property: Callable[[str, object], None]
) -> None:
    planned = way(robot, slow=True)
    robot.move(planned.there)
    time.sleep(EARLY * planned.seconds)
    report = robot.stop()
    record_property("stop_ms", round(1000 * report.seconds, 1))
    assert report.state.standing
    assert share(planned, report.state) < MOST
    assert robot.is_stopped
    sent = robot.link.counters.bytes_out
    with pytest.raises(RobotStopped):
        robot.move(planned.there)
    assert robot.link.counters.bytes_out == sent
    time.sleep(planned.seconds)
    assert robot.state().standing
    assert robot.stop().state.standing  # once more is fine
    robot.reset()
    assert rest(robot).mode in (Mode.ready, Mode.held)
    _, states = go(robot, robot.spec, planned.back)
    assert far(robot.spec, states[-1].positions, planned.start) == ()


def test_a_reset_moves_nothing(robot: Robot) -> None:
    before = rest(robot)
    robot.stop()
    after = robot.reset()
    assert far(robot.spec, before.positions, after.positions) == ()
    assert robot.reset().standing


def test_a_stop_goes_ahead_of_a_loop_that_moves(robot: Robot) -> None:
    planned = way(robot)
    moving = threading.Event()
    ended: list[BaseException] = []

    def loop() -> None:
        try:
            while True:
                robot.move(planned.there)
                moving.set()
                robot.move(planned.back)
        except BaseException as error:
            ended.append(error)

    thread = threading.Thread(target=loop, daemon=True)
    thread.start()
    assert moving.wait(60.0), ended
    report = robot.stop()
    thread.join(60.0)
    assert report.state.standing
    assert not thread.is_alive()
    assert isinstance(ended[0], HardwareError)
    assert robot.is_stopped
    assert rest(robot).standing
    robot.reset()
    go(robot, robot.spec, planned.back)


def test_a_silent_host_lets_the_device_end_its_motion(robot: Robot) -> None:
    if robot.watchdog_s is None:
        pytest.skip("this protocol has no watchdog: only the horizon bounds a motion")
    planned = way(robot, slow=True)
    robot.move(planned.there)
    time.sleep(robot.watchdog_s + robot.spec.limits.horizon_s)  # not a word on the line
    state = robot.state()
    assert state.standing
    reported = state.mode in (Mode.held, Mode.stopped, Mode.alarm) or "watchdog" in str(
        state.faults
    )
    assert reported, f"the device does not say that its watchdog tripped: {state}"
    if robot.watchdog_s < 0.6 * planned.seconds:
        assert share(planned, state) < MOST
    if state.mode in (Mode.stopped, Mode.alarm):
        robot.reset()
    _, states = go(robot, robot.spec, planned.back)
    assert far(robot.spec, states[-1].positions, planned.start) == ()
