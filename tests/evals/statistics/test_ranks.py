from __future__ import annotations

import math

import numpy as np
import pytest

from helmsight.evals.errors import InvalidSample
from helmsight.evals.statistics import rank_shares


def test_who_is_better_at_every_seed_is_first_in_every_draw():
    shares = rank_shares([[1.0, 2, 3, 4, 5, 6], [11.0, 12, 13, 14, 15, 16]], resamples=500)
    assert shares.tolist() == [[0.0, 1.0], [1.0, 0.0]]


def test_rows_and_columns_add_up_and_likes_share_their_ranks():
    rng = np.random.default_rng(2)
    scores = rng.normal(0.0, 1.0, (4, 9))
    scores[3] = scores[2]
    shares = rank_shares(scores, resamples=800)
    assert shares.sum(axis=0) == pytest.approx(np.ones(4))
    assert shares.sum(axis=1) == pytest.approx(np.ones(4))
    assert shares[2] == pytest.approx(shares[3])
    assert (shares == rank_shares(scores, resamples=800)).all()


def test_seeds_are_drawn_for_all_alike():
    luck = np.array([0.0, 50.0, 10.0, 90.0, 30.0, 70.0, 20.0])
    shares = rank_shares(np.stack([luck, luck + 1.0]), resamples=500)
    assert shares[1, 0] == 1.0  # one better at every seed, however lucky these are


def test_of_equal_medians_the_mean_decides():
    right = [[1.0] * 9 + [0.0], [1.0] * 8 + [0.0] * 2]  # answers: their median is 1 both times
    shares = rank_shares(right, resamples=2000)
    assert shares[0, 0] > 0.7


def test_of_few_seeds_no_order_is_drawn_again():
    assert rank_shares([[1.0, 2.0, 3.0], [4.0, 5.0, 6.0]]) is None


@pytest.mark.parametrize("scores", [[], [[math.nan] * 6], [1.0, 2.0]])
def test_ranks_need_scores(scores):
    with pytest.raises(InvalidSample):
        rank_shares(scores)
