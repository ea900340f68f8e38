"""`helmsight evaluate` and `helmsight query` as a person types them."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from helmsight.testing import FakeProvider

SMALL = ("evaluate", "smoke", "--steps", 2, "--seeds", 1, "--pilot", "naive", "--out", "here")


def test_a_dry_run_shows_the_axes_and_makes_no_folder(run: Any, tmp_path: Path) -> None:
    result = run("evaluate", "kspdg", "--dry-run", "--out", "here")
    assert result.status == 0, result.err
    assert "480 episodes of the suite kspdg" in result.out
    assert "naive (160), navball (160), rendezvous (160)" in result.out
    assert list(tmp_path.iterdir()) == []
    told = json.loads(run("evaluate", "smoke", "--dry-run", "--limit", 5, "--json").out)
    assert (told["suite"], len(set(told["keys"]))) == ("smoke", 5)


def test_options_of_fly_change_the_suite(run: Any) -> None:
    result = run(
        "evaluate", "latency", "--dry-run", "--pilot", "bundled", "--device", "cpu", "--time",
        "paused", "--grounding", "combined@oracle", "--scenario", "PE1-E1-I3",
    )  # fmt: skip
    assert result.status == 0, result.err
    assert "bundled (5)" in result.out
    assert "PE1-E1-I3 (5)" in result.out
    assert "paused (5)" in result.out


@pytest.mark.slow
def test_a_provider_without_credit_ends_an_evaluation_with_one_line_and_a_folder_to_go_on_with(
    run: Any, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("OPENAI_API_KEY", "sk-0")
    good = '{"forward": 0.5, "right": 0, "down": 0, "duration": 0.5}'
    over = {"status": 402, "error": "no credit"}
    asked = (
        "evaluate", "smoke", "--pilot", "openai:m", "--steps", 1, "--seeds", 2, "--out", "here",
        "--model-option", "few_shot=0", "--max-tokens-total", 10_000, "--base-url",
    )  # fmt: skip
    with FakeProvider({"when": {"first": 2}, "text": good}, over) as provider:
        halted = run(*asked, provider.url)
    assert halted.status == 1
    assert "402: no credit" in halted.err.splitlines()[-1]
    assert "2 episodes are left; the same command with --out here --resume" in halted.err
    # the pair's first question is the same, and was answered already
    assert len((tmp_path / "here" / "rows.jsonl").read_text().splitlines()) == 2
    with FakeProvider(over) as provider:
        refused = run(*asked[:-1], "--resume", "--base-url", provider.url)
        assert len(provider.requests) == 1
    [line] = refused.err.splitlines()
    assert (refused.status, "402: no credit" in line) == (1, True)


def test_a_suite_of_one_pilots_ways_compares_the_same_ways_of_another(run: Any) -> None:
    result = run(
        "evaluate", "prompts", "--dry-run", "--pilot", "openai:m", "--pilot", "openai:n",
        "--base-url", "http://127.0.0.1:9/v1", "--seeds", 1,
    )  # fmt: skip
    assert result.status == 0, result.err
    for model in ("openai:m", "openai:n"):
        for way in ("brief", "no reason", "free text", "looks back", "telemetry too"):
            assert f"{model} ({way}) (2)" in result.out


def test_every_shipped_suite_is_listed_with_a_line(run: Any) -> None:
    lines = run("evaluate", "--list").out.splitlines()
    assert {line.split()[0] for line in lines} >= {"smoke", "kspdg", "faults", "grounding"}
    assert all(len(line.split()) > 3 for line in lines)


@pytest.mark.slow
def test_a_run_is_kept_goes_on_and_is_asked_in_sql(run: Any, tmp_path: Path) -> None:
    first = run(*SMALL)
    assert first.status == 0, first.err
    assert "[2/2] PE1-E1-I2 naive seed 0" in first.err
    assert "results: here" in first.out
    again = run(*SMALL)
    assert (again.status, again.out) == (2, "")
    assert "--resume goes on with them" in again.err
    more = run(*SMALL[:4], "--seeds", 2, *SMALL[6:], "--resume", "--json")
    assert "2 of 4 episodes are in here already" in more.err
    told = json.loads(more.out)
    assert (told["left"], told["stopped"], len(told["rows"])) == (0, "", 4)
    asked = run("query", "here", "SELECT seed, count(*) AS n FROM rows GROUP BY seed ORDER BY seed",
                "--format", "json")  # fmt: skip
    assert json.loads(asked.out) == [{"seed": 0, "n": 2}, {"seed": 1, "n": 2}]
    parquet = run("query", "here/results.parquet", "SELECT count(*) FROM rows", "--format", "csv")
    assert parquet.out.splitlines()[-1] == "4"
    suite = json.loads((tmp_path / "here" / "suite.json").read_text(encoding="utf-8"))
    assert len(suite["sessions"]) == 2
    assert suite["sessions"][0]["made_with"].keys() == {"naive"}


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        (("evaluate", "smok"), "no suite 'smok': did you mean \"smoke\""),
        (("evaluate", "smoke", "--pilot", "navbal"), 'pilots.0: no pilot is called "navbal"'),
        (("evaluate", "smoke", "--scenario", "PE1-E1-I9"), "scenarios.0: unknown scenario"),
        (("evaluate", "smoke", "--record", "some"), "record='some'"),
        (("query", "nowhere", "SELECT 1"), "nowhere"),
    ],
)
def test_what_is_wrong_is_one_line_with_the_key_and_makes_no_folder(
    run: Any, tmp_path: Path, arguments, said: str
) -> None:
    result = run(*arguments)
    assert result.status == 2
    assert said in result.err
    assert list(tmp_path.iterdir()) == []


@pytest.mark.slow
def test_sql_that_is_none_and_files_that_sql_may_not_read(run: Any, tmp_path: Path) -> None:
    from helmsight.evals.store import Store

    with Store(tmp_path / "here"):
        pass
    wrong = run("query", "here", "SELEC 1")
    assert (wrong.status, "the SQL is not understood" in wrong.err) == (2, True)
    outside = run("query", "here", "SELECT * FROM read_csv('/etc/passwd')")
    assert outside.status == 2
    assert run("query", "here", "SELECT 1", "--format", "xml").status == 2
