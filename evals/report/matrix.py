"""Faults as a matrix: disturbances down, competitors across, in each cell what is lost."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from helmsight.evals.report.faults import Fault

PALE = 20.0
"""Points that are coloured in full at least."""


@dataclass(frozen=True)
class Matrix:
    """One condition: `rows` are a disturbance with a fault or none for each of `competitors`.

    `most` is the largest change, points.
    """

    condition: str
    competitors: tuple[str, ...]
    rows: tuple[tuple[str, tuple[Fault | None, ...]], ...]
    most: float

    def shade(self, fault: Fault) -> int:
        """Return how strongly a cell is coloured, percent: the largest change 60.

        A change of few points stays pale, however small all others are.
        """
        if fault.lost is None:
            return 0
        return round(60 * abs(fault.lost.estimate) / max(self.most, PALE))


def matrix(faults: Sequence[Fault]) -> list[Matrix]:
    """Return a matrix of each condition."""
    found = []
    for condition in dict.fromkeys(fault.condition for fault in faults):
        here = [fault for fault in faults if fault.condition == condition]
        across = tuple(dict.fromkeys(fault.competitor for fault in here))
        down = dict.fromkeys(fault.disturbance for fault in here)
        cells = {(fault.disturbance, fault.competitor): fault for fault in here}
        found.append(
            Matrix(
                condition,
                across,
                tuple((name, tuple(cells.get((name, one)) for one in across)) for name in down),
                max((abs(fault.lost.estimate) for fault in here if fault.lost), default=0.0),
            )
        )
    return found
