"""What our worlds call an outcome, as the score of a sample."""

from __future__ import annotations

import math
from collections.abc import Sequence
from typing import cast

from inspect_ai.scorer import (
    Metric,
    MetricProtocol,
    SampleScore,
    Score,
    Scorer,
    Target,
    Value,
    mean,
    metric,
    scorer,
    stderr,
)
from inspect_ai.solver import TaskState

from helmsight.contract.jsontext import parse_json
from helmsight.evals.bridges.inspectai.flying import ROW, told
from helmsight.evals.episode import EpisodeRow

FIGURES = ("score", "success", "steps", "sim_s", "held", "late")
"""Fields of a row that every score has, besides the terms of the world's outcome."""


@scorer(metrics={"*": [mean(), stderr()]})
def outcome(terms: Sequence[str] = ()) -> Scorer:
    """Score an episode by its row: score, success, figures of the flight, and `terms`.

    A figure that the world did not tell is NaN, which Inspect leaves out. An episode that a limit
    of Inspect ended is scored as it stood; one that never began has no success and no other figure.
    """

    async def score(state: TaskState, target: Target) -> Score:
        kept = state.store.get(ROW)
        if kept is None:
            figures = dict.fromkeys((*FIGURES, *terms), math.nan) | {"success": 0.0}
            return Score(value=figures, explanation="ended before it began")
        row = EpisodeRow.from_dict(kept)
        values = {name: getattr(row, name) for name in FIGURES}
        values |= {name: parse_json(row.terms).get(name) for name in terms}
        return Score(
            value={name: math.nan if v is None else float(v) for name, v in values.items()},
            answer=row.reason,
            explanation=told(row),
            metadata={"repairs": parse_json(row.repairs), "decided": row.decided},
        )

    return score


@metric
def each() -> Metric:
    """Give mean and standard error of every competitor by itself, by the samples' metadata."""
    middle, spread = cast(MetricProtocol, mean()), cast(MetricProtocol, stderr())

    def of_competitors(scores: list[SampleScore]) -> Value:
        found: dict[str, list[SampleScore]] = {}
        for sample in scores:
            found.setdefault(str((sample.sample_metadata or {})["competitor"]), []).append(sample)
        figures = {name: middle(of) for name, of in found.items()}
        figures |= {f"{name}, stderr": spread(of) for name, of in found.items()}
        return cast(Value, figures)

    return of_competitors
