"""The robot commands as a person types them: what they print, what they move, what they refuse."""

from __future__ import annotations

import io
import json
import os
import select
import signal
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest

from hardware.emulators import emulate
from hardware.emulators.serve import Emulation
from hardware.link import Link
from hardware.spec import shipped
from helmsight.keyboard import Decoder

WAIT_S = 60.0  # a deadline against hanging, no claim about speed


@pytest.fixture
def board() -> Iterator[Emulation]:
    """Serve a servo board."""
    with emulate("helm_arm") as emulation:
        yield emulation


def moves(emulation: Emulation) -> list[tuple[float, ...]]:
    return [entry.positions for entry in emulation.device.journal if entry.kind == "move"]


# -- list and devices -----------------------------------------------------------------------


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


@pytest.mark.serial
@pytest.mark.slow
def test_doctor_of_another_robot_says_which_and_is_status_1(run: Any, board: Emulation) -> None:
    result = run("doctor", "--robot", "uarm", "--port", board.port)
    assert result.status == 1
    assert "to mend: device" in result.out
    assert "--robot may be one of helm_arm" in result.out


@pytest.mark.serial
@pytest.mark.slow
def test_conformance_prints_one_line_of_json_and_warns(run: Any, board: Emulation) -> None:
    result = run("conformance", "--robot", "helm_arm", "--port", board.port, "--json")
    assert result.status == 0, result.out
    assert "will move" in result.err
    (line,) = result.out.splitlines()
    told = json.loads(line)
    assert told["failed"] == 0
    assert told["passed"] >= 19
    assert told["measured"]["stop_ms"] >= 0


@pytest.mark.serial
@pytest.mark.slow
def test_conformance_with_another_robot_is_one_line(run: Any, board: Emulation) -> None:
    result = run("conformance", "--robot", "uarm", "--port", board.port, "--json")
    assert result.status == 1
    assert result.out == ""
    assert "Is this uarm" in result.err.splitlines()[-1]


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


