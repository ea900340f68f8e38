from __future__ import annotations

import pytest

from helmsight.evals.report.faults import faults
from helmsight.evals.report.matrix import matrix
from helmsight.evals.report.points import scales


def rows_of(row, seeds=7):
    """Return a pilot clean, under a disturbance that halves it, and under one that does nothing."""
    rows = []
    for seed in range(seeds):
        score = 30.0 + seed
        rows += [
            row("a", seed, score),
            row("a", seed, 2 * score, disturbance="frozen:2", success=seed > 0),
            row("a", seed, score, disturbance="noisy"),
        ]
    return rows


def test_a_disturbed_episode_is_set_against_its_own_clean_one(row):
    rows = rows_of(row)
    frozen, noisy = faults(rows, scales(rows))
    halves = sorted(-50 * 22.4 / (30.0 + seed) for seed in range(7))
    assert frozen.lost.estimate == pytest.approx(halves[3])
    assert frozen.successes == (7, 6)
    assert frozen.p == pytest.approx(2 / 2**7)
    assert frozen.p_holm == pytest.approx(2 * 2 / 2**7)
    assert frozen.shown
    assert (noisy.p, noisy.mean, noisy.shown) == (1.0, 0.0, False)


def test_a_disturbed_episode_without_its_clean_one_is_counted_and_left_out(row):
    rows = [one for one in rows_of(row) if one.seed != 0 or one.disturbance]
    frozen, _ = faults(rows, scales(rows))
    assert (frozen.pairs, frozen.unpaired, frozen.lost.n) == (6, 1, 6)
    alone = [one for one in rows if one.disturbance]
    assert {(fault.lost, fault.unpaired) for fault in faults(alone, scales(alone))} == {(None, 7)}


def test_the_matrix_has_disturbances_down_and_competitors_across(row):
    rows = [*rows_of(row), row("b", 0, 40.0), row("b", 0, 50.0, disturbance="noisy")]
    (found,) = matrix(faults(rows, scales(rows)))
    assert found.competitors == ("a", "b")
    assert [name for name, _ in found.rows] == ["frozen:2", "noisy"]
    (_, (frozen, none)), (_, (noisy, other)) = found.rows
    assert none is None
    assert frozen is not None
    assert noisy is not None
    assert other is not None
    assert (frozen.competitor, other.competitor) == ("a", "b")
    assert found.shade(frozen) == 60
    assert found.shade(noisy) == 0
