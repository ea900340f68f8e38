"""The driver against grbl's own firmware: homing, stops, and a person at the machine."""

from __future__ import annotations

import json
import os
import subprocess
import sys
import threading
import time
from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING

import pytest
import serial

from helmsight.hardware.emulators.grbl_firmware import DOOR, HOLD
from helmsight.hardware.errors import (
    HeldAtMachine,
    NoReply,
    RobotStopped,
)
from helmsight.hardware.robot import JointTargets, Mode
from helmsight.hardware.wire import grbl as wire
from helmsight.hardware.wire.grbl_codes import HomingRequired

if TYPE_CHECKING:
    from tests.hardware.firmware.grbl.conftest import Mill

HOMED = (0.279, 0.169, 0.039)
NEAR = (0.270, 0.165, 0.036)


def until(condition: Callable[[], object], within_s: float = 600.0) -> None:
    deadline = time.monotonic() + within_s
    while not condition():
        assert time.monotonic() < deadline, "waited in vain"
        time.sleep(0.01)


def test_it_is_locked_unhomed_and_answers_nothing_while_it_homes(mill: Mill) -> None:
    mill.restart()
    robot = mill.robot()
    state = robot.connect()
    assert state.mode == Mode.alarm
    with pytest.raises(HomingRequired):
        robot.move(JointTargets(NEAR))
    robot.close()
    with serial.Serial(mill.port, 115200, timeout=0.3) as line:
        line.write(b"$H\n")
        until(lambda: mill.moves(0.02))
        line.write(b"?!\x85")
        assert line.read(10) == b""  # neither an answer nor an end
        assert mill.moves()
        line.timeout = 20.0
        assert line.read_until(b"ok\r\n").endswith(b"ok\r\n")
    with mill.robot() as other:
        assert not other.is_homed  # by another program, without a proof
        assert other.home().positions == pytest.approx(HOMED, abs=1e-4)
    with mill.robot() as third:
        assert third.is_homed
        third.move(JointTargets(NEAR))


def test_a_stop_while_it_homes_is_confirmed_and_the_motors_stand(mill: Mill) -> None:
    robot = mill.robot()
    robot.connect()
    raised: list[BaseException] = []

    def home() -> None:
        try:
            robot.home()
        except BaseException as error:
            raised.append(error)

    thread = threading.Thread(target=home)
    thread.start()
    until(lambda: mill.moves(0.02))
    frames = robot.link.counters.frames_out
    report = robot.stop()
    assert not mill.moves(0.3)
    thread.join(600.0)
    assert isinstance(raised[0], RobotStopped)
    assert report.state.mode == Mode.alarm
    assert robot.link.counters.frames_out - frames <= 200
    print(f"stopped while homing after {1000 * report.seconds:.0f} ms")
    until(lambda: robot.state().mode == Mode.alarm)
    robot.close()


def test_homing_that_takes_too_long_is_ended(mill: Mill) -> None:
    robot = mill.robot()
    robot.options = robot.options.model_copy(update={"home_s": 0.3})
    robot.connect()
    with pytest.raises(NoReply):
        robot.home()
    assert not mill.moves(0.3)
    until(lambda: not mill.moves(0.02))
    robot.close()
    assert not mill.moves(0.3)


def test_a_stop_in_motion_keeps_the_position(mill: Mill) -> None:
    with mill.robot() as robot:
        robot.home()
        for _ in range(3):
            robot.move(JointTargets((0.2, 0.1, 0.02)))
            time.sleep(0.15)
            report = robot.stop()
            assert not mill.moves(0.2)
            assert report.state.mode == Mode.stopped
            print(f"stopped in motion after {1000 * report.seconds:.0f} ms")
            with pytest.raises(RobotStopped):
                robot.move(JointTargets(NEAR))
            assert robot.reset().mode == Mode.ready
            assert robot.is_homed


def test_a_stop_from_full_speed_is_planned_steps_and_braking(mill: Mill) -> None:
    with mill.robot() as robot:
        robot.home()
        robot.move(JointTargets((0.2, *HOMED[1:])))
        until(lambda: robot.state().details["tool_speed"] > 0.029)
        time.sleep(0.1)  # the reports are ahead of the motors
        mill.ending_s()
        robot.stop()
        ending_s = mill.ending_s()
        assert ending_s is not None
        # five segments of 10 ms, the first of them under way, and 50 ms of braking
        assert 0.09 < ending_s < 0.105
        assert mill.ending_s() is None


@pytest.mark.parametrize("moving", [False, True])
def test_the_feed_hold_button_is_a_persons_stop(mill: Mill, *, moving: bool) -> None:
    with mill.robot() as robot:
        robot.home()
        if moving:
            robot.move(JointTargets((0.2, 0.1, 0.02)))
            time.sleep(0.15)
        mill.press(HOLD)
        time.sleep(0.03)
        mill.let_go(HOLD)
        until(lambda: robot.state().mode == Mode.stopped)
        for _ in range(3):
            with pytest.raises(HeldAtMachine):
                robot.move(JointTargets(NEAR))
        assert not mill.moves(0.3)
        mill.press(HOLD)
        with pytest.raises(HeldAtMachine, match="feed hold"):
            robot.reset()
        mill.let_go(HOLD)
        assert robot.reset().mode == Mode.ready
        robot.move(JointTargets(NEAR))


