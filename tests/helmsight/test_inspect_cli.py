"""`helmsight inspect`: the report of a run folder, and the whole way through the emulated cell."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
import time
from pathlib import Path
from typing import Any

import cv2
import numpy as np
import pytest

from helmsight.agents.inspection.drawing import drawing as drawing_of
from helmsight.agents.inspection.likeness import renders
from helmsight.contract.record import RunSpec
from helmsight.envs.inspection.parts import PARTS
from helmsight.envs.inspection.sites import SITES, Sight
from helmsight.envs.inspection.task import inspection_task
from helmsight.hardware.spec import load_spec
from helmsight.tools.player import load_run
from helmsight.tools.recorder import Recorder

WAIT_S = 600.0  # a deadline against hanging, no claim about speed
HELMSIGHT = [sys.executable, "-c", "from helmsight.cli import main; main()"]
REPORTS = (
    '{"do": "look", "view": "dish: bowl"}\n'
    '{"do": "report", "part": "dish", "state": "dent", "confidence": 0.9, "view": 1}\n'
    '{"do": "report", "part": "mast", "state": "sound", "confidence": 0.9}\n'
    '{"do": "done", "verdict": "one dent"}\n'
)
STEPS = 4  # of an inspection that is ended from outside after its first
FILES = ("inspection.json", "inspection.html", "inspection.pdf", "debrief.md")


@pytest.fixture
def recorded(tmp_path: Path) -> Path:
    """Return the folder of an inspection that ended before its first step."""
    folder = tmp_path / "recorded"
    recorder = Recorder(folder, frames=False, video=False, page=False)
    task = inspection_task(load_spec("so101"), tuple(PARTS), 24, None, "")
    recorder.start(RunSpec("helmsight/Inspection-v0", "inspector", 7, task=task.description()))
    recorder.finish("error: LinkLost: nobody answers", {})
    return folder


@pytest.fixture
def pilot(tmp_path: Path) -> str:
    """Return a model with given answers: one look, two reports, the end."""
    path = tmp_path / "answers.txt"
    path.write_text(REPORTS, encoding="utf-8")
    return f"scripted:{path}"


@pytest.mark.slow
def test_a_report_is_made_again_from_the_run_folder_alone(run: Any, recorded: Path) -> None:
    result = run("inspect", "--report", recorded)
    assert result.status == 0, result.err
    assert result.out.startswith("Inspection incomplete, no defect reported so far.\n")
    assert "inspection.html" in result.out
    assert all((recorded / name).is_file() for name in FILES)


@pytest.mark.slow
def test_a_report_as_json_is_one_line(run: Any, recorded: Path) -> None:
    result = run("inspect", "--report", recorded, "--json")
    assert result.status == 0, result.err
    assert len(result.out.splitlines()) == 1
    told = json.loads(result.out)
    assert set(told["parts"]) == set(PARTS)
    assert told["report"]["page"].endswith("inspection.html")


def test_a_folder_without_an_inspection_has_no_report(run: Any, recorded: Path) -> None:
    spec = json.loads((recorded / "run.json").read_text(encoding="utf-8"))
    (recorded / "run.json").write_text(
        json.dumps(spec | {"environment": "helmsight/Robot-v0"}), encoding="utf-8"
    )
    result = run("inspect", "--report", recorded)
    assert (result.status, result.out) == (2, "")
    assert "no inspection" in result.err
    assert run("inspect", "--report", recorded / "nowhere").status == 2
    result = run("inspect", "--report", recorded, "--seed", 3)
    assert result.status == 2
    assert "--seed changes nothing with --report" in result.err


@pytest.mark.parametrize(
    ("words", "message"),
    [
        (("--pilot", "coverage", "--look", "fixed"), "--look: only an inspector"),
        (("--pilot", "coverage", "--look", "fixed", "--knowledge", "x.md"), "--look, --knowledge"),
        (("--pilot", "coverage", "--parts", "dish,sail"), "sail"),
        (("--pilot", "coverage", "--faults", "much"), "much"),
        (("--pilot", "nobody"), "nobody"),
        (("--parts", ", "), "names no part"),
        (("--pilot", "coverage", "--camera", "0"), "camera"),
    ],
)
def test_what_cannot_be_is_told_before_anything_begins(
    run: Any, tmp_path: Path, words: tuple[str, ...], message: str
) -> None:
    result = run("inspect", *words)
    assert (result.status, result.out) == (2, "")
    assert message in result.err
    assert not (tmp_path / "runs").exists()


@pytest.mark.slow
@pytest.mark.serial
@pytest.mark.timeout(1800)
class TestThroughTheCell:
    """The emulated cell needs no hardware and no consent."""

    @pytest.fixture(autouse=True)
    def _drawing(self, drawing: None) -> None:
        """Only where something can be drawn."""

    def test_an_inspection_ends_with_a_verdict_and_its_report(
        self, run: Any, pilot: str, tmp_path: Path
    ) -> None:
        result = run(
            "inspect", "--pilot", pilot, "--seed", "7", "--parts", "dish,mast",
            "--out", tmp_path / "run",
        )  # fmt: skip
        assert result.status == 0, result.err
        assert "dish: dent" in result.out.lower()
        assert all((tmp_path / "run" / name).is_file() for name in FILES)
        told = json.loads((tmp_path / "run" / "inspection.json").read_text(encoding="utf-8"))
        assert {entry["part"] for entry in told["parts"]} == {"dish", "mast"}
        assert told["truth"]["touches"] == 0

    def test_an_inspection_that_is_not_recorded_leaves_nothing_and_says_its_verdict(
        self, run: Any, pilot: str, tmp_path: Path
    ) -> None:
        result = run("inspect", "--pilot", pilot, "--parts", "dish,mast", "--no-record", "--json")
        assert result.status == 0, result.err
        assert json.loads(result.out)["parts"]["dish"] == {"state": "dent", "confidence": 0.9}
        assert sorted(path.name for path in tmp_path.iterdir()) == ["answers.txt"]

    def test_a_picture_names_the_one_part_that_is_inspected(
        self, run: Any, pilot: str, tmp_path: Path
    ) -> None:
        picture = tmp_path / "this.png"
        with drawing_of(0) as cell:
            (site,) = (site for site in SITES if site.part == "dish")
            crop = next(iter(renders(cell, Sight(cell), site, np.random.default_rng(5))))
        cv2.imwrite(str(picture), crop[..., ::-1])
        pilot = f"inspector:{pilot}"  # which relates parts, where there are two of them
        result = run(
            "inspect", "--pilot", pilot, "--like", picture, "--no-record", "--json", "--steps", 1
        )
        assert result.status == 0, result.err
        assert "shows dish" in result.err
        assert list(json.loads(result.out)["parts"]) == ["dish"]
        refused = run("inspect", "--pilot", pilot, "--like", picture, "--parts", "mast")
        assert (refused.status, refused.out) == (2, "")
        assert "--parts asks for mast" in refused.err

    def test_a_stop_from_outside_leaves_a_report_that_shows_the_gap(
        self, pilot: str, tmp_path: Path
    ) -> None:
        """By SIGTERM, which ends as Ctrl-C does (tests/contract/test_signals.py)."""
        process = started(tmp_path, pilot)
        until_looked(tmp_path / "run", process)
        process.send_signal(signal.SIGTERM)
        _, said = process.communicate(timeout=WAIT_S)
        assert process.returncode != 0, said
        report = json.loads((tmp_path / "run" / "inspection.json").read_text(encoding="utf-8"))
        assert report["ended"] == "interrupted"
        assert any("ended early" in gap["why"] for gap in report["gaps"])

    def test_a_killed_inspection_is_resumed_and_its_report_is_whole(
        self, run: Any, pilot: str, tmp_path: Path
    ) -> None:
        process = started(tmp_path, pilot)
        until_looked(tmp_path / "run", process)
        process.kill()
        process.communicate(timeout=WAIT_S)
        result = run("inspect", "--report", tmp_path / "run")
        assert result.status == 0, result.err
        before = load_run(tmp_path / "run").records
        result = run("resume", tmp_path / "run", "--json")
        assert result.status == 0, result.err
        assert json.loads(result.out)["report"]["page"].endswith("inspection.html")
        after = load_run(tmp_path / "run").records
        assert [r.applied for r in after[: len(before)]] == [r.applied for r in before]
        report = json.loads((tmp_path / "run" / "inspection.json").read_text(encoding="utf-8"))
        assert report["steps"] == len(after) == STEPS


def started(folder: Path, pilot: str) -> subprocess.Popen[str]:
    """Return an inspection that looks STEPS times, in a process of its own."""
    Path(pilot.removeprefix("scripted:")).write_text(
        '{"do": "look", "view": "dish: bowl"}\n{"do": "look", "view": "mast: mast"}\n',
        encoding="utf-8",
    )
    return subprocess.Popen(
        [*HELMSIGHT, "inspect", "--pilot", pilot, "--seed", "7", "--parts", "dish,mast",
         "--no-video", "--steps", str(STEPS), "--out", str(folder / "run")],
        cwd=folder, stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, stderr=subprocess.STDOUT,
        text=True, env=dict(os.environ),
    )  # fmt: skip


def until_looked(folder: Path, process: subprocess.Popen[str]) -> None:
    """Wait until a look was taken and recorded."""
    deadline = time.monotonic() + WAIT_S
    while True:
        assert process.poll() is None, process.communicate()[0]
        if (folder / "steps.jsonl").is_file():
            records = load_run(folder).records
            if records and records[-1].measures["looks"] > 0:
                return
        assert time.monotonic() < deadline, "no look was taken"
        time.sleep(0.05)
