"""Descriptions out of URDF files from the command line."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from helmsight.hardware.spec import load_spec

SLIDE = """<robot name="slide"><link name="base"/><link name="car"/>
<joint name="x" type="prismatic"><parent link="base"/><child link="car"/><axis xyz="1 0 0"/>
<limit lower="0" upper="0.2" velocity="0.1"/></joint></robot>"""
GIVEN = (
    "--driver", "grbl", "--baud", "115200", "--acceleration", "0.5", "--lower=-1,-1,-1",
    "--upper", "1,1,1",
)  # fmt: skip


@pytest.fixture(autouse=True)
def urdf(tmp_path: Path) -> Path:
    path = tmp_path / "slide.urdf"
    path.write_text(SLIDE, encoding="utf-8")
    return path


def test_a_description_with_all_that_it_needs_is_loaded(run: Any, tmp_path: Path) -> None:
    made = run("describe", "slide.urdf", *GIVEN, "--name", "mine", "--out", "mine.toml")
    assert (made.status, made.out) == (0, "")
    spec = load_spec(tmp_path / "mine.toml")
    assert (spec.name, spec.joint[0].kind, spec.joint[0].speed) == ("mine", "prismatic", 0.1)
    again = run("describe", "slide.urdf", *GIVEN, "--out", "mine.toml")
    assert again.status == 2
    assert "--yes to replace" in again.err


def test_what_is_missing_is_said_and_no_such_description_is_loaded(
    run: Any, tmp_path: Path
) -> None:
    made = run("describe", "slide.urdf", "--driver", "grbl", "--out", "mine.toml")
    assert made.status == 0
    assert "to be filled in before mine.toml can be used: port.baud, x.acceleration" in made.err
    told = run("doctor", "--robot", "mine.toml", "--port", "nowhere")
    assert (told.status, told.out) == (2, "")
    assert "missing; limits and lines are never guessed" in told.err


def test_json_is_one_line(run: Any) -> None:
    made = run("describe", "slide.urdf", "--driver", "grbl", "--json")
    report = json.loads(made.out)
    assert report["joints"] == ["x"]
    assert "workspace.upper" in report["missing"]
    assert report["notes"] == ["all joints carry the tool point car: there is no gripper"]


@pytest.mark.parametrize(
    ("change", "arguments", "told"),
    [
        (' lower="0"', (), "slide.urdf: joint x: limit.lower: missing"),
        ("", ("--lower", "1,2"), "--lower 1,2: expected 3 numbers"),
        ("", ("--ids", "1,b"), "--ids 1,b: expected some whole numbers"),
        ("", ("--ids", "1"), "servo numbers 1 for 1 joints of driver grbl"),
        ("", ("--tool-frame", "no"), "no link 'no'"),
        ("", ("--out", "no/such/mine.toml"), "no folder"),
    ],
)
def test_what_cannot_be_described_is_one_line_status_2_and_no_file(
    run: Any, tmp_path: Path, urdf: Path, change: str, arguments: tuple[str, ...], told: str
) -> None:
    urdf.write_text(SLIDE.replace(change, "", 1) if change else SLIDE, encoding="utf-8")
    made = run("describe", "slide.urdf", *GIVEN, *arguments)
    assert (made.status, made.out) == (2, "")
    (line,) = made.err.splitlines()
    assert told in line
    assert [path.name for path in tmp_path.iterdir()] == ["slide.urdf"]
