"""Stops of several threads at once: one stop, one end, and nobody waits for himself."""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterator
from concurrent.futures import Future, ThreadPoolExecutor
from typing import Any

import pytest

from helmsight.hardware.errors import (
    HardwareError,
    NotConnected,
    RobotStopped,
    StopUnconfirmed,
)
from helmsight.hardware.motion import StopReport
from helmsight.hardware.robot import JointTargets

MemoryRobot = Any
MANY = 8


@pytest.fixture
def robot(real_arm: MemoryRobot) -> MemoryRobot:
    real_arm.connect()
    real_arm.calls.clear()
    return real_arm


@pytest.fixture
def threads() -> Iterator[ThreadPoolExecutor]:
    with ThreadPoolExecutor(MANY) as pool:
        yield pool


def slowly(robot: MemoryRobot, kind: str, until: Callable[[], object]) -> threading.Event:
    """Let the robot's first `kind` wait until something has come about; return when it began."""
    began, real = threading.Event(), getattr(robot, f"_send_{kind}")

    def send() -> None:
        if not began.is_set():
            began.set()
            until()
        real()

    setattr(robot, f"_send_{kind}", send)
    return began


def all_joined(sharing: threading.Semaphore, many: int) -> Callable[[], None]:
    def wait() -> None:
        for _ in range(many):
            assert sharing.acquire(timeout=600.0)

    return wait


def test_eight_threads_share_one_stop_and_its_report(
    robot: MemoryRobot, sharing: threading.Semaphore, threads: ThreadPoolExecutor
) -> None:
    began = slowly(robot, "stop", all_joined(sharing, MANY - 1))
    first = threads.submit(robot.stop)
    assert began.wait(600.0)
    others = [threads.submit(robot.stop) for _ in range(MANY - 1)]
    report = first.result(600.0)
    assert report.state.standing
    assert all(other.result(600.0) is report for other in others)
    assert robot.calls.count("stop") == 1
    with pytest.raises(RobotStopped):
        robot.move(JointTargets(robot.spec.home))


def test_eight_threads_share_what_an_unconfirmed_stop_raises(
    robot: MemoryRobot, sharing: threading.Semaphore, threads: ThreadPoolExecutor
) -> None:
    robot.trouble.runaway = True
    began = slowly(robot, "stop", all_joined(sharing, MANY - 1))
    first = threads.submit(robot.stop, 0.05)
    assert began.wait(600.0)
    others = [threads.submit(robot.stop, 0.05) for _ in range(MANY - 1)]
    error = first.exception(10.0)
    assert isinstance(error, StopUnconfirmed)
    assert all(other.exception(10.0) is error for other in others)


def test_a_stop_after_a_confirmed_one_is_a_stop_of_its_own(robot: MemoryRobot) -> None:
    assert robot.stop() is not robot.stop()
    assert robot.calls == ["stop", "read"] * 2


def test_who_shares_a_stop_that_ctrl_c_ended_goes_on_with_it(
    robot: MemoryRobot, sharing: threading.Semaphore, threads: ThreadPoolExecutor
) -> None:
    def interrupted() -> None:
        all_joined(sharing, 2)()
        raise KeyboardInterrupt

    began = slowly(robot, "stop", interrupted)
    first = threads.submit(robot.stop)
    assert began.wait(600.0)
    others = [threads.submit(robot.stop) for _ in range(2)]
    assert isinstance(first.exception(10.0), KeyboardInterrupt)
    assert all(other.result(600.0).state.standing for other in others)


def test_a_signal_handler_may_stop_in_the_middle_of_a_stop(robot: MemoryRobot) -> None:
    inner: list[StopReport] = []
    slowly(robot, "stop", lambda: inner.append(robot.stop()))
    assert robot.stop().state.standing
    assert inner[0].state.standing


def test_a_signal_handler_may_stop_in_a_turn_while_another_thread_waits_to(
    robot: MemoryRobot, threads: ThreadPoolExecutor
) -> None:
    pending = threading.Event()
    real = robot._session.stop_turn

    def stop_turn() -> Any:
        pending.set()
        return real()

    robot._session.stop_turn = stop_turn
    with robot._session.turn():
        other = threads.submit(robot.stop)
        assert pending.wait(600.0)
        while not robot._session.stop_pending():
            threading.Event().wait(0.001)
        assert robot.stop().state.standing
    assert other.result(600.0).state.standing


def test_a_stop_in_the_middle_of_a_reset_outlasts_it(
    robot: MemoryRobot, threads: ThreadPoolExecutor
) -> None:
    robot.stop()
    stop: list[Future[StopReport]] = []

    def asked() -> None:
        stop.append(threads.submit(robot.stop))
        while not robot._session.stop_pending():
            threading.Event().wait(0.001)

    slowly(robot, "reset", asked)
    assert threads.submit(robot.reset).result(600.0).standing  # its reading waits for no stop
    assert stop[0].result(600.0).state.standing
    assert robot.is_stopped
    with pytest.raises(RobotStopped):
        robot.move(JointTargets(robot.spec.home))


def test_a_robot_that_was_closed_meanwhile_is_not_opened_again_to_stop_it(
    robot: MemoryRobot, threads: ThreadPoolExecutor
) -> None:
    stop: list[Future[StopReport]] = []

    def asked() -> None:
        stop.append(threads.submit(robot.stop))
        while not robot._session.stop_pending():
            threading.Event().wait(0.001)

    slowly(robot, "hold", asked)
    robot.close()
    assert isinstance(stop[0].exception(10.0), NotConnected)
    assert robot.link.counters.reconnects == 0
    assert "stop" not in robot.calls


@pytest.mark.slow
def test_a_stop_that_fails_at_once_is_not_tried_thousands_of_times(robot: MemoryRobot) -> None:
    robot.trouble.errors["stop"] = [HardwareError("refused") for _ in range(100_000)]
    with pytest.raises(StopUnconfirmed, match="refused"):
        robot.stop(within_s=0.3)
    assert 1 < robot.calls.count("stop") <= 60
