from __future__ import annotations

import math

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from helmsight.evals.errors import InvalidSample
from helmsight.evals.statistics import (
    Interval,
    proportion_interval,
    ratio_difference,
    ratio_interval,
    share_interval,
)
from helmsight.evals.statistics.ratios import RATIO_LEAST, SHARE_LEAST

ROWS = st.lists(st.tuples(st.integers(0, 9), st.integers(1, 9)), min_size=RATIO_LEAST, max_size=60)


@pytest.mark.slow
@settings(max_examples=30, deadline=None)
@given(rows=ROWS)
def test_a_ratio_lies_in_its_interval(rows):
    parts, wholes = zip(*rows, strict=True)
    found = ratio_interval(parts, wholes, resamples=300)
    assert found.bounds[0] <= found.estimate <= found.bounds[1]
    assert found.estimate == pytest.approx(sum(parts) / sum(wholes))
    assert found.n == len(rows)


@pytest.mark.slow
@settings(max_examples=40, deadline=None)
@given(rows=ROWS)
def test_a_share_lies_in_its_interval_between_none_and_all_and_is_mirrored(rows):
    parts = [min(row) for row in rows]
    wholes = [max(row) for row in rows]
    found = share_interval(parts, wholes)
    assert 0.0 <= found.bounds[0] <= found.estimate <= found.bounds[1] <= 1.0
    rest = [whole - part for part, whole in zip(parts, wholes, strict=True)]
    mirrored = share_interval(rest, wholes)
    assert (1 - mirrored.bounds[1], 1 - mirrored.bounds[0]) == pytest.approx(found.bounds)
    again = share_interval(parts[::-1], wholes[::-1])
    assert again.bounds == pytest.approx(found.bounds)


def test_of_few_units_there_is_no_interval():
    few = SHARE_LEAST - 1
    assert share_interval([3] * few, [4] * few) == Interval(0.75, None, None, few)
    few = RATIO_LEAST - 1
    assert ratio_interval([8] * few, [4] * few) == Interval(2.0, None, None, few)


def test_units_that_are_all_alike_count_as_one_trial_each():
    alike, wilson = share_interval([4.0] * 20, [4.0] * 20), proportion_interval(20, 20)
    assert alike.bounds == pytest.approx(wilson.bounds)


def test_a_part_is_not_more_than_its_whole():
    with pytest.raises(InvalidSample, match="between 0 and their wholes"):
        share_interval([5] * 20, [4] * 20)


def test_a_ratio_of_alike_questions_is_as_sure_as_wilson_and_less_sure_in_clusters():
    alone = share_interval([1] * 60 + [0] * 40, [1] * 100)
    wilson = proportion_interval(60, 100)
    assert alone.bounds == pytest.approx(wilson.bounds, abs=0.02)
    together = share_interval([4] * 15 + [0] * 10, [4] * 25)
    assert together.estimate == alone.estimate
    assert together.bounds[1] - together.bounds[0] > 1.7 * (alone.bounds[1] - alone.bounds[0])


@pytest.mark.parametrize(
    ("parts", "wholes"), [([], []), ([1], [1, 2]), ([0], [0]), ([1, 1], [2, -1]), ([math.nan], [1])]
)
def test_a_ratio_needs_parts_with_wholes(parts, wholes):
    for interval in (share_interval, ratio_interval):
        with pytest.raises(InvalidSample):
            interval(parts, wholes)


def test_a_difference_of_ratios_is_that_of_the_sums_with_an_interval_around_it() -> None:
    first = [8.0, 9.0, 7.0] * 20, [10.0] * 60
    second = [5.0, 7.0, 6.0] * 20, [10.0] * 60
    found = ratio_difference(first, second)
    assert found.estimate == pytest.approx(0.2)
    assert 0.15 < found.bounds[0] < 0.2 < found.bounds[1] < 0.25
    assert found.n == 60


def test_a_difference_over_few_units_has_no_interval() -> None:
    first, second = ([8.0, 9.0, 7.0], [10.0, 10.0, 10.0]), ([5.0, 7.0, 6.0], [10.0, 10.0, 10.0])
    found = ratio_difference(first, second)
    assert (found.low, found.high, found.n) == (None, None, 3)
    assert found.estimate == pytest.approx(0.2)


@pytest.mark.slow
def test_the_interval_of_a_difference_of_ratios_covers_as_often_as_it_says() -> None:
    rng, hits = np.random.default_rng(5), 0
    for trial in range(60):
        wholes = [4.0] * 50
        a, b = rng.binomial(4, 0.9, 50), rng.binomial(4, 0.8, 50)
        found = ratio_difference(
            (a.tolist(), wholes), (b.tolist(), wholes), resamples=800, seed=trial
        )
        hits += found.bounds[0] <= 0.1 <= found.bounds[1]
    assert 50 <= hits <= 60  # 57 expected of 60 at 95 %
