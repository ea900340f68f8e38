"""Homing from the command line and from a key: with consent, to its end, and ended by a person."""

from __future__ import annotations

import io
import json
import os
import re
import signal
import subprocess
import sys
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import pytest

from helmsight.hardware.emulators import emulate
from helmsight.hardware.emulators.grbl import GrblController
from helmsight.hardware.emulators.serve import Emulation
from helmsight.hardware.spec import shipped

WAIT_S = 600.0  # a deadline against hanging, no claim about speed
HELMSIGHT = [sys.executable, "-c", "from helmsight.cli import main; main()"]

pytestmark = pytest.mark.serial


@pytest.fixture
def mill(tmp_path: Path) -> Iterator[tuple[str, Emulation]]:
    """Serve a gantry after power-up, small and so quick to home; return its description as well."""
    text = shipped()["gantry"].read_text(encoding="utf-8")
    for large, small in {
        "0.28": "0.02", "0.17": "0.02", "0.085": "0.01", "0.14": "0.01", "0.04": "0.02",
        "-280.0": "-20.0", "-170.0": "-20.0", "-40.0": "-20.0", "home = 0.02": "home = 0.01",
    }.items():  # fmt: skip
        text = text.replace(large, small)
    path = tmp_path / "mill.toml"
    path.write_text(text, encoding="utf-8")
    with emulate(path) as emulation:
        yield str(path), emulation


def state_of(emulation: Emulation) -> str:
    assert isinstance(emulation.device, GrblController)
    return emulation.device.state


def until(true: Callable[[], bool]) -> None:
    deadline = time.monotonic() + WAIT_S
    while not true():
        assert time.monotonic() < deadline
        time.sleep(0.002)


def test_home_drives_to_the_switches_and_says_where_it_is(
    run: Any, mill: tuple[str, Emulation]
) -> None:
    robot, emulation = mill
    assert state_of(emulation) == "Alarm"
    result = run("home", "--robot", robot, "--port", emulation.port, "--yes", "--json")
    assert result.status == 0, result.err
    (line,) = result.out.splitlines()
    told = json.loads(line)
    assert told["homed"] is True
    assert told["seconds"] > 0.0
    assert tuple(told["positions"].values()) == pytest.approx(emulation.device.positions, abs=1e-4)
    assert "will drive x, y, z to their reference switches" in result.err
    assert "homing, Ctrl-C stops it" in result.err
    assert state_of(emulation) == "Idle"  # it was not let go: a gantry asleep forgets
    shown = run("home", "--robot", robot, "--port", emulation.port, "--yes").out
    assert re.search(r"homed in [\d.]+ s, held at x -?[\d.]+ mm y", shown)


@pytest.mark.parametrize("robot", ["so101", "helm_arm"])
def test_what_has_no_homing_is_told_before_anybody_is_asked(run: Any, robot: str) -> None:
    result = run("home", "--robot", robot, "--port", "x", "--yes")
    assert result.status == 2
    assert f"{robot} has no homing" in result.err


def test_an_arm_that_no_stop_ends_on_its_way_says_so_first(run: Any) -> None:
    with emulate("community_arm") as emulation:
        result = run("home", "--robot", "community_arm", "--port", emulation.port, "--yes")
        assert result.status == 0, result.err
        assert "no stop ends it on its way" in result.err
        assert "only a switch in its supply stops it" in result.err
        assert "release" not in {entry.kind for entry in emulation.device.journal}


@contextmanager
def at_a_terminal(*arguments: str) -> Iterator[tuple[subprocess.Popen[bytes], int]]:
    import pty

    master, slave = pty.openpty()
    process = subprocess.Popen(
        [*HELMSIGHT, *arguments],
        stdin=slave, stdout=slave, stderr=slave, start_new_session=True,
    )  # fmt: skip
    os.close(slave)
    try:
        yield process, master
    finally:
        process.kill()
        process.wait()
        os.close(master)


