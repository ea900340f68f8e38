"""Tests of pairs: which of two is better, and how sure that is when many are compared."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from helmsight.evals.errors import InvalidSample
from helmsight.evals.statistics.ratios import Sides, both_sides, difference
from helmsight.evals.statistics.samples import RESAMPLES, differences


def paired_test(
    first: Sequence[float], second: Sequence[float], resamples: int = RESAMPLES, seed: int = 0
) -> float:
    """Return the two-sided p-value of the mean difference of pairs (the same seeds, say).

    If neither is better, which of a pair's two is whose is a toss of a fair coin: Fisher's
    randomisation test (1935), over all ways of swapping where these are at most `resamples`, else
    over as many at random with the one found counted, so that p is never 0. n pairs give no p
    below 2 / 2**n.

    Raises:
        InvalidSample: when the samples differ in length, are empty or hold NaN.
    """
    from scipy.stats import permutation_test

    found = differences(first, second)
    if not found.any():
        return 1.0
    if len(found) == 1:
        return 1.0  # of two ways of swapping both are as extreme
    test = permutation_test(
        (found,), np.mean, permutation_type="samples", n_resamples=resamples, vectorized=True,
        rng=np.random.default_rng(seed),
    )  # fmt: skip
    return float(test.pvalue)


def swap_test(
    first: Sides,
    second: Sides,
    resamples: int = RESAMPLES,
    seed: int = 0,
) -> float:
    """Return the two-sided p-value of a difference of two ratios of the same units, as above.

    If neither is better, whose numbers of a unit are whose is a toss of a fair coin: they are
    swapped at random, and p is the share of differences as large as the one that was found.
    Fisher's randomisation test (1935); with that one itself counted, so that p is never 0.

    Raises:
        InvalidSample: as `ratio_difference`.
    """
    rows = both_sides(first, second)
    found = abs(float(difference(rows.sum(axis=0))))
    swapped = rows[:, [2, 3, 0, 1]] - rows
    tosses = np.random.default_rng(seed).integers(0, 2, (resamples, len(rows)))
    sums = rows.sum(axis=0) + tosses @ swapped
    sums = sums[(sums[:, 1] > 0) & (sums[:, 3] > 0)]
    as_large = int((np.abs(difference(sums.T)) >= found - 1e-12).sum())
    return (as_large + 1) / (len(sums) + 1)


def mcnemar(first_only: int, second_only: int) -> float:
    """Return the exact two-sided p-value of McNemar's test on paired right and wrong answers.

    `first_only` and `second_only` count the pairs that only the one and only the other got right;
    if both are as good, each such pair is a toss of a fair coin. McNemar, Psychometrika 12 (1947)
    153; exact by the binomial distribution.

    Raises:
        InvalidSample: a negative count.
    """
    from scipy.stats import binom

    if min(first_only, second_only) < 0:
        raise InvalidSample(f"{first_only} and {second_only} are no counts of pairs")
    fewer = min(first_only, second_only)
    return min(1.0, 2 * float(binom.cdf(fewer, first_only + second_only, 0.5)))


def holm(p_values: Sequence[float]) -> list[float]:
    """Return p-values adjusted for being so many, in their order.

    Rejecting what is at most alpha keeps the chance of any false rejection within alpha. Holm,
    Scandinavian Journal of Statistics 6 (1979) 65.

    Raises:
        InvalidSample: a value that is no probability.
    """
    if not all(0.0 <= p <= 1.0 for p in p_values):
        raise InvalidSample(f"p-values lie between 0 and 1, got {list(p_values)!r}")
    adjusted, least = [0.0] * len(p_values), 0.0
    for rank, i in enumerate(sorted(range(len(p_values)), key=lambda i: p_values[i])):
        least = max(least, min(1.0, (len(p_values) - rank) * p_values[i]))
        adjusted[i] = least
    return adjusted
