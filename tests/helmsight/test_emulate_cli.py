"""Emulated devices from the command line."""

from __future__ import annotations

import json
import signal
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

from helmsight.hardware.emulators import emulate
from helmsight.hardware.emulators.simavr import missing
from helmsight.hardware.spec import shipped

WAIT_S = 600.0  # a deadline against hanging, no claim about speed
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


@pytest.mark.serial
def test_a_robot_is_emulated_by_its_name_or_its_description(tmp_path: Path) -> None:
    text = shipped()["so100"].read_text(encoding="utf-8").replace('"so100"', '"mine"')
    (tmp_path / "mine.toml").write_text(text, encoding="utf-8")
    for name, robot in (("so101", "so101"), ("mine.toml", "mine.toml")):
        process, told = emulated(tmp_path, name, "--link", "arm")
        process.terminate()
        process.communicate(timeout=WAIT_S)
        assert (told["kind"], told["robot"]) == ("feetech", robot)


@pytest.mark.serial
@pytest.mark.parametrize("options", [(), ("--homed",)])
def test_an_emulated_gantry_is_not_homed_unless_it_is_asked_to_be(
    run: Any, tmp_path: Path, options: tuple[str, ...]
) -> None:
    process, told = emulated(tmp_path, "grbl", "--link", "mill", *options)
    try:
        done = run("doctor", "--robot", told["robot"], "--port", tmp_path / "mill", "--json")
    finally:
        process.terminate()
        process.communicate(timeout=WAIT_S)
    (position,) = (f for f in json.loads(done.out)["findings"] if f["name"] == "position")
    assert position["ok"] is bool(options)
    assert done.status == (0 if options else 1)


@pytest.mark.slow
def test_emulate_serves_a_tcp_address_where_there_are_no_ptys(run: Any, tmp_path: Path) -> None:
    process, told = emulated(tmp_path, "helm", "--tcp", "127.0.0.1:0")
    try:
        assert run("doctor", "--robot", "helm_arm", "--port", told["port"]).status == 0
    finally:
        process.terminate()
        process.communicate(timeout=WAIT_S)
    assert process.returncode == 0


@pytest.mark.serial
def test_a_second_emulator_does_not_take_the_place_of_the_first(run: Any, tmp_path: Path) -> None:
    with emulate("helm_arm", tmp_path / "arm") as first:
        result = run("emulate", "grbl", "--link", "arm")
        assert (result.status, result.out) == (2, "")
        assert "another emulator" in result.err
        assert run("doctor", "--robot", "helm_arm", "--port", first.port).status == 0


@pytest.mark.serial
@pytest.mark.slow
@pytest.mark.skipif(missing() is not None, reason=str(missing()))
def test_emulate_serves_the_real_firmware_and_ends_its_emulator(run: Any, tmp_path: Path) -> None:
    process, told = emulated(
        tmp_path, "helm", "--firmware", "--link", "arm", "--fault", "drop=0.01"
    )
    try:
        assert told["port"] == "arm"
        found = run("doctor", "--robot", "helm_arm", "--port", tmp_path / "arm", "--json")
        seen = {one["name"]: one["seen"] for one in json.loads(found.out)["findings"]}
        assert "board_duplicates" in seen  # the firmware counts; its line is another's
        process.send_signal(signal.SIGINT)
        out, err = process.communicate(timeout=WAIT_S)
    finally:
        process.kill()
    assert (process.returncode, err) == (0, "")
    assert json.loads(out)["bytes_out"] > 1000
    assert not (tmp_path / "arm").exists()


def test_firmware_without_its_tools_says_what_to_install(
    run: Any, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path))
    monkeypatch.setenv("PATH", str(tmp_path))
    result = run("emulate", "helm", "--firmware")
    assert result.status == 1
    (line,) = result.err.splitlines()
    assert "apt-get install" in line
    assert "gcc-avr" in line


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
        (("grbl", "--firmware"), "emulate helm --firmware"),
        (("helm", "--firmware", "--link", "taken"), "is there already"),
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
