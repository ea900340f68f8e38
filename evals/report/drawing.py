"""The figures of a report, as SVG in the colours of all pages."""

from __future__ import annotations

import textwrap
from collections.abc import Mapping, Sequence
from functools import partial
from typing import Any

import numpy as np

from helmsight.evals.report.boards import Board
from helmsight.evals.report.curves import Dot
from helmsight.evals.report.judged import Judged
from helmsight.tools.plots import COLOURS, DIM, INK, WIDE, drawn

ROW, ROOM = 0.42, 1.0  # inches a line, and for title and axis
LONGEST = 42  # letters of a name; the tables have it whole
MARKS = ("o", "s", "^", "D", "v", "P")


def figures(found: Judged) -> dict[str, str]:
    """Return the figures that there is something for, SVG text by name; the same rows, the same
    bytes.
    """
    pictures = {}
    for number, board in enumerate(found.boards):
        for name, paint, lines in (
            (f"spread-{number}", _spread, len(board.entries)),
            (f"pairs-{number}", _pairs, len(board.comparisons)),
        ):
            pictures[name] = drawn(partial(paint, board=board), name, (WIDE, ROOM + ROW * lines))
    for number, (rule, lines_of) in enumerate(found.curves.items()):
        name = f"curve-{number}"
        pictures[name] = drawn(partial(_curves, rule=rule, lines=lines_of), name)
    return {name: svg for name, svg in pictures.items() if svg}


def _spread(figure: Any, board: Board) -> bool:
    """Every run as a dot, the median with its interval as a line."""
    entries = [entry for entry in board.entries if entry.points is not None]
    if not entries:
        return False
    axes = figure.subplots()
    for line, entry in enumerate(entries):
        values = np.array(list(entry.runs.values()))
        aside = 0.22 * np.sin(2.4 * np.arange(len(values)))  # dots of equal points stay apart
        axes.plot(values, line + aside, "o", color=_colour(line), markersize=4, alpha=0.45)
        assert entry.points is not None
        low, high = entry.points.bounds
        axes.plot([low, high], [line, line], color=INK, linewidth=2)
        axes.plot(entry.points.estimate, line, "|", color=INK, markersize=14, markeredgewidth=2.2)
    _names(axes, [f"{_wrapped(entry.name)}\nn = {len(entry.runs)}" for entry in entries])
    _title(figure, f"Points of runs, {board.condition}")
    axes.set_xlabel("points; bar: estimate, line: its 95 % interval")
    return True


def _pairs(figure: Any, board: Board) -> bool:
    """Paired differences with their intervals, those that the test carries in colour."""
    if not board.comparisons:
        return False
    axes = figure.subplots()
    axes.axvline(0, color=DIM, linewidth=0.8)
    for line, pair in enumerate(board.comparisons):
        colour = COLOURS[0] if pair.shown else DIM
        axes.plot(pair.difference.bounds, [line, line], color=colour, linewidth=2)
        axes.plot(pair.difference.estimate, line, "o", color=colour, markersize=6)
    names = [
        f"{_wrapped(pair.first)}\n\N{MINUS SIGN} {_wrapped(pair.second)}"
        for pair in board.comparisons
    ]
    _names(axes, names)
    _title(figure, f"Paired differences, {board.condition}")
    axes.set_xlabel("points; coloured: the test carries it")
    return True


def _curves(figure: Any, rule: str, lines: Mapping[str, Sequence[Dot]]) -> bool:
    axes = figure.subplots()
    span = max(dot.seconds for dots in lines.values() for dot in dots) or 1.0
    for number, (name, dots) in enumerate(lines.items()):
        # bars of several stay apart
        at = np.array([dot.seconds for dot in dots]) + 0.006 * span * number
        points = np.array([dot.points for dot in dots])
        bars = points - [dot.low for dot in dots], [dot.high for dot in dots] - points
        axes.errorbar(
            at, points, bars, color=_colour(number), marker=MARKS[number % len(MARKS)], capsize=3,
            label=name,
        )  # fmt: skip
    axes.set_title(f"Points against think time, time rule {rule}")
    axes.set_xlabel("world time from a look to its command, s")
    axes.set_ylabel("points")
    axes.legend(loc="best")
    return True


def _title(figure: Any, text: str) -> None:
    """Put a title above the names as well: these may leave the axes little room."""
    figure.suptitle(text, x=0.01, ha="left", fontsize=11.5, fontweight="bold", color=INK)


def _wrapped(name: str) -> str:
    return textwrap.shorten(name, LONGEST, placeholder=" ...") if len(name) > LONGEST else name


def _names(axes: Any, names: Sequence[str]) -> None:
    axes.set_yticks(range(len(names)), names, fontsize=8.5)
    axes.set_ylim(len(names) - 0.5, -0.5)
    axes.grid(axis="y", visible=False)
    axes.margins(x=0.06)


def _colour(number: int) -> str:
    return COLOURS[number % len(COLOURS)]
