"""Statistics of samples: estimates with intervals, tests of pairs, and how many seeds they need.

Every interval is two-sided and seeded: the same data give the same interval. A sample that is too
small for its method gives an estimate without an interval; `benchmarks/coverage.py` is where the
smallest ones come from.
"""

from helmsight.evals.statistics.intervals import (
    mean_interval,
    median,
    median_interval,
    paired_interval,
    proportion_interval,
)
from helmsight.evals.statistics.pairs import holm, mcnemar, paired_test, swap_test
from helmsight.evals.statistics.power import detectable, fewest_pairs, pairs_needed
from helmsight.evals.statistics.ranks import rank_shares
from helmsight.evals.statistics.ratios import ratio_difference, ratio_interval, share_interval
from helmsight.evals.statistics.samples import LEVEL, Interval

__all__ = [
    "LEVEL",
    "Interval",
    "detectable",
    "fewest_pairs",
    "holm",
    "mcnemar",
    "mean_interval",
    "median",
    "median_interval",
    "paired_interval",
    "paired_test",
    "pairs_needed",
    "proportion_interval",
    "rank_shares",
    "ratio_difference",
    "ratio_interval",
    "share_interval",
    "swap_test",
]
