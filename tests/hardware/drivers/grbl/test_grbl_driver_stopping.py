"""What ends a jog goes out when no line is on its way that would begin another."""

from __future__ import annotations

import threading
import time
from types import SimpleNamespace
from typing import Any

import pytest

from helmsight.hardware.drivers import grbl_channel
from helmsight.hardware.drivers.grbl_channel import BITS, TAKEN_S
from helmsight.hardware.errors import RobotStopped
from helmsight.hardware.robot import JointTargets
from helmsight.hardware.wire.grbl import HOLD, JOG, JOG_CANCEL, STATUS, Ok

FAR = (0.2, 0.1, 0.02)


@pytest.fixture
def written(bench: Any, monkeypatch: pytest.MonkeyPatch) -> Any:
    """Return a connected robot and what it writes, each with the time before and after it."""
    robot, _, _ = bench()
    robot.connect()
    log: list[tuple[float, bytes, float]] = []
    write = robot.link.write

    def listened(data: bytes) -> None:
        began = time.monotonic()
        write(data)
        log.append((began, data, time.monotonic()))

    monkeypatch.setattr(robot.link, "write", listened)
    return robot, log


def test_a_cancel_waits_until_the_last_line_is_taken_in(written: Any) -> None:
    robot, log = written
    line = f"{JOG}G91X1F100"
    robot.channel._send_line(line)
    robot.channel.end_motion(JOG_CANCEL)
    sent, cancelled = log
    assert cancelled[1] == JOG_CANCEL
    assert cancelled[0] - sent[2] >= 0.9 * (TAKEN_S + BITS * len(line) / robot.link.baud)


def test_a_cancel_long_after_the_last_line_does_not_wait(written: Any) -> None:
    robot, log = written
    robot.channel._taken_s = time.monotonic()
    began = time.monotonic()
    robot.channel.end_motion(JOG_CANCEL)
    assert log[0][0] - began < TAKEN_S


@pytest.fixture
def slept(monkeypatch: pytest.MonkeyPatch) -> list[float]:
    """Return what the channel sleeps from now on: nothing really."""
    naps: list[float] = []
    clock = SimpleNamespace(monotonic=time.monotonic, sleep=naps.append)
    monkeypatch.setattr(grbl_channel, "time", clock)
    return naps


def test_a_cancel_does_not_wait_once_the_last_line_is_answered(
    written: Any, slept: list[float]
) -> None:
    robot, log = written
    robot.channel.ask(f"{JOG}G91X1F100")
    slept.clear()
    robot.channel.end_motion(JOG_CANCEL)
    assert slept == []
    assert log[-1][1] == JOG_CANCEL


def test_an_answer_of_nobody_knows_which_line_ends_no_wait(
    written: Any, slept: list[float]
) -> None:
    robot, _ = written
    robot.channel._lost = True
    robot.channel._send_line(f"{JOG}G91X1F100")
    robot.channel._sort(Ok())
    robot.channel.end_motion(JOG_CANCEL)
    assert slept


def test_a_stop_holds_with_every_question(written: Any) -> None:
    robot, log = written
    robot.move(JointTargets(FAR))
    log.clear()
    assert robot.stop(within_s=600.0).state.standing
    asked = [data for _, data, _ in log if STATUS in data]
    assert asked
    assert set(asked) == {HOLD + STATUS}


def test_no_jog_is_sent_once_it_is_stopped_and_other_lines_are(written: Any) -> None:
    robot, log = written
    robot._stopped.set()
    with pytest.raises(RobotStopped):
        robot.channel._send_line(f"{JOG}G91X1F100")
    assert log == []
    robot.channel._send_line("$G")
    assert [data for _, data, _ in log] == [b"$G\n"]


@pytest.mark.slow
def test_no_jog_follows_a_cancel_whenever_the_stop_comes(written: Any) -> None:
    robot, log = written
    for number in range(12):
        log.clear()
        begun = threading.Event()

        def stream(begun: threading.Event = begun) -> None:
            place = 0.0
            while not robot.is_stopped:
                place += 0.004
                begun.set()
                try:
                    robot.move(JointTargets((FAR[0] - place, *FAR[1:])))
                except RobotStopped:
                    return

        loop = threading.Thread(target=stream)
        loop.start()
        assert begun.wait(600.0)
        time.sleep(0.003 * number)
        asked = time.monotonic()
        robot.stop(within_s=10.0)
        loop.join(600.0)
        sent = [data for began, data, _ in log if began >= asked]
        after = sent[sent.index(HOLD) :]  # which goes out behind the stop's own cancel
        assert not any(data.startswith(JOG.encode()) for data in after)
        robot.reset()
        robot.move(JointTargets(FAR))
        robot.hold()


def test_a_jog_that_begins_after_a_stop_is_cancelled(bench: Any) -> None:
    """As grbl 1.1h begins one from a line that it was in the middle of when the cancel came."""
    robot, device, _ = bench()
    robot.connect()
    robot.move(JointTargets(FAR))
    robot.stop(within_s=10.0)
    here = device.positions
    robot.link.write(b"~$J=G91X-90F1800\n")  # three seconds
    bench.until(lambda: device.positions != here)
    bench.until(lambda: robot.state().standing)
    assert robot.is_homed
    assert device.positions != bench.near((here[0] - 0.09, *here[1:]), 0.02)
    here = device.positions
    time.sleep(0.2)
    assert device.positions == bench.near(here)
