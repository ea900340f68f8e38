"""The report of a run: tables for a terminal or a page, and the same as JSON."""

from __future__ import annotations

import json
from collections.abc import Iterable, Sequence
from dataclasses import asdict, dataclass, replace
from datetime import datetime
from pathlib import Path
from typing import Any

from helmsight.contract.record import plain
from helmsight.evals.errors import ResultsUnusable
from helmsight.evals.machine import Machine
from helmsight.evals.report import table
from helmsight.evals.spatial.oracle import WARNING, is_oracle
from helmsight.evals.spatial.run import Bench
from helmsight.evals.spatial.scores import (
    COVERAGES,
    Comparison,
    Scores,
    blind,
    by_height,
    compare,
    scores,
)
from helmsight.evals.statistics import Interval
from helmsight.prompts.questions import Item, read_items
from helmsight.tools.folder import write_whole

REPORT, FIGURES = "report.md", "report.json"
SHOWN = 20  # skipped questions that are told one by one
ORACLE = "ORACLE "  # before the name of every strategy that no model answered
COLUMNS = (
    "strategy", "n", "answered %", "right of answered %", "right of all %", "F1", "F1 macro",
    "false yes %", "made up %", "swap %", "inverse %", "transitive %", "left", "calls", "s",
)  # fmt: skip
TESTS = ("first", "second", "questions", "n", "first only", "second only", "p", "p (Holm)")
LEGEND = (
    "With 95 % bootstrap intervals over pictures. Unverified strategies answer what the model's "
    "own last word says, verified ones what the proved relations say. F1: of yes; a missing "
    "answer is a miss. False yes: of the answered questions whose answer is no. Made up: false "
    "ones of all relations stated that can be judged, a yes being one. Swap: same answer to the "
    "question the other way round. Inverse, transitive: of the first answer's relations, pairs "
    "told both ways round and triples that hold. Left: contradictions that reached the decision. "
    "Calls and seconds: a question."
)
TESTED = (
    "McNemar's exact test on the same questions; Holm adjusts for all pairs of the table. Of all: "
    "no answer is a wrong one. Of answered: only questions that both answered."
)


@dataclass(frozen=True)
class Report:
    """Everything that a run has to say."""

    header: tuple[str, ...]
    skipped: tuple[str, ...]
    asked: int
    missing: int
    oracle: bool
    scores: tuple[Scores, ...]
    blind: Interval | None
    by_height: Interval | None
    of_all: tuple[Comparison, ...]
    of_answered: tuple[Comparison, ...]

    def text(self, *, markdown: bool = False) -> str:
        """Return the report in words and tables."""
        parts = ["\n".join(f"- {line}" if markdown else line for line in self.header)]
        parts += [table(COLUMNS, [_words(one) for one in self.scores], markdown=markdown), LEGEND]
        parts.append("\n".join(self._baselines()))
        parts.append(table(*_groups(self.scores), markdown=markdown))
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


def report(bench: Bench, command: str = "", valid: Path | None = None) -> Report:
    """Return the report of what a bench has been answered so far.

    The blind baseline is fitted on the questions in `valid`, by default those of the file beside
    the data set that is called as it is with "valid" for "test".

    Raises:
        InvalidItem: `valid` was given and cannot be read.
    """
    answers = list(bench.answers.kept.values())
    names = [one.name for one in bench.strategies]
    found = [one for name in names if (one := scores(name, bench.cases, answers)) is not None]
    told, label = [one.strategy for one in found], ORACLE if is_oracle(bench.pilot) else ""
    return Report(
        header=tuple(_header(bench, command)),
        skipped=tuple(bench.skipped),
        asked=len(bench.cases),
        missing=len(bench.missing()),
        oracle=is_oracle(bench.pilot),
        scores=tuple(replace(one, strategy=f"{label}{one.strategy}") for one in found),
        blind=blind(_fitting(bench.dataset, valid), bench.cases),
        by_height=by_height(bench.cases),
        of_all=_compared(bench, told, label, answered=False),
        of_answered=_compared(bench, told, label, answered=True),
    )


def _compared(
    bench: Bench, names: Sequence[str], label: str, *, answered: bool
) -> tuple[Comparison, ...]:
    answers = bench.answers.kept.values()
    return tuple(
        replace(one, first=f"{label}{one.first}", second=f"{label}{one.second}")
        for one in compare(names, bench.cases, answers, answered=answered)
    )


def _fitting(dataset: Path, valid: Path | None) -> list[Item]:
    """Return the questions that the blind baseline is fitted on."""
    if valid is None:
        valid = dataset.with_name(dataset.name.replace("test", "valid"))
        if valid == dataset or not valid.is_file():
            return []
    return [one for one in read_items(valid) if isinstance(one, Item)]


def _header(bench: Bench, command: str) -> Iterable[str]:
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


def _words(one: Scores) -> tuple[str, ...]:
    return (
        one.strategy, str(one.n), _percent(one.answered), _percent(one.right),
        _percent(one.right_of_all), _interval(one.f1, 2),
        "-" if one.f1_macro is None else f"{one.f1_macro:.2f}", _percent(one.false_yes),
        _percent(one.made_up), _percent(one.swap), _percent(one.inverse),
        _percent(one.transitive), str(one.left), f"{one.calls:.2f}", f"{one.seconds:.3g}",
    )  # fmt: skip


def _percent(found: Interval | None) -> str:
    if found is None:
        return "-"
    low, high = 100 * found.low, 100 * found.high
    return f"{100 * found.estimate:.1f} [{low:.1f}, {high:.1f}]"


def _interval(found: Interval | None, digits: int) -> str:
    if found is None:
        return "-"
    return f"{found.estimate:.{digits}f} [{found.low:.{digits}f}, {found.high:.{digits}f}]"


def _groups(found: Sequence[Scores]) -> tuple[Sequence[str], list[Sequence[str]]]:
    """Return the table of accuracies of all by group."""
    names = sorted({name for one in found for name in one.groups})
    lines = [(one.strategy, *(_percent(one.groups.get(name)) for name in names)) for one in found]
    return ("right of all %", *names), list(lines)


def _curves(found: Sequence[Scores]) -> tuple[Sequence[str], list[Sequence[str]]]:
    lines = []
    for one in found:
        points = dict(one.curve)
        told = (f"{100 * points[at]:.1f}" if at in points else "-" for at in COVERAGES)
        lines.append((one.strategy, *told))
    return ("strategy", *(f"{at:.0%}" for at in COVERAGES)), list(lines)


def _tests(found: Sequence[Comparison], of: str) -> list[tuple[str, ...]]:
    return [
        (
            one.first, one.second, of, str(one.n), str(one.first_only), str(one.second_only),
            f"{one.p:.2g}", f"{one.p_holm:.2g}",
        )
        for one in found
    ]  # fmt: skip
