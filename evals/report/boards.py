"""Competitors side by side under one condition, and the tests between them."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from itertools import combinations

import numpy as np

from helmsight.evals.episode import EpisodeRow
from helmsight.evals.report.groups import by, competitor_of, condition_of
from helmsight.evals.report.points import BY_SUCCESS, Scale
from helmsight.evals.report.shares import share, share_difference
from helmsight.evals.statistics import (
    Interval,
    detectable,
    fewest_pairs,
    holm,
    mean_interval,
    median_interval,
    paired_interval,
    paired_test,
    pairs_needed,
    proportion_interval,
    rank_shares,
)

ALPHA = 0.05
Runs = Mapping[int, float]
"""Points of a run of all scenarios, their mean, by seed."""


@dataclass(frozen=True)
class Entry:
    """One competitor under one condition.

    `points` is the median over seeds of a run of all scenarios, or the share of those that
    succeeded where a run is whole or nothing; `mean` the mean; both None where no seed has all
    scenarios. `runs` are these runs. `ranks` is how often it comes at each rank
    when seeds are drawn again, None with too few.
    """

    name: str
    rows: tuple[EpisodeRow, ...]
    runs: Runs
    points: Interval | None
    mean: Interval | None
    success: Interval
    ranks: tuple[float, ...] | None = None

    @property
    def failed(self) -> int:
        """How many episodes did not end as episodes end."""
        return sum(not row.done for row in self.rows)

    @property
    def think_ms(self) -> tuple[float, float] | None:
        """Median and 95th percentile of all its decisions, ms; None where there were none."""
        think = [ms for row in self.rows for ms in row.think_ms]
        if not think:
            return None
        p50, p95 = np.percentile(think, [50, 95])
        return float(p50), float(p95)


@dataclass(frozen=True)
class Comparison:
    """Two competitors at the seeds that both ran: `difference` is points of the first less the
    second's, the median of the pairs with its interval; `mean` and `spread` are mean and
    standard deviation.

    `p` is of the paired permutation test, `p_holm` adjusted for all comparisons of the report;
    `detectable` is the mean difference that so many seeds show four times of five, `needed` how
    many seeds show this one. Both are None where there is no number to give.
    """

    first: str
    second: str
    condition: str
    n: int
    difference: Interval
    mean: float
    spread: float
    p: float
    p_holm: float = 1.0
    family: int = 1

    @property
    def alpha(self) -> float:
        """What the smallest p of the family has to be at most."""
        return ALPHA / self.family

    @property
    def detectable(self) -> float | None:
        return detectable(self.spread, self.n, self.alpha) if self.n > 1 else None

    @property
    def needed(self) -> int | None:
        if self.n < 2:
            return fewest_pairs(self.alpha)
        needed = pairs_needed(self.mean, self.spread, self.alpha)
        return None if needed is None else max(needed, self.n + 1)

    @property
    def shown(self) -> bool:
        """Whether the test carries that one is better; the median must not say the other."""
        return self.p_holm <= ALPHA and self.mean != 0 and self.mean * self.difference.estimate >= 0

    @property
    def verdict(self) -> str:
        """Who beats whom, or how many seeds would tell."""
        if self.shown:
            ahead = self.mean > 0
            winner, loser = (self.first, self.second) if ahead else (self.second, self.first)
            return f"{winner} beats {loser}"
        if self.n > 1 and self.mean == 0 and self.spread == 0:
            return "no difference at any seed"
        if self.needed is None:
            return "not shown: needs more than 100,000 seeds"
        least = "at least" if self.n < 2 else "about"
        return f"not shown: needs {least} {self.needed:,} seeds"


@dataclass(frozen=True)
class Board:
    """All competitors under one condition, the best first; `incomplete` counts runs (a seed of a
    competitor) that lack scenarios and are in no points.
    """

    condition: str
    scenarios: tuple[str, ...]
    entries: tuple[Entry, ...]
    comparisons: tuple[Comparison, ...]
    incomplete: int


def boards(
    rows: Sequence[EpisodeRow], every: Sequence[EpisodeRow], scales: Mapping[str, Scale]
) -> list[Board]:
    """Return a board of each condition that `rows`, episodes without disturbance, were run under.

    `every` are all rows of the report: what differs among them is in the names. p-values are
    adjusted over all boards.
    """
    name, condition = competitor_of(every), condition_of(every)
    found = [_board(of, by(group, name), scales) for of, group in by(rows, condition).items()]
    p_values = [pair.p for board in found for pair in board.comparisons]
    adjusted = iter(holm(p_values))
    return [
        replace(
            board,
            comparisons=tuple(
                replace(pair, p_holm=next(adjusted), family=len(p_values))
                for pair in board.comparisons
            ),
        )
        for board in found
    ]


def _board(
    condition: str, groups: Mapping[str, Sequence[EpisodeRow]], scales: Mapping[str, Scale]
) -> Board:
    scenarios = tuple(sorted({row.scenario for of in groups.values() for row in of}))
    cells = {name: _cells(of, scales) for name, of in groups.items()}
    whole = len(scenarios) == 1 and scales[scenarios[0]].kind == BY_SUCCESS
    entries = [_entry(name, of, cells[name], scenarios, whole) for name, of in groups.items()]
    entries.sort(key=_place)
    shares = _ranks(entries)
    entries = [replace(entry, ranks=ranks) for entry, ranks in zip(entries, shares, strict=True)]
    pairs = [
        _compare(condition, first.name, second.name, cells, whole)
        for first, second in combinations(entries, 2)
    ]
    seeds = sum(len({row.seed for row in entry.rows}) for entry in entries)
    complete = sum(len(entry.runs) for entry in entries)
    return Board(
        condition,
        scenarios,
        tuple(entries),
        tuple(pair for pair in pairs if pair),
        seeds - complete,
    )


def _cells(rows: Sequence[EpisodeRow], scales: Mapping[str, Scale]) -> dict[tuple[str, int], float]:
    """Return the points of each episode by scenario and seed."""
    return {(row.scenario, row.seed): scales[row.scenario].points(row) for row in rows}


def _entry(
    name: str,
    rows: Sequence[EpisodeRow],
    cells: Mapping[tuple[str, int], float],
    scenarios: Sequence[str],
    whole: bool,
) -> Entry:
    runs = _runs(cells, scenarios)
    values = list(runs.values())
    typical = share if whole else median_interval
    return Entry(
        name,
        tuple(rows),
        runs,
        typical(values) if values else None,
        mean_interval(values) if values else None,
        proportion_interval(sum(row.success for row in rows), len(rows)),
    )


def _runs(cells: Mapping[tuple[str, int], float], scenarios: Sequence[str]) -> dict[int, float]:
    """Return the mean points over `scenarios` at each seed that has them all."""
    return {
        seed: float(np.mean([cells[scenario, seed] for scenario in scenarios]))
        for seed in sorted({seed for _, seed in cells})
        if all((scenario, seed) in cells for scenario in scenarios)
    }


def _place(entry: Entry) -> tuple[float, float, float]:
    """Return what entries are sorted by: medians, of equal ones means, then successes."""
    median, mean = (
        found.estimate if found else float("-inf") for found in (entry.points, entry.mean)
    )
    return -median, -mean, -entry.success.estimate


def _ranks(entries: Sequence[Entry]) -> list[tuple[float, ...] | None]:
    shared = sorted(set.intersection(*(set(entry.runs) for entry in entries)))
    shares = (
        rank_shares([[entry.runs[seed] for seed in shared] for entry in entries])
        if shared and len(entries) > 1
        else None
    )
    if shares is None:
        return [None] * len(entries)
    return [tuple(map(float, row)) for row in shares]


def _compare(
    condition: str,
    first: str,
    second: str,
    every: Mapping[str, Mapping[tuple[str, int], float]],
    whole: bool,
) -> Comparison | None:
    """Return two competitors on the scenarios that both flew, None without a seed of both.

    Where runs are `whole` or nothing, the difference is that of their shares.
    """
    cells, others = every[first], every[second]
    scenarios = sorted({scenario for scenario, _ in cells} & {scenario for scenario, _ in others})
    if not scenarios:
        return None
    mine, theirs = _runs(cells, scenarios), _runs(others, scenarios)
    seeds = [seed for seed in mine if seed in theirs]
    if not seeds:
        return None
    one, other = [mine[seed] for seed in seeds], [theirs[seed] for seed in seeds]
    apart = np.subtract(one, other)
    spread = float(np.std(apart, ddof=1)) if len(seeds) > 1 else 0.0
    return Comparison(
        first, second, condition, len(seeds),
        share_difference(one, other) if whole else paired_interval(one, other),
        float(apart.mean()), spread, paired_test(one, other),
    )  # fmt: skip
