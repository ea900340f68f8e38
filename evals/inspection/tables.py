"""Tables of marked inspections: every figure with n and its interval, and tests between pilots."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from itertools import combinations

from helmsight.evals.inspection.scores import Marks
from helmsight.evals.statistics import (
    Interval,
    median_interval,
    proportion_interval,
    ratio_difference,
    ratio_interval,
    share_interval,
    swap_test,
)

COLUMNS = (
    "pilot", "n", "states right", "F1", "precision", "recall", "coverage", "contacts", "looks",
    "left open", "model s", "thinking s",
)  # fmt: skip
PAIRS = ("first", "second", "n", "F1, difference", "p", "states right, difference", "p ",
         "model time, first / second")  # fmt: skip
LEGEND = (
    "Every figure with its 95 % interval over the cells, where these are enough for one; else with "
    "their number. States right: parts reported as they are, a defect by its kind. "
    "F1, precision, recall: of defects over all cells (micro); a wrong kind is false and missed. "
    "Coverage: of the parts that can be seen, mean of the cells. Looks, times: medians; of the "
    "model as the pilot tells it, of thinking with all else that it does."
)
PAIRS_LEGEND = (
    "Paired by cell. Differences with intervals, if the cells are enough; p: two-sided, by "
    "swapping the two pilots' results cell by cell at random."
)
Results = Mapping[str, Mapping[int, Marks]]
"""Marks by pilot and seed."""


def rows(results: Results) -> list[tuple[str, ...]]:
    """Return a row for each pilot, in the order of `COLUMNS`."""
    return [_row(pilot, list(of.values())) for pilot, of in results.items() if of]


def pairs(results: Results) -> list[tuple[str, ...]]:
    """Return a row for each pair of pilots on the cells that both inspected, as `PAIRS`."""
    lines = []
    for (first, a), (second, b) in combinations(results.items(), 2):
        seeds = [seed for seed in a if seed in b]
        if seeds:
            lines.append(_pair(first, second, [a[s] for s in seeds], [b[s] for s in seeds]))
    return lines


def _row(pilot: str, marked: Sequence[Marks]) -> tuple[str, ...]:
    models = [mark.model_s for mark in marked if mark.model_s is not None]
    covered = [mark.coverage for mark in marked if mark.coverage is not None]
    return (
        pilot,
        str(len(marked)),
        percents(share([(mark.right, mark.parts) for mark in marked])),
        figure(share([mark.f1 for mark in marked])),
        figure(share([mark.precision for mark in marked])),
        figure(share([mark.recall for mark in marked])),
        percents(share([(share, 1.0) for share in covered])),
        contacts(marked),
        figure(median_interval([mark.looks for mark in marked]), 0),
        percents(share([(mark.open, mark.parts) for mark in marked])),
        figure(median_interval(models) if models else None),
        figure(median_interval([mark.think_s for mark in marked])),
    )


def _pair(first: str, second: str, a: Sequence[Marks], b: Sequence[Marks]) -> tuple[str, ...]:
    cells = [first, second, str(len(a))]
    for of in (lambda mark: mark.f1, lambda mark: (mark.right, mark.parts)):
        columns = [tuple(zip(*map(of, marked), strict=True)) for marked in (a, b)]
        sides = [(list(parts), list(wholes)) for parts, wholes in columns]
        if all(sum(wholes) > 0 for _, wholes in sides):
            cells.append(figure(ratio_difference(sides[0], sides[1])))
            cells.append(f"{swap_test(sides[0], sides[1]):.4f}")
        else:
            cells += ["-", "-"]
    times = [
        (one.model_s, other.model_s)
        for one, other in zip(a, b, strict=True)
        if one.model_s is not None and other.model_s is not None
    ]
    return (*cells, figure(_of(times, ratio_interval)))


def contacts(marked: Sequence[Marks]) -> str:
    """Return in how many inspections the satellite was touched, with the share's interval."""
    told = [mark.touches for mark in marked if mark.touches is not None]
    if not told:
        return "not measured"
    touched = sum(count > 0 for count in told)
    found = proportion_interval(touched, len(told))
    return f"{touched} of {len(told)} {found.spread('.1f', 100, ' %')}"


def share(pairs: Sequence[tuple[float, float]]) -> Interval | None:
    """Return sum of parts by sum of wholes with its interval; None where the wholes are nothing."""
    return _of(pairs, share_interval)


def _of(
    pairs: Sequence[tuple[float, float]],
    interval: Callable[[Sequence[float], Sequence[float]], Interval],
) -> Interval | None:
    if not pairs or sum(whole for _, whole in pairs) <= 0:
        return None
    return interval([part for part, _ in pairs], [whole for _, whole in pairs])


def figure(found: Interval | None, digits: int = 2) -> str:
    """Return an estimate with its interval, "-" for none."""
    if found is None:
        return "-"
    return found.text(f".{digits}f")


def percents(found: Interval | None) -> str:
    """Return a share with its interval as percent, "-" for none."""
    if found is None:
        return "-"
    return found.text(".1f", 100, " %")
