"""The same flights under several time rules."""

from __future__ import annotations

from pathlib import Path

import pytest

from helmsight.contract.errors import InvalidOption
from helmsight.evals.errors import InvalidPlan
from helmsight.evals.flights import Cell, FlightResult
from helmsight.evals.rules import rule_file, rules, side_by_side


def result(score: float, pilot: str = "naive", seed: int = 0, *, success: bool = True):
    return FlightResult(
        cell=Cell("PE1-E1-I2", pilot, seed), score=score, success=success,
        terms={"closest_approach_m": 5.0, "closest_speed_mps": 2.0, "fuel_kg": 100.0},
        steps=2, sim_s=1.0, wall_s=0.1, late=0, clamped=0, repairs={}, reason="timeout",
        think_ms=(40.0,), made_with="",
    )  # fmt: skip


def test_rules_are_written_as_in_records_and_none_comes_twice():
    assert rules("measured, runner,runner:0.50,runner:.5") == ["measured", "runner", "runner:0.5"]


@pytest.mark.parametrize(("text", "error"), [("", InvalidPlan), ("measured,soon", InvalidOption)])
def test_what_is_no_rule_is_refused(text, error):
    with pytest.raises(error):
        rules(text)


def test_each_of_several_rules_has_a_file_of_its_own_and_a_single_one_the_file_itself():
    path = Path("runs") / "pursuit.json"
    assert rule_file(path, "runner", ["runner"]) == path
    assert rule_file(path, "runner:0.5", ["measured", "runner:0.5"]) == path.with_name(
        "pursuit-runner-0.5.json"
    )
    assert rule_file(None, "runner", ["measured", "runner"]) is None


def test_scores_stand_side_by_side_under_the_names_of_their_rules():
    text = side_by_side(
        {
            "measured": [result(10.0), result(30.0, seed=1), result(5.0, "navball")],
            "runner": [result(40.0), result(60.0, seed=1, success=False)],
        },
        markdown=True,
    )
    head, _, naive, navball = text.splitlines()
    assert head == "| scenario | pilot | measured | runner |"
    assert naive.startswith("| PE1-E1-I2 | naive | 20.0 (n = 2) 2/2 | 50.0 (n = 2) 1/2")
    assert navball.endswith("| 5.0 (n = 1) 1/1 | - |")
