from __future__ import annotations

import sys

import pytest

from helmsight.cli import main
from helmsight.evals.episode import DONE, Episode, EpisodeRow
from helmsight.evals.store import Store


@pytest.fixture
def results(tmp_path):
    """Return a results folder with two pilots at seven seeds."""
    folder = tmp_path / "results"
    with Store(folder) as store:
        for seed in range(7):
            for pilot, score in (("quick", 30.0 + seed), ("slow", 60.0 + seed)):
                episode = Episode("flight", "PE1-E1-I1", pilot, seed, time="fixed:0.5")
                store.add(EpisodeRow.of(episode, DONE, score=score, better="lower", success=True))
    return folder


def call(monkeypatch, *words):
    monkeypatch.setattr(sys, "argv", ["helmsight", "report", *map(str, words)])
    with pytest.raises(SystemExit) as end:
        main()
    return end.value.code or 0


@pytest.mark.slow
def test_a_report_lies_in_the_results_folder_and_its_files_are_named(results, monkeypatch, capsys):
    assert call(monkeypatch, results) == 0
    said = capsys.readouterr()
    assert said.err == "quick beats slow\n"
    files = said.out.splitlines()
    assert str(results / "report" / "index.html") in files
    assert all((results / "report" / name).is_file() for name in files)


def test_only_the_forms_that_are_asked_for_are_written_where_they_are_asked_for(
    results, tmp_path, monkeypatch, capsys
):
    assert call(monkeypatch, results, "--format", "md,csv", "--out", tmp_path / "paper") == 0
    names = {path.name for path in (tmp_path / "paper").iterdir()}
    assert names == {"report.md", "leaderboard.csv", "differences.csv", "scenarios.csv"}
    assert not (results / "report").exists()
    capsys.readouterr()


@pytest.mark.parametrize(
    ("words", "message"),
    [
        (("nowhere",), "nowhere"),
        (("results", "--format", "pdf"), "there are html, md, latex, csv"),
        (("results", "--format", "htm"), "did you mean"),
    ],
)
def test_what_cannot_be_done_is_one_line(results, words, message, monkeypatch, capsys):
    monkeypatch.chdir(results.parent)
    assert call(monkeypatch, *words) == 2
    said = capsys.readouterr().err
    assert said.count("\n") == 1
    assert message.lower() in said.lower()
    assert not (results / "report").exists()
