"""`helmsight latency` as a person types it."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

pytestmark = pytest.mark.slow  # each is a sweep

SMALL = ("latency", "pe1_e1_i3", "--pilot", "naive,navball", "--steps", 2, "--out", "here")


def test_a_sweep_is_a_table_a_picture_and_a_line_a_flight(run: Any, tmp_path: Path) -> None:
    result = run(*SMALL, "--delays", "0,1", "--seeds", 1)
    assert result.status == 0, result.err
    assert [line[:5] for line in result.err.splitlines()] == ["[1/4]", "[2/4]", "[3/4]", "[4/4]"]
    rows = [line.split()[:4] for line in result.out.splitlines() if line.startswith("na")]
    assert rows == [[p, d, "1", "0/1"] for p in ("naive", "navball") for d in ("0", "1")]
    assert "not in Kerbal Space Program" in result.out
    assert "fixed:S, S = 0, 1 s" in result.out
    assert "helmsight latency pe1_e1_i3 --pilot naive,navball" in result.out
    assert (tmp_path / "here" / "latency.png").stat().st_size > 10_000


def test_a_second_call_goes_on_and_json_is_one_line(run: Any) -> None:
    run(*SMALL, "--delays", "0", "--seeds", 1)
    result = run(*SMALL, "--delays", "0,1", "--seeds", 1, "--json")
    assert result.err.splitlines()[0] == "2 of 4 episodes are in here already"
    (line,) = result.out.splitlines()
    told = json.loads(line)
    assert told["complete"] is True
    assert [(one["pilot"], one["delay_s"]) for one in told["points"]] == [
        ("naive", 0.0), ("naive", 1.0), ("navball", 0.0), ("navball", 1.0),
    ]  # fmt: skip


def test_ctrl_c_shows_what_was_flown(run: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    def interrupt(*_: object) -> None:
        raise KeyboardInterrupt

    monkeypatch.setattr("helmsight.agents.scripted.navball.Navball.decide", interrupt)
    result = run(*SMALL, "--delays", "0", "--seeds", 1, "--json")
    assert result.status == 130
    told = json.loads(result.out)
    assert told["complete"] is False
    assert [one["pilot"] for one in told["points"]] == ["naive"]
    assert "1 episodes are left" in result.err
    nothing = run(*SMALL, "--delays", "0", "--pilot", "navball", "--out", "there")
    assert (nothing.status, nothing.out) == (130, "")


@pytest.mark.parametrize(
    ("arguments", "words"),
    [
        (("--delays", "0,-1"), "'-1' is no delay"),
        (("--delays", "soon"), "'soon' is no delay"),
        (("--delays", ""), '--delays "": an empty value'),
        (("--pilot", "naivete"), 'Did you mean "naive"'),
        (("--pilot", ","), "needs pilots"),
        (("--hold", "tight"), "coast"),
        (("--seeds", "0"), "helmsight latency --help"),
        (("--workers", "0"), "helmsight latency --help"),
    ],
)
def test_misuse_is_one_line_and_status_2(run: Any, arguments: tuple[str, ...], words: str) -> None:
    result = run(*SMALL, *arguments)
    assert result.status == 2
    (line,) = result.err.splitlines()
    assert line.startswith("helmsight: ")
    assert words in line
    assert result.out == ""


def test_an_unknown_scenario_is_one_line_and_status_2(run: Any) -> None:
    result = run("latency", "PE9-E1-I1")
    assert result.status == 2
    assert "Did you mean PE1-E1-I1" in result.err
