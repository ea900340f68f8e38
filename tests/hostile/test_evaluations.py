"""Folders of evaluations that somebody hands over: told by name, and nothing is read elsewhere."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from helmsight.evals.episode import SCHEMA, EpisodeRow
from helmsight.evals.errors import ResultsUnusable
from helmsight.evals.store import PARQUET, ROWS, SUITE, read_rows, write_parquet

ROW = EpisodeRow(
    key="a" * 20, pair="p", suite="s", kind="flight", scenario="PE1-E1-I2", pilot="naive",
    spec="naive", variant="", seed=0, time="paused", hold="", observation="telemetry",
    disturbance="", made_with="m", options="{}", pilot_options="{}", limits="{}", status="done",
    score=3.0, better="lower", steps=4, think_ms=[0.5], run="runs/a",
)  # fmt: skip
OTHER: tuple[Any, ...] = (None, "", -1.5, 1e308, True, [], {"a": 1}, "../x", [None], "[1")
KINDS = {"score": float | None, "cost": float | None}


def write(folder: Path, row: dict[str, Any], suite: Any = None) -> Path:
    """Write an evaluation of one row; return its folder."""
    folder.mkdir()
    (folder / ROWS).write_text(json.dumps({"schema": SCHEMA, **row}) + "\n", encoding="utf-8")
    if suite is not None:
        (folder / SUITE).write_text(json.dumps({"schema": SCHEMA, **suite}), encoding="utf-8")
    return folder


def told(folder: Path) -> EpisodeRow | str:
    """Return the row of an evaluation, or why there is none."""
    try:
        [row] = read_rows(folder)
    except ResultsUnusable as error:
        return str(error)
    return row


@pytest.mark.corpus
@pytest.mark.parametrize("name", vars(ROW))
def test_a_field_of_another_kind_is_told_by_its_line(name: str, tmp_path: Path) -> None:
    read = 0
    for number, value in enumerate(OTHER):
        folder = write(tmp_path / f"e{number}", ROW.to_dict() | {name: value})
        found = told(folder)
        if isinstance(found, str):
            assert "line 1 of" in found
            assert "pydantic" not in found
            continue
        read += 1
        assert isinstance(getattr(found, name), KINDS.get(name, type(getattr(ROW, name))))
    assert read < len(OTHER)


@pytest.mark.parametrize("run", ["../secret", "/etc", "runs/../../x", "..", "runs\\..\\..\\x"])
def test_a_recording_elsewhere_is_not_looked_at(run: str, tmp_path: Path) -> None:
    folder = write(tmp_path / "e", ROW.to_dict() | {"run": run})
    with pytest.raises(ResultsUnusable, match="outside the folder"):
        read_rows(folder)
    table = tmp_path / PARQUET
    write_parquet([EpisodeRow(**(ROW.to_dict() | {"run": run}))], table)
    with pytest.raises(ResultsUnusable, match="outside the folder"):
        read_rows(table)


@pytest.mark.parametrize(
    "suite",
    [
        {"suite": 5},
        {"suite": "x"},
        {"keys": 5},
        {"keys": {"a": 1}},
        {"suite": {"metrics": None}},
        {"suite": {"metrics": [5]}},
    ],
)
def test_what_describes_no_evaluation_is_told(suite: Any, tmp_path: Path) -> None:
    folder = write(tmp_path / "e", ROW.to_dict(), suite)
    with pytest.raises(ResultsUnusable, match=r"suite\.json is no description"):
        read_rows(folder)


def test_rows_of_ours_are_read_as_they_were_written(tmp_path: Path) -> None:
    assert read_rows(write(tmp_path / "e", ROW.to_dict(), {"suite": {}, "keys": [ROW.key]})) == [
        ROW
    ]
    write_parquet([ROW], tmp_path / PARQUET)
    assert read_rows(tmp_path / PARQUET) == [ROW]
