"""Medians, means and proportions with intervals that hold their level at every n that has one."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from helmsight.evals.errors import InvalidSample
from helmsight.evals.statistics.samples import (
    LEVEL,
    RESAMPLES,
    Interval,
    check_level,
    differences,
    sampled,
)

MEAN_LEAST = 150
PROPORTION_LEAST = 7
"""The smallest n of each method at which it covers 93 to 97 % (`benchmarks/coverage.py`)."""


def median(values: Sequence[float]) -> float:
    """Return the sample median; the mean of the middle two for an even count."""
    return float(np.median(sampled(values)))


def median_interval(values: Sequence[float], level: float = LEVEL) -> Interval:
    """Return the median with the interval between two order statistics, interpolated.

    Hettmansperger & Sheather, Statistics & Probability Letters 4 (1986) 75. It asks nothing of the
    distribution but that it is continuous, where bootstraps of the median cover 86 to 94 % below
    n = 20. The widest that n observations carry is from the least to the greatest: at 95 % there
    is no interval below n = 6.

    Raises:
        InvalidSample: for an empty sample, one with NaN, or a level outside (0, 1).
    """
    from scipy.stats import binom

    sample = np.sort(sampled(values))
    check_level(level)
    n, estimate = len(sample), float(np.median(sample))
    # covered[k - 1]: how often the k-th least and the k-th greatest have the median between them
    covered = 1 - 2 * binom.cdf(np.arange((n + 1) // 2), n, 0.5)
    k = int(np.count_nonzero(covered >= level))
    if k == 0:
        return Interval(estimate, None, None, n, level)
    outer = covered[k - 1]
    inner = covered[k] if k < len(covered) else 0.0
    part = (outer - level) / (outer - inner)
    inward = (n - k) * part / (k + (n - 2 * k) * part)
    # from the outer one inwards: rounding never leaves the sample
    low = sample[k - 1] + inward * (sample[k] - sample[k - 1])
    high = sample[n - k] - inward * (sample[n - k] - sample[n - 1 - k])
    return Interval(estimate, min(float(low), estimate), max(float(high), estimate), n, level)


def paired_interval(
    first: Sequence[float], second: Sequence[float], level: float = LEVEL
) -> Interval:
    """Return the median of the differences `first - second` of pairs (the same seeds, say) with
    its interval, as `median_interval`.

    Raises:
        InvalidSample: when the samples differ in length, are empty or hold NaN.
    """
    return median_interval(differences(first, second).tolist(), level)


def mean_interval(
    values: Sequence[float], level: float = LEVEL, resamples: int = RESAMPLES, seed: int = 0
) -> Interval:
    """Return the mean with its BCa bootstrap interval.

    Efron, Journal of the American Statistical Association 82 (1987) 171. Without an interval below
    n = `MEAN_LEAST`: of skewed samples it then covers too little.

    Raises:
        InvalidSample: for an empty sample, one with NaN, or a level outside (0, 1).
    """
    from scipy.stats import bootstrap

    sample = sampled(values)
    check_level(level)
    n, estimate = len(sample), float(sample.mean())
    if n < MEAN_LEAST:
        return Interval(estimate, None, None, n, level)
    if np.ptp(sample) == 0:  # no spread, and no acceleration to be reckoned
        return Interval(estimate, estimate, estimate, n, level)
    found = bootstrap(
        (sample,), np.mean, confidence_level=level, n_resamples=resamples, method="BCa",
        rng=np.random.default_rng(seed), batch=max(1, 2_000_000 // n),
    ).confidence_interval  # fmt: skip
    return Interval(
        estimate, min(float(found.low), estimate), max(float(found.high), estimate), n, level
    )


def proportion_interval(successes: int, n: int, level: float = LEVEL) -> Interval:
    """Return a proportion with its Wilson score interval.

    Wilson, Journal of the American Statistical Association 22 (1927) 209; it stays inside [0, 1].
    A proportion of few has few values, so that no interval holds its level at every single true
    share: it is held on average over each tenth from 0 to 1, from n = `PROPORTION_LEAST` on, and
    below that there is none.

    Raises:
        InvalidSample: for n < 1, successes outside 0..n, or a level outside (0, 1).
    """
    from scipy.stats import binomtest

    check_level(level)
    if n < 1 or not 0 <= successes <= n:
        raise InvalidSample(f"{successes} successes of {n} is no proportion")
    p = successes / n
    if n < PROPORTION_LEAST:
        return Interval(p, None, None, n, level)
    found = binomtest(successes, n).proportion_ci(level, method="wilson")
    # rounding must not push the interval off its own estimate at 0 of n and n of n
    return Interval(p, min(p, float(found.low)), max(p, float(found.high)), n, level)
