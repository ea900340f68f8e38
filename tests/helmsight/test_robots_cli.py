"""The robot commands as a person types them: what they print, move and refuse."""

from __future__ import annotations

import io
import json
import os
import signal
import subprocess
import sys
import time
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest

from helmsight.hardware.emulators import emulate
from helmsight.hardware.emulators.serve import Emulation
from helmsight.hardware.link import SerialLink
from helmsight.hardware.spec import shipped

HELMSIGHT = [sys.executable, "-c", "from helmsight.cli import main; main()"]


def typed(folder: Path, *arguments: str) -> SimpleNamespace:
    """Run a command on a board of its own, whose port stands for PORT, in a process of its own."""
    with emulate("helm_arm") as board:
        command = [*HELMSIGHT, *(board.port if word == "PORT" else word for word in arguments)]
        done = subprocess.run(
            command, cwd=folder, stdin=subprocess.DEVNULL, capture_output=True, text=True,
            encoding="utf-8", timeout=600,
        )  # fmt: skip
        return SimpleNamespace(
            status=done.returncode, out=done.stdout, err=done.stderr, board=board
        )


def moves(emulation: Emulation) -> list[tuple[float, ...]]:
    return [entry.positions for entry in emulation.device.journal if entry.kind == "move"]


def test_list_names_the_robots_with_their_drivers(run: Any) -> None:
    told = json.loads(run("list", "robots", "--json").out)
    assert told["robots"].keys() == shipped().keys()
    assert "feetech" in told["robots"]["so101"]


@pytest.mark.serial
def test_devices_says_what_answers_and_which_robots_fit(run: Any, board: Emulation) -> None:
    result = run("devices", "--port", board.port)
    assert result.status == 0
    (line,) = [line for line in result.out.splitlines() if board.port in line]
    assert "helm firmware 1.0.0" in line
    assert line.endswith("--robot helm_arm")
    told = json.loads(run("devices", "--port", board.port, "--json").out)
    (port,) = [one for one in told["ports"] if one["port"] == board.port]
    assert (port["status"], port["driver"]) == ("answers", "helm")
    assert isinstance(told["cameras"], list)
    assert board.device.journal == []


def test_devices_without_probing_opens_nothing(run: Any, tmp_path: Path) -> None:
    told = json.loads(run("devices", "--no-probe", "--port", tmp_path / "x", "--json").out)
    assert told["ports"][-1]["status"] == "not probed"


# -- doctor and conformance -----------------------------------------------------------------


@pytest.mark.serial
def test_doctor_of_a_healthy_robot_is_status_0(run: Any, board: Emulation) -> None:
    result = run("doctor", "--robot", "helm_arm", "--port", board.port)
    assert result.status == 0, result.out
    assert result.out.splitlines()[-1] == "well: nothing has to be mended"
    assert moves(board) == []
    told = json.loads(run("doctor", "--robot", "helm_arm", "--port", board.port, "--json").out)
    assert told["well"] is True
    assert {"name", "ok", "seen", "expected", "mend", "wrong"} <= told["findings"][0].keys()


def mistaken(folder: Path) -> Any:
    return typed(folder, "doctor", "--robot", "uarm", "--port", "PORT")


@pytest.mark.serial
@pytest.mark.slow
@pytest.mark.beside(work=mistaken)
def test_doctor_of_another_robot_says_which_and_is_status_1(done: Any) -> None:
    assert done.status == 1
    assert "to mend: device" in done.out
    assert "--robot may be one of helm_arm" in done.out


def whole(folder: Path) -> Any:
    text = shipped()["helm_arm"].read_text(encoding="utf-8")
    patient = text.replace("reply_s = 0.05", "reply_s = 0.25")  # others test on this machine
    (folder / "mine.toml").write_text(patient, encoding="utf-8")
    # what pytest would load if it looked at the folder in which the command is given
    (folder / "pytest.ini").write_text("[pytest]\naddopts = --no-such-option\n", encoding="utf-8")
    (folder / "tests").mkdir()
    for place in (folder, folder / "tests"):
        (place / "conftest.py").write_text("raise RuntimeError('not mine')\n", encoding="utf-8")
    return typed(folder, "conformance", "--robot", "mine.toml", "--port", "PORT", "--yes", "--json")


