from __future__ import annotations

from collections.abc import Iterator
from functools import cache
from itertools import combinations, permutations, product

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from helmsight.prompts.constraints import UNKNOWN, check, consistent
from helmsight.prompts.errors import InvalidClaims
from helmsight.prompts.relations import Axis, Claim, Relation, RelationFrame, claim

H, V, D = Axis
NAMES = "abcdef"
STATES = (-1, 0, 1, None)


@cache
def realisable(k: int) -> frozenset[tuple[int, ...]]:
    """The signs of all pairs of k objects that some coordinates have: the brute-force oracle.

    Integers with a band of k are enough: a strict pair is then apart by at least k + 1, and k
    objects span at most (k - 1)(k + 1).
    """
    band = k
    points = np.array(list(product(range((k - 1) * (band + 1) + 1), repeat=k)), np.int16)
    points = points[points.min(axis=1) == 0]
    apart = np.stack([points[:, i] - points[:, j] for i, j in combinations(range(k), 2)], axis=1)
    signs = np.where(np.abs(apart) <= band, 0, np.sign(apart))
    return frozenset(map(tuple, np.unique(signs, axis=0).tolist()))


def exists(k: int, signs: tuple[int | None, ...]) -> bool:
    """Whether coordinates exist that have `signs` where they are given."""
    return any(
        all(given in (None, sign) for given, sign in zip(signs, whole, strict=True))
        for whole in realisable(k)
    )


def claims_of(k: int, signs: tuple[int | None, ...]) -> list[Claim]:
    pairs = combinations(range(k), 2)
    return [
        claim(NAMES[i], H, sign, NAMES[j])
        for (i, j), sign in zip(pairs, signs, strict=True)
        if sign is not None
    ]


def array_of(k: int, sets: list[tuple[int | None, ...]]) -> np.ndarray:
    signs = np.full((len(sets), k, k, 1), np.nan, np.float32)
    for at, (i, j) in enumerate(combinations(range(k), 2)):
        signs[:, i, j, 0] = [np.nan if table[at] is None else table[at] for table in sets]
    return signs


def test_the_oracle_knows_every_semiorder():
    # labelled semiorders: https://oeis.org/A006531
    assert [len(realisable(k)) for k in (2, 3, 4)] == [3, 19, 183]


