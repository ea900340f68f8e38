"""How firmly an order of competitors stands."""

from __future__ import annotations

import numpy as np
from numpy.typing import ArrayLike, NDArray

from helmsight.evals.errors import InvalidSample
from helmsight.evals.statistics.samples import RESAMPLES

RANKS_LEAST = 6
"""The fewest seeds of which an order is drawn again: fewer have no interval of the median, too."""


def rank_shares(
    scores: ArrayLike, resamples: int = RESAMPLES, seed: int = 0
) -> NDArray[np.float64] | None:
    """Return how often each competitor comes at each rank when the seeds are drawn again.

    scores: (competitors, seeds), higher is better; who is best has the highest median, of equal
    ones the highest mean. Returns float64 (competitors, ranks), rows and columns add up to 1;
    competitors with the same of both share their ranks evenly. None with fewer than `RANKS_LEAST`
    seeds.

    Raises:
        InvalidSample: it is empty or holds NaN.
    """
    table = np.asarray(scores, np.float64)
    if table.ndim != 2 or not table.size or np.isnan(table).any():
        raise InvalidSample(f"ranks need a score of each competitor at each seed, got {scores!r}")
    competitors, n = table.shape
    if n < RANKS_LEAST:
        return None
    rng, shares = np.random.default_rng(seed), np.zeros((competitors, competitors))
    batch = max(1, 2_000_000 // table.size)
    for start in range(0, resamples, batch):
        drawn = rng.integers(0, n, (min(batch, resamples - start), n))
        runs = table[:, drawn]
        medians, means = np.median(runs, axis=2), runs.mean(axis=2)  # (competitors, draws)
        equal = medians[None] == medians[:, None]
        ahead = (medians[None] > medians[:, None]) | (equal & (means[None] > means[:, None]))
        better = ahead.sum(axis=1)
        alike = (equal & (means[None] == means[:, None])).sum(axis=1)
        for rank in range(competitors):
            holds = (better <= rank) & (rank < better + alike)
            shares[:, rank] += (holds / alike).sum(axis=1)
    return shares / resamples