@pytest.mark.serial
@pytest.mark.slow
@pytest.mark.beside(work=whole)
def test_conformance_prints_one_line_of_json_and_warns(done: Any) -> None:
    assert done.status == 0, done.out
    assert "will move" in done.err
    (line,) = done.out.splitlines()
    told = json.loads(line)
    assert told["failed"] == 0
    assert told["passed"] >= 19
    assert told["measured"]["stop_ms"] >= 0


def put_to_the_wrong(folder: Path) -> Any:
    return typed(folder, "conformance", "--robot", "uarm", "--port", "PORT", "--yes", "--json")


@pytest.mark.serial
@pytest.mark.slow
@pytest.mark.beside(work=put_to_the_wrong)
def test_conformance_with_another_robot_is_one_line(done: Any) -> None:
    assert done.status == 1
    assert done.out == ""
    assert "Is this uarm" in done.err.splitlines()[-1]


@pytest.mark.serial
@pytest.mark.slow
@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGKILL])
def test_conformance_ends_with_whoever_began_it(
    board: Emulation, number: int, tmp_path: Path
) -> None:
    """The suite is a process of its own: no signal but Ctrl-C at a terminal reaches it."""
    process = subprocess.Popen(
        [*HELMSIGHT, "conformance", "--robot", "helm_arm", "--port", board.port, "--yes"],
        cwd=tmp_path, stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, text=True, encoding="utf-8",
    )  # fmt: skip
    deadline = time.monotonic() + 600.0  # against hanging
    while not moves(board) and process.poll() is None and time.monotonic() < deadline:
        time.sleep(0.01)
    process.send_signal(number)
    shown, _ = process.communicate(timeout=600)  # until the last process that has its output ends
    assert process.returncode == (143 if number == signal.SIGTERM else -number)
    assert "KeyboardInterrupt" in shown
    assert "test_4_closing" not in shown
    SerialLink(board.port, 115200).open()  # closed as it should be, the port is free


class Terminal(io.StringIO):
    """Typed answers."""

    def isatty(self) -> bool:
        return True


@pytest.mark.serial
@pytest.mark.parametrize("arguments", [("conformance",), ("doctor", "--move")])
def test_a_person_is_asked_before_anything_moves(
    run: Any, monkeypatch: pytest.MonkeyPatch, board: Emulation, arguments: tuple[str, ...]
) -> None:
    monkeypatch.setattr(sys, "stdin", Terminal("n\n"))
    result = run(*arguments, "--robot", "helm_arm", "--port", board.port)
    assert result.status == 2
    assert "will move" in result.err
    assert "nothing was moved" in result.err
    assert board.to_device.size == 0


@pytest.mark.parametrize(("robot", "gripper"), [("so101", True), ("gantry", False)])
def test_a_person_is_told_of_a_gripper_where_there_is_one(
    run: Any, monkeypatch: pytest.MonkeyPatch, robot: str, gripper: bool
) -> None:
    monkeypatch.setattr(sys, "stdin", Terminal("n\n"))
    asked = run("doctor", "--move", "--robot", robot, "--port", "x").err
    assert ("its gripper" in asked) == gripper


