from __future__ import annotations

import math

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy.stats import binom

from helmsight.evals.errors import InvalidSample
from helmsight.evals.statistics import (
    Interval,
    mean_interval,
    median,
    median_interval,
    paired_interval,
    proportion_interval,
)
from helmsight.evals.statistics.intervals import MEAN_LEAST, PROPORTION_LEAST

VALUES = st.floats(-1e6, 1e6)


@pytest.mark.slow
@settings(max_examples=40, deadline=None)
@given(values=st.lists(VALUES, min_size=6, max_size=25))
def test_the_interval_contains_the_median_and_lies_within_the_sample(values):
    found = median_interval(values)
    assert min(values) <= found.bounds[0] <= found.estimate <= found.bounds[1] <= max(values)
    assert found.estimate == median(values)
    assert found.n == len(values)
    mirrored = median_interval([-value for value in values])
    assert (-mirrored.bounds[1], -mirrored.bounds[0]) == pytest.approx(found.bounds)


@given(values=st.lists(VALUES, min_size=1, max_size=5))
def test_up_to_five_observations_have_a_median_and_no_interval(values):
    found = median_interval(values)
    assert found == Interval(median(values), None, None, len(values))
    assert str(found).endswith(f"(n = {len(values)})")


def test_the_median_interval_of_six_is_almost_from_the_least_to_the_greatest():
    # from the least to the greatest of six is 1 - 2 / 64 = 96.9 %
    found = median_interval([1.0, 2.0, 3.0, 4.0, 5.0, 6.0])
    assert 1.0 < found.bounds[0] < 1.4
    assert found.bounds[1] == pytest.approx(7.0 - found.bounds[0])
    exact = median_interval([1.0, 2.0, 3.0, 4.0, 5.0, 6.0], level=1 - 2 / 64)
    assert exact.bounds == pytest.approx((1.0, 6.0))


def test_the_median_interval_lies_between_order_statistics_that_cover_more_and_less():
    values = [float(i) for i in range(1, 21)]
    found = median_interval(values)
    # of 20 the 6th to the 15th cover 95.9 %, the 7th to the 14th 88.5 %
    assert 1 - 2 * binom.cdf(5, 20, 0.5) > 0.95 > 1 - 2 * binom.cdf(6, 20, 0.5)
    assert 6.0 <= found.bounds[0] <= 7.0
    assert found.bounds[1] == pytest.approx(21.0 - found.bounds[0])


@settings(max_examples=20, deadline=None)
@given(values=st.lists(st.floats(0, 1e3), min_size=8, max_size=12))
def test_a_higher_level_gives_a_wider_interval(values):
    wide, narrow = median_interval(values, level=0.99), median_interval(values, level=0.8)
    assert wide.bounds[0] <= narrow.bounds[0]
    assert narrow.bounds[1] <= wide.bounds[1]


def test_the_same_seed_gives_the_same_interval_of_a_mean_in_any_order_of_calls():
    values = list(np.random.default_rng(3).normal(50.0, 5.0, MEAN_LEAST))
    first = mean_interval(values, resamples=500)
    other = mean_interval(values, resamples=500, seed=1)
    assert mean_interval(values, resamples=500) == first != other
    assert first.estimate == pytest.approx(float(np.mean(values)))
    assert first.bounds[0] < first.estimate < first.bounds[1]


def test_a_mean_of_few_has_no_interval_and_one_of_equals_is_that_of_one_point():
    few = list(range(MEAN_LEAST - 1))
    assert mean_interval(few) == Interval(float(np.mean(few)), None, None, MEAN_LEAST - 1)
    assert mean_interval([4.0] * MEAN_LEAST) == Interval(4.0, 4.0, 4.0, MEAN_LEAST)


@given(n=st.integers(PROPORTION_LEAST, 500), data=st.data())
def test_wilson_contains_the_proportion_and_stays_in_the_unit_interval(n, data):
    k = data.draw(st.integers(0, n))
    found = proportion_interval(k, n)
    assert 0 <= found.bounds[0] <= k / n <= found.bounds[1] <= 1
    mirrored = proportion_interval(n - k, n)
    assert mirrored.bounds[0] == pytest.approx(1 - found.bounds[1], abs=1e-12)


def test_a_share_of_few_has_no_interval():
    assert proportion_interval(3, 3) == Interval(1.0, None, None, 3)
    assert proportion_interval(0, PROPORTION_LEAST - 1).low is None


def test_wilson_agrees_with_published_values():
    # Newcombe, Statistics in Medicine 17 (1998) 857, table I, method 3
    for k, n, low, high in ((81, 263, 0.2553, 0.3662), (15, 148, 0.0624, 0.1605),
                            (0, 20, 0.0, 0.1611), (1, 29, 0.0061, 0.1718)):  # fmt: skip
        found = proportion_interval(k, n)
        assert found.bounds == pytest.approx((low, high), abs=6e-5)


def test_pairs_are_compared_pair_by_pair():
    before = [10.0, 200.0, 3000.0, 40.0, 50.0, 60.0]
    after = [value - 1.0 for value in before]
    assert paired_interval(before, after) == Interval(1.0, 1.0, 1.0, 6)
    assert paired_interval(after, before).estimate == -1.0


@pytest.mark.parametrize(
    "call",
    [
        lambda: median([]),
        lambda: median_interval([1.0, math.nan]),
        lambda: median_interval([1.0], level=1.0),
        lambda: mean_interval([]),
        lambda: mean_interval([1.0], level=0.0),
        lambda: paired_interval([1.0], [1.0, 2.0]),
        lambda: proportion_interval(3, 2),
        lambda: proportion_interval(0, 0),
    ],
)
def test_samples_that_say_nothing_are_refused(call):
    with pytest.raises(InvalidSample):
        call()
