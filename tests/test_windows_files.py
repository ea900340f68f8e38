"""Files that a person may have written are read as Windows writes them, wherever they are read."""

from __future__ import annotations

import json
import shutil
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import jinja2
import pytest

from helmsight.agents.models.load import needs_of
from helmsight.agents.models.scripted import ScriptedVLM
from helmsight.agents.models.sources import BUNDLED
from helmsight.contract.errors import Error
from helmsight.contract.record import RunSpec, StepRecord
from helmsight.evals.fingerprints import fingerprint
from helmsight.evals.flights import Cell, Conditions, FlightResult
from helmsight.evals.results import Results
from helmsight.evals.spatial.answers import AnswerFile
from helmsight.evals.spatial.dataset import load
from helmsight.hardware.calibration import Calibration
from helmsight.hardware.cameras.intrinsics import load_intrinsics
from helmsight.hardware.spec import load_spec, shipped
from helmsight.prompts import templates
from helmsight.prompts.questions import read_items
from helmsight.tools.folder import SPEC, STEPS, SUMMARY, inspect
from helmsight.tools.player import first_difference, load_run
from helmsight.worlds import read_regions

QUESTION = '{"image": "a.png", "text": "Is there a cup left a plate in the image?", "label": "yes"}'
CALIBRATION = """robot = "arm"

[joint.wrist]
id = 1
zero = 2048
sign = 1
lower = 0
upper = 4095
"""
INTRINSICS = {
    "fx": 600.0, "fy": 600.0, "cx": 320.0, "cy": 240.0, "distortion": [], "width": 640,
    "height": 480,
}  # fmt: skip
STEP = StepRecord(
    index=0, stamp=3.0, sense_ms=1.0, think_ms=1.0, act_ms=1.0, prompt_hash="", raw="täuschend",
    wanted=None, applied={"duration": 0.5}, repairs={}, clamped=[], late=False, relations=[],
    measures={"range": 5.0}, lag=0.0,
)  # fmt: skip


def results(path: Path) -> Any:
    """Return the flights in a file of results."""
    return Results(path, Conditions()).flown


def flights() -> str:
    """Return a file of results with one flight."""
    cell = Cell("PE1-E1-I3", "naive", 0)
    flight = FlightResult(
        cell, 1.0, True, {}, 1, 1.0, 1.0, 0, 0, {}, "ended", (1.0,), fingerprint("naive")
    )
    data = {"conditions": Conditions().to_dict(), "flights": [flight.to_dict()]}
    return json.dumps(data, indent=2)


def rendered(path: Path) -> str:
    """Return a template of a person's, filled, from its folder."""
    environment = jinja2.Environment(loader=templates._Templates(path.parent))
    return environment.get_template(path.name).render(goal="home")


def spec(path: Path) -> Any:
    """Return a robot's description as data."""
    return load_spec(path).model_dump()


def card(path: Path) -> Any:
    """Return what a model in a folder wants to be shown."""
    return needs_of(f"local:{path.parent}")


def run(path: Path) -> Any:
    """Return a recorded run by both of its readers."""
    seen = load_run(path.parent)
    return seen.spec, inspect(path.parent)[0]


def regions(path: Path) -> Any:
    """Return boxes of instruments."""
    return read_regions(path)


@dataclass(frozen=True)
class File:
    """A file that a person may have written: its name, what it holds, and who reads it."""

    name: str
    text: str
    read: Callable[[Path], Any]


