"""A robot's session shown to other viewers, by the command that people use."""

from __future__ import annotations

import json
import subprocess
import sys
from importlib.util import find_spec
from pathlib import Path

import pytest

from helmsight.hardware.emulators import emulate

pytestmark = [pytest.mark.serial, pytest.mark.slow, pytest.mark.usefixtures("fair")]
SWING = '{"do": "joints", "joints": [0.2, null, null, null, null, null]}\n'


def test_a_robot_s_session_is_shown(tmp_path: Path) -> None:
    pytest.importorskip("opentelemetry.sdk", reason="opentelemetry is not installed")
    (tmp_path / "answers.txt").write_text(SWING, encoding="utf-8")
    rerun = ["--rerun", str(tmp_path / "run.rrd")] if find_spec("rerun") else []
    with emulate("so101") as arm:
        words = [
            "operate", "--robot", "so101", "--port", arm.port, "--camera", "none", "--yes",
            "--json", "--pilot", f"scripted:{tmp_path / 'answers.txt'}", "--steps", "2",
            "--out", str(tmp_path / "run"), "--spans", str(tmp_path / "run.jsonl"), *rerun,
        ]  # fmt: skip
        said = subprocess.run(
            [sys.executable, "-c", "from helmsight.cli import main; main()", *words],
            stdin=subprocess.DEVNULL, capture_output=True, text=True, check=False,
        )  # fmt: skip
    assert said.returncode == 0, said.stderr
    lines = (tmp_path / "run.jsonl").read_text(encoding="utf-8").splitlines()
    spans = [json.loads(line) for line in lines]
    assert [span["name"] for span in spans].count("step") == 2
    assert spans[-1]["attributes"]["helmsight.environment"] == "helmsight/Robot-v0"
    if rerun:
        from rerun.chunk import RrdReader

        chunks = RrdReader(tmp_path / "run.rrd").stream().to_chunks()
        assert {"/times/act", "/decisions"} <= {chunk.entity_path for chunk in chunks}