def test_conformance_without_pytest_says_how_to_get_it(
    run: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("importlib.util.find_spec", lambda name: None)
    result = run("conformance", "--robot", "so101", "--port", "x")
    assert result.status == 2
    assert 'pip install "helmsight[test]"' in result.err


# -- jog ------------------------------------------------------------------------------------


def jog(run: Any, monkeypatch: pytest.MonkeyPatch, port: str, keys: str, *more: object) -> Any:
    monkeypatch.setattr(sys, "stdin", io.StringIO(keys))
    return run("jog", "--robot", "helm_arm", "--port", port, *more)


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
    Link(board.port, 115200).open()  # the port is free again


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


def test_arrow_keys_may_come_in_pieces() -> None:
    decoder = Decoder()
    keys = [key for piece in ("a\x1b", "[", "Ab\x1bOD", "\x1b[5~c") for key in decoder.feed(piece)]
    assert keys == ["a", "up", "b", "left", "c"]


# -- emulate --------------------------------------------------------------------------------

HELMSIGHT = [sys.executable, "-c", "from helmsight.cli import main; main()"]


def emulated(folder: Path, *options: str) -> tuple[subprocess.Popen[str], dict[str, Any]]:
    """Start an emulator; return the process and what its first line says."""
    process = subprocess.Popen(
        [*HELMSIGHT, "emulate", *options, "--json"],
        cwd=folder, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True,
    )  # fmt: skip
    assert process.stdout is not None
    line = process.stdout.readline()
    assert line, process.communicate()[1]
    return process, json.loads(line)


@pytest.mark.serial
@pytest.mark.parametrize("ending", [signal.SIGINT, signal.SIGTERM])
def test_emulate_serves_until_it_is_interrupted_and_sums_up(
    run: Any, tmp_path: Path, ending: signal.Signals
) -> None:
    process, told = emulated(tmp_path, "helm", "--link", "arm", "--fault", "delay=1ms")
    try:
        assert told["port"] == "arm"
        assert run("doctor", "--robot", "helm_arm", "--port", tmp_path / "arm").status == 0
        process.send_signal(ending)
        out, err = process.communicate(timeout=WAIT_S)
    finally:
        process.kill()
    assert process.returncode == 0, err
    assert err == ""
    summary = json.loads(out)
    assert summary["bytes_in"] > 100
    assert summary["delayed_out"] == summary["messages_out"] > 100
    assert summary["executed_stop"] >= 1
    assert summary["outside_limits"] == 0
    assert not (tmp_path / "arm").exists()


def test_emulate_serves_a_tcp_address_where_there_are_no_ptys(run: Any, tmp_path: Path) -> None:
    process, told = emulated(tmp_path, "helm", "--tcp", "127.0.0.1:0")
    try:
        assert run("doctor", "--robot", "helm_arm", "--port", told["port"]).status == 0
    finally:
        process.terminate()
        process.communicate(timeout=WAIT_S)
    assert process.returncode == 0


@pytest.mark.parametrize(
    ("arguments", "words"),
    [
        (("toaster",), "feetech"),
        (("grbl", "--robot", "so101"), "helmsight emulate feetech"),
        (("grbl", "--robot", "so999"), "so101"),
        (("grbl", "--fault", "smoke=1"), "drop=P"),
        (("grbl", "--fault", "drop=2"), "0 to 1"),
        (("grbl", "--tcp", "nowhere"), "HOST:PORT"),
        (("grbl", "--tcp", "127.0.0.1:0", "--link", "x"), "one of them"),
        (("grbl", "--link", "no/such/folder/x"), "no folder"),
        (("grbl", "--link", "taken"), "is there already"),
        (("grbl", "--seed", "-1"), "emulate --help"),
    ],
)
def test_an_emulator_that_cannot_be_is_one_line_and_status_2(
    run: Any, tmp_path: Path, arguments: tuple[str, ...], words: str
) -> None:
    (tmp_path / "taken").write_text("mine", encoding="utf-8")
    result = run("emulate", *arguments)
    assert result.status == 2
    (line,) = result.err.splitlines()
    assert words in line
    assert (tmp_path / "taken").read_text(encoding="utf-8") == "mine"


# -- bad input ------------------------------------------------------------------------------

COMMANDS = ("doctor", "jog", "conformance")


def last_line(result: Any) -> str:
    """Return the line of error, after the warning that the robot will move."""
    lines = [line for line in result.err.splitlines() if "will move" not in line]
    assert len(lines) == 1, result.err
    return str(lines[0])


@pytest.mark.parametrize("command", COMMANDS)
@pytest.mark.parametrize(
    ("change", "words"),
    [
        (("upper = ", "# upper = "), ("joint.0.upper: missing", "line")),
        (("\n[[joint]]", "\nspeeed = 3\n[[joint]]"), ("speeed: unknown key", "line")),
        (("lower = ", "lower = 99 # "), ("must be below upper", "line")),
        (("lower = ", "lower = nan # "), ("finite", "line")),
        (('driver = "helm"', 'driver = "helmet"'), ("did you mean 'helm'",)),
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


@pytest.mark.parametrize("command", COMMANDS)
def test_a_port_that_is_not_there_is_told_with_those_that_are(run: Any, command: str) -> None:
    line = told(run(command, "--robot", "so101", "--port", "./nowhere"), command)
    assert "./nowhere: not there" in line
    assert "Is the cable in" in line


@pytest.mark.serial
@pytest.mark.parametrize("command", COMMANDS)
def test_a_busy_port_is_told(run: Any, command: str, board: Emulation) -> None:
    link = Link(board.port, 115200)
    link.open()
    try:
        result = run(command, "--robot", "helm_arm", "--port", board.port)
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
    line = told(run(command, "--robot", "so101", "--port", tmp_path / "ttyX"), command)
    assert "permission denied" in line
    assert "dialout" in line


@pytest.mark.serial
@pytest.mark.slow
@pytest.mark.parametrize("command", ["doctor", "jog"])
@pytest.mark.parametrize("robot", ["gantry", "openmanipulator_x", "so101", "uarm"])
def test_a_port_that_speaks_another_protocol_is_told(
    run: Any, command: str, robot: str, board: Emulation
) -> None:
    line = told(run(command, "--robot", robot, "--port", board.port), command)
    assert board.port in line
    assert board.device.journal == []
