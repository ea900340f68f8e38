from __future__ import annotations

import math
from itertools import product
from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from helmsight.evals.errors import InvalidSample
from helmsight.evals.statistics import holm, mcnemar, paired_test, ratio_difference, swap_test

NUMBERS = st.integers(-20, 20).map(float)


@pytest.mark.slow
@settings(max_examples=30, deadline=None)
@given(values=st.lists(st.tuples(NUMBERS, NUMBERS), min_size=1, max_size=7))
def test_a_paired_test_counts_the_ways_of_swapping_that_differ_as_much(values):
    first, second = (list(side) for side in zip(*values, strict=True))
    found = np.subtract(first, second)
    ways = [abs(np.dot(signs, found)) for signs in product((1, -1), repeat=len(found))]
    as_large = sum(way >= abs(found.sum()) - 1e-9 for way in ways)
    assert paired_test(first, second) == pytest.approx(as_large / len(ways))
    assert paired_test(second, first) == pytest.approx(paired_test(first, second))


def test_five_pairs_show_nothing_and_six_do():
    better = [5.0, 6.0, 7.0, 8.0, 9.0, 10.0]
    worse = [value - 1.5 for value in better]
    assert paired_test(better[:5], worse[:5]) == pytest.approx(2 / 2**5)
    assert paired_test(better, worse) == pytest.approx(2 / 2**6)


def test_many_pairs_are_swapped_at_random_the_same_way_each_time():
    rng = np.random.default_rng(4)
    first = rng.normal(0.3, 1.0, 40).tolist()
    second = rng.normal(0.0, 1.0, 40).tolist()
    p = paired_test(first, second, resamples=2000)
    assert p == paired_test(first, second, resamples=2000)
    assert 0.0 < p < 1.0
    assert paired_test([9.0] * 40, [0.0] * 40, resamples=2000) == pytest.approx(2 / 2001)


def test_no_difference_at_all_is_p_one():
    assert paired_test([1.0, 2.0], [1.0, 2.0]) == 1.0


@pytest.mark.parametrize(("first", "second"), [([1.0], [1.0, 2.0]), ([], []), ([math.nan], [1.0])])
def test_what_is_no_pairs_is_not_tested(first, second):
    with pytest.raises(InvalidSample):
        paired_test(first, second)


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
