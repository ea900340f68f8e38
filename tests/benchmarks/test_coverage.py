"""Intervals hold the truth as often as they say, at every n that has one; so do the tests."""

from __future__ import annotations

import json
import math
from collections.abc import Callable
from types import ModuleType

import numpy as np
import pytest
from scipy.stats import binom

from helmsight.evals.statistics import proportion_interval
from helmsight.evals.statistics.intervals import PROPORTION_LEAST

REPETITIONS = 300


@pytest.fixture(scope="module")
def bench(load: Callable[[str], ModuleType]) -> ModuleType:
    return load("coverage")


def chance(share: float) -> float:
    """Return what so few repetitions may be off by, three standard deviations."""
    return 3 * math.sqrt(share * (1 - share) / REPETITIONS)


@pytest.mark.parametrize("n", [6, 7, 11])
@pytest.mark.parametrize("distribution", ["normal", "lognormal 1", "two kinds"])
def test_the_median_is_held_whatever_the_distribution(bench, distribution, n):
    (case,) = (one for one in bench.cases()
               if (one.method, one.distribution) == ("median", distribution))  # fmt: skip
    (found,) = bench.measured(case, REPETITIONS, [n])
    assert 0.95 - chance(0.95) <= found.share <= 0.95 + chance(0.95)


@pytest.mark.slow
def test_wilson_holds_its_level_over_every_tenth_at_every_n_from_its_smallest_on():
    shares = (np.arange(500) + 0.5) / 1000  # true shares up to a half: the rest mirrors them
    for n in range(PROPORTION_LEAST, 41):
        counts = np.arange(n + 1)
        found = [proportion_interval(int(k), n).bounds for k in counts]
        low, high = np.array(found).T[:, :, None]
        holds = (binom.pmf(counts[:, None], n, shares) * ((low <= shares) & (shares <= high))).sum(
            0
        )
        tenths = holds.reshape(5, -1).mean(axis=1)
        assert 0.93 <= tenths.min() <= tenths.max() <= 0.97, (n, tenths)


@pytest.mark.slow
@pytest.mark.parametrize("method", ["mean", "share of units", "ratio", "difference of ratios"])
def test_other_intervals_hold_their_level_at_their_smallest_n(bench, method):
    case = next(one for one in bench.cases() if one.method == method)
    (found,) = bench.measured(case, REPETITIONS, case.sizes[:1])
    assert 0.93 - chance(0.93) <= found.share <= 0.97 + chance(0.97)


@pytest.mark.slow
@pytest.mark.parametrize("method", ["paired test", "Holm, any of 3 pairs"])
def test_where_nobody_is_better_hardly_anybody_is_found_to_be(bench, method):
    case = next(one for one in bench.cases() if one.method == method)
    (found,) = bench.measured(case, REPETITIONS // bench.FINDS, [8])
    assert found.repetitions == REPETITIONS
    assert found.share <= 0.05 + chance(0.05)


@pytest.mark.slow
def test_the_program_prints_and_writes_its_shares(bench, capsys, tmp_path):
    path = tmp_path / "shares.json"
    words = ["--repetitions", "2", "--only", "paired", "--json", str(path)]
    assert bench.main(words) == 0
    shares = json.loads(path.read_text(encoding="utf-8"))
    assert {share["method"] for share in shares} == {"paired test"}
    assert "at most 5.5" in capsys.readouterr().out
    assert all(share["held"] == (share["share"] <= 0.055) for share in shares)