def read_until(descriptor: int, words: bytes) -> bytes:
    shown = b""
    while words not in shown:
        try:
            shown += os.read(descriptor, 4096)
        except OSError:
            pytest.fail(f"it ended: {shown!r}")
    return shown


@pytest.mark.slow
def test_ctrl_c_ends_homing_at_once(mill: tuple[str, Emulation]) -> None:
    robot, emulation = mill
    with at_a_terminal("home", "--robot", robot, "--port", emulation.port) as (process, terminal):
        read_until(terminal, b"Go on? [y/N]")
        os.write(terminal, b"y\n")
        until(lambda: state_of(emulation) == "Home" and not emulation.device.standing)
        process.send_signal(signal.SIGINT)
        until(lambda: emulation.device.standing and state_of(emulation) != "Home")
        place = emulation.device.positions
        assert b"stopped (SIGINT) and stands still" in read_until(terminal, b"stands still")
        assert process.wait(WAIT_S) == 130
        assert emulation.device.positions == place


@pytest.mark.slow
@pytest.mark.parametrize(("key", "told"), [(b"x", b"a key while homing"), (b" ", b"space bar")])
def test_in_jog_a_person_is_asked_and_any_key_ends_it(
    mill: tuple[str, Emulation], key: bytes, told: bytes
) -> None:
    robot, emulation = mill
    with at_a_terminal("jog", "--robot", robot, "--port", emulation.port) as (process, terminal):
        assert b"H home" in read_until(terminal, b"not homed")
        os.write(terminal, b"Hy")  # nobody can have read the question yet
        read_until(terminal, b"home it? y n")
        os.write(terminal, b"n")
        read_until(terminal, b"the answer was not y")
        assert state_of(emulation) == "Alarm"
        os.write(terminal, b"H")
        read_until(terminal, b"home it? y n")
        os.write(terminal, b"y")
        until(lambda: state_of(emulation) == "Home" and not emulation.device.standing)
        os.write(terminal, key)
        until(lambda: emulation.device.standing and state_of(emulation) != "Home")
        read_until(terminal, told)
        place = emulation.device.positions
        os.write(terminal, b"+++q")
        assert process.wait(WAIT_S) == 0
        assert emulation.device.positions == place


def test_in_a_pipe_yes_was_said_and_what_was_homed_moves(
    run: Any, monkeypatch: pytest.MonkeyPatch, mill: tuple[str, Emulation]
) -> None:
    robot, emulation = mill
    monkeypatch.setattr(sys, "stdin", io.StringIO("+H-q"))
    result = run("jog", "--robot", robot, "--port", emulation.port, "--yes")
    assert result.status == 0, result.err
    moves = [entry for entry in emulation.device.journal if entry.kind == "move"]
    assert len(moves) == 1  # not the one before it was homed
    assert "homed in" in result.out
    assert "not homed" in result.out


def test_a_hold_at_the_machine_in_the_middle_of_far_steps_does_not_end_jog(
    run: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    """It is told, nothing goes on by itself, and neither does another key move it."""
    with emulate("gantry", homed=True) as emulation:
        device = emulation.device
        assert isinstance(device, GrblController)
        source, sink = os.pipe()
        held: list[tuple[float, ...]] = []

        def person() -> None:
            os.write(sink, b"c1+")
            try:
                until(lambda: device.positions[0] > 0.145)
                device.press("H")
                until(lambda: device.standing)
                held.append(device.positions)
                os.write(sink, b"+q")
            finally:
                os.close(sink)

        pressing = threading.Thread(target=person)
        with open(source, encoding="utf-8") as stream:
            monkeypatch.setattr(sys, "stdin", stream)
            pressing.start()
            result = run(
                "jog", "--robot", "gantry", "--port", emulation.port, "--yes", "--step=50mm"
            )
            pressing.join()
        assert result.status == 0, result.err
        assert "held at the machine" in result.out
        assert device.positions == held[0]
        assert 0.145 < held[0][0] < 0.19
