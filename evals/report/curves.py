"""Points against think time: what waiting for an answer costs each competitor."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from helmsight.contract.clock import TimeRule
from helmsight.evals.report.boards import Board


@dataclass(frozen=True)
class Dot:
    """One competitor under one time rule: `seconds` from a look to its command, and its points."""

    seconds: float
    low: float
    points: float
    high: float
    n: int


Curves = Mapping[str, Mapping[str, Sequence[Dot]]]
"""By kind of time rule, then by competitor, sorted by seconds."""


def curves(boards: Sequence[Board]) -> Curves:
    """Return the curves of time rules that say how long a decision lasts, two dots at least each.

    Curves of boards that differ in more than their time rule are apart, by what differs.
    """
    found: dict[str, dict[str, list[Dot]]] = {}
    for board in boards:
        for entry in board.entries:
            rule = TimeRule.parse(entry.rows[0].time)
            if entry.points is None or rule.seconds is None:
                continue
            low, high = entry.points.bounds
            dot = Dot(rule.seconds, low, entry.points.estimate, high, entry.points.n)
            rest = board.condition.replace(f"time rule {entry.rows[0].time}", rule.kind)
            found.setdefault(rest, {}).setdefault(entry.name, []).append(dot)
    lines = {
        rest: {
            name: sorted(dots, key=lambda dot: dot.seconds)
            for name, dots in of.items()
            if len(dots) > 1
        }
        for rest, of in found.items()
    }
    return {rest: of for rest, of in lines.items() if of}
