"""Proves spatial relations consistent or contradicted, names the smallest contradictions.

Neutral ("aligned with") is a dead band, not equality: of three things each aligned with the next,
the first and the last need not be aligned. So each axis is a semiorder (Luce 1956,
doi:10.2307/1905751): there are coordinates x and a band > 0 with

    a > b (sign 1)      iff   x_a - x_b > band
    a ~ b (neutral)     iff   |x_a - x_b| <= band.

Every claim bounds differences of coordinates. a > b is an edge from a to b of weight +1 and a ~ b
one edge each way of weight -1; an edge of weight w from a to b says x_a - x_b > band for w = 1
and x_a - x_b >= -band for w = -1. Around a cycle the differences add up to 0, so that s strict
and t neutral edges demand 0 > (s - t) band as soon as s > 0: impossible if s >= t. By Farkas'
lemma for difference constraints nothing else is: claims contradict each other exactly when there
is a cycle of weight >= 0, and the claims of such a simple cycle are a contradiction from which
none can be left out. Longest paths (Floyd-Warshall in the max-plus algebra) decide both that and
what still follows for a pair of which nothing was claimed.

The band is any positive number and the same for all pairs of an axis; it need not be known. The
same pair claimed twice with different signs is a cycle of two: the inverse check.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property
from itertools import combinations
from typing import Any

import numpy as np
from numpy.typing import NDArray

from helmsight.prompts.errors import InvalidClaims
from helmsight.prompts.relations import Axis, Claim, RelationFrame

UNKNOWN = 127  # stands for no claim where an array of integers is checked
NOTHING = -10_000  # weight of a path that does not exist
BATCH = 1024  # sets that are checked at a time: their paths fit into a core's cache
SIGNS = (-1, 0, 1)

Pair = tuple[str, str]
Space = tuple[RelationFrame, str, Axis]  # claims of one space are comparable


@dataclass(frozen=True)
class Conflict:
    """Claims that cannot all be true, and of which none can be left out for that."""

    claims: tuple[Claim, ...]

    @property
    def axis(self) -> Axis:
        """The axis on which they contradict each other."""
        return self.claims[0].axis

    @property
    def pairs(self) -> tuple[Pair, ...]:
        """The pairs that the claims are about, each in the order of its names."""
        return tuple(dict.fromkeys(pair_of(claim) for claim in self.claims))

    def text(self) -> str:
        """Return the contradiction in words."""
        return f"{self.axis}: not all of: {'; '.join(claim.text() for claim in self.claims)}"


@dataclass(frozen=True)
class ConsistencyReport:
    """What the checker found: every smallest contradiction, and how much was checked.

    `checked` counts the pairs claimed more than once on an axis (inverse checks) and the triples
    of objects of which all three pairs are claimed on an axis (transitive checks), `held` those
    without a contradiction of their own. Contradictions of four objects and more are in neither.
    """

    conflicts: tuple[Conflict, ...]
    checked: int
    held: int
    claims: tuple[Claim, ...]

    @property
    def consistent(self) -> bool:
        """Whether all claims can be true together."""
        return not self.conflicts

    @property
    def score(self) -> float | None:
        """The share of checks that hold; None where nothing could be checked."""
        return self.held / self.checked if self.checked else None

    @cached_property
    def possible(self) -> Mapping[tuple[str, str, Axis], frozenset[int]]:
        """What each pair can still be, by (a, b, axis) in both orders; without contradicted axes.

        Holds the pairs of objects that are both named on the axis, in the frames IMAGE and VIEWER.
        """
        possible: dict[tuple[str, str, Axis], frozenset[int]] = {}
        for (frame, _, axis), claims in _spaces(self.claims).items():
            if frame is not RelationFrame.OBJECT:
                graph = _Graph(claims)
                if not graph.contradicted:
                    possible |= {(a, b, axis): signs for (a, b), signs in graph.possible()}
        return possible


def check(claims: Iterable[Claim]) -> ConsistencyReport:
    """Return what contradicts what among `claims`, per frame and axis.

    Conflicts come smallest first, then by the least confidence of their claims; on each axis all
    contradictions of the smallest size are listed.

    Raises:
        InvalidClaims: an object is related to itself.
    """
    claims = tuple(claims)
    conflicts: list[Conflict] = []
    checked = held = 0
    for mine in _spaces(claims).values():
        graph = _Graph(mine)
        if graph.contradicted:
            conflicts += graph.smallest()
        for part in _checks(mine):
            checked += 1
            held += not _Graph(part).contradicted
    conflicts.sort(key=lambda c: (len(c.claims), sum(claim.confidence for claim in c.claims)))
    return ConsistencyReport(tuple(conflicts), checked, held, claims)


def pair_of(claim: Claim) -> Pair:
    """Return the pair that a claim is about, whichever way round it was said."""
    return (claim.a, claim.b) if claim.a < claim.b else (claim.b, claim.a)


def _spaces(claims: Iterable[Claim]) -> dict[Space, list[Claim]]:
    """Return the claims that can be compared with each other, by frame and axis."""
    spaces: dict[Space, list[Claim]] = defaultdict(list)
    for claim in claims:
        if claim.a == claim.b:
            raise InvalidClaims(f'"{claim.text()}" relates an object to itself; leave it out')
        own = claim.b if claim.frame is RelationFrame.OBJECT else ""
        spaces[claim.frame, own, claim.axis].append(claim)
    return spaces


def _checks(claims: Sequence[Claim]) -> Iterator[list[Claim]]:
    """Yield the claims of each pair claimed more than once, and of each triple of claimed pairs."""
    by_pair: dict[Pair, list[Claim]] = defaultdict(list)
    for claim in claims:
        by_pair[pair_of(claim)].append(claim)
    yield from (mine for mine in by_pair.values() if len(mine) > 1)
    objects = sorted({name for pair in by_pair for name in pair})
    for a, b, c in combinations(objects, 3):
        pairs = [(a, b), (a, c), (b, c)]
        if all(pair in by_pair for pair in pairs):
            yield [claim for pair in pairs for claim in by_pair[pair]]


class _Graph:
    """The claims of one space as weighted edges, and the longest paths between the objects."""

    def __init__(self, claims: Iterable[Claim]) -> None:
        self.claims = list(claims)
        self.edges: list[tuple[int, int, int, int]] = []  # from, to, weight, claim
        self.objects = list(dict.fromkeys(name for c in self.claims for name in (c.a, c.b)))
        number = {name: i for i, name in enumerate(self.objects)}
        for n, claim in enumerate(self.claims):
            a, b = number[claim.a], number[claim.b]
            if claim.sign >= 0:
                self.edges.append((a, b, 1 if claim.sign else -1, n))
            if claim.sign <= 0:
                self.edges.append((b, a, 1 if claim.sign else -1, n))
        paths = np.full((len(self.objects),) * 2, NOTHING, np.int64)
        for a, b, weight, _ in self.edges:
            paths[a, b] = max(paths[a, b], weight)
        self.longest = _closed(paths)

    @property
    def contradicted(self) -> bool:
        """Whether there is a cycle of weight >= 0."""
        return bool((np.diagonal(self.longest) >= 0).any())

    def smallest(self) -> list[Conflict]:
        """Return every contradiction with as few claims as there can be.

        The shortest closed walks of weight >= 0 are simple cycles: a longer one falls apart into
        cycles of which one has weight >= 0 as well. A neutral claim gives two edges, but both in
        one simple cycle weigh -2; so a cycle has as many claims as edges.
        """
        for length in range(2, len(self.objects) + 1):
            cycles = {
                tuple(sorted(cycle))  # the same claims in another order are the same contradiction
                for start in range(len(self.objects))
                for cycle in self._cycles(start, start, length, 0, ())
            }
            if cycles:
                return [Conflict(tuple(self.claims[n] for n in cycle)) for cycle in sorted(cycles)]
        return []

    def _cycles(
        self, start: int, at: int, left: int, weight: int, walked: tuple[int, ...]
    ) -> Iterator[tuple[int, ...]]:
        """Yield cycles of weight >= 0 through `start` and objects after it, `left` edges to go.

        `start` is the first object of the cycle: cycles through earlier ones have been found from
        these. A walk that meets an object twice falls apart into shorter cycles, and `smallest`
        has found none of them.
        """
        if weight + left < 0:  # not even with an edge of weight 1 for each that is left
            return
        for a, b, more, claim in self.edges:
            if a != at or (b == start) != (left == 1) or b < start:
                continue
            if left > 1:
                yield from self._cycles(start, b, left - 1, weight + more, (*walked, claim))
            elif weight + more >= 0:
                yield (*walked, claim)

    def possible(self) -> Iterator[tuple[Pair, frozenset[int]]]:
        """Yield the signs that each ordered pair can have without contradicting the claims.

        A sign is possible if its own edges close no cycle of weight >= 0.
        """
        for i, a in enumerate(self.objects):
            for j, b in enumerate(self.objects):
                if i != j:
                    # the edges of a sign close a cycle with the longest path the other way: 1 is an
                    # edge of weight 1 there, 0 one of -1 each way, -1 an edge of weight 1 back
                    there, back = self.longest[i, j], self.longest[j, i]
                    fits = {1: back <= -2, 0: there <= 0 and back <= 0, -1: there <= -2}
                    yield (a, b), frozenset(sign for sign in SIGNS if fits[sign])


def _closed(paths: NDArray[Any]) -> NDArray[Any]:
    """Return the heaviest weight of a path between any two of k objects, in place.

    `paths` has shape (k, k, ...): the heaviest edge from the first to the second index, NOTHING
    where there is none; any further axes are sets of their own. A cycle of weight >= 0 shows on
    the diagonal, and then the other entries mean nothing: they are held below k, which a path
    without such a cycle never reaches.
    """
    longer = np.empty_like(paths)
    for middle in range(len(paths)):
        np.add(paths[:, middle, None], paths[None, middle], out=longer)
        np.maximum(paths, longer, out=paths)
        np.minimum(paths, len(paths), out=paths)
    return paths


def consistent(signs: NDArray[Any]) -> NDArray[np.bool_]:
    """Return which of many sets of claims are consistent, (n, axes).

    `signs` (n, k, k, axes) holds the sign of the first object to the second in n sets of claims
    about k objects: -1, 0, 1, anything else (NaN, UNKNOWN) where nothing was claimed. Both orders
    of a pair may be claimed; the diagonal is not looked at. Agrees with `check`.
    """
    n, k, _, axes = signs.shape
    verdicts = np.empty((n, axes), np.bool_)
    itself = np.arange(k)
    for start in range(0, n, BATCH):
        # the sets go last, so that each step of the longest paths runs over all of them at once
        part = np.ascontiguousarray(np.moveaxis(signs[start : start + BATCH], 0, -1))
        back = part.swapaxes(0, 1)
        paths = np.maximum(
            _weighed((part == 1) | (back == -1), 1), _weighed((part == 0) | (back == 0), -1)
        )
        paths[itself, itself] = NOTHING
        verdicts[start : start + BATCH] = (_closed(paths)[itself, itself] < 0).all(axis=0).T
    return verdicts


def _weighed(edges: NDArray[np.bool_], weight: int) -> NDArray[np.int16]:
    """Return `weight` where there is an edge and NOTHING elsewhere.

    As a product and a sum, which numpy does faster than `where`.
    """
    return np.asarray(edges * np.int16(weight - NOTHING) + np.int16(NOTHING))
