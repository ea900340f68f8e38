"""Jogging from a pipe and from a real terminal."""

from __future__ import annotations

import io
import math
import os
import re
import select
import subprocess
import sys
import time
from collections.abc import Iterator
from typing import Any

import pytest

from helmsight.hardware.emulators import emulate
from helmsight.hardware.emulators.serve import Emulation
from helmsight.hardware.kinematics import Kinematics
from helmsight.hardware.link import SerialLink
from helmsight.keyboard import Decoder, keys

WAIT_S = 600.0  # a deadline against hanging, no claim about speed
HELMSIGHT = [sys.executable, "-c", "from helmsight.cli import main; main()"]


def moves(emulation: Emulation) -> list[tuple[float, ...]]:
    return [entry.positions for entry in emulation.device.journal if entry.kind == "move"]


def jog(run: Any, monkeypatch: pytest.MonkeyPatch, port: str, keys: str, *more: object) -> Any:
    monkeypatch.setattr(sys, "stdin", io.StringIO(keys))
    return run("jog", "--robot", "helm_arm", "--port", port, "--yes", *more)


@pytest.mark.serial
def test_jog_moves_the_chosen_joint_by_steps(
    run: Any, monkeypatch: pytest.MonkeyPatch, board: Emulation
) -> None:
    start = board.device.positions
    result = jog(run, monkeypatch, board.port, "2++\x1b[D\x1b[Bq+++", "--step", 0.1)
    assert result.status == 0, result.err
    last = board.device.positions
    assert last[0] - start[0] == pytest.approx(-0.1, abs=0.01)
    assert last[1] - start[1] == pytest.approx(0.2, abs=0.01)
    assert last[2:] == pytest.approx(start[2:], abs=0.01)
    assert board.device.outside == []
    assert "[shoulder" in result.out
    SerialLink(board.port, 115200).open()  # the port is free again


@pytest.mark.serial
def test_jog_stops_at_space_and_goes_on_after_a_reset(
    run: Any, monkeypatch: pytest.MonkeyPatch, board: Emulation
) -> None:
    result = jog(run, monkeypatch, board.port, "+ +r+hq")
    assert result.status == 0, result.err
    assert len(moves(board)) == 2  # the one between stop and reset was refused
    lines = result.out.splitlines()
    assert any("call reset" in line and "stopped" in line for line in lines)
    assert "held" in lines[-1]


@pytest.mark.serial
def test_jog_keeps_to_the_limits_and_says_so(
    run: Any, monkeypatch: pytest.MonkeyPatch, board: Emulation
) -> None:
    joint = board.device.spec.joint[3]
    presses = int((joint.upper - joint.home) / 0.5) + 3
    result = jog(run, monkeypatch, board.port, "4" + "]" * 4 + "+" * presses)
    assert result.status == 0, result.err
    assert "(limit)" in result.out
    assert all(target[3] <= joint.upper + 1e-3 for target in moves(board))


@pytest.mark.serial
def test_jog_moves_the_tool_all_its_way_and_back(
    run: Any, monkeypatch: pytest.MonkeyPatch, board: Emulation
) -> None:
    spec = board.device.spec
    index = spec.names.index(spec.tool.joint)
    jog(run, monkeypatch, board.port, "g")
    assert board.device.positions[index] == pytest.approx(spec.tool.closed, abs=0.01)
    jog(run, monkeypatch, board.port, "gg")
    assert board.device.positions[index] == pytest.approx(spec.tool.open, abs=0.01)


@pytest.mark.serial
def test_a_loose_arm_that_was_moved_by_hand_meanwhile_is_not_driven_back() -> None:
    with emulate("so101") as arm:
        process = subprocess.Popen(
            [*HELMSIGHT, "jog", "--robot", "so101", "--port", arm.port, "--yes"],
            stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True,
        )  # fmt: skip
        assert process.stdin is not None
        assert process.stdout is not None
        while "ready" not in process.stdout.readline():
            pass
        for axis in arm.device.axes:
            axis.position = axis.target = 0.3
        print("1+q", end="", file=process.stdin, flush=True)
        process.communicate(timeout=WAIT_S)
        assert process.returncode == 0
        assert moves(arm)[-1] == pytest.approx((0.35, *[0.3] * 5), abs=0.01)