@pytest.mark.parametrize("after_s", [0.3, 0.34, 0.38, 0.42])
def test_a_tap_in_a_stream_of_moves_ends_it(mill: Mill, after_s: float) -> None:
    with mill.robot() as robot:
        robot.home()
        began, place = time.monotonic(), 0.27

        def press() -> None:
            time.sleep(after_s)
            mill.press(HOLD)
            time.sleep(0.08)
            mill.let_go(HOLD)

        thread = threading.Thread(target=press)
        thread.start()
        with pytest.raises(HeldAtMachine):  # noqa: PT012
            while place > 0.1:
                place -= 0.002
                robot.move(JointTargets((place, 0.165, 0.036), duration_s=0.3))
                time.sleep(0.1)
        assert time.monotonic() - began > after_s  # nobody had pressed anything before
        thread.join()
        until(lambda: not mill.moves(0.05))
        assert not mill.moves(0.3)


def test_a_stream_that_nobody_disturbs_is_not_taken_for_held(mill: Mill) -> None:
    with mill.robot() as robot:
        robot.home()
        for turn in range(30):
            place = 0.27 - 0.002 * turn if turn < 20 else 0.22 + 0.02 * (turn % 2)
            robot.move(JointTargets((place, 0.165, 0.036), duration_s=0.3))
            time.sleep(0.1)
        assert robot.held_at_machine == ""


def test_a_door_stops_it_and_closing_it_moves_nothing(mill_of: Callable[..., Mill]) -> None:
    mill = mill_of(on="ENABLE_SAFETY_DOOR_INPUT_PIN")
    with mill.robot() as robot:
        robot.home()
        robot.move(JointTargets((0.2, 0.1, 0.02)))
        time.sleep(0.15)
        mill.press(DOOR)
        until(lambda: robot.state().mode == Mode.stopped)
        with pytest.raises(HeldAtMachine, match="safety door"):
            robot.reset()
        mill.let_go(DOOR)
        assert not mill.moves(0.4)
        with pytest.raises(HeldAtMachine):
            robot.move(JointTargets(NEAR))
        assert not mill.moves(0.3)
        assert robot.reset().mode == Mode.ready
        robot.move(JointTargets(NEAR))
        assert mill.moves()


@pytest.mark.parametrize("build", [{}, {"off": "HOMING_INIT_LOCK"}])
def test_idle_proves_no_position(mill_of: Callable[..., Mill], build: dict[str, str]) -> None:
    """With homing just switched on, and on a build without a lock after power-up."""
    mill = mill_of(**build)
    if build:
        mill.restart()
    robot = mill.robot()
    state = robot.connect()
    assert robot._report().state == "Idle"
    assert "position unknown" in " ".join(state.faults)
    with pytest.raises(HomingRequired):
        robot.move(JointTargets(NEAR))
    robot.close()


def test_the_conformance_suite_passes(mill: Mill, tmp_path: Path) -> None:
    command = [sys.executable, "-m", "pytest", "--pyargs", "helmsight.hardware.conformance", "-q"]
    options = ["--robot", "gantry", "--port", mill.port, "--home", "--yes"]
    options += ["--conformance-json", "told"]
    done = subprocess.run(
        [*command, "-p", "helmsight-conformance", *options],
        cwd=tmp_path, capture_output=True, text=True, timeout=600,
        env=os.environ | {"PYTEST_DISABLE_PLUGIN_AUTOLOAD": "1"},
    )  # fmt: skip
    assert done.returncode == 0, done.stdout + done.stderr
    told = json.loads((tmp_path / "told").read_text(encoding="utf-8"))
    print(told["measured"])
    assert told["passed"] >= 19
    assert told["failures"] == {}


def test_a_cancel_that_meets_the_end_of_its_jog_bars_no_move_and_leaves_none_waiting(
    mill: Mill,
) -> None:
    """grbl 1.1h says Idle then and takes in no line: cancel upon cancel finds that moment."""
    with mill.robot() as robot:
        x, *others = robot.home().positions
        met = 0
        for turn in range(40):
            place = (x - 0.0005 * (turn % 2), *others)
            robot.move(JointTargets(place, duration_s=0.1))
            time.sleep(0.03)
            robot.channel.realtime(wire.JOG_CANCEL * 700)
            until(lambda: not mill.moves())
            try:
                robot.channel.ask("", 0.3)
            except NoReply:
                met += 1
                assert robot.state().mode in (Mode.ready, Mode.stopped)
                robot.reset()
                robot.move(JointTargets((x - 0.001, *others), duration_s=0.1))
                until(lambda: not mill.moves())
                assert robot.is_homed
            if met == 3:
                break
        assert met == 3
