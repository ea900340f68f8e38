"""Emulated devices from the command line."""

from __future__ import annotations

import json
import signal
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

WAIT_S = 60.0  # a deadline against hanging, no claim about speed
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
