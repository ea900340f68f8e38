"""The arm of the cell, weight and all, passes the suite that any robot can be put to."""

from __future__ import annotations

import json
import os
import re
import subprocess
import sys
from pathlib import Path

import pytest

from helmsight.envs.inspection.emulated import EmulatedCell
from helmsight.envs.inspection.plan import CellPlan
from helmsight.hardware.spec import shipped

pytestmark = [pytest.mark.serial, pytest.mark.slow]


def description(folder: Path, robot: str) -> Path:
    """Return the shipped one, with patience for a busy machine, held when it is closed.

    Released between two tests, the arm would sink onto the table.
    """
    text = re.sub(r"(?m)^reply_s = .*", "reply_s = 0.25", shipped()[robot].read_text("utf-8"))
    path = folder / f"{robot}.toml"
    ending = "" if "[ending]" in text else '\n[ending]\non_close = "hold"\n'
    path.write_text(text + ending, encoding="utf-8")
    return path


@pytest.mark.parametrize("robot", ["so101", "turntable"])
@pytest.mark.timeout(1800)
def test_the_robots_of_the_cell_conform(tmp_path: Path, robot: str) -> None:
    with EmulatedCell(CellPlan.draw(3, defects=())) as cell:
        port = cell.port if robot == "so101" else cell.turntable_port
        done = subprocess.run(
            [
                sys.executable, "-m", "pytest", "--pyargs", "helmsight.hardware.conformance", "-q",
                "-p", "helmsight-conformance", "--conformance-json", "outcome.json", "--tool",
                "--robot", description(tmp_path, robot), "--port", port, "--yes",
            ],
            cwd=tmp_path, capture_output=True, text=True, encoding="utf-8", timeout=1500,
            env=os.environ | {"PYTEST_DISABLE_PLUGIN_AUTOLOAD": "1"},
        )  # fmt: skip
        touches = cell.plant.touches
    assert done.returncode == 0, done.stdout + done.stderr
    told = json.loads((tmp_path / "outcome.json").read_text(encoding="utf-8"))
    assert told["failures"] == {}
    assert told["passed"] >= 18
    assert touches == ()
