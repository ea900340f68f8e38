"""Ratios of sums over units that stay together, with intervals: shares, F1, times."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

from helmsight.evals.errors import InvalidSample
from helmsight.evals.statistics.samples import (
    LEVEL,
    RESAMPLES,
    Interval,
    check_level,
    sampled,
)

SHARE_LEAST = 15
RATIO_LEAST = 40
"""The fewest units of each method at which it covers 93 to 97 % (`benchmarks/coverage.py`)."""

Sides = tuple[Sequence[float], Sequence[float]]
"""Parts and wholes, one of each a unit."""


def share_interval(
    parts: Sequence[float], wholes: Sequence[float], level: float = LEVEL
) -> Interval:
    """Return the share sum(parts) / sum(wholes) with its interval; `n` counts the units.

    A unit is one part with the whole that it is of, so that what belongs together (all questions
    about one picture) stays together. F1 is such a share as well: 2 TP of 2 TP + FP + FN. The
    interval is Wilson's of as many independent trials as the units are worth (Rao & Scott,
    Biometrics 48 (1992) 577).

    Raises:
        InvalidSample: samples that differ in length, are empty or hold NaN, wholes that add up
            to 0, or a part below 0 or above its whole.
    """
    check_level(level)
    both = _units(parts, wholes)
    if (both[:, 0] < 0).any() or (both[:, 0] > both[:, 1]).any():
        raise InvalidSample("parts of a share lie between 0 and their wholes")
    above, below = both.sum(axis=0)
    estimate, units = float(above / below), len(both)
    if units < SHARE_LEAST:
        return Interval(estimate, None, None, units, level)
    low, high = _wilson(both, level)
    return Interval(estimate, min(low, estimate), max(high, estimate), units, level)


def ratio_interval(
    parts: Sequence[float],
    wholes: Sequence[float],
    level: float = LEVEL,
    resamples: int = RESAMPLES,
    seed: int = 0,
) -> Interval:
    """Return the ratio sum(parts) / sum(wholes), of times, say, with its percentile bootstrap
    interval; `n` counts the units.

    What is drawn again is a unit, one part with its whole.

    Raises:
        InvalidSample: samples that differ in length, are empty or hold NaN, or whose wholes are
            negative or add up to 0.
    """
    check_level(level)
    both = _units(parts, wholes)
    above, below = both.sum(axis=0)
    estimate, units = float(above / below), len(both)
    if units < RATIO_LEAST:
        return Interval(estimate, None, None, units, level)
    drawn = np.random.default_rng(seed).multinomial(units, np.full(units, 1 / units), resamples)
    sums = drawn @ both
    sums = sums[sums[:, 1] > 0]
    low, high = np.quantile(sums[:, 0] / sums[:, 1], [(1 - level) / 2, (1 + level) / 2])
    return Interval(estimate, min(float(low), estimate), max(float(high), estimate), units, level)


def _units(parts: Sequence[float], wholes: Sequence[float]) -> NDArray[np.float64]:
    """Return parts and wholes as columns, (n, 2)."""
    if len(parts) != len(wholes):
        raise InvalidSample(
            f"a ratio needs as many parts as wholes, and these are {len(parts)} and {len(wholes)}"
        )
    both = np.stack([sampled(parts), sampled(wholes)], axis=1)
    if both[:, 1].min() < 0 or both[:, 1].sum() <= 0:
        raise InvalidSample("a ratio needs wholes from 0 on that do not add up to 0")
    return both


def _wilson(both: NDArray[np.float64], level: float) -> tuple[float, float]:
    """Return Wilson's interval of the trials that units of (part, whole) are worth.

    These are p (1 - p) over the variance of the ratio between units, fewer by the ratio of normal
    to Student quantiles for what that variance itself is unsure; units alike count one each.
    """
    from scipy.stats import norm, t

    units, (above, below) = len(both), both.sum(axis=0)
    p, z = above / below, norm.ppf(0.5 + level / 2)
    rest = both[:, 0] - p * both[:, 1]
    variance = units / (units - 1) * float(rest @ rest) / below**2
    worth = float(units)
    if variance > 0:
        student = z / t.ppf(0.5 + level / 2, units - 1)
        worth = min(below, p * (1 - p) / variance * student**2)
    centre = (p + z * z / (2 * worth)) / (1 + z * z / worth)
    half = z / (1 + z * z / worth) * np.sqrt(p * (1 - p) / worth + z * z / (4 * worth**2))
    return max(0.0, float(centre - half)), min(1.0, float(centre + half))


def ratio_difference(
    first: Sides,
    second: Sides,
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
    check_level(level)
    rows = both_sides(first, second)
    estimate = float(difference(rows.sum(axis=0)))
    n = len(rows)
    if n < RATIO_LEAST:
        return Interval(estimate, None, None, n, level)
    rng = np.random.default_rng(seed)
    sums = rng.multinomial(n, np.full(n, 1.0 / n), resamples) @ rows
    sums = sums[(sums[:, 1] > 0) & (sums[:, 3] > 0)]
    tail = (1 - level) / 2
    low, high = np.quantile(difference(sums.T), [tail, 1 - tail])
    return Interval(estimate, min(float(low), estimate), max(float(high), estimate), n, level)


def both_sides(first: Sides, second: Sides) -> NDArray[np.float64]:
    """Return parts and wholes of both as columns, (n, 4)."""
    columns = [sampled(values) for values in (*first, *second)]
    if len({len(column) for column in columns}) != 1:
        raise InvalidSample("ratios of the same units need as many numbers each")
    rows = np.stack(columns, axis=1)
    if rows[:, [1, 3]].min() < 0 or (rows[:, [1, 3]].sum(axis=0) <= 0).any():
        raise InvalidSample("a ratio needs wholes from 0 on that do not add up to 0")
    return rows


def difference(sums: NDArray[np.float64]) -> NDArray[np.float64]:
    """Return the difference of two ratios from the sums of `both_sides`, (4,) or (4, n)."""
    return np.asarray(sums[0] / sums[1] - sums[2] / sums[3])