FILES = [
    File("arm.toml", shipped()["so101"].read_text("utf-8"), spec),
    File("calibration.toml", CALIBRATION, Calibration.load),
    File("camera.toml", "\n".join(f"{k} = {v}" for k, v in INTRINSICS.items()), load_intrinsics),
    File("camera.json", json.dumps(INTRINSICS, indent=1), load_intrinsics),
    File("regions.toml", "navball = [1, 2, 3, 4]\nfuel = [5, 6, 7, 8]\n", regions),
    File("answers.txt", "forward\nüber\n", lambda path: ScriptedVLM.from_file(path).answers),
    File("helmsight.json", (BUNDLED / "helmsight.json").read_text("utf-8"), card),
    File("questions.jsonl", f"{QUESTION}\n{QUESTION}\n",
         lambda path: [repr(item).partition("path=")[0] for item in read_items(path)]),
    File("flights.json", flights(), results),
    File("answers.jsonl", '{"conditions": {"pilot": "ä"}}\n',
         lambda path: AnswerFile(path, {"pilot": "ä"}).kept),
    File("run.json", RunSpec("helmsight/PE1-E1-I3-v0", "naïve").to_json(), run),
    File("briefing.j2", "Fly {{ goal }}.\n{# a word #}Now: {{ goal }}!\n", rendered),
]  # fmt: skip


@pytest.fixture(params=FILES, ids=[file.name for file in FILES])
def file(request: pytest.FixtureRequest) -> File:
    """One of the files."""
    given: File = request.param
    return given


def write(folder: Path, file: File, data: bytes) -> Path:
    folder.mkdir()
    path = folder / file.name
    path.write_bytes(data)
    return path


def test_it_is_read_with_a_byte_order_mark_and_lines_of_windows(file: File, tmp_path: Path) -> None:
    here = file.read(write(tmp_path / "here", file, file.text.encode()))
    there = file.text.replace("\n", "\r\n").encode("utf-8-sig")
    assert there.startswith(b"\xef\xbb\xbf")
    assert file.read(write(tmp_path / "there", file, there)) == here


def test_another_encoding_is_told_with_file_byte_and_position(file: File, tmp_path: Path) -> None:
    data = file.text.encode() + b"\xe4\n"
    path = write(tmp_path / "here", file, data)
    at = rf"{file.name} is not UTF-8: byte 0xe4 at position {len(data) - 2} .*save it as UTF-8"
    with pytest.raises(Error, match=at) as refusal:
        file.read(path)
    assert "\n" not in str(refusal.value)


def test_the_steps_and_the_summary_of_a_run_that_went_through_windows_are_its_own(
    tmp_path: Path,
) -> None:
    here, there = tmp_path / "here", tmp_path / "there"
    here.mkdir()
    (here / SPEC).write_text(RunSpec("helmsight/PE1-E1-I3-v0", "naive").to_json(), "utf-8")
    (here / STEPS).write_text(f"{STEP.to_json()}\n", "utf-8")
    (here / SUMMARY).write_text('{"schema": 2,\n "reason": "steps"}\n', "utf-8")
    shutil.copytree(here, there)
    for path in there.iterdir():
        path.write_bytes(path.read_text("utf-8").replace("\n", "\r\n").encode("utf-8-sig"))
    seen = load_run(there)
    assert seen.records == inspect(there)[1] == [STEP] == load_run(here).records
    assert seen.summary == load_run(here).summary
    assert seen.notes == ()
    assert first_difference(here, there) is None


def test_the_truth_beside_questions_is_read_so_too(tmp_path: Path) -> None:
    truth = {"question_id": "1", "kind": "scene", "counter": "no", "names": ["cup", "plate"],
             "places": [[0, 0, 0], [1, 0, 0]]}  # fmt: skip
    (tmp_path / "set.jsonl").write_text(QUESTION + "\n", "utf-8")
    marked = (json.dumps(truth) + "\r\n").encode("utf-8-sig")
    (tmp_path / "set.truth.jsonl").write_bytes(marked)
    cases, skipped = load(tmp_path / "set.jsonl")
    assert cases == []
    assert "no picture" in skipped[0]
    (tmp_path / "set.truth.jsonl").write_bytes(marked + b"\xe4")
    with pytest.raises(Error, match=r"set\.truth\.jsonl is not UTF-8: byte 0xe4"):
        load(tmp_path / "set.jsonl")