@pytest.mark.serial
def test_a_terminal_of_80_columns_shows_that_the_robot_is_stopped() -> None:
    """And what becomes of it at Ctrl-C, on lines of their own."""
    import fcntl
    import pty
    import struct
    import termios

    with emulate("so101") as arm:
        master, slave = pty.openpty()
        fcntl.ioctl(slave, termios.TIOCSWINSZ, struct.pack("HHHH", 24, 80, 0, 0))
        process = subprocess.Popen(
            [*HELMSIGHT, "jog", "--robot", "so101", "--port", arm.port],
            stdin=slave, stdout=slave, stderr=slave, start_new_session=True,
            preexec_fn=lambda: controlling(slave),
        )  # fmt: skip
        try:
            read_until(master, b"ready")
            os.write(master, b" ")
            shown = read_until(master, b"stopped  [shoulder_pan")
            assert b"(space bar) and stands still" in shown
            os.write(master, b"r\x03")
            last = read_until(master, b"(SIGINT) and stands still")
            assert b"\nhelmsight: the robot was stopped" in last
            assert process.wait(WAIT_S) == 130
        finally:
            process.kill()
            os.close(master)
            os.close(slave)


@pytest.mark.parametrize("step", ["0", "-1", "nan", "inf", "2"])
def test_jog_refuses_a_step_that_is_none(run: Any, step: str) -> None:
    result = run("jog", "--robot", "so101", "--port", "x", "--step", step)
    assert result.status == 2
    assert "--step" in result.err


@pytest.mark.serial
@pytest.mark.parametrize("ending", [b"q", b"\x03"])
def test_jog_gives_the_terminal_back(board: Emulation, ending: bytes) -> None:
    """On a real terminal: single keys without echo, and everything as before afterwards."""
    import pty
    import termios

    master, slave = pty.openpty()
    before = termios.tcgetattr(slave)
    process = subprocess.Popen(
        [*HELMSIGHT, "jog", "--robot", "helm_arm", "--port", board.port],
        stdin=slave, stdout=slave, stderr=slave, start_new_session=True,
        preexec_fn=lambda: controlling(slave),
    )  # fmt: skip
    try:
        shown = read_until(master, b"ready")
        assert not termios.tcgetattr(slave)[3] & termios.ECHO
        os.write(master, b"+")
        shown += read_until(master, b"base to")
        os.write(master, ending)
        assert process.wait(WAIT_S) == (0 if ending == b"q" else 130)
        assert termios.tcgetattr(slave) == before
        assert len(moves(board)) == 1
        assert b"Traceback" not in shown
    finally:
        process.kill()
        os.close(master)
        os.close(slave)


@pytest.mark.serial
def test_space_does_not_wait_behind_the_presses_before_it(board: Emulation) -> None:
    import pty

    master, slave = pty.openpty()
    process = subprocess.Popen(
        [*HELMSIGHT, "jog", "--robot", "helm_arm", "--port", board.port],
        stdin=slave, stdout=slave, stderr=slave, start_new_session=True,
    )  # fmt: skip
    try:
        read_until(master, b"ready")
        os.write(master, 30 * b"+-" + b" ")
        read_until(master, b"(space bar) and stands still")
        assert len(moves(board)) < 30  # of 60: those that were served before it was read
        os.write(master, b"q")
        assert process.wait(WAIT_S) == 0
    finally:
        process.kill()
        os.close(master)
        os.close(slave)


def controlling(terminal: int) -> None:
    """Make `terminal` the one whose Ctrl-C reaches this process."""
    import fcntl
    import termios

    fcntl.ioctl(terminal, termios.TIOCSCTTY, 0)


def read_until(descriptor: int, words: bytes) -> bytes:
    shown, deadline = b"", time.monotonic() + WAIT_S
    while words not in shown:
        assert time.monotonic() < deadline, shown
        if select.select([descriptor], [], [], 0.1)[0]:
            shown += os.read(descriptor, 4096)
    return shown


def test_keys_from_a_pipe_come_within_the_time_that_was_asked_for() -> None:
    """A loop that waits for a key must go on reading its robot meanwhile."""
    source, sink = os.pipe()
    with open(source, encoding="utf-8") as stream, keys(stream) as read:
        assert read(0.01) == []
        os.write(sink, b"\x1b[Aq")
        pressed: list[str] = []
        while len(pressed) < 2:
            pressed += read(WAIT_S)
        assert pressed == ["up", "q"]
        os.close(sink)
        assert read(WAIT_S) == read(WAIT_S) == ["end"]


def test_arrow_keys_may_come_in_pieces() -> None:
    decoder = Decoder()
    keys = [key for piece in ("a\x1b", "[", "Ab\x1bOD", "\x1b[5~c") for key in decoder.feed(piece)]
    assert keys == ["a", "up", "b", "left", "c"]


# -- units, the gripper, the tool point ---------------------------------------------------------


@pytest.fixture
def arm() -> Iterator[Emulation]:
    with emulate("so101") as emulation:
        yield emulation


