"""The inspection cell from the command line: its pictures, and itself behind a port."""

from __future__ import annotations

import json
import signal
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest
from PIL import Image

from helmsight.cli.cell import parse_seeds
from helmsight.errors import InvalidSetting
from helmsight.hardware.cameras import Checks, open_camera
from helmsight.hardware.errors import CameraUnavailable
from helmsight.hardware.supervisor import supervised

WAIT_S = 600.0  # a deadline against hanging, no claim about speed
HELMSIGHT = [sys.executable, "-c", "from helmsight.cli import main; main()"]


@pytest.mark.slow
def test_cell_draws_one_sheet_of_many_cells(run: Any, tmp_path: Path) -> None:
    result = run("cell", "--seeds", "3,5-6", "--side", "96", "--out", tmp_path / "sheet.png")
    if "CameraUnavailable" in result.err or "cannot draw here" in result.err:
        pytest.skip(result.err)
    assert result.status == 0, result.err
    assert result.out.startswith("3 cells in ")
    with Image.open(tmp_path / "sheet.png") as sheet:
        assert sheet.size == (3 * 96, 96)


@pytest.mark.parametrize(
    ("text", "seeds"), [("0-3", [0, 1, 2, 3]), ("7", [7]), ("4, 8,1-2", [4, 8, 1, 2])]
)
def test_seeds_are_ranges_and_lists(text: str, seeds: list[int]) -> None:
    assert parse_seeds(text) == seeds


@pytest.mark.parametrize("text", ["", "a", "3-1", "0-100", "-1", "1,,2", "1.5"])
def test_what_names_no_seeds_is_told(text: str) -> None:
    with pytest.raises(InvalidSetting, match="0-11 or 4,8,15"):
        parse_seeds(text)


@pytest.mark.parametrize(
    ("arguments", "words"),
    [
        (("cell", "--out", "cells.txt"), ".png or .jpg"),
        (("cell", "--out", "no/such/cells.png"), "no folder"),
        (("emulate", "feetech", "--camera-port", "0"), "feetech has no camera"),
        (("emulate", "grbl", "--no-camera"), "grbl has no camera"),
        (("emulate", "cell", "--firmware"), "servos, which need neither"),
        (("emulate", "cell", "--homed"), "servos, which need neither"),
        (("emulate", "cell", "--robot", "gantry", "--no-camera"), "shoulder_pan"),
        (("emulate", "cell", "--link", "no/such/arm", "--no-camera"), "no folder"),
        (("emulate", "cell", "--fault", "smoke=1", "--no-camera"), "drop=P"),
    ],
)
def test_what_does_not_go_together_is_one_line(
    run: Any, arguments: tuple[str, ...], words: str
) -> None:
    result = run(*arguments)
    assert (result.status, result.out) == (2, "")
    assert words in result.err


@pytest.mark.serial
def test_emulate_serves_a_whole_cell_and_sums_up(tmp_path: Path) -> None:
    process = subprocess.Popen(
        [*HELMSIGHT, "emulate", "cell", "--seed", "3", "--link", "arm", "--json"],
        cwd=tmp_path, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True,
    )  # fmt: skip
    try:
        assert process.stdout is not None
        line = process.stdout.readline()
        if not line:
            error = process.communicate()[1]
            assert "cannot draw here" in error
            pytest.skip(error)
        told = json.loads(line)
        assert (told["port"], told["turntable"]) == ("arm", "arm-turntable")
        try:
            with open_camera(told["camera"], checks=Checks(max_age_s=WAIT_S)) as camera:
                assert camera.look(WAIT_S).pixels.shape == (360, 480, 3)
        except CameraUnavailable as error:
            pytest.fail(str(error))
        with supervised("so101", str(tmp_path / "arm")) as robot:
            start = robot.state().positions
            robot.reach((start[0] + 0.1, *start[1:]), timeout_s=WAIT_S)
        process.send_signal(signal.SIGINT)
        out, err = process.communicate(timeout=WAIT_S)
    finally:
        process.kill()
    assert (process.returncode, err) == (0, "")
    summary = json.loads(out)
    assert summary["executed_move"] >= 1
    assert summary["touched_satellite"] == 0
    assert list(tmp_path.iterdir()) == []
