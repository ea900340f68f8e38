"""The figures of a report, as SVG in the colours of all pages."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from functools import partial
from typing import Any

import numpy as np

from helmsight.evals.report.boards import Board
from helmsight.evals.report.curves import Dot
from helmsight.evals.report.judged import Judged
from helmsight.tools.plots import COLOURS, DIM, INK, WIDE, drawn

ROW, ROOM = 0.34, 1.0  # inches a line, and for title and axis
MARKS = ("o", "s", "^", "D", "v", "P")


def figures(found: Judged) -> dict[str, str]:
    """Return the figures that there is something for, SVG text by name; the same rows, the same
    bytes.
    """
    pictures = {}
    for number, board in enumerate(found.boards):
        lines = max(1, len(board.entries))
        name = f"spread-{number}"
        pictures[name] = drawn(partial(_spread, board=board), name, (WIDE, ROOM + ROW * lines))
        pairs = max(1, len(board.comparisons))
        name = f"pairs-{number}"
        pictures[name] = drawn(partial(_pairs, board=board), name, (WIDE, ROOM + ROW * pairs))
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
    _names(axes, [f"{entry.name}, n = {len(entry.runs)}" for entry in entries])
    axes.set_title(f"Points of runs, {board.condition}")
    axes.set_xlabel("points; line: 95 % interval of the median")
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
    _names(axes, [f"{pair.first} \N{MINUS SIGN} {pair.second}" for pair in board.comparisons])
    axes.set_title(f"Paired differences, {board.condition}")
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
    axes.set_title(f"Points against think time, {rule}")
    axes.set_xlabel("seconds a decision takes")
    axes.set_ylabel("points")
    axes.legend(loc="best")
    return True


def _names(axes: Any, names: Sequence[str]) -> None:
    axes.set_yticks(range(len(names)), names)
    axes.set_ylim(len(names) - 0.5, -0.5)
    axes.grid(axis="y", visible=False)
    axes.margins(x=0.06)


def _colour(number: int) -> str:
    return COLOURS[number % len(COLOURS)]
