"""Calibration by hand from the command line."""

from __future__ import annotations

import io
import json
import math
import signal
import subprocess
import sys
import threading
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from rich.console import Console
from rich.live import Live

from helmsight.cli.calibrate import record
from helmsight.hardware.calibration import Calibration
from helmsight.hardware.emulators import emulate
from helmsight.hardware.emulators.feetech import FeetechBus
from helmsight.hardware.emulators.serve import Emulation
from helmsight.hardware.recording import Recording
from helmsight.hardware.spec import load_spec
from tests.hardware.public_calibrations import SMALLEST

WAIT_S = 600.0  # a deadline against hanging, no claim about speed
HELMSIGHT = [sys.executable, "-c", "from helmsight.cli import main; main()"]


def push(device: FeetechBus, share: float) -> None:
    """Move every joint that has no torque to a share of the way between its end stops."""
    for servo in device.servos:
        if not servo.energised:
            lower, upper = servo.options.stops_of(servo.joint)
            servo.axis.position = lower + share * (upper - lower)
            servo.axis.target = servo.axis.position


class Person:
    """Moves the loose joints of an arm to and fro until asked to let go, in the middle."""

    def __init__(self, arm: Emulation) -> None:
        assert isinstance(arm.device, FeetechBus)
        self.arm, self._device = arm, arm.device
        self._over = threading.Event()
        self._moving = threading.Thread(target=self._move)
        self._moving.start()

    def _move(self) -> None:
        start = time.monotonic()
        while not self._over.wait(0.005):
            push(self._device, 0.5 + 0.5 * math.sin(4.0 * (time.monotonic() - start)))
        push(self._device, 0.5)

    def let_go(self) -> None:
        self._over.set()
        self._moving.join()


@pytest.fixture
def person() -> Iterator[Person]:
    """Serve an arm, and somebody beside it."""
    with emulate("so101") as emulation:
        somebody = Person(emulation)
        yield somebody
        somebody.let_go()


@pytest.fixture
def arm(person: Person) -> Emulation:
    """Return the arm that somebody moves."""
    return person.arm


def begun(arm: Emulation, folder: Path, *options: str) -> subprocess.Popen[str]:
    """Start a calibration; return it once it records."""
    process = subprocess.Popen(
        [*HELMSIGHT, "calibrate", "--robot", "so101", "--port", arm.port, "--yes", *options],
        cwd=folder, text=True,
        stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=subprocess.PIPE,
    )  # fmt: skip
    assert process.stderr is not None
    seen: list[str] = []
    while "by hand" not in (line := process.stderr.readline()):
        assert line, seen
        seen.append(line)
    assert any("loses its torque" in line for line in seen)
    return process


@pytest.mark.serial
@pytest.mark.slow
def test_an_arm_moved_by_hand_gets_its_file_and_the_way_to_use_it(
    arm: Emulation, person: Person, tmp_path: Path, run: Any
) -> None:
    process = begun(arm, tmp_path)
    time.sleep(2.5)  # one and a half times to and fro
    out, err = process.communicate("q", timeout=WAIT_S)
    person.let_go()  # at an end of the way a joint is outside its limits, as it should be told
    assert process.returncode == 0, err
    made = Calibration.load(tmp_path / "so101-calibration.toml")
    for scale in made.scales(load_spec("so101")):
        assert scale.zero == pytest.approx(1536 if scale.id == 6 else 2048, abs=25)
    copy, edit = (line.strip() for line in out.splitlines()[-3:-1])
    _, source, mine = copy.split()
    text = Path(source).read_text(encoding="utf-8")
    line = edit.partition("instead of another calibration: ")[2]
    (tmp_path / mine).write_text(text.replace('calibration = "servos"', line), encoding="utf-8")
    assert run("doctor", "--robot", mine, "--port", arm.port).status == 0


@pytest.mark.serial
@pytest.mark.slow
def test_ctrl_c_writes_nothing(arm: Emulation, tmp_path: Path) -> None:
    process = begun(arm, tmp_path)
    time.sleep(2.0)
    process.send_signal(signal.SIGINT)
    out, err = process.communicate(timeout=WAIT_S)
    assert (process.returncode, out, err) == (130, "", "")
    assert list(tmp_path.iterdir()) == []


