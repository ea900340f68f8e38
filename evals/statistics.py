"""Statistics of samples: medians, proportions and ratios with intervals; tests of paired answers.

Every interval is two-sided and seeded: the same data give the same interval.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass
from fractions import Fraction
from statistics import NormalDist

import numpy as np
from numpy.typing import NDArray

from helmsight.evals.errors import InvalidSample

LEVEL = 0.95
RESAMPLES = 10_000


@dataclass(frozen=True)
class Interval:
    """An estimate with its confidence interval at `level`, from `n` observations."""

    estimate: float
    low: float
    high: float
    n: int
    level: float = LEVEL

    def __str__(self) -> str:
        return f"{self.estimate:.4g} [{self.low:.4g}, {self.high:.4g}]"


def median(values: Sequence[float]) -> float:
    """Return the sample median; the mean of the middle two for an even count."""
    return float(np.median(_sample(values)))


def median_interval(
    values: Sequence[float],
    level: float = LEVEL,
    resamples: int = RESAMPLES,
    seed: int = 0,
) -> Interval:
    """Return the median with its percentile bootstrap interval.

    Efron & Tibshirani, An Introduction to the Bootstrap (1993), section 13.3. With few
    observations it is as coarse as the sample itself: its ends are sample values or means of two.

    Raises:
        InvalidSample: for an empty sample, one with NaN, or a level outside (0, 1).
    """
    return _bootstrap(_sample(values), level, resamples, seed)


def paired_interval(
    first: Sequence[float],
    second: Sequence[float],
    level: float = LEVEL,
    resamples: int = RESAMPLES,
    seed: int = 0,
) -> Interval:
    """Return the median of the differences `first - second` of pairs (the same seeds, say) with
    its percentile bootstrap interval over the pairs.

    Raises:
        InvalidSample: when the samples differ in length, are empty or hold NaN.
    """
    if len(first) != len(second):
        raise InvalidSample(
            f"pairs need samples of one length, and these have {len(first)} and {len(second)}"
        )
    return _bootstrap(_sample(first) - _sample(second), level, resamples, seed)


def proportion_interval(successes: int, n: int, level: float = LEVEL) -> Interval:
    """Return a proportion with its Wilson score interval.

    Wilson, Journal of the American Statistical Association 22 (1927) 209; holds its level for
    small n and stays inside [0, 1].

    Raises:
        InvalidSample: for n < 1, successes outside 0..n, or a level outside (0, 1).
    """
    _check_level(level)
    if n < 1 or not 0 <= successes <= n:
        raise InvalidSample(f"{successes} successes of {n} is no proportion")
    z = NormalDist().inv_cdf(0.5 + level / 2)
    p = successes / n
    centre = (p + z * z / (2 * n)) / (1 + z * z / n)
    half = z / (1 + z * z / n) * math.sqrt(p * (1 - p) / n + z * z / (4 * n * n))
    # rounding must not push the interval off its own estimate at 0 of n and n of n
    return Interval(p, max(0.0, min(p, centre - half)), min(1.0, max(p, centre + half)), n, level)


def ratio_interval(
    parts: Sequence[float],
    wholes: Sequence[float],
    level: float = LEVEL,
    resamples: int = RESAMPLES,
    seed: int = 0,
) -> Interval:
    """Return sum(parts) / sum(wholes) with its percentile bootstrap interval; `n` is sum(wholes).

    What is drawn again is one part with its whole, so that what belongs together (all questions
    about one picture) stays together. F1 is such a ratio as well: 2 TP over 2 TP + FP + FN.

    Raises:
        InvalidSample: samples that differ in length, are empty or hold NaN, or whose wholes are
            negative or add up to 0.
    """
    if len(parts) != len(wholes):
        raise InvalidSample(
            f"a ratio needs as many parts as wholes, and these are {len(parts)} and {len(wholes)}"
        )
    _check_level(level)
    both = np.stack([_sample(parts), _sample(wholes)], axis=1)
    above, below = both.sum(axis=0)
    if both[:, 1].min() < 0 or below <= 0:
        raise InvalidSample("a ratio needs wholes from 0 on that do not add up to 0")
    # rows that are alike are drawn together: only how often matters
    kinds, counts = np.unique(both, axis=0, return_counts=True)
    rng, rows = np.random.default_rng(seed), len(both)
    drawn = rng.multinomial(rows, counts / rows, resamples) @ kinds
    drawn = drawn[drawn[:, 1] > 0]
    tail, estimate = (1 - level) / 2, float(above / below)
    low, high = np.quantile(drawn[:, 0] / drawn[:, 1], [tail, 1 - tail])
    return Interval(
        estimate, min(float(low), estimate), max(float(high), estimate), round(below), level
    )


def ratio_difference(
    first: tuple[Sequence[float], Sequence[float]],
    second: tuple[Sequence[float], Sequence[float]],
    level: float = LEVEL,
    resamples: int = RESAMPLES,
    seed: int = 0,
) -> Interval:
    """Return the difference of two ratios (see `ratio_interval`) of the same units, `first` less
    `second`, each (parts, wholes), with its percentile bootstrap interval; `n` counts the units.

    What is drawn again is a unit (a seed, say) with all four of its numbers.

    Raises:
        InvalidSample: samples that differ in length, are empty or hold NaN, or whose wholes are
            negative or add up to 0.
    """
    _check_level(level)
    rows = _ratios(first, second)
    estimate = float(_difference(rows.sum(axis=0)))
    rng, n = np.random.default_rng(seed), len(rows)
    sums = rng.multinomial(n, np.full(n, 1.0 / n), resamples) @ rows
    sums = sums[(sums[:, 1] > 0) & (sums[:, 3] > 0)]
    tail = (1 - level) / 2
    low, high = np.quantile(_difference(sums.T), [tail, 1 - tail])
    return Interval(estimate, min(float(low), estimate), max(float(high), estimate), n, level)


def swap_test(
    first: tuple[Sequence[float], Sequence[float]],
    second: tuple[Sequence[float], Sequence[float]],
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
    rows = _ratios(first, second)
    found = abs(float(_difference(rows.sum(axis=0))))
    swapped = rows[:, [2, 3, 0, 1]] - rows
    tosses = np.random.default_rng(seed).integers(0, 2, (resamples, len(rows)))
    sums = rows.sum(axis=0) + tosses @ swapped
    sums = sums[(sums[:, 1] > 0) & (sums[:, 3] > 0)]
    as_large = int((np.abs(_difference(sums.T)) >= found - 1e-12).sum())
    return (as_large + 1) / (len(sums) + 1)


def _ratios(
    first: tuple[Sequence[float], Sequence[float]], second: tuple[Sequence[float], Sequence[float]]
) -> NDArray[np.float64]:
    """Return parts and wholes of both as columns, (n, 4)."""
    columns = [_sample(values) for values in (*first, *second)]
    if len({len(column) for column in columns}) != 1:
        raise InvalidSample("ratios of the same units need as many numbers each")
    rows = np.stack(columns, axis=1)
    if rows[:, [1, 3]].min() < 0 or (rows[:, [1, 3]].sum(axis=0) <= 0).any():
        raise InvalidSample("a ratio needs wholes from 0 on that do not add up to 0")
    return rows


def _difference(sums: NDArray[np.float64]) -> NDArray[np.float64]:
    return np.asarray(sums[0] / sums[1] - sums[2] / sums[3])


def mcnemar(first_only: int, second_only: int) -> float:
    """Return the exact two-sided p-value of McNemar's test on paired right and wrong answers.

    `first_only` and `second_only` count the pairs that only the one and only the other got right;
    if both are as good, each such pair is a toss of a fair coin. McNemar, Psychometrika 12 (1947)
    153; exact by the binomial distribution.

    Raises:
        InvalidSample: a negative count.
    """
    if min(first_only, second_only) < 0:
        raise InvalidSample(f"{first_only} and {second_only} are no counts of pairs")
    n, fewer = first_only + second_only, min(first_only, second_only)
    term = tail = 1  # whole numbers: exact for any n
    for i in range(fewer):
        term = term * (n - i) // (i + 1)
        tail += term
    return min(1.0, float(Fraction(2 * tail, 2**n)))


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


def _bootstrap(sample: NDArray[np.float64], level: float, resamples: int, seed: int) -> Interval:
    _check_level(level)
    rng = np.random.default_rng(seed)
    drawn = sample[rng.integers(0, len(sample), (resamples, len(sample)))]
    medians = np.median(drawn, axis=1)
    tail = (1 - level) / 2
    low, high = np.quantile(medians, [tail, 1 - tail])
    estimate = float(np.median(sample))
    return Interval(
        estimate, min(float(low), estimate), max(float(high), estimate), len(sample), level
    )


def _sample(values: Sequence[float]) -> NDArray[np.float64]:
    sample = np.asarray(values, np.float64)
    if sample.ndim != 1 or not len(sample) or np.isnan(sample).any():
        raise InvalidSample(f"a sample needs at least one number and no NaN, got {values!r}")
    return sample


def _check_level(level: float) -> None:
    if not 0 < level < 1:
        raise InvalidSample(f"level={level!r} is no confidence level; give one between 0 and 1")