def test_conformance_without_pytest_says_how_to_get_it(
    run: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("importlib.util.find_spec", lambda name: None)
    result = run("conformance", "--robot", "so101", "--port", "x")
    assert result.status == 2
    assert 'pip install "helmsight[test]"' in result.err


# -- bad input ------------------------------------------------------------------------------

COMMANDS = ("doctor", "jog", "conformance")


def last_line(result: Any) -> str:
    """Return the line of error, after the warning that the robot will move."""
    lines = [line for line in result.err.splitlines() if "Keep clear of it" not in line]
    assert len(lines) == 1, result.err
    return str(lines[0])


@pytest.mark.parametrize("command", COMMANDS)
@pytest.mark.parametrize(
    ("change", "words"),
    [
        (("upper = ", "# upper = "), ("joint.0.upper: missing", "line")),
        (("\n[[joint]]", "\nspeeed = 3\n[[joint]]"), ("speeed: unknown key", "line")),
        (("lower = ", "lower = 99 # "), ("must be below upper", "line")),
        (("lower = ", "lower = nan # "), ("less than or equal to 1000, given nan", "line")),
        (('driver = "helm"', 'driver = "helmet"'), ('did you mean "helm"',)),
        (("[[joint]]", "[[joint"), ("not TOML", "line")),
    ],
)
def test_a_wrong_description_is_one_line_with_key_and_line(
    run: Any, tmp_path: Path, command: str, change: tuple[str, str], words: tuple[str, ...]
) -> None:
    text = shipped()["helm_arm"].read_text(encoding="utf-8")
    (tmp_path / "mine.toml").write_text(text.replace(*change, 1), encoding="utf-8")
    result = run(command, "--robot", "mine.toml", "--port", "unused")
    assert result.status == 2
    line = last_line(result)
    assert line.startswith("helmsight: ")
    assert all(word in line for word in words), line


@pytest.mark.parametrize("command", COMMANDS)
def test_a_robot_that_does_not_exist_is_one_line_with_those_that_do(run: Any, command: str) -> None:
    result = run(command, "--robot", "so999", "--port", "x")
    assert result.status == 2
    assert "so101" in last_line(result)


def told(result: Any, command: str) -> str:
    """Return where a command says what is wrong with a port: a finding, or a line of error."""
    assert result.status == 1
    assert "Traceback" not in result.err
    if command == "doctor":
        (line,) = [line for line in result.out.splitlines() if line.startswith("MEND")]
        return str(line)
    return last_line(result)


@pytest.mark.parametrize(
    "command",
    [
        pytest.param(one, marks=pytest.mark.slow) if one == "conformance" else one
        for one in COMMANDS
    ],
)
def test_a_port_that_is_not_there_is_told_with_those_that_are(run: Any, command: str) -> None:
    line = told(run(command, "--robot", "so101", "--port", "./nowhere", "--yes"), command)
    assert "./nowhere: not there" in line
    assert "Is the cable in" in line


@pytest.mark.serial
@pytest.mark.parametrize("command", COMMANDS)
def test_a_busy_port_is_told(run: Any, command: str, board: Emulation) -> None:
    link = SerialLink(board.port, 115200)
    link.open()
    try:
        result = run(command, "--robot", "helm_arm", "--port", board.port, "--yes")
    finally:
        link.close()
    assert "busy: another program has it open" in told(result, command)


@pytest.mark.parametrize("command", ["doctor", "jog"])  # the suite runs in another process
@pytest.mark.skipif(sys.platform == "win32", reason="permissions of POSIX")
def test_a_port_without_permission_is_told(
    run: Any, command: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "ttyX").touch()

    def refuse(path: object, *rest: object, **options: object) -> int:
        raise PermissionError(13, "Permission denied", str(path))

    # not the mode of a file: tests run as root, whom no mode stops
    monkeypatch.setattr("serial.serialposix.os", SimpleNamespace(**vars(os) | {"open": refuse}))
    line = told(run(command, "--robot", "so101", "--port", tmp_path / "ttyX", "--yes"), command)
    assert "permission denied" in line
    assert "dialout" in line


def misled(folder: Path, command: str, robot: str) -> Any:
    return typed(folder, command, "--robot", robot, "--port", "PORT", "--yes")


@pytest.mark.serial
@pytest.mark.slow
@pytest.mark.beside(work=misled)
@pytest.mark.parametrize("command", ["doctor", "jog"])
@pytest.mark.parametrize("robot", ["gantry", "openmanipulator_x", "so101", "uarm"])
def test_a_port_that_speaks_another_protocol_is_told(command: str, robot: str, done: Any) -> None:
    assert done.board.port in told(done, command)
    assert done.board.device.journal == []