@pytest.mark.slow
@pytest.mark.parametrize("k", [2, 3, 4])
def test_every_set_of_claims_is_judged_as_by_the_oracle(k):
    sets = list(product(STATES, repeat=k * (k - 1) // 2))
    truth = [exists(k, signs) for signs in sets]
    assert [check(claims_of(k, signs)).consistent for signs in sets] == truth
    assert consistent(array_of(k, sets))[:, 0].tolist() == truth


@pytest.mark.slow
def test_every_set_with_both_orders_of_three_pairs_is_judged_as_by_the_oracle():
    ordered = list(permutations(range(3), 2))
    upper = list(combinations(range(3), 2))
    sets = list(product(STATES, repeat=6))
    signs = np.full((len(sets), 3, 3, 1), UNKNOWN, np.int8)
    truth = []
    for n, table in enumerate(sets):
        merged: dict[tuple[int, int], set[int]] = {pair: set() for pair in upper}
        for (i, j), sign in zip(ordered, table, strict=True):
            if sign is not None:
                signs[n, i, j, 0] = sign
                merged[min(i, j), max(i, j)].add(sign if i < j else -sign)
        once = all(len(values) < 2 for values in merged.values())
        truth.append(once and exists(3, tuple(next(iter(merged[p]), None) for p in upper)))
    assert consistent(signs)[:, 0].tolist() == truth
    for n in range(0, len(sets), 7):
        claims = [
            claim(NAMES[i], V, sign, NAMES[j])
            for (i, j), sign in zip(ordered, sets[n], strict=True)
            if sign is not None
        ]
        assert check(claims).consistent == truth[n]


@pytest.mark.slow
def test_every_set_with_both_orders_of_all_pairs_of_four_objects_is_judged_as_by_the_oracle():
    pairs = list(combinations(range(4), 2))
    shape = (len(STATES),) * len(pairs)
    truth = np.array([exists(4, signs) for signs in product(STATES, repeat=len(pairs))])
    value = np.array([-1, 0, 1, UNKNOWN], np.int8)
    all_back = np.stack(np.unravel_index(np.arange(truth.size), shape), axis=-1)
    unsaid = len(STATES) - 1
    for there in all_back:  # 4,096 sets for each of 4,096: every state of every ordered pair
        signs = np.full((truth.size, 4, 4, 1), UNKNOWN, np.int8)
        merged = np.empty_like(all_back)
        clash = np.zeros(truth.size, np.bool_)
        for at, (i, j) in enumerate(pairs):
            signs[:, i, j, 0], signs[:, j, i, 0] = value[there[at]], value[all_back[:, at]]
            turned = np.where(all_back[:, at] == unsaid, unsaid, 2 - all_back[:, at])
            merged[:, at] = turned if there[at] == unsaid else there[at]
            if there[at] != unsaid:
                clash |= (turned != unsaid) & (turned != there[at])
        wanted = ~clash & truth[np.ravel_multi_index(tuple(merged.T), shape)]
        assert np.array_equal(consistent(signs)[:, 0], wanted)


@pytest.mark.slow
@pytest.mark.parametrize("k", [3, 4])
def test_what_a_pair_can_still_be_is_what_the_oracle_leaves(k):
    for signs in list(product(STATES, repeat=k * (k - 1) // 2))[:: 1 if k == 3 else 9]:
        report = check(claims_of(k, signs))
        if not report.consistent:
            assert report.possible == {}
            continue
        for at, (i, j) in enumerate(combinations(range(k), 2)):
            if (key := (NAMES[i], NAMES[j], H)) in report.possible:
                left = {
                    sign
                    for sign in (-1, 0, 1)
                    if signs[at] in (None, sign)
                    and exists(k, (*signs[:at], sign, *signs[at + 1 :]))
                }
                assert report.possible[key] == left
                assert report.possible[key[1], key[0], H] == {-sign for sign in left}


@st.composite
def any_claims(draw: st.DrawFn) -> list[Claim]:
    pairs = st.permutations(NAMES).map(lambda mixed: mixed[:2])
    signs = st.sampled_from((-1, 0, 1))
    stated = st.tuples(pairs, st.sampled_from(list(Axis)), signs, st.floats(0, 1))
    return [
        Claim(a, b, Relation(axis, sign), confidence=confidence)
        for (a, b), axis, sign, confidence in draw(st.lists(stated, max_size=20))
    ]


def subsets(claims: tuple[Claim, ...]) -> Iterator[list[Claim]]:
    for left_out in range(len(claims)):
        yield [claim for at, claim in enumerate(claims) if at != left_out]


@given(any_claims())
def test_a_contradiction_is_one_and_none_of_its_claims_can_be_left_out(claims):
    for conflict in check(claims).conflicts:
        assert not check(conflict.claims).consistent
        assert all(check(fewer).consistent for fewer in subsets(conflict.claims))


@pytest.mark.slow
@given(any_claims())
def test_no_smaller_contradiction_is_missed(claims):
    report = check(claims)
    for axis in Axis:
        mine = [part for part in claims if part.axis is axis]
        smallest = next(
            (
                size
                for size in range(2, 5)
                if any(not check(some).consistent for some in combinations(mine[:9], size))
            ),
            None,
        )
        if smallest is not None:
            named = [len(part.claims) for part in report.conflicts if part.axis is axis]
            assert named
            assert max(named) <= smallest


@given(any_claims())
def test_one_set_and_many_are_judged_alike(claims):
    last = {(stated.a, stated.b, stated.axis): stated for stated in claims}
    signs = np.full((1, 6, 6, 3), UNKNOWN, np.int8)
    for (a, b, axis), stated in last.items():
        signs[0, NAMES.index(a), NAMES.index(b), list(Axis).index(axis)] = stated.sign
    report = check(last.values())
    held = consistent(signs)[0]
    for axis, consistent_there in zip(Axis, held, strict=True):
        assert consistent_there == all(conflict.axis is not axis for conflict in report.conflicts)


@given(st.lists(st.floats(-5, 5), min_size=3, max_size=6), st.floats(0.01, 3))
def test_truthful_claims_are_never_called_contradictory(xs, band):
    claims = []
    for (i, x), (j, y) in permutations(enumerate(xs), 2):
        sign = 0 if abs(x - y) <= band else (1 if x > y else -1)
        claims.append(claim(NAMES[i], D, sign, NAMES[j]))
    report = check(claims)
    assert report.consistent
    assert report.score == 1.0


def test_neighbours_may_be_aligned_and_the_ends_not():
    assert check([claim("a", H, 0, "b"), claim("b", H, 0, "c"), claim("a", H, -1, "c")]).consistent


def test_a_pair_said_twice_with_different_signs_is_the_smallest_contradiction():
    claims = [claim("a", H, -1, "b"), claim("b", H, -1, "a"), claim("b", H, -1, "c")]
    (conflict,) = check(claims).conflicts
    assert conflict.claims == tuple(claims[:2])
    assert conflict.pairs == (("a", "b"),)
    assert conflict.text() == "horizontal: not all of: a is left of b; b is left of a"


def test_the_least_confident_of_equal_contradictions_comes_first():
    def circle(axis: Axis, confidence: float) -> list[Claim]:
        return [
            Claim(a, b, Relation(axis, 1), confidence=confidence) for a, b in ("ab", "bc", "ca")
        ]

    first, second = check([*circle(H, 0.9), *circle(V, 0.4)]).conflicts
    assert (first.axis, second.axis) == (V, H)


def test_what_follows_from_two_claims_is_told():
    report = check([claim("a", H, -1, "b"), claim("b", H, -1, "c")])
    assert report.possible["a", "c", H] == {-1}
    assert report.possible["c", "a", H] == {1}
    assert ("a", "c", V) not in report.possible


def test_the_score_is_the_share_of_pairs_and_triples_that_hold():
    good = [claim("a", H, -1, "b"), claim("b", H, 1, "a")]
    bad = [claim("a", V, -1, "b"), claim("b", V, -1, "c"), claim("c", V, -1, "a")]
    report = check([*good, *bad])
    assert (report.checked, report.held, report.score) == (2, 1, 0.5)
    assert check(good[:1]).score is None


def test_frames_are_kept_apart():
    left = Claim("a", "b", Relation(H, -1), RelationFrame.IMAGE)
    assert check([left, Claim("a", "b", Relation(H, 1), RelationFrame.VIEWER)]).consistent
    assert not check([left, Claim("a", "b", Relation(H, 1), RelationFrame.IMAGE)]).consistent


def test_in_the_frames_of_different_objects_nothing_is_compared():
    facing = [Claim(a, b, Relation(H, -1), RelationFrame.OBJECT) for a, b in ("ab", "ba")]
    assert check(facing).consistent
    assert not check([facing[0], Claim("a", "b", Relation(H, 1), RelationFrame.OBJECT)]).consistent


def test_an_object_related_to_itself_is_refused():
    with pytest.raises(InvalidClaims, match="itself"):
        check([claim("a", H, 0, "a")])


def test_nothing_contradicts_nothing():
    report = check([])
    assert report.consistent
    assert report.possible == {}
    assert consistent(np.full((0, 3, 3, 3), np.nan)).shape == (0, 3)
