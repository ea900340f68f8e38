"""Run folders that somebody hands over: a named error or harmless data, and nothing else happens.

A case is a list of edits (`edits.py`) of a real run.
"""

from __future__ import annotations

import json
import os
import shutil
import sys
import warnings
from contextlib import suppress
from itertools import product
from pathlib import Path
from typing import Any

import pytest

import helmsight
from helmsight.tools.errors import RecordingWarning, RunFolderUnusable
from helmsight.tools.folder import PARTS
from tests.hostile.edits import become, change

CASES: dict[str, list[dict[str, Any]]] = json.loads(
    Path(__file__).with_name("run_folders.json").read_text(encoding="utf-8")
)
COMMANDS = (
    ("replay", "--speed", 0),
    ("replay", "--pilot", "naive"),
    ("inspect", "--report"),
    ("resume", "--steps", 5),
)
posix = pytest.mark.skipif(sys.platform == "win32", reason="links and pipes are made as POSIX does")


@pytest.fixture(scope="module")
def bare(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Return the folder of a real run without pictures, which is gone on with in no time."""
    folder = tmp_path_factory.mktemp("bare") / "run"
    helmsight.fly(
        "PE1-E1-I1", "naive", steps=3, time="paused", out=folder, video=False,
        observation="telemetry",
    )  # fmt: skip
    return folder


@pytest.mark.corpus
@posix
@pytest.mark.parametrize("name", CASES)
def test_a_run_of_theirs_is_a_named_error_or_harmless(
    name: str,
    bare: Path,
    victim: Path,
    tmp_path: Path,
    run: Any,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    # seconds of Matplotlib for every case; what it draws has tests of its own
    monkeypatch.setattr(
        "helmsight.tools.page.draw", lambda records, task: {"curve": "<svg><style></style></svg>"}
    )
    folder = tmp_path / "theirs"
    shutil.copytree(bare, folder)
    modules = set(sys.modules)
    for edit in CASES[name]:
        change(folder, edit, victim)
    for command, *options in COMMANDS:
        with warnings.catch_warnings():
            warnings.simplefilter("default", RecordingWarning)  # elsewhere an error of the test
            told = run(command, folder, *options)
        assert told.status in (0, 1, 2), (command, options)
        assert "Traceback" not in told.err
        assert "HELMSIGHT_TRACEBACK" not in told.err, (command, told.err)
    assert not {"this", "antigravity", "evilmod"} & (set(sys.modules) - modules)
    with suppress(OSError):  # what a test leaves that nobody can remove is told by the next line
        shutil.rmtree(folder)


@posix
@pytest.mark.slow
def test_the_console_shows_whatever_is_theirs_as_data(
    bare: Path, victim: Path, tmp_path: Path
) -> None:
    from starlette.testclient import TestClient

    from helmsight.console.app import application
    from helmsight.console.pages import Pages

    runs = tmp_path / "runs"
    for number, edits in enumerate(CASES.values()):
        shutil.copytree(bare, runs / f"r{number}")
        for edit in edits:
            change(runs / f"r{number}", edit, victim)
    browser = TestClient(application(Pages(runs)), base_url="http://localhost")
    index = browser.get("/")
    assert index.status_code == 200
    for number, name in enumerate(CASES):
        if os.path.lexists(runs / f"r{number}" / "run.json"):
            assert f'href="/run/r{number}"' in index.text, name
        for kind in ("run", "data", "frame/0", "stored"):
            answer = browser.get(f"/{kind}/r{number}")
            assert answer.status_code in (200, 404), (name, kind)
            assert "precious" not in answer.text
            if answer.headers["content-type"] == "application/json":
                assert len(answer.json()["rows"]) <= 6, name
            elif kind != "stored":
                assert "<script>" not in answer.text, name


@posix
@pytest.mark.parametrize(
    "what", ["link", "dangling link", "second name", "folder", "pipe", "empty"]
)
@pytest.mark.parametrize("part", PARTS)
def test_a_run_begins_where_nothing_is_in_the_way(
    part: str, what: str, victim: Path, tmp_path: Path, run: Any
) -> None:
    folder = tmp_path / "out"
    folder.mkdir()
    become(folder / part, what, victim)
    told = run("fly", "PE1-E1-I1", "--pilot", "naive", "--steps", 1, "--out", folder)
    assert told.status == 2
    assert part in told.err or "already holds a run" in told.err
    assert [path.name for path in folder.iterdir()] == [part]


@pytest.mark.slow
@posix
@pytest.mark.parametrize("name", ["run.json.tmp", "summary.json.tmp", "index.html.tmp"])
def test_a_link_in_the_place_of_a_temporary_file_is_taken_away(
    name: str, victim: Path, tmp_path: Path, run: Any
) -> None:
    folder = tmp_path / "out"
    folder.mkdir()
    become(folder / name, "link", victim)
    told = run("fly", "PE1-E1-I1", "--pilot", "naive", "--steps", 1, "--out", folder)
    assert told.status == 0
    assert not (folder / name).is_symlink()


@pytest.mark.parametrize(
    "arguments",
    [
        ("fly", "--out", ""), ("fly", "--out="), ("fly", ""), ("replay", ""), ("jog", "--port", ""),
        ("spatial", "run", "x.jsonl", "--out="), ("evaluate", "pursuit", "--out", ""),
    ],
)  # fmt: skip
def test_nothing_is_no_name_of_a_folder(
    arguments: tuple[str, ...], tmp_path: Path, run: Any
) -> None:
    told = run(*arguments)
    assert told.status == 2
    assert "an empty value" in told.err
    assert list(tmp_path.iterdir()) == []


def test_a_program_is_told_the_same() -> None:
    with pytest.raises(RunFolderUnusable, match="names no folder"):
        helmsight.fly("PE1-E1-I1", "naive", steps=1, out="")


TEXTS = ["", "{", "[]", "null", "7", "[" * 1000, "{}", '{"schema": 1}', "\0"]
OTHERS = ["link", "pipe", "folder", "endless", "socket"]


@pytest.mark.corpus
@posix
@pytest.mark.parametrize("part", ["rows.jsonl", "suite.json", "results.parquet"])
@pytest.mark.parametrize(("what", "text"), [*product(["text"], TEXTS), *product(OTHERS, [""])])
def test_results_of_theirs_are_a_named_error_or_harmless(
    part: str, what: str, text: str, victim: Path, tmp_path: Path, run: Any
) -> None:
    folder = tmp_path / "theirs"
    folder.mkdir()
    if what == "text":
        (folder / part).write_text(f"{text}\n", encoding="utf-8")
    else:
        become(folder / part, what, victim)
    for arguments in (("report", folder), ("query", folder, "SELECT 1 FROM rows")):
        told = run(*arguments)
        assert told.status in (0, 1, 2)
        assert "HELMSIGHT_TRACEBACK" not in told.err
