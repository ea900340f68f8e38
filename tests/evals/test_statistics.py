from __future__ import annotations

import math

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from evals.errors import InvalidSample
from evals.statistics import (
    Interval,
    median,
    median_interval,
    paired_interval,
    proportion_interval,
)

SAMPLES = st.lists(st.floats(-1e6, 1e6), min_size=1, max_size=15)


@settings(max_examples=40, deadline=None)
@given(values=SAMPLES)
def test_the_interval_contains_the_median_and_lies_within_the_sample(values):
    found = median_interval(values, resamples=200)
    assert min(values) <= found.low <= found.estimate <= found.high <= max(values)
    assert found.estimate == median(values)
    assert found.n == len(values)


@settings(max_examples=20, deadline=None)
@given(values=SAMPLES, seed=st.integers(0, 1000))
def test_the_same_seed_gives_the_same_interval_in_any_order_of_calls(values, seed):
    first = median_interval(values, resamples=100, seed=seed)
    median_interval(values, resamples=100, seed=seed + 1)
    assert median_interval(values, resamples=100, seed=seed) == first


@settings(max_examples=20, deadline=None)
@given(values=st.lists(st.floats(0, 1e3), min_size=3, max_size=12))
def test_a_higher_level_gives_a_wider_interval(values):
    wide = median_interval(values, level=0.99, resamples=300)
    narrow = median_interval(values, level=0.8, resamples=300)
    assert wide.low <= narrow.low
    assert narrow.high <= wide.high


def test_the_median_interval_covers_the_truth_about_as_often_as_it_says():
    rng = np.random.default_rng(1)
    hits = 0
    for trial in range(200):
        found = median_interval(list(rng.normal(3.0, 1.0, 25)), resamples=300, seed=trial)
        hits += found.low <= 3.0 <= found.high
    assert 0.88 <= hits / 200 <= 0.99


@given(n=st.integers(1, 500), data=st.data())
def test_wilson_contains_the_proportion_and_stays_in_the_unit_interval(n, data):
    k = data.draw(st.integers(0, n))
    found = proportion_interval(k, n)
    assert 0 <= found.low <= k / n <= found.high <= 1
    mirrored = proportion_interval(n - k, n)
    assert mirrored.low == pytest.approx(1 - found.high, abs=1e-12)


def test_wilson_agrees_with_published_values():
    # Newcombe, Statistics in Medicine 17 (1998) 857, table I, method 3
    for k, n, low, high in ((81, 263, 0.2553, 0.3662), (15, 148, 0.0624, 0.1605),
                            (0, 20, 0.0, 0.1611), (1, 29, 0.0061, 0.1718)):  # fmt: skip
        found = proportion_interval(k, n)
        assert (found.low, found.high) == pytest.approx((low, high), abs=6e-5)


def test_pairs_are_compared_pair_by_pair():
    before, after = [10.0, 200.0, 3000.0, 40.0], [9.0, 199.0, 2999.0, 39.0]
    assert paired_interval(before, after) == Interval(1.0, 1.0, 1.0, 4)
    assert paired_interval(after, before).estimate == -1.0


def test_an_interval_reads_as_text():
    assert str(Interval(113.25, 98.0, 140.5, 10)) == "113.2 [98, 140.5]"


@pytest.mark.parametrize(
    "call",
    [
        lambda: median([]),
        lambda: median_interval([1.0, math.nan]),
        lambda: median_interval([1.0], level=1.0),
        lambda: paired_interval([1.0], [1.0, 2.0]),
        lambda: proportion_interval(3, 2),
        lambda: proportion_interval(0, 0),
    ],
)
def test_samples_that_say_nothing_are_refused(call):
    with pytest.raises(InvalidSample):
        call()
