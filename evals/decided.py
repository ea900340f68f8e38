"""Which step of a flight decided how it ended: where whoever looks into it begins."""

from __future__ import annotations

import math
from collections.abc import Sequence

from helmsight.contract.plots import Plot, TimePlot
from helmsight.contract.record import StepRecord

ORDINARY = frozenset({"constrained", "retry", "calls", "aligned"})
"""Repairs that an answer may need and still be the pilot's own command."""


def deciding_step(records: Sequence[StepRecord], plots: Sequence[Plot], *, success: bool) -> int:
    """Return the step that decided a flight, -1 without any step.

    Of a failure it is the first that was held, late or repaired; else the one that the world's
    first mark lies on (of a pursuit the nearest to its target). Of a success, and where there is
    neither, it is the last.
    """
    if not success:
        for number, record in enumerate(records):
            if record.clamped or record.late or set(record.repairs) - ORDINARY:
                return number
        for plot in plots:
            if isinstance(plot, TimePlot) and plot.mark:
                return _marked(records, plot)
    return len(records) - 1


def _marked(records: Sequence[StepRecord], plot: TimePlot) -> int:
    values = {
        number: float(value)
        for number, record in enumerate(records)
        if isinstance(value := record.measures.get(plot.curves[0].measure), int | float)
        and math.isfinite(value)
    }
    extreme = min if plot.mark == "lowest" else max
    return extreme(values, key=values.__getitem__) if values else len(records) - 1
