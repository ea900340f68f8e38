"""The benchmark of pursuits, with flights of two steps."""

from __future__ import annotations

import json

import pytest

SMALL = ["--pilots", "naive", "--scenarios", "pe1_e1_i3", "--steps", "2", "--time", "fixed:0.1"]


@pytest.mark.slow
@pytest.mark.uncounted
def test_flights_are_told_one_by_one_and_end_in_a_table(load, capsys):
    assert load("pursuit").main([*SMALL, "--seeds", "2", "--start-met", "6.5"]) == 0
    out, err = capsys.readouterr()
    assert [line[:5] for line in err.splitlines()] == ["[1/2]", "[2/2]"]
    assert "not in Kerbal Space Program" in out
    assert "Time rule: fixed:0.1, start_met=6.5, episodes" in out
    assert "max_closing=60.0" in out
    assert "--seeds 2" in out
    assert "Machine:" in out
    row = next(line for line in out.splitlines() if line.startswith("PE1-E1-I3"))
    assert row.split()[1:4] == ["naive", "2", "0/2"]


@pytest.mark.slow
def test_a_second_call_flies_only_what_is_missing(load, capsys, tmp_path):
    pursuit, path = load("pursuit"), tmp_path / "flights.json"
    assert pursuit.main([*SMALL, "--seeds", "1", "--json", str(path)]) == 0
    capsys.readouterr()
    assert pursuit.main([*SMALL, "--seeds", "2", "--json", str(path), "--markdown"]) == 0
    out, err = capsys.readouterr()
    assert err.splitlines()[0].startswith("1 of 2 flights")
    assert len(err.splitlines()) == 2
    assert "| PE1-E1-I3 | naive | 2 |" in out
    kept = json.loads(path.read_text(encoding="utf-8"))
    assert [flight["cell"]["seed"] for flight in kept["flights"]] == [0, 1]
    assert kept["machine"]["cores"] >= 1


@pytest.mark.parametrize(
    ("arguments", "told"),
    [
        (["--scenarios", "PE1-E9-I9"], "Did you mean"),
        (["--pilots", "naivete"], "Did you mean"),
        (["--seeds", "0"], "seeds"),
        (["--time", "sometimes"], "choose paused"),
        (["--workers", "0"], "workers=0"),
        (["--start-met", "1"], "start_met=1.0 is not possible"),
    ],
)
def test_a_wrong_option_is_one_line_and_status_two(load, capsys, arguments, told):
    assert load("pursuit").main([*SMALL, "--seeds", "1", *arguments]) == 2
    err = capsys.readouterr().err
    assert told in err
    assert len(err.splitlines()) == 1


def test_several_time_rules_stand_side_by_side_and_each_is_kept_by_its_name(load, capsys, tmp_path):
    arguments = [*SMALL, "--time", "paused,runner:0.5", "--seeds", "1"]
    assert load("pursuit").main([*arguments, "--json", str(tmp_path / "flights.json")]) == 0
    out, err = capsys.readouterr()
    assert "Time rule: paused, runner:0.5" in out
    lines = [line.split() for line in out.splitlines()]
    assert ["scenario", "pilot", "paused", "runner:0.5"] in lines
    assert ["Time", "rule", "paused:"] in lines
    assert ["Time", "rule", "runner:0.5:"] in lines
    assert [line.rsplit(" ", 1)[-1] for line in err.splitlines()] == ["paused", "runner:0.5"]
    for rule in ("paused", "runner:0.5"):
        path = tmp_path / f"flights-{rule.replace(':', '-')}.json"
        kept = json.loads(path.read_text(encoding="utf-8"))
        assert kept["time"] == kept["conditions"]["time"] == rule
        assert len(kept["flights"]) == 1
