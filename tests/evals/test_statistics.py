from __future__ import annotations

import math
from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from helmsight.evals.errors import InvalidSample
from helmsight.evals.statistics import (
    Interval,
    holm,
    mcnemar,
    median,
    median_interval,
    paired_interval,
    proportion_interval,
    ratio_difference,
    ratio_interval,
    swap_test,
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


@settings(deadline=None)
@given(first=st.integers(0, 7), second=st.integers(0, 7))
def test_mcnemar_is_the_share_of_coin_tosses_at_least_as_uneven(first, second):
    n = first + second
    heads = (toss.bit_count() for toss in range(2**n))  # every way in which n coins can fall
    uneven = sum(abs(2 * k - n) >= abs(first - second) for k in heads)
    assert mcnemar(first, second) == pytest.approx(uneven / 2**n)


@settings(max_examples=40, deadline=None)
@given(first=st.integers(0, 2000), second=st.integers(0, 2000))
def test_mcnemar_knows_no_order_and_more_of_a_difference_is_less_likely_chance(first, second):
    p = mcnemar(first, second)
    assert 0.0 <= p <= 1.0
    assert p == mcnemar(second, first)
    if first > second:
        assert mcnemar(first + 1, second) <= p


def test_mcnemar_needs_counts():
    with pytest.raises(InvalidSample, match="no counts"):
        mcnemar(3, -1)


P_VALUES = st.lists(st.floats(0, 1), min_size=1, max_size=8)


@given(values=P_VALUES, alpha=st.floats(0.001, 0.5))
def test_holm_rejects_exactly_what_its_steps_from_the_smallest_on_reject(values, alpha):
    adjusted = holm(values)
    rejected, order = set(), sorted(range(len(values)), key=lambda i: values[i])
    for rank, i in enumerate(order):
        if (len(values) - rank) * values[i] > alpha:
            break
        rejected.add(i)
    assert {i for i, p in enumerate(adjusted) if p <= alpha} == rejected
    assert all(low <= high <= 1.0 for low, high in zip(values, adjusted, strict=True))


def test_holm_of_nothing_is_nothing_and_probabilities_only():
    assert holm([]) == []
    assert holm([0.04]) == [0.04]
    with pytest.raises(InvalidSample, match="between 0 and 1"):
        holm([0.5, 1.5])


@settings(max_examples=40, deadline=None)
@given(rows=st.lists(st.tuples(st.integers(0, 5), st.integers(1, 9)), min_size=1, max_size=20))
def test_a_ratio_lies_in_its_interval_and_the_order_of_rows_is_nothing_to_it(rows):
    parts, wholes = zip(*rows, strict=True)
    found = ratio_interval(parts, wholes, resamples=300)
    assert found.low <= found.estimate <= found.high
    assert found.estimate == pytest.approx(sum(parts) / sum(wholes))
    assert found.n == sum(wholes)
    assert ratio_interval(parts[::-1], wholes[::-1], resamples=300) == found


def test_a_ratio_of_alike_questions_is_as_sure_as_wilson_and_less_sure_in_clusters():
    alone = ratio_interval([1] * 60 + [0] * 40, [1] * 100)
    wilson = proportion_interval(60, 100)
    assert (alone.low, alone.high) == pytest.approx((wilson.low, wilson.high), abs=0.02)
    together = ratio_interval([4] * 15 + [0] * 10, [4] * 25)
    assert together.estimate == alone.estimate
    assert together.high - together.low > 1.7 * (alone.high - alone.low)


@pytest.mark.parametrize(
    ("parts", "wholes"), [([], []), ([1], [1, 2]), ([0], [0]), ([1, 1], [2, -1]), ([math.nan], [1])]
)
def test_a_ratio_needs_parts_with_wholes(parts, wholes):
    with pytest.raises(InvalidSample):
        ratio_interval(parts, wholes)


def test_a_difference_of_ratios_is_that_of_the_sums_with_an_interval_around_it() -> None:
    first, second = ([8.0, 9.0, 7.0], [10.0, 10.0, 10.0]), ([5.0, 7.0, 6.0], [10.0, 10.0, 10.0])
    found = ratio_difference(first, second)
    assert found.estimate == pytest.approx(0.2)
    assert found.low <= 0.2 <= found.high
    assert found.n == 3
    assert found.low == pytest.approx(0.1)
    assert found.high == pytest.approx(0.3)


def test_the_interval_of_a_difference_of_ratios_covers_as_often_as_it_says() -> None:
    rng, hits = np.random.default_rng(5), 0
    for trial in range(60):
        wholes = [4.0] * 50
        a, b = rng.binomial(4, 0.9, 50), rng.binomial(4, 0.8, 50)
        found = ratio_difference(
            (a.tolist(), wholes), (b.tolist(), wholes), resamples=800, seed=trial
        )
        hits += found.low <= 0.1 <= found.high
    assert 50 <= hits <= 60  # 57 expected of 60 at 95 %


def test_swapping_finds_a_difference_that_is_there_and_none_that_is_not() -> None:
    better, worse, wholes = [4.0] * 30, [3.0] * 20 + [4.0] * 10, [4.0] * 30
    assert swap_test((better, wholes), (worse, wholes)) < 0.001
    assert swap_test((better, wholes), (better, wholes)) == 1.0
    assert swap_test(([4.0, 3.0], [4.0, 4.0]), ([3.0, 4.0], [4.0, 4.0])) > 0.9


def test_swapping_is_the_same_whoever_comes_first() -> None:
    a, b = ([3.0, 4.0, 4.0], [4.0, 4.0, 5.0]), ([2.0, 4.0, 1.0], [4.0, 6.0, 5.0])
    assert swap_test(a, b) == pytest.approx(swap_test(b, a), abs=0.03)


@pytest.mark.parametrize(
    ("first", "second"),
    [
        (([1.0], [1.0]), ([1.0, 1.0], [1.0, 1.0])),
        (([1.0], [0.0]), ([1.0], [1.0])),
        (([], []), ([], [])),
        (([math.nan], [1.0]), ([1.0], [1.0])),
        (([1.0, 1.0], [2.0, -1.0]), ([1.0, 1.0], [1.0, 1.0])),
    ],
)
def test_what_is_no_pair_of_ratios_has_no_difference(first: Any, second: Any) -> None:
    for test in (ratio_difference, swap_test):
        with pytest.raises(InvalidSample):
            test(first, second)
