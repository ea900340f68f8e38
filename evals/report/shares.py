"""Runs that are either whole or nothing, a right answer, a success: shares stand for medians."""

from __future__ import annotations

from collections.abc import Sequence

from helmsight.evals.report.points import WHOLE
from helmsight.evals.statistics import Interval, proportion_interval, ratio_difference
from helmsight.evals.statistics.samples import RESAMPLES


def share(points: Sequence[float]) -> Interval:
    """Return the share of runs with points, in points, with Wilson's interval."""
    return _scaled(proportion_interval(sum(value > 0 for value in points), len(points)))


def share_difference(
    first: Sequence[float], second: Sequence[float], resamples: int = RESAMPLES
) -> Interval:
    """Return the share of `first` less that of `second`, in points, paired by run.

    The interval is a percentile bootstrap over the runs, from 40 of them on.
    """
    runs = [1.0] * len(first)
    won = [[float(value > 0) for value in points] for points in (first, second)]
    return _scaled(ratio_difference((won[0], runs), (won[1], runs), resamples=resamples))


def _scaled(found: Interval) -> Interval:
    low, high = (None if bound is None else WHOLE * bound for bound in (found.low, found.high))
    return Interval(WHOLE * found.estimate, low, high, found.n, found.level)
