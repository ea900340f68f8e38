"""`helmsight spatial` as a person types it."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

pytestmark = pytest.mark.slow  # each draws or asks a data set

GENERATE = ("spatial", "generate", "--out", "data", "--n", 12, "--valid", 8, "--size", 64)
ORACLE = ("spatial", "data/test.jsonl", "--pilot", "oracle:flips=0.2", "--out", "here")


@pytest.fixture
def data(run: Any, tmp_path: Path) -> Path:
    """Return the folder of a small data set."""
    assert run(*GENERATE).status == 0
    return tmp_path / "data"


def test_generate_writes_questions_pictures_and_truth(run: Any, tmp_path: Path) -> None:
    result = run(*GENERATE, "--train", 2, "--json")
    assert result.status == 0, result.err
    (line,) = result.out.splitlines()
    made = {"train": 2, "valid": 8, "test": 12}
    assert json.loads(line) == {"folder": "data", "seed": 0, "questions": made}
    assert len(list((tmp_path / "data" / "images").glob("*.jpg"))) == sum(made.values())
    for name, count in made.items():
        for suffix in ("jsonl", "truth.jsonl"):
            text = (tmp_path / "data" / f"{name}.{suffix}").read_text(encoding="utf-8")
            assert len(text.splitlines()) == count


def test_a_run_prints_tables_and_leaves_a_report(run: Any, data: Path, tmp_path: Path) -> None:
    result = run(*ORACLE, "--limit", 6, "--swaps", 2)
    assert result.status == 0, result.err
    assert result.out.startswith("NOT A MODEL")
    assert "ORACLE combined+verified" in result.out
    assert "helmsight spatial data/test.jsonl --pilot oracle:flips=0.2" in result.out
    assert result.err.splitlines()[-1] == "report: here"
    made = {path.name for path in (tmp_path / "here").iterdir()}
    assert made == {"answers.jsonl", "report.md", "report.json"}


def test_a_second_run_goes_on_and_json_is_one_line(run: Any, data: Path) -> None:
    short = ("--strategies", "vanilla,combined+verified", "--swaps", 0)
    run(*ORACLE, *short, "--limit", 4)
    result = run(*ORACLE, *short, "--json")
    assert result.err.splitlines()[0] == "8 of 24 answers are there already"
    (line,) = result.out.splitlines()
    figures = json.loads(line)
    assert (figures["complete"], figures["oracle"], figures["asked"]) == (True, True, 12)
    assert [row["strategy"] for row in figures["scores"]] == [
        "ORACLE vanilla", "ORACLE combined+verified",
    ]  # fmt: skip


def test_options_may_come_before_the_data_set_and_run_may_be_said(run: Any, data: Path) -> None:
    options = ("--pilot", "oracle", "--limit", 1, "--swaps", 0, "--json")
    first = run("spatial", *options, "--out", "a", "data/test.jsonl")
    second = run("spatial", "run", "data/test.jsonl", *options, "--out", "b")
    assert (first.status, second.status) == (0, 0), first.err + second.err
    assert json.loads(first.out)["scores"][0]["n"] == 1


def test_the_default_folder_is_named_for_data_and_pilot(run: Any, data: Path) -> None:
    result = run("spatial", "data/test.jsonl", "-p", "oracle:flips=0.2", "--limit", 1)
    assert result.err.splitlines()[-1] == "report: runs/spatial/test-oracle-flips=0.2"


def test_bad_questions_are_named_and_the_others_are_asked(run: Any, data: Path) -> None:
    path = data / "test.jsonl"
    (data / "images" / "test-0-00001.jpg").unlink()
    lines = path.read_text(encoding="utf-8").splitlines()
    lines[3] = lines[3].replace('"label": "', '"label": "un')
    path.write_text("\n".join([*lines, "{"]), encoding="utf-8")
    result = run(*ORACLE, "--swaps", 0)
    assert result.status == 0, result.err
    skipped = [line for line in result.err.splitlines() if line.startswith("skipped: ")]
    assert [line.split(":")[2] for line in skipped] == ["2", "4", "13"]
    assert "10 questions, 3 skipped" in result.out


def test_ctrl_c_shows_what_was_answered(
    run: Any, data: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    from helmsight.evals.spatial.oracle import OracleAsker

    ask, calls = OracleAsker.ask, iter(range(100))

    def tire(self: Any, *args: Any, **options: Any) -> str:
        if next(calls) == 5:
            raise KeyboardInterrupt
        return ask(self, *args, **options)

    monkeypatch.setattr(OracleAsker, "ask", tire)
    result = run(*ORACLE, "--strategies", "vanilla", "--swaps", 0, "--json")
    assert result.status == 130
    figures = json.loads(result.out)
    assert (figures["complete"], figures["scores"][0]["n"]) == (False, 5)
    assert "7 answers are left; the same command goes on" in result.err


@pytest.mark.parametrize(
    ("arguments", "words"),
    [
        (("--strategies", "combinde"), 'Did you mean "combined"'),
        (("--strategies", "vanilla+verified"), "no relations that could be verified"),
        (("--pilot", "nobody"), "nobody"),
        (("--pilot", "rendezvous"), "cannot be asked"),
        (("--pilot", "oracle:flips=3"), "stuck from 0 to 1"),
        (("--reference", "nearest"), "no rule for object C"),
        (("--images", "nowhere"), "no question that can be asked"),
        (("--valid", "nowhere.jsonl"), "is no file"),
        (("--limit", "0"), "helmsight spatial run --help"),
    ],
)
def test_misuse_is_one_line_and_status_2_and_nothing_is_left_behind(
    run: Any, data: Path, tmp_path: Path, arguments: tuple[str, ...], words: str
) -> None:
    result = run(*ORACLE, *arguments)
    assert result.status == 2
    (line,) = result.err.splitlines()
    assert line.startswith("helmsight: ")
    assert words in line
    assert result.out == ""
    assert not (tmp_path / "here").exists()


def test_a_data_set_that_is_not_there_is_one_line_and_status_2(run: Any) -> None:
    result = run("spatial", "gone.jsonl", "--pilot", "oracle")
    assert result.status == 2
    assert "gone.jsonl" in result.err


def test_help_names_both_commands(run: Any) -> None:
    for arguments in ((), ("--help",)):
        result = run("spatial", *arguments)
        assert "generate" in result.out
        assert "run DATASET" in result.out