def pressed(run: Any, monkeypatch: pytest.MonkeyPatch, at: Emulation, keys: str, *more: str) -> Any:
    monkeypatch.setattr(sys, "stdin", io.StringIO(keys))
    robot = at.device.spec.name
    return run("jog", "--robot", robot, "--port", at.port, "--yes", *more)


def numbers_without_unit(line: str) -> list[str]:
    words = line.replace("[", " ").replace("]", " ").split()
    return [
        word
        for word, after in zip(words, [*words[1:], ""], strict=True)
        if re.fullmatch(r"-?\d+\.\d+", word) and after not in ("mm", "deg")
    ]


@pytest.mark.serial
@pytest.mark.parametrize("robot", ["so101", "openmanipulator_x", "gantry"])
@pytest.mark.parametrize("keys", ["1+", "c1+"])
def test_every_number_has_its_unit(
    run: Any, monkeypatch: pytest.MonkeyPatch, robot: str, keys: str
) -> None:
    with emulate(robot, homed=True) as emulation:
        result = pressed(run, monkeypatch, emulation, keys)
    assert result.status == 0, result.err
    shown = result.out.splitlines()[1:]
    assert shown
    assert [numbers_without_unit(line) for line in shown] == [[]] * len(shown)


@pytest.mark.serial
def test_the_tool_of_an_arm_is_called_what_it_is(
    run: Any, monkeypatch: pytest.MonkeyPatch, arm: Emulation
) -> None:
    result = pressed(run, monkeypatch, arm, "gg")
    assert "g gripper" in result.out
    assert "gripper closed" in result.out
    assert "gripper open" in result.out


@pytest.mark.serial
@pytest.mark.parametrize("robot", ["so101", "gantry"])
@pytest.mark.parametrize(("axis", "sign"), [(0, 1), (1, -1), (2, 1)])
def test_the_tool_point_goes_along_an_axis_of_the_base(
    run: Any, monkeypatch: pytest.MonkeyPatch, robot: str, axis: int, sign: int
) -> None:
    with emulate(robot, homed=True) as emulation:
        kinematics = Kinematics(emulation.device.spec)
        before, _ = kinematics.pose(emulation.device.positions)
        keys = f"c{axis + 1}" + ("+" if sign > 0 else "-") * 3
        result = pressed(run, monkeypatch, emulation, keys, "--step", "4mm")
        after, _ = kinematics.pose(emulation.device.positions)
    assert result.status == 0, result.err
    assert f"{'xyz'[axis]} by {4.0 * sign:.2f} mm" in result.out
    moved = 1000.0 * (after - before)
    assert moved[axis] == pytest.approx(12.0 * sign, abs=1.5)
    assert moved[[i for i in range(3) if i != axis]] == pytest.approx([0.0, 0.0], abs=1.5)


@pytest.mark.serial
def test_the_tool_turns_about_an_axis_of_the_base(
    run: Any, monkeypatch: pytest.MonkeyPatch, arm: Emulation
) -> None:
    kinematics = Kinematics(arm.device.spec)
    point, before = kinematics.pose(arm.device.positions)
    result = pressed(run, monkeypatch, arm, "c5++", "--step", "5deg")
    there, after = kinematics.pose(arm.device.positions)
    assert result.status == 0, result.err
    turn = after @ before.T
    assert math.degrees(0.5 * (turn[0, 2] - turn[2, 0])) == pytest.approx(10.0, abs=1.5)
    assert 1000.0 * (there - point) == pytest.approx([0.0] * 3, abs=2.0)


@pytest.mark.serial
def test_a_tool_point_at_the_end_of_its_reach_says_so_and_stays(
    run: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    with emulate("gantry", homed=True) as emulation:
        result = pressed(run, monkeypatch, emulation, "c3" + "+" * 8, "--step", "50mm")
        assert emulation.device.outside == []
    assert result.status == 0, result.err
    assert "no further that way" in result.out


@pytest.mark.serial
def test_a_gantry_does_not_turn_and_has_no_axes_for_it(
    run: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    with emulate("gantry", homed=True) as emulation:
        result = pressed(run, monkeypatch, emulation, "c4q")
    assert "no key '4'" in result.out
    assert "rx" not in result.out.split("c joints", 1)[1].split("no key")[0]


@pytest.mark.parametrize("step", ["5", "5cm", "mm", "60mm", "31deg", "-1mm", "1e999m", "0mm"])
def test_a_step_is_a_number_with_a_unit(run: Any, step: str) -> None:
    result = run("jog", "--robot", "so101", "--port", "x", f"--step={step}")
    assert result.status == 2
    assert "5mm, 3deg" in result.err
