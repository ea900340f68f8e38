"""Score against think time: the same flights at several delays between a look and its command.

A delay of S seconds is the time rule `fixed:S`: the world runs S seconds while the pilot thinks,
however long it really takes, so that a sweep is reproducible and needs no quiet cores. Under the
rule `runner:S` S is the thinking, and the command waits for the runner's next boundary besides.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from io import BytesIO
from pathlib import Path
from typing import Any

import numpy as np

from helmsight.agents.models.names import check_meant
from helmsight.contract.clock import TimeRule
from helmsight.contract.errors import InvalidOption
from helmsight.contract.writing import write_whole
from helmsight.evals.errors import InvalidPlan, ResultsUnusable
from helmsight.evals.flights import Cell, Conditions, FlightResult, fly_planned, grid, load
from helmsight.evals.machine import Machine
from helmsight.evals.results import Results
from helmsight.evals.tables import Row, header, legend, row_table
from helmsight.tools.plots import LIGHT, log_scale, picture_style

PLOTS = {"fixed": "latency.png", "runner": "latency-runner.png"}
SIZE, DPI = (7.2, 4.2), 110  # inches, pixels an inch
COLOURS, MARKS = LIGHT[3:], "osDvP"
NOTES = {
    "fixed": "Delay: world seconds between a look and its command (time rule fixed:S).",
    "runner": "Delay: world seconds of thinking (time rule runner:S); the command starts where the "
    "last one, run again as a whole, ends next.",
}
THINK = "Think: what the pilot really took, wall time."
AXES = {
    "fixed": "delay between a look and its command, world s",
    "runner": "thinking under KSPDG's runner, world s",
}


def delays(text: str) -> list[float]:
    """Return the delays of a comma-separated list, seconds, sorted, none twice.

    Raises:
        InvalidPlan: when there is none, or one is no finite number from 0 on.
    """
    seconds = set()
    for part in text.split(","):
        try:
            seconds.add(TimeRule.parse(f"fixed:{part.strip()}").thinks(0.0))
        except InvalidOption:
            raise InvalidPlan(
                f"--delays {text!r}: {part.strip()!r} is no delay; give seconds from 0 on with "
                "commas between them, as 0,0.5,1"
            ) from None
    return sorted(seconds)


@dataclass(frozen=True)
class Point:
    """One pilot at one delay, s; `row` sums up its flights, `kind` is that of the time rule."""

    delay_s: float
    row: Row
    kind: str = "fixed"

    @property
    def time(self) -> str:
        """The time rule of these flights, as written."""
        return f"{self.kind}:{self.delay_s:g}"

    def cells(self) -> dict[str, str]:
        """Return the point as text by column: that of its row, with the delay for the scenario."""
        cells = self.row.cells()
        del cells["scenario"]
        return {"pilot": cells.pop("pilot"), "delay s": f"{self.delay_s:g}", **cells}

    def to_dict(self) -> dict[str, Any]:
        """Return the point as JSON data."""
        row = self.row
        return {
            "pilot": row.pilot,
            "delay_s": self.delay_s,
            "time": self.time,
            "n": row.score.n,
            "successes": row.successes,
            "score": row.score.estimate,
            "score_low": row.score.low,
            "score_high": row.score.high,
            **row.terms,
            "late": row.late,
            "think_ms_p50": row.think_ms[0] if row.think_ms else None,
            "scores": [score for score, _ in row.scores],
        }


class Sweep:
    """Pilots over delays and seeds on one scenario, kept in a folder: one file for each delay.

    A second sweep in the folder flies only what is missing. Seeds are flown one after another
    at every delay, so that an interrupted sweep says something of each.

    `kind` is that of the time rule: "fixed" or "runner".

    Raises:
        UnknownScenario, AgentsError, InvalidPlan: a wrong name, or
            nothing to fly; before anything is written.
        ResultsUnusable: the folder cannot be written, or holds flights of other conditions.
    """

    def __init__(
        self,
        scenario: str,
        pilots: Sequence[str],
        delays: Sequence[float],
        seeds: Sequence[int],
        folder: Path,
        *,
        conditions: Conditions | None = None,
        workers: int = 1,
        command: str = "",
        kind: str = "fixed",
    ) -> None:
        if workers < 1:
            raise InvalidPlan(f"workers={workers} fly nothing; give 1 or more")
        if kind not in NOTES:
            raise InvalidPlan(f"time={kind!r} has no delays to sweep; choose {' or '.join(NOTES)}")
        self.kind = kind
        cells = sorted(grid(pilots, [scenario], seeds), key=lambda cell: cell.seed)
        given, machine = conditions or Conditions(), Machine.here()
        check_meant(pilots, given.pilot_options)
        load(pilots, given)
        rule = f"{kind}:S, S = {', '.join(f'{delay:g}' for delay in delays)} s"
        self.header = header(machine, given, command, workers, [scenario], rule)
        self.cells, self.folder, self.workers = cells, folder, workers
        self.results: dict[float, Results] = {}
        about = {"header": self.header, "machine": machine.to_dict()}
        for delay in delays:
            at = replace(given, time=f"{kind}:{delay:g}")
            path = folder / f"{kind}-{delay:g}.json"
            self.results[delay] = Results(path, at, about, "--out")

    @property
    def size(self) -> int:
        """How many flights there are, flown ones included."""
        return len(self.cells) * len(self.results)

    def missing(self) -> list[tuple[Cell, Conditions]]:
        """Return the flights still to be flown, with their conditions."""
        return [
            (cell, results.conditions)
            for cell in self.cells
            for results in self.results.values()
            if results.missing([cell])
        ]

    def fly(self) -> Iterator[tuple[float, FlightResult]]:
        """Fly what is missing; yield each flight with its delay, s, when it is kept.

        Raises:
            KeyboardInterrupt: Ctrl-C; what was flown is kept.
            ResultsUnusable: a result cannot be written.
        """
        flights = fly_planned(self.missing(), self.workers)
        try:
            for conditions, result in flights:
                delay = TimeRule.parse(conditions.time).thinks(0.0)
                self.results[delay].add(result)
                yield delay, result
        finally:
            flights.close()

    def points(self) -> list[Point]:
        """Return what was flown: pilots in their order, delays from the smallest."""
        return [
            Point(delay, Row.of(flown), self.kind)
            for pilot in dict.fromkeys(cell.pilot for cell in self.cells)
            for delay, results in sorted(self.results.items())
            if (flown := results.of([cell for cell in self.cells if cell.pilot == pilot]))
        ]


def latency_table(points: Sequence[Point], *, markdown: bool = False) -> str:
    """Return the table of a sweep, one row per pilot and delay, and its legend."""
    body = row_table([point.cells() for point in points], markdown=markdown)
    return f"{body}\n\n{NOTES[points[0].kind]} {THINK} {legend(points[0].row.outcome)}"


def plot(points: Sequence[Point], path: Path) -> None:
    """Draw median scores against delays as a PNG at `path`: a line a pilot, intervals as bars.

    Beside a point stand its successes; a triangle marks how long the pilot itself thinks.

    Raises:
        ResultsUnusable: the file cannot be written.
    """
    import matplotlib as mpl
    from matplotlib.backends.backend_agg import FigureCanvasAgg
    from matplotlib.figure import Figure

    picture = BytesIO()
    pilots = list(dict.fromkeys(point.row.pilot for point in points))
    span = max(point.delay_s for point in points) or 1.0
    with mpl.rc_context(picture_style()):
        figure = Figure(figsize=SIZE, dpi=DPI, layout="constrained")
        FigureCanvasAgg(figure)
        axes = figure.subplots()
        for number, pilot in enumerate(pilots):
            mine = [point for point in points if point.row.pilot == pilot]
            aside = 0.006 * span * (number - (len(pilots) - 1) / 2)  # bars stay apart
            _line(axes, mine, number, aside)
        axes.margins(x=0.08, y=0.15)
        if min(point.row.score.bounds[0] for point in points) > 0:
            log_scale(axes)
        first = points[0].row
        axes.set_title(f"{first.scenario}: score against think time")
        axes.set_xlabel(AXES[points[0].kind])
        better = f" ({first.outcome.better} is better)" if first.outcome.better else ""
        axes.set_ylabel(f"median score{better}")
        axes.legend(loc="best")
        figure.savefig(picture, format="png", metadata={"Software": None})
        try:
            write_whole(path, picture.getvalue())
        except OSError as error:
            raise ResultsUnusable(
                f"{path} cannot be written ({error}); give another with --out"
            ) from error


def _line(axes: Any, points: Sequence[Point], number: int, aside: float) -> None:
    """Draw the points of the pilot `number`, `aside` seconds from where they are."""
    rows = [point.row for point in points]
    colour, mark = COLOURS[number % len(COLOURS)], MARKS[number % len(MARKS)]
    at = np.array([point.delay_s for point in points]) + aside
    score = np.array([row.score.estimate for row in rows])
    low, high = np.array([row.score.bounds for row in rows]).T
    thinks = [row.think_ms[0] for row in rows if row.think_ms]
    think_ms = float(np.median(thinks)) if thinks else None
    label = rows[0].pilot + ("" if think_ms is None else f" (▲ thinks {think_ms:.3g} ms)")
    axes.errorbar(
        at, score, (score - low, high - score), color=colour, marker=mark, capsize=3, label=label
    )
    above = number % 2 == 0  # the words of two pilots do not cover each other
    for x, row in zip(at, rows, strict=True):
        axes.annotate(
            successes(row), (x, row.score.estimate), (-6, 5) if above else (6, -12),
            textcoords="offset points", ha="right" if above else "left", color=colour, fontsize=9,
        )  # fmt: skip
    if think_ms is not None:
        height = 0.03 + 0.05 * number  # of the axis
        axes.plot(
            think_ms / 1000.0, height, "^", color=colour, transform=axes.get_xaxis_transform()
        )


def successes(row: Row) -> str:
    """Return the successes among a row's flights, as 3/5."""
    return f"{row.successes}/{len(row.scores)}"
