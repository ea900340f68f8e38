from __future__ import annotations

import numpy as np
import pytest

from helmsight.evals.errors import InvalidSample
from helmsight.evals.statistics import detectable, fewest_pairs, paired_test, pairs_needed


def least(spread: float, n: int, alpha: float = 0.05) -> float:
    """Return the smallest difference that `n` pairs show, which are enough to show one."""
    found = detectable(spread, n, alpha)
    assert found is not None
    return found


def test_six_pairs_are_the_fewest_and_more_in_a_family():
    assert [fewest_pairs(0.05), fewest_pairs(0.05 / 3), fewest_pairs(0.05 / 10)] == [6, 7, 9]
    for alpha in (0.05, 0.05 / 3, 0.5):
        n = fewest_pairs(alpha)
        assert 2 / 2**n <= alpha < 2 / 2 ** (n - 1)


def test_pairs_needed_agree_with_published_values():
    # Cohen, Statistical Power Analysis (1988), paired t-test at 0.05 two-sided, power 0.80
    assert [pairs_needed(effect, 1.0) for effect in (0.2, 0.5, 0.8)] == [199, 34, 15]


def test_what_is_detectable_with_n_pairs_needs_n_pairs():
    for n in (6, 10, 30, 200):
        assert pairs_needed(least(3.0, n), 3.0) in {n, n + 1}
    assert least(6.0, 20) == pytest.approx(2 * least(3.0, 20))
    assert least(3.0, 20, alpha=0.01) > least(3.0, 20)


def test_too_few_pairs_detect_nothing_and_no_difference_needs_no_number():
    assert detectable(3.0, 5) is None
    assert pairs_needed(0.0, 1.0) is None
    assert pairs_needed(1e-6, 1.0) is None
    assert pairs_needed(5.0, 0.0) == 6
    assert pairs_needed(1000.0, 1.0) == 6


@pytest.mark.slow
@pytest.mark.parametrize("n", [10, 25])
def test_the_test_finds_what_is_detectable_about_four_times_of_five(n):
    rng, found = np.random.default_rng(n), 0
    effect = least(1.0, n)
    for _ in range(150):
        differences = list(rng.normal(effect, 1.0, n))
        found += paired_test(differences, [0.0] * n, resamples=1000) <= 0.05
    assert 0.70 <= found / 150 <= 0.90


def test_probabilities_only():
    with pytest.raises(InvalidSample, match="no probability"):
        detectable(1.0, 10, alpha=0.0)
    with pytest.raises(InvalidSample, match="no probability"):
        pairs_needed(1.0, 10, power=1.0)
    with pytest.raises(InvalidSample, match="no probability"):
        fewest_pairs(1.5)
