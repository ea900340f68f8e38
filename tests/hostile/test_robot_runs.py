"""Run folders of robots that somebody hands over: a named error or harmless, and nothing moves.

A case of the table is a file of a real run, where in it something stands (its last line, of steps),
and what stands there now; or what the file has become (`edits.become`).
"""

from __future__ import annotations

import json
import shutil
import sys
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any

import pytest

import helmsight
from helmsight.hardware.emulators import emulate
from helmsight.hardware.emulators.serve import Emulation
from tests.hostile.edits import become

CASES: dict[str, list[tuple[str, list[str], Any]]] = json.loads(
    Path(__file__).with_name("robot_runs.json").read_text(encoding="utf-8")
)
ANSWERS = """{"do": "joints", "joints": [0.1, null, null, null, null, null]}
{"do": "hold", "duration": 0.02}
{"do": "hold", "duration": 0.02}
{"do": "hold", "duration": 0.02}
{"do": "done"}
"""
pytestmark = [
    pytest.mark.corpus,
    pytest.mark.slow,
    pytest.mark.serial,
    pytest.mark.skipif(sys.platform == "win32", reason="links and pipes are made as POSIX does"),
]


@pytest.fixture(scope="module")
def arm(fair: None) -> Iterator[Emulation]:
    with emulate("so101") as served:
        yield served


@pytest.fixture(scope="module")
def operated(arm: Emulation, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Return the folder of a real run of an arm, which moved in the first of two steps."""
    home = tmp_path_factory.mktemp("operated")
    (home / "answers.txt").write_text(ANSWERS, encoding="utf-8")
    helmsight.fly(
        "helmsight/Robot-v0", f"scripted:{home / 'answers.txt'}", steps=2, out=home / "run",
        video=False, observation="telemetry", agree=lambda what: None,
        world_options={"robot": "so101", "port": arm.port, "camera": "none"},
    )  # fmt: skip
    return home / "run"


@pytest.fixture(scope="module")
def inspected(fair: None, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Return the folder of a real inspection of three steps."""
    folder = tmp_path_factory.mktemp("inspected") / "run"
    world = {"parts": ["dish"], "budget_views": 2}
    helmsight.fly(
        "helmsight/Inspection-v0", "coverage", steps=3, out=folder, video=False,
        observation="frame+telemetry", world_options=world,
    )  # fmt: skip
    return folder


def put(path: Path, at: Sequence[str], value: Any) -> None:
    """Have `value` stand at a place of a JSON file, or of the last line of one with a line each."""
    *lines, last = path.read_text(encoding="utf-8").rstrip("\n").split("\n")
    if path.suffix == ".json":
        lines, last = [], "\n".join([*lines, last])
    data = json.loads(last)
    inner = data
    for key in at[:-1]:
        inner = inner[key]
    inner[at[-1]] = value
    path.write_text("\n".join([*lines, json.dumps(data)]) + "\n", encoding="utf-8")


def theirs(ours: Path, case: tuple[str, list[str], Any], victim: Path, folder: Path) -> None:
    """Make a folder of theirs out of one of ours; it was cut off if its end is not what changed."""
    file, at, value = case
    shutil.copytree(ours, folder)
    if file != "summary.json":
        (folder / "summary.json").unlink()
    if file == "begun.json" and at:
        last = (folder / "steps.jsonl").read_text(encoding="utf-8").splitlines()[-1]
        begun = json.loads(last)
        begun["index"] += 1
        begun.pop("sent", None)  # what applies is what the case says
        (folder / file).write_text(json.dumps(begun), encoding="utf-8")
    if at:
        put(folder / file, at, value)
    else:
        become(folder / file, value, victim)


def check_told(told: Any) -> None:
    assert told.status in (0, 1, 2)
    assert "Traceback" not in told.err
    assert "HELMSIGHT_TRACEBACK" not in told.err, told.err
    assert "\x1b]" not in told.out + told.err
    assert "precious " not in told.out


@pytest.mark.parametrize("case", CASES["operated"], ids=str)
def test_a_run_of_a_robot_of_theirs_moves_nothing_by_what_is_wrong_in_it(
    case: Any, operated: Path, arm: Emulation, victim: Path, tmp_path: Path, run: Any
) -> None:
    folder = tmp_path / "theirs"
    theirs(operated, case, victim, folder)
    arm.device.journal.clear()
    check_told(run("resume", folder, "--steps", 5, "--yes"))
    assert [entry for entry in arm.device.journal if entry.kind == "move"] == []


def test_a_run_of_a_robot_of_theirs_goes_on_only_where_somebody_agrees(
    operated: Path, arm: Emulation, victim: Path, tmp_path: Path, run: Any
) -> None:
    folder = tmp_path / "theirs"
    theirs(operated, ("run.json", ["seed"], 1), victim, folder)
    before = (folder / "steps.jsonl").read_bytes()
    arm.device.journal.clear()
    refused = run("resume", folder, "--steps", 5)
    check_told(refused)
    assert refused.status == 2
    assert (folder / "steps.jsonl").read_bytes() == before
    assert arm.device.journal == []


@pytest.mark.parametrize("case", CASES["inspected"], ids=str)
def test_an_inspection_of_theirs_is_reported_or_refused_by_name(
    case: Any, inspected: Path, victim: Path, tmp_path: Path, run: Any,
    monkeypatch: pytest.MonkeyPatch,
) -> None:  # fmt: skip
    # seconds of Matplotlib and of the paper for every case, which have tests of their own
    monkeypatch.setattr("helmsight.evals.inspection.report.paper", lambda findings: b"%PDF-")
    folder = tmp_path / "theirs"
    theirs(inspected, case, victim, folder)
    told = run("inspect", "--report", folder)
    check_told(told)
    assert told.status in (0, 2), told.err
