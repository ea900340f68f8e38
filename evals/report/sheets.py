"""The tables of a report as data: what they are called, their columns, and their lines."""

from __future__ import annotations

from collections.abc import Iterable

import numpy as np

from helmsight.evals.episode import EpisodeRow
from helmsight.evals.report.boards import ALPHA, Board, Comparison, Entry
from helmsight.evals.report.faults import Fault
from helmsight.evals.report.groups import by, competitor_of, condition_of
from helmsight.evals.report.judged import Judged
from helmsight.evals.report.measures import measures
from helmsight.evals.report.points import BY_SUCCESS
from helmsight.evals.report.sheet import Sheet
from helmsight.evals.statistics import fewest_pairs, median_interval, proportion_interval

POINTS = (
    "Points: 100 times the reference score by the score (scores of which less is better; else the "
    "other way round), so that as good as the reference is 100; an episode that did not end has 0. "
    "A run is all scenarios at one seed, the mean of their points; given is the median of the "
    "runs with its 95 % interval, or the share of successes where a run is right or wrong; in "
    "brackets n where it is too small for an interval."
)
PAIRED = (
    "Paired by seed: points of the first less the second's, median with its 95 % interval (of "
    "shares their difference). p: "
    "paired permutation test, two-sided; Holm: adjusted for all comparisons in the report. "
    "Detectable: the mean difference that so many seeds show in four of five evaluations. Seeds "
    "needed: to show the difference found as often."
)


def sheets(found: Judged) -> list[Sheet]:
    """Return the tables that there is anything for."""
    every = [
        leaderboard(found.boards),
        comparisons(found.boards),
        scenarios(found),
        measures(found),
        faults(found.faults),
        failures(found),
    ]
    return [sheet for sheet in every if sheet.lines]


def leaderboard(boards: Iterable[Board]) -> Sheet:
    """Return the table of competitors, the best first."""
    columns = (
        "condition", "place", "pilot", "seeds", "points", "mean points", "success", "failed",
        "first in draws", "think p50/p95 ms", "held/late %", "tokens", "cost",
    )  # fmt: skip
    lines = [
        (board.condition, str(place), entry.name, str(len(entry.runs)), *_entry(entry))
        for board in boards
        for place, entry in enumerate(board.entries, 1)
    ]
    left = sum(board.incomplete for board in boards)
    cut = f" {left} runs lack scenarios and are in no points." if left else ""
    legend = (
        f"{POINTS} Success: share of the episodes with Wilson's interval. Failed: episodes that "
        "crashed, took too long or too much memory, or were refused; they count as failures. First "
        "in draws: how often it comes first when the seeds are drawn again (rank stability), from "
        "6 seeds on. "
        f"Held/late: decisions that the guard cut or that came too late.{cut}"
    )
    return Sheet("leaderboard", "Leaderboard", columns, tuple(lines), legend)


def _entry(entry: Entry) -> tuple[str, ...]:
    decisions = max(1, sum(row.steps for row in entry.rows))
    held, late = (sum(getattr(row, of) for row in entry.rows) for of in ("held", "late"))
    tokens = sum(row.tokens_in + row.tokens_out for row in entry.rows)
    costs = [row.cost for row in entry.rows if row.cost is not None]
    won = sum(row.success for row in entry.rows)
    return (
        "-" if entry.points is None else entry.points.text(".1f"),
        "-" if entry.mean is None else entry.mean.text(".1f"),
        f"{won}/{len(entry.rows)} {entry.success.spread('.2f')}",
        str(entry.failed),
        "-" if entry.ranks is None else f"{100 * entry.ranks[0]:.0f} %",
        "-" if entry.think_ms is None else "/".join(_ms(ms) for ms in entry.think_ms),
        f"{100 * held / decisions:.0f}/{100 * late / decisions:.0f}",
        f"{tokens:,}" if tokens else "-",
        f"{sum(costs):.4f}" if costs else "-",
    )


def comparisons(boards: Iterable[Board]) -> Sheet:
    """Return the table of paired differences with what may be said of them."""
    columns = (
        "condition", "first", "second", "verdict", "seeds", "difference", "mean", "p", "p (Holm)",
        "detectable", "seeds needed",
    )  # fmt: skip
    lines = [_comparison(pair) for board in boards for pair in board.comparisons]
    legend = PAIRED + _least(len(lines))
    return Sheet("differences", "Paired differences", columns, tuple(lines), legend)


def _least(tests: int) -> str:
    """Return how many seeds it takes before any of so many tests can show something, in words."""
    least = fewest_pairs(ALPHA / max(tests, 1))
    return f" Of {tests} tests none can show anything with fewer than {least} seeds."


