from __future__ import annotations

import pytest

from helmsight.evals.report.points import (
    BY_BEST,
    BY_RANK,
    BY_REFERENCE,
    BY_SUCCESS,
    references,
    scales,
)


def test_a_score_as_good_as_the_reference_has_a_hundred_points(row):
    reference = references()["PE1-E1-I1"]
    rows = [row("a", 0, reference), row("a", 1, 2 * reference), row("a", 2, 0.5 * reference)]
    scale = scales(rows)["PE1-E1-I1"]
    assert scale.kind == BY_REFERENCE
    assert [scale.points(one) for one in rows] == pytest.approx([100.0, 50.0, 200.0])


def test_every_reference_is_of_a_scenario_that_exists(row):
    from helmsight.envs.registry import scenario_name

    for scenario, score in references().items():
        assert scenario_name(scenario) == scenario
        assert score > 0


@pytest.mark.parametrize(
    ("better", "points"), [("lower", [100.0, 50.0, 0.0]), ("higher", [50.0, 100.0, 0.0])]
)
def test_without_a_reference_the_best_median_here_is_it(row, better, points):
    rows = [
        row("a", 0, 10.0, scenario="Mine-v0", better=better),
        row("b", 0, 20.0, scenario="Mine-v0", better=better),
        row("b", 1, None, scenario="Mine-v0", better=better, status="crashed"),
    ]
    scale = scales(rows)["Mine-v0"]
    assert scale.kind == BY_BEST
    assert [scale.points(one) for one in rows] == points


def test_a_disturbed_episode_is_no_reference(row):
    rows = [
        row("a", 0, 20.0, scenario="Mine-v0"),
        row("a", 0, 5.0, scenario="Mine-v0", disturbance="frozen"),
    ]
    assert scales(rows)["Mine-v0"].reference == 20.0


def test_scores_that_no_ratio_can_be_had_of_are_ranked_and_a_failure_is_last(row):
    rows = [
        row("a", 0, -5.0, scenario="Mine-v0", better="higher"),
        row("a", 1, 3.0, scenario="Mine-v0", better="higher"),
        row("b", 0, 3.0, scenario="Mine-v0", better="higher"),
        row("b", 1, None, scenario="Mine-v0", better="higher", status="timed out"),
    ]
    scale = scales(rows)["Mine-v0"]
    assert scale.kind == BY_RANK
    low, high, equal, lost = (scale.points(one) for one in rows)
    assert 0.0 == lost < low < high == equal <= 100.0


def test_a_world_without_a_score_counts_successes(row):
    rows = [row("a", 0, None, scenario="Mine-v0", better=""),
            row("a", 1, None, scenario="Mine-v0", better="", success=False)]  # fmt: skip
    scale = scales(rows)["Mine-v0"]
    assert scale.kind == BY_SUCCESS
    assert [scale.points(one) for one in rows] == [100.0, 0.0]
