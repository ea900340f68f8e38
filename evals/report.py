"""Tables of results: as text for a terminal, as Markdown for a page."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

import numpy as np

from helmsight.evals.flights import Conditions, FlightResult
from helmsight.evals.machine import Machine
from helmsight.evals.statistics import Interval, median, median_interval, proportion_interval

COLUMNS = (
    "scenario", "pilot", "n", "captured", "median score", "approach m", "speed m/s", "fuel kg",
    "think p50/p95 ms", "held/late %", "scores",
)  # fmt: skip
LEGEND = (
    "Lower scores are better. Captured: share with its 95 % Wilson interval. Median score: with "
    "its 95 % bootstrap interval over the flights. Approach, speed and fuel: medians; the speed "
    "is that at the closest approach. Think: over all decisions. Held/late: decisions that the "
    "guard cut or that came too late. Scores: one per flight, sorted; x marks a flight without "
    "capture."
)

TWIN = "Flown on Helmsight's orbital twin with KSPDG's public scoring formula, not in KSP."


@dataclass(frozen=True)
class Row:
    """One pilot on one scenario.

    `scores` are sorted, each with whether it ended in a capture; `held` and `late` are the shares
    of all decisions that the guard cut and that came too late.
    """

    scenario: str
    pilot: str
    captured: Interval
    score: Interval
    scores: tuple[tuple[float, bool], ...]
    approach_m: float
    speed_mps: float
    fuel_kg: float
    think_ms: tuple[float, float] | None
    held: float
    late: float

    @classmethod
    def of(cls, results: Sequence[FlightResult]) -> Row:
        """Return the row of the flights of one pilot on one scenario.

        Raises:
            InvalidSample: without any flight.
        """
        scores = sorted((result.score, result.captured) for result in results)
        think = [ms for result in results for ms in result.think_ms]
        p50, p95 = np.percentile(think, [50, 95]) if think else (0.0, 0.0)
        decisions = max(1, sum(result.steps for result in results))
        score = median_interval([value for value, _ in scores])
        return cls(
            scenario=results[0].cell.scenario,
            pilot=results[0].cell.pilot,
            captured=proportion_interval(sum(caught for _, caught in scores), len(scores)),
            score=score,
            scores=tuple(scores),
            approach_m=median([result.closest_approach_m for result in results]),
            speed_mps=median([result.closest_speed_mps for result in results]),
            fuel_kg=median([result.fuel_kg for result in results]),
            think_ms=(float(p50), float(p95)) if think else None,
            held=sum(result.clamped for result in results) / decisions,
            late=sum(result.late for result in results) / decisions,
        )

    def words(self) -> tuple[str, ...]:
        """Return the row as text, one entry for each of `COLUMNS`."""
        share, score = self.captured, self.score
        caught = sum(captured for _, captured in self.scores)
        return (
            self.scenario,
            self.pilot,
            str(share.n),
            f"{caught}/{share.n} [{share.low:.2f}, {share.high:.2f}]",
            f"{score.estimate:.1f} [{score.low:.1f}, {score.high:.1f}]",
            f"{self.approach_m:.1f}",
            f"{self.speed_mps:.1f}",
            f"{self.fuel_kg:.0f}",
            "/".join(_ms(ms) for ms in self.think_ms) if self.think_ms else "-",
            f"{100 * self.held:.0f}/{100 * self.late:.0f}",
            " ".join(f"{value:.1f}{'' if captured else 'x'}" for value, captured in self.scores),
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
    """Return the table of flights, one row per scenario and pilot, and its legend."""
    body = table(COLUMNS, [row.words() for row in rows(results)], markdown=markdown)
    return f"{body}\n\n{LEGEND}"


def header(
    machine: Machine, conditions: Conditions, command: str, workers: int, time: str = ""
) -> list[str]:
    """Return what a table was flown with, in words; `time` when its flights differ in that."""
    limits = ", ".join(f"{key}={value}" for key, value in conditions.limits.items())
    sharing = "one after another" if workers == 1 else f"{workers} side by side"
    stop = "" if conditions.max_steps is None else f", at most {conditions.max_steps} steps"
    return [
        TWIN,
        *machine.lines(),
        f"Date: {datetime.now().astimezone():%Y-%m-%d %H:%M %Z}.",
        f"Command: `{command}`",
        f"Time rule: {time or conditions.time}, thrusters {conditions.hold} while the pilot "
        f"thinks, flights {sharing}{stop}.",
        f"Guard limits in force: {limits}.",
    ]


def flight_line(result: FlightResult) -> str:
    """Return one finished flight in one line."""
    cell, row = result.cell, Row.of([result])
    return (
        f"{cell.scenario} {cell.pilot} seed {cell.seed}: {result.reason}, score "
        f"{result.score:.1f}, {result.closest_approach_m:.1f} m at "
        f"{result.closest_speed_mps:.1f} m/s, {result.fuel_kg:.0f} kg, {result.steps} steps, "
        f"think {row.words()[COLUMNS.index('think p50/p95 ms')]} ms, {result.wall_s:.1f} s"
    )


def _ms(value: float) -> str:
    return f"{value:.0f}" if value >= 10 else f"{value:.2f}"
