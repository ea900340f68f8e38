"""Tables of results: as text for a terminal, as Markdown for a page."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime

import numpy as np

from helmsight.contract.guard import make_guard
from helmsight.contract.outcome import Outcome
from helmsight.envs.registry import task_of
from helmsight.evals.flights import Conditions, FlightResult
from helmsight.evals.machine import Machine
from helmsight.evals.statistics import Interval, median, median_interval, proportion_interval

THINK, HELD, SCORES = "think p50/p95 ms", "held/late %", "scores"


@dataclass(frozen=True)
class Row:
    """One pilot on one scenario.

    `scores` are sorted, the best first, each with whether its flight was a success; `terms` are
    medians of what the outcome declares; `held` and `late` are the shares of all decisions that
    the guard cut and that came too late.
    """

    scenario: str
    pilot: str
    outcome: Outcome
    success: Interval
    score: Interval
    scores: tuple[tuple[float, bool], ...]
    terms: Mapping[str, float]
    think_ms: tuple[float, float] | None
    held: float
    late: float

    @classmethod
    def of(cls, results: Sequence[FlightResult]) -> Row:
        """Return the row of the flights of one pilot on one scenario.

        Raises:
            InvalidSample: without any flight.
        """
        outcome = task_of(results[0].cell.scenario).outcome if results else Outcome()
        scores = sorted((result.score, result.success) for result in results)
        if outcome.better == "higher":
            scores.reverse()
        think = [ms for result in results for ms in result.think_ms]
        p50, p95 = np.percentile(think, [50, 95]) if think else (0.0, 0.0)
        decisions = max(1, sum(result.steps for result in results))
        score = median_interval([value for value, _ in scores])
        return cls(
            scenario=results[0].cell.scenario,
            pilot=results[0].cell.pilot,
            outcome=outcome,
            success=proportion_interval(sum(success for _, success in scores), len(scores)),
            score=score,
            scores=tuple(scores),
            terms={
                term.name: median([result.terms[term.name] for result in results])
                for term in outcome.terms
            },
            think_ms=(float(p50), float(p95)) if think else None,
            held=sum(result.clamped for result in results) / decisions,
            late=sum(result.late for result in results) / decisions,
        )

    @property
    def successes(self) -> int:
        """How many flights were a success."""
        return sum(success for _, success in self.scores)

    def cells(self) -> dict[str, str]:
        """Return the row as text by column, in the order of the columns."""
        share, score = self.success, self.score
        terms = {term.heading: term.text(self.terms[term.name]) for term in self.outcome.terms}
        return {
            "scenario": self.scenario,
            "pilot": self.pilot,
            "n": str(share.n),
            self.outcome.success or "success": (
                f"{self.successes}/{share.n} {share.spread('.2f')}"
            ),
            "median score": score.text(".1f"),
            **terms,
            THINK: "/".join(_ms(ms) for ms in self.think_ms) if self.think_ms else "-",
            HELD: f"{100 * self.held:.0f}/{100 * self.late:.0f}",
            SCORES: " ".join(f"{value:.1f}{'' if won else 'x'}" for value, won in self.scores),
        }


def legend(outcome: Outcome) -> str:
    """Return what the columns of a table mean."""
    word = outcome.success or "success"
    better = f"{outcome.better.capitalize()} scores are better. " if outcome.better else ""
    titles = ", ".join(term.title for term in outcome.terms)
    terms = f"{titles.capitalize()}: medians. " if titles else ""
    return (
        f"{better}{word.capitalize()}: share with its 95 % Wilson interval. Median score: with its "
        f"95 % interval over the episodes, where they are enough for one. {terms}"
        "Think: over all decisions. Held/late: decisions that the guard cut or that came too late. "
        f"Scores: one per episode, sorted; x marks one that did not end as {word}."
    )


def rows(results: Sequence[FlightResult]) -> list[Row]:
    """Return one row per scenario and pilot: scenarios sorted, pilots in their order."""
    groups: dict[tuple[str, str], list[FlightResult]] = {}
    for result in results:
        groups.setdefault((result.cell.scenario, result.cell.pilot), []).append(result)
    keys = sorted(groups, key=lambda key: key[0])  # stable: pilots stay in order
    return [Row.of(groups[key]) for key in keys]


def table(columns: Sequence[str], lines: Sequence[Sequence[str]], *, markdown: bool = False) -> str:
    """Return a table as Markdown or as aligned text; no line ends in spaces."""
    if markdown:
        ruled = [columns, ["---"] * len(columns), *lines]
        return "\n".join(f"| {' | '.join(line)} |" for line in ruled)
    widths = [max(map(len, column)) for column in zip(columns, *lines, strict=True)]
    ruled = [columns, ["-" * width for width in widths], *lines]
    return "\n".join(
        "  ".join(word.ljust(width) for word, width in zip(line, widths, strict=True)).rstrip()
        for line in ruled
    )


def flight_table(results: Sequence[FlightResult], *, markdown: bool = False) -> str:
    """Return the tables of flights, one row per scenario and pilot, each with its legend.

    Worlds with different outcomes have tables of their own.
    """
    groups: dict[Outcome, list[Row]] = {}
    for row in rows(results):
        groups.setdefault(row.outcome, []).append(row)
    return "\n\n".join(
        f"{row_table([row.cells() for row in group], markdown=markdown)}\n\n{legend(outcome)}"
        for outcome, group in groups.items()
    )


def row_table(cells: Sequence[Mapping[str, str]], *, markdown: bool = False) -> str:
    """Return rows with the same columns as a table."""
    return table(list(cells[0]), [list(row.values()) for row in cells], markdown=markdown)


def header(
    machine: Machine,
    conditions: Conditions,
    command: str,
    workers: int,
    scenarios: Iterable[str],
    time: str = "",
) -> list[str]:
    """Return what a table was flown with, in words; `time` when its flights differ in that."""
    tasks = [task_of(name) for name in scenarios]
    guards = dict.fromkeys(make_guard(task.guard, conditions.limits).limits for task in tasks)
    sharing = "one after another" if workers == 1 else f"{workers} side by side"
    stop = "" if conditions.max_steps is None else f", at most {conditions.max_steps} steps"
    hold = "" if conditions.hold is None else f", {conditions.hold} while the pilot thinks"
    options = "".join(f", {name}={value}" for name, value in conditions.options.items())
    return [
        *dict.fromkeys(task.note for task in tasks if task.note),
        *machine.lines(),
        f"Date: {datetime.now().astimezone():%Y-%m-%d %H:%M %Z}.",
        f"Command: `{command}`",
        f"Time rule: {time or conditions.time}{hold}{options}, episodes {sharing}{stop}.",
        *(
            "Guard limits in force: "
            + ", ".join(f"{key}={value}" for key, value in limits.model_dump(mode="json").items())
            + "."
            for limits in guards
        ),
    ]


def flight_line(result: FlightResult) -> str:
    """Return one finished flight in one line."""
    cell, row = result.cell, Row.of([result])
    terms = "".join(
        f", {term.title} {term.text(result.terms[term.name])} {term.unit}".rstrip()
        for term in row.outcome.terms
    )
    return (
        f"{cell.scenario} {cell.pilot} seed {cell.seed}: {result.reason}, score "
        f"{result.score:.1f}{terms}, {result.steps} steps, think {row.cells()[THINK]} ms, "
        f"{result.wall_s:.1f} s"
    )


def _ms(value: float) -> str:
    return f"{value:.0f}" if value >= 10 else f"{value:.2f}"