def _comparison(pair: Comparison) -> tuple[str, ...]:
    return (
        pair.condition, pair.first, pair.second, pair.verdict, str(pair.n),
        pair.difference.text("+z.1f"), f"{pair.mean:+z.1f}", _p(pair.p), _p(pair.p_holm),
        "-" if pair.detectable is None else f"{pair.detectable:.1f}",
        "-" if pair.shown or pair.needed is None else f"{pair.needed:,}",
    )  # fmt: skip


def scenarios(found: Judged) -> Sheet:
    """Return the table of scores as the worlds give them, by scenario and competitor."""
    name, condition = competitor_of(found.rows), condition_of(found.rows)
    clean = [row for row in found.rows if not row.disturbance]
    groups = by(clean, lambda row: (condition(row), row.scenario, name(row)))
    lines = [
        (*of, *_scenario(found, rows))
        for of, rows in sorted(groups.items(), key=lambda entry: entry[0][:2])
    ]
    columns = (
        "condition", "scenario", "pilot", "n", "median score", "success", "median points",
        "counted by", "reference",
    )  # fmt: skip
    legend = (
        "Scores as the worlds give them, medians with 95 % intervals; episodes that failed have "
        "none. Counted by: what points are taken against. Reference: a known score; best here: "
        "the best pilot's median in these results; rank: the share of the scenario's episodes it "
        "is better than."
    )
    return Sheet("scenarios", "Scenarios", columns, tuple(lines), legend)


def _scenario(found: Judged, rows: list[EpisodeRow]) -> tuple[str, ...]:
    scale = found.scales[rows[0].scenario]
    scores = [row.score for row in rows if row.score is not None]
    won = proportion_interval(sum(row.success for row in rows), len(rows))
    shared = scale.kind == BY_SUCCESS  # the share of successes says it all
    return (
        str(len(rows)),
        "-" if shared or not scores else median_interval(scores).text(".1f"),
        f"{sum(row.success for row in rows)}/{len(rows)} {won.spread('.2f')}",
        "-" if shared else f"{np.median([scale.points(row) for row in rows]):.1f}",
        scale.kind,
        "-" if scale.reference is None else f"{scale.reference:.4g}",
    )


def faults(found: Iterable[Fault]) -> Sheet:
    """Return the table of what disturbances cost."""
    columns = (
        "disturbance", "pilot", "condition", "pairs", "points", "mean", "p", "p (Holm)",
        "success clean", "success disturbed", "unpaired", "verdict",
    )  # fmt: skip
    lines = [
        (
            fault.disturbance, fault.competitor, fault.condition, str(fault.pairs),
            "-" if fault.lost is None else fault.lost.text("+z.1f"), f"{fault.mean:+z.1f}",
            _p(fault.p), _p(fault.p_holm), f"{fault.successes[0]}/{fault.pairs}",
            f"{fault.successes[1]}/{fault.pairs}", str(fault.unpaired), _change(fault),
        )
        for fault in found
    ]  # fmt: skip
    legend = (
        "Each disturbed episode against the same one without: points of a run with the "
        "disturbance less those without, median over the seeds with its 95 % interval. p as in "
        "the paired differences, adjusted over this table. Unpaired: no clean episode is here."
    ) + _least(len(lines))
    return Sheet("faults", "Faults", columns, tuple(lines), legend)


def _change(fault: Fault) -> str:
    if not fault.shown:
        return "not shown"
    return "worse" if fault.mean < 0 else "better"


def failures(found: Judged) -> Sheet:
    """Return the table of what went wrong."""
    columns = ("pilot", "ended as", "episodes", "of", "held", "late", "repaired", "error")
    lines = [
        (
            failure.competitor, failure.kind, str(failure.n), str(failure.of), str(failure.held),
            str(failure.late), str(failure.repaired), failure.error,
        )
        for failure in found.failures
    ]  # fmt: skip
    legend = (
        "Episodes without success, the disturbed ones too, by how they ended. Held, late, "
        "repaired: those of them with at least one decision that the guard cut, that came too "
        "late, or that had to be mended. "
        "Decided: the first such step, else the one that the world's own mark lies on, as nearest "
        "to the target, else the last."
    )
    return Sheet("failures", "Failures", columns, tuple(lines), legend)


def _p(value: float) -> str:
    return f"{value:.4f}" if value >= 0.0001 else "<0.0001"


def _ms(value: float) -> str:
    return f"{value:.0f}" if value >= 10 else f"{value:.2f}"
