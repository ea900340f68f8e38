from __future__ import annotations

import numpy as np
import pytest

from helmsight.evals.report.boards import boards
from helmsight.evals.report.points import scales
from helmsight.evals.statistics import holm, paired_test

SCENARIOS = ("PE1-E1-I1", "PE1-E1-I2")


def judged(rows):
    return boards(rows, rows, scales(rows))


def flown(row, seeds, **pilots):
    """Return rows of pilots on two scenarios; each a score or a function of the seed."""
    return [
        row(pilot, seed, score(seed) if callable(score) else score, scenario=scenario)
        for pilot, score in pilots.items()
        for scenario in SCENARIOS
        for seed in range(seeds)
    ]


def test_a_pilot_that_is_better_at_every_seed_beats_the_other(row):
    (board,) = judged(flown(row, 8, slow=lambda seed: 60.0 + seed, quick=lambda seed: 30.0 + seed))
    assert [entry.name for entry in board.entries] == ["quick", "slow"]
    (pair,) = board.comparisons
    assert (pair.first, pair.second, pair.n) == ("quick", "slow", 8)
    assert pair.p == pair.p_holm == pytest.approx(2 / 2**8)
    assert pair.verdict == "quick beats slow"
    assert pair.difference.low > 0
    assert board.entries[0].ranks == (1.0, 0.0)


def test_five_seeds_show_nothing_however_large_the_difference(row):
    (board,) = judged(flown(row, 5, slow=lambda seed: 600.0 + seed, quick=30.0))
    (pair,) = board.comparisons
    assert not pair.shown
    assert pair.verdict == "not shown: needs about 6 seeds"
    assert pair.detectable is None
    assert pair.difference.low is None
    assert board.entries[0].points.low is None
    assert board.entries[0].ranks is None


def test_a_difference_that_may_be_luck_is_not_shown_and_the_seeds_it_needs_are_said(row):
    rng = np.random.default_rng(1)
    luck = {pilot: rng.normal(40.0, 8.0, 9) for pilot in ("a", "b")}
    (board,) = judged(flown(row, 9, a=lambda seed: luck["a"][seed], b=lambda seed: luck["b"][seed]))
    (pair,) = board.comparisons
    assert not pair.shown
    assert pair.needed is None or pair.needed > 9
    assert pair.verdict.startswith("not shown: needs ")
    assert pair.detectable > abs(pair.mean)


def test_one_seed_and_pilots_that_are_the_same(row):
    (board,) = judged(flown(row, 1, a=40.0, b=80.0))
    assert board.comparisons[0].verdict == "not shown: needs at least 6 seeds"
    (board,) = judged(flown(row, 7, a=40.0, b=40.0))
    assert board.comparisons[0].verdict == "no difference at any seed"


def test_p_values_are_adjusted_over_all_conditions(row):
    scores = {"a": lambda seed: 30.0 + seed, "b": lambda seed: 33.0 + seed % 3, "c": 60.0}
    rows = flown(row, 8, **scores)
    later = [
        row(one.pilot, one.seed, 1.5 * one.score + one.seed % 2, scenario=one.scenario,
            time="fixed:2")
        for one in rows
    ]  # fmt: skip
    found = judged(rows + later)
    assert [board.condition for board in found] == ["time rule fixed:0.5", "time rule fixed:2"]
    pairs = [pair for board in found for pair in board.comparisons]
    assert len(pairs) == 6
    assert [pair.p_holm for pair in pairs] == holm([pair.p for pair in pairs])
    assert {pair.family for pair in pairs} == {6}


def test_runs_are_paired_by_seed_and_averaged_over_the_scenarios(row):
    rows = [
        row(pilot, seed, 22.4 * factor, scenario="PE1-E1-I1")
        for pilot, factor in (("a", 1.0), ("b", 2.0)) for seed in range(6)
    ] + [
        row(pilot, seed, 32.4 * (2.0 if seed else 1.0), scenario="PE1-E1-I2")
        for pilot in ("a", "b") for seed in range(6)
    ]  # fmt: skip
    (board,) = judged(rows)
    first, second = board.entries
    assert first.runs[0] == pytest.approx((100 + 100) / 2)
    assert second.runs[5] == pytest.approx((50 + 50) / 2)
    one, other = (list(entry.runs.values()) for entry in board.entries)
    assert board.comparisons[0].p == pytest.approx(paired_test(one, other))


def test_a_failed_episode_has_no_points_and_is_no_success(row):
    rows = flown(row, 7, a=40.0, b=40.0)
    lost = row("b", 3, None, scenario="PE1-E1-I1", status="crashed")
    rows = [lost if (one.pilot, one.seed, one.scenario) == ("b", 3, "PE1-E1-I1") else one
            for one in rows]  # fmt: skip
    (board,) = judged(rows)
    entry = next(entry for entry in board.entries if entry.name == "b")
    assert entry.failed == 1
    assert entry.success.estimate == pytest.approx(13 / 14)
    assert entry.runs[3] == pytest.approx(entry.runs[2] - 22.4 / 40.0 * 100 / 2)


def test_a_seed_that_lacks_a_scenario_is_in_no_run_and_counted(row):
    rows = [one for one in flown(row, 7, a=40.0, b=50.0)
            if (one.pilot, one.seed, one.scenario) != ("a", 2, "PE1-E1-I2")]  # fmt: skip
    (board,) = judged(rows)
    assert board.incomplete == 1
    assert {entry.name: len(entry.runs) for entry in board.entries} == {"a": 6, "b": 7}
    assert board.comparisons[0].n == 6


def test_pilots_that_share_no_scenario_are_not_compared(row):
    rows = [row("a", 0, 40.0, scenario="PE1-E1-I1"), row("b", 0, 40.0, scenario="PE1-E1-I2")]
    (board,) = judged(rows)
    assert board.comparisons == ()
    assert [entry.points for entry in board.entries] == [None, None]
    assert board.incomplete == 2


@pytest.mark.parametrize(
    ("seeds", "told"),
    [(30, ("100.0 [88.6, 100.0]", "66.7 [48.8, 80.8]")),
     (48, ("100.0 [92.6, 100.0]", "66.7 [52.5, 78.3]"))],
)  # fmt: skip
def test_right_and_wrong_answers_are_compared_by_their_shares(row, seeds, told):
    rows = [
        row(pilot, seed, float(right), scenario="generated", kind="questions", better="higher",
            success=right)
        for seed in range(seeds)
        for pilot, right in (("good", True), ("bad", seed % 3 > 0))
    ]  # fmt: skip
    (board,) = judged(rows)
    assert board.condition == "questions"
    good, bad = (entry.points for entry in board.entries)
    assert (good.text(".1f"), bad.text(".1f")) == told
    (pair,) = board.comparisons
    assert pair.difference.estimate == pytest.approx(100 / 3)
    assert (pair.difference.low is None) == (seeds < 40)
    assert pair.verdict == "good beats bad"


def test_where_mean_and_median_disagree_nobody_beats_anybody(row):
    # better at most seeds by little, much worse at few: the mean's test alone would name a winner
    from dataclasses import replace

    (board,) = judged(flown(row, 8, a=lambda seed: 30.0 + seed, b=lambda seed: 60.0 + seed))
    pair = board.comparisons[0]
    assert pair.shown
    assert not replace(pair, mean=-pair.mean).shown
