"""The report of a run: tables for a terminal or a page, and the same as JSON."""

from __future__ import annotations

import json
from collections.abc import Iterable, Sequence
from dataclasses import asdict, dataclass, replace
from datetime import datetime
from pathlib import Path
from typing import Any

from helmsight.contract.record import plain
from helmsight.contract.writing import write_whole
from helmsight.evals.errors import ResultsUnusable
from helmsight.evals.machine import Machine
from helmsight.evals.spatial.baselines import blind, by_height
from helmsight.evals.spatial.comparison import StrategyComparison, compare
from helmsight.evals.spatial.oracle import WARNING, is_oracle
from helmsight.evals.spatial.run import SpatialBenchmark
from helmsight.evals.spatial.scores import COVERAGES, Scores, scores
from helmsight.evals.statistics import Interval
from helmsight.evals.tables import table
from helmsight.prompts.questions import Item, read_items

REPORT, FIGURES = "report.md", "report.json"
SHOWN = 20  # skipped questions that are told one by one
ORACLE = "ORACLE "  # before the name of every strategy that no model answered
COLUMNS = (
    "strategy", "n", "answered %", "right of answered %", "right of all %", "F1", "F1 macro",
    "false yes %", "made up %", "swap %", "inverse %", "transitive %", "left", "calls", "s",
)  # fmt: skip
TESTS = ("first", "second", "questions", "n", "first only", "second only", "p", "p (Holm)")
LEGEND = (
    "With 95 % intervals over pictures, if enough. Unverified strategies answer what the model's "
    "own last word says, verified ones what the proved relations say. F1: of yes; a missing "
    "answer is a miss. False yes: of the answered questions whose answer is no. Made up: false "
    "ones of all relations stated that can be judged, a yes being one. Swap: same answer to the "
    "question the other way round. Inverse, transitive: of the first answer's relations, pairs "
    "told both ways round and triples that hold. Left: contradictions that reached the decision. "
    "Calls and seconds: a question."
)
COVERAGE = 0.9
SURE = (
    f"Of each group the accuracy % of the {COVERAGE:.0%} of its questions that were answered with "
    "most certainty; - where fewer were answered. More coverages are in the JSON file."
)
TESTED = (
    "McNemar's exact test on the same questions; Holm adjusts for all pairs of the table. Of all: "
    "no answer is a wrong one. Of answered: only questions that both answered."
)


@dataclass(frozen=True)
class SpatialReport:
    """Everything that a run has to say."""

    header: tuple[str, ...]
    skipped: tuple[str, ...]
    asked: int
    missing: int
    oracle: bool
    scores: tuple[Scores, ...]
    blind: Interval | None
    by_height: Interval | None
    of_all: tuple[StrategyComparison, ...]
    of_answered: tuple[StrategyComparison, ...]

    def text(self, *, markdown: bool = False) -> str:
        """Return the report in words and tables."""
        parts = ["\n".join(f"- {line}" if markdown else line for line in self.header)]
        parts += [table(COLUMNS, [_words(row) for row in self.scores], markdown=markdown), LEGEND]
        parts.append("\n".join(self._baselines()))
        parts.append(table(*_groups(self.scores), markdown=markdown))
        parts += [table(*_sure(self.scores), markdown=markdown), SURE]
        curves = "Accuracy % of the most certain answers, by the share of questions they are."
        parts += [table(*_curves(self.scores), markdown=markdown), curves]
        if self.of_all:
            tests = [*_tests(self.of_all, "of all"), *_tests(self.of_answered, "of answered")]
            parts += [table(TESTS, tests, markdown=markdown), TESTED]
        if self.skipped:
            more = len(self.skipped) - SHOWN
            lines = [f"{len(self.skipped)} questions were skipped:", *self.skipped[:SHOWN]]
            parts.append("\n".join(lines + ([f"... and {more} more"] if more > 0 else [])))
        return "\n\n".join(parts)

    def to_dict(self) -> dict[str, Any]:
        """Return the report as JSON data."""
        return asdict(self) | {"complete": not self.missing}

    def write(self, folder: Path) -> None:
        """Write the report as Markdown and as JSON; raises ResultsUnusable where it cannot."""
        title = "# Spatial relations" + (": a noisy oracle, not a model" if self.oracle else "")
        try:
            folder.mkdir(parents=True, exist_ok=True)
            write_whole(folder / REPORT, f"{title}\n\n{self.text(markdown=True)}\n")
            data = json.dumps(plain(self.to_dict()), indent=2, allow_nan=False)
            write_whole(folder / FIGURES, data + "\n")
        except OSError as error:
            raise ResultsUnusable(
                f"{folder} cannot be written ({error}); give another with --out"
            ) from error

    def _baselines(self) -> Iterable[str]:
        if self.blind is None:
            yield "Blind baseline: none, for want of a validation split (--valid FILE)."
        else:
            yield (
                "Blind baseline (the commoner label of each relation in the validation split): "
                f"{_percent(self.blind)} % right."
            )
        if self.by_height is not None:
            yield (
                "Depth read off the height in the picture (lower is nearer), depth questions only: "
                f"{_percent(self.by_height)} % right."
            )