@pytest.mark.serial
def test_joints_that_nobody_moved_are_one_line_and_no_file(
    run: Any, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    monkeypatch.setattr(sys, "stdin", io.StringIO("q"))
    with emulate("so101") as arm:
        result = run("calibrate", "--robot", "so101", "--port", arm.port, "--yes", "--json")
    assert result.status == 1
    assert "wrist_flex 0%" in result.err.splitlines()[-1]
    assert result.out == ""
    assert list(tmp_path.iterdir()) == []


@pytest.mark.serial
@pytest.mark.slow
def test_json_is_one_line_and_yes_replaces_a_file(arm: Emulation, tmp_path: Path) -> None:
    (tmp_path / "arm.toml").write_text("old", encoding="utf-8")
    process = begun(arm, tmp_path, "--out", "arm.toml", "--json")
    time.sleep(2.5)
    out, err = process.communicate("\n", timeout=WAIT_S)
    assert process.returncode == 0, err
    (line,) = out.splitlines()
    told = json.loads(line)
    assert told["file"] == str(tmp_path / "arm.toml")
    assert told["joints"]["gripper"]["share"] > 0.9
    assert Calibration.load(tmp_path / "arm.toml").robot == "so101"


@pytest.mark.parametrize(
    ("arguments", "words"),
    [
        (("--robot", "gantry"), "no calibration"),
        (("--robot", "so999"), "there are"),
        (("--robot", "so101", "--out", "no/such/x"), "no folder"),
        (("--robot", "so101", "--out", "taken"), "--yes to replace"),
        (("--robot", "so101", "--out", "."), "expected a file"),
        (("--robot", "so101", "--export", "ros"), "expected lerobot"),
        (("--robot", "so101", "--from", "taken"), "either --port"),
    ],
)
def test_what_cannot_be_calibrated_is_one_line_and_status_2(
    run: Any, tmp_path: Path, arguments: tuple[str, ...], words: str
) -> None:
    (tmp_path / "taken").write_text("mine", encoding="utf-8")
    result = run("calibrate", *arguments, "--port", "x")
    assert result.status == 2
    (line,) = result.err.splitlines()
    assert words in line
    assert (tmp_path / "taken").read_text(encoding="utf-8") == "mine"


def test_a_file_of_theirs_becomes_ours_and_theirs_again(run: Any, tmp_path: Path) -> None:
    (tmp_path / "theirs.json").write_text(SMALLEST.text(), encoding="utf-8")
    made = run("calibrate", "--robot", "so101", "--from", "theirs.json", "--out", "ours.toml")
    assert (made.status, made.err) == (0, "")
    back = run(
        "calibrate", "--robot", "so101", "--from", "ours.toml", "--export", "lerobot", "--out", "x"
    )
    assert (back.status, back.err) == (0, "")
    assert "LeRobot" in back.out
    assert json.loads((tmp_path / "x").read_text(encoding="utf-8")) == json.loads(SMALLEST.text())


@pytest.mark.parametrize(
    ("text", "told"),
    [("{}", "table of joints"), ('robot = "gantry"\njoint = {}', "calibration of 'gantry'")],
)
def test_what_cannot_be_converted_is_one_line_and_no_file(
    run: Any, tmp_path: Path, text: str, told: str
) -> None:
    (tmp_path / "arm").write_text(text, encoding="utf-8")
    result = run("calibrate", "--robot", "so101", "--from", "arm")
    assert result.status == 2
    assert told in result.err
    assert len(list(tmp_path.iterdir())) == 1


@pytest.mark.serial
@pytest.mark.slow
def test_an_arm_moved_by_hand_gets_a_file_for_lerobot_too(arm: Emulation, tmp_path: Path) -> None:
    process = begun(arm, tmp_path, "--yes", "--export", "lerobot")
    time.sleep(2.5)
    out, err = process.communicate("q", timeout=WAIT_S)
    assert process.returncode == 0, err
    assert "for LeRobot" in out
    theirs = json.loads((tmp_path / "so101-calibration.json").read_text(encoding="utf-8"))
    assert theirs["gripper"].keys() == {
        "id", "drive_mode", "homing_offset", "range_min", "range_max",
    }  # fmt: skip
    assert theirs["elbow_flex"]["range_min"] == pytest.approx(946, abs=25)


@pytest.mark.serial
def test_enter_on_a_terminal_names_what_is_missing_and_goes_on() -> None:
    shown = io.StringIO()
    live = Live(console=Console(file=shown, width=80, force_terminal=True), auto_refresh=False)
    with emulate("so101") as arm:
        assert isinstance(arm.device, FeetechBus)
        recording = Recording("so101", arm.port)
        turns = iter([(0.0, ""), (0.3, "\n"), (0.6, ""), (1.0, ""), (0.5, "\n")])

        def read(within_s: float) -> list[str]:
            share, pressed = next(turns)
            assert isinstance(arm.device, FeetechBus)
            push(arm.device, share)
            return [pressed] if pressed else []

        with recording.by_hand(), live:
            record(recording, read, live)
    assert next(turns, None) is None
    assert "not yet moved far enough: shoulder_pan" in shown.getvalue()
    assert recording.unmoved == ()
