"""The index of runs: found, searched, sorted, live ones first, damaged ones said."""

from __future__ import annotations

import builtins
import io
import os
import shutil
from collections import Counter
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from helmsight.console.choosing import chosen
from helmsight.console.library import WRITTEN_S, Library

NOW = 2e9


def names(entries):
    return [entry.name for entry in entries]


def test_runs_are_found_in_folders_of_folders_and_nothing_else_is(runs, record):
    record("a")
    record("batch/b", steps=2)
    (runs / "empty").mkdir()
    (runs / "note.txt").write_text("no run", encoding="utf-8")
    entries = Library(runs).entries(NOW)
    assert [(entry.name, entry.steps, entry.reason) for entry in entries] == [
        ("a", 3, "captured"), ("batch/b", 2, "captured"),
    ]  # fmt: skip


@pytest.mark.parametrize(
    "name", ["", ".", "..", "../one", "one/..", "a\\b", "one/", "/etc", "a/b/c/d/e", "none", "\0"]
)
def test_a_name_that_the_index_does_not_have_opens_nothing(name, runs, record):
    record("one")
    assert Library(runs).find(name, NOW) is None


def test_a_run_by_its_name_is_the_one_of_the_index(runs, record):
    record("batch/one")
    library = Library(runs)
    assert library.find("batch/one", NOW) == library.entries(NOW)[0]


@pytest.mark.skipif(os.name == "nt", reason="links need a right on Windows")
def test_a_link_to_a_folder_elsewhere_is_no_run(runs, record, tmp_path):
    shutil.move(record("one"), tmp_path / "elsewhere")
    (runs / "link").symlink_to(tmp_path / "elsewhere")
    assert Library(runs).entries(NOW) == []
    assert Library(runs).find("link", NOW) is None


def test_a_run_that_grows_is_being_written_and_one_that_does_not_was_cut_off(runs, record):
    folder = record("one", reason=None)
    changed = max(path.stat().st_mtime for path in folder.iterdir())
    library = Library(runs)
    assert library.entries(changed + 1)[0].reason == "being written"
    assert library.entries(changed + WRITTEN_S + 1)[0].reason == "cut off"
    assert library.entries(changed + WRITTEN_S + 1, [folder])[0].reason == "live"
    assert library.entries(changed + 1)[0].steps == 3


def test_what_changed_is_read_again(runs, record):
    folder = record("one")
    library = Library(runs)
    assert library.entries(NOW)[0].reason == "captured"
    (folder / "summary.json").write_text('{"reason": "timeout", "steps": 9}', encoding="utf-8")
    assert (library.entries(NOW)[0].reason, library.entries(NOW)[0].steps) == ("timeout", 9)
    shutil.rmtree(folder)
    assert library.entries(NOW) == []


def test_a_damaged_folder_stands_in_the_index_with_its_reason(runs, record):
    (record("one") / "run.json").write_text("{", encoding="utf-8")
    record("two")
    damaged, whole = Library(runs).entries(NOW)
    assert (damaged.reason, damaged.mood) == ("damaged", "bad")
    assert "Expecting property name" in damaged.problem
    assert whole.reason == "captured"


def test_runs_are_chosen_by_words_and_by_how_they_ended(runs, record):
    record("one", pilot="naive")
    record("two", pilot="rendezvous", reason="timeout")
    record("three", pilot="rendezvous", reason="error: it broke")
    entries = Library(runs).entries(NOW)
    assert names(chosen(entries, "RENDEZ time", up=True)) == ["two"]
    assert names(chosen(entries, show="good", up=True)) == ["one"]
    assert names(chosen(entries, show="bad", up=True)) == ["three"]
    assert chosen(entries, "no such word", up=True) == []


def test_they_are_sorted_by_a_column_with_live_ones_first_and_the_unknown_last(runs, record):
    record("b", seed=7)
    record("a", seed=9)
    record("c", seed=8)
    (record("d") / "run.json").write_text("", encoding="utf-8")
    entries = Library(runs).entries(NOW, [runs / "c"])
    assert names(chosen(entries, sort="seed", up=True)) == ["c", "b", "a", "d"]
    assert names(chosen(entries, sort="seed", up=False)) == ["c", "a", "b", "d"]
    assert names(chosen(entries, sort="no column", up=True))[0] == "c"


def test_the_index_reads_two_small_files_of_a_run_once(runs, record, browser, monkeypatch):
    """What it costs grows with the runs, never with their steps, frames and films."""
    folder = record("r0", steps=20, frames=True)
    (folder / "video.mp4").write_bytes(b"film")
    for number in range(1, 50):
        shutil.copytree(folder, runs / f"r{number}")
    opened: Counter[str] = Counter()

    def counted(open_: Callable[..., Any]) -> Callable[..., Any]:
        def count(path, *arguments, **named):
            if isinstance(path, str | os.PathLike) and Path(path).is_relative_to(runs):
                opened[str(Path(path).relative_to(runs))] += 1
            return open_(path, *arguments, **named)

        return count

    monkeypatch.setattr(os, "open", counted(os.open))
    monkeypatch.setattr(io, "open", counted(io.open))
    monkeypatch.setattr(builtins, "open", counted(builtins.open))
    assert browser.get("/").text.count("/run/r") == 50
    files = ("run.json", "summary.json")
    assert opened == {str(Path(f"r{n}", file)): 1 for n in range(50) for file in files}
    assert browser.get("/?q=naive&part=1").text.count("/run/r") == 50
    assert opened.total() == 100


def test_a_folder_that_cannot_be_read_says_so(tmp_path: Path):
    with pytest.raises(OSError, match="none"):
        Library(tmp_path / "none").entries(NOW)