def report(bench: SpatialBenchmark, command: str = "", valid: Path | None = None) -> SpatialReport:
    """Return the report of what a bench has been answered so far.

    The blind baseline is fitted on the questions in `valid`, by default those of the file beside
    the data set that is called as it is with "valid" for "test".

    Raises:
        InvalidItem: `valid` was given and cannot be read.
    """
    answers = list(bench.answers.kept.values())
    label = ORACLE if is_oracle(bench.pilot) else ""
    each = (scores(strategy.name, bench.cases, answers) for strategy in bench.strategies)
    rows = [row for row in each if row is not None]
    names = [row.strategy for row in rows]
    return SpatialReport(
        header=tuple(_header(bench, command)),
        skipped=tuple(bench.skipped),
        asked=len(bench.cases),
        missing=len(bench.missing()),
        oracle=is_oracle(bench.pilot),
        scores=tuple(replace(row, strategy=f"{label}{row.strategy}") for row in rows),
        blind=blind(_fitting(bench.dataset, valid), bench.cases),
        by_height=by_height(bench.cases),
        of_all=_compared(bench, names, label, answered=False),
        of_answered=_compared(bench, names, label, answered=True),
    )


def _compared(
    bench: SpatialBenchmark, names: Sequence[str], label: str, *, answered: bool
) -> tuple[StrategyComparison, ...]:
    answers = bench.answers.kept.values()
    return tuple(
        replace(pair, first=f"{label}{pair.first}", second=f"{label}{pair.second}")
        for pair in compare(names, bench.cases, answers, answered=answered)
    )


def _fitting(dataset: Path, valid: Path | None) -> list[Item]:
    """Return the questions that the blind baseline is fitted on."""
    if valid is None:
        valid = dataset.with_name(dataset.name.replace("test", "valid"))
        if valid == dataset or not valid.is_file():
            return []
    return [item for item in read_items(valid) if isinstance(item, Item)]


def _header(bench: SpatialBenchmark, command: str) -> Iterable[str]:
    machine = Machine.here()
    if is_oracle(bench.pilot):
        yield WARNING
    settings = bench.settings
    yield f"Answers by: {bench.pilot}."
    yield f"Data: {bench.dataset}, {len(bench.cases)} questions, {len(bench.skipped)} skipped."
    yield from machine.lines()
    yield f"Date: {datetime.now().astimezone():%Y-%m-%d %H:%M %Z}."
    if command:
        yield f"Command: `{command}`"
    if missing := len(bench.missing()):
        yield f"INCOMPLETE: {missing} of {len(bench.plan())} answers are still missing."
    yield (
        f"Object C: {settings.reference}; sentences: {'yes' if settings.thinking else 'no'}; "
        f"at most {settings.max_calls} questions asked again."
    )


def _words(row: Scores) -> tuple[str, ...]:
    return (
        row.strategy, str(row.n), _percent(row.answered), _percent(row.right),
        _percent(row.right_of_all), _interval(row.f1, 2),
        "-" if row.f1_macro is None else f"{row.f1_macro:.2f}", _percent(row.false_yes),
        _percent(row.made_up), _percent(row.swap), _percent(row.inverse),
        _percent(row.transitive), str(row.left), f"{row.calls:.2f}", f"{row.seconds:.3g}",
    )  # fmt: skip


def _percent(share: Interval | None) -> str:
    return _interval(share, 1, scale=100.0)


def _interval(interval: Interval | None, digits: int, scale: float = 1.0) -> str:
    if interval is None:
        return "-"
    return interval.text(f".{digits}f", scale)


def _groups(rows: Sequence[Scores]) -> tuple[Sequence[str], list[Sequence[str]]]:
    """Return the table of accuracies of all by group."""
    names = sorted({name for row in rows for name in row.groups})
    lines = [(row.strategy, *(_percent(row.groups.get(name)) for name in names)) for row in rows]
    return ("right of all %", *names), list(lines)


def _sure(rows: Sequence[Scores]) -> tuple[Sequence[str], list[Sequence[str]]]:
    """Return the table of accuracies of the most certain answers by group."""
    names = sorted({name for row in rows for name in row.curves})
    lines = []
    for row in rows:
        points = (dict(row.curves.get(name, ())).get(COVERAGE) for name in names)
        cells = ("-" if point is None else f"{100 * point:.1f}" for point in points)
        lines.append((row.strategy, *cells))
    return (f"right of the surest {COVERAGE:.0%}", *names), list(lines)


def _curves(rows: Sequence[Scores]) -> tuple[Sequence[str], list[Sequence[str]]]:
    """Return the table of accuracies by coverage."""
    lines = []
    for row in rows:
        points = dict(row.curve)
        cells = (f"{100 * points[at]:.1f}" if at in points else "-" for at in COVERAGES)
        lines.append((row.strategy, *cells))
    return ("strategy", *(f"{at:.0%}" for at in COVERAGES)), list(lines)


def _tests(pairs: Sequence[StrategyComparison], of: str) -> list[tuple[str, ...]]:
    return [
        (
            pair.first, pair.second, of, str(pair.n), str(pair.first_only),
            str(pair.second_only), f"{pair.p:.2g}", f"{pair.p_holm:.2g}",
        )
        for pair in pairs
    ]  # fmt: skip
