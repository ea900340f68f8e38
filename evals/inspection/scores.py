"""How right an inspection was, against the truth of the cell that it was in."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass
from typing import Any, Self

from helmsight.contract.record import StepRecord
from helmsight.envs.inspection.marking import NO_CLAIM
from helmsight.envs.inspection.plan import CellPlan
from helmsight.envs.inspection.states import ABSENT, NOT_SEEN, SOUND, UNSURE
from helmsight.evals.inspection.findings import (
    NOT_REPORTED,
    asked_parts,
    model_seconds,
    reports_of,
)

OPEN = (NOT_SEEN, UNSURE, NOT_REPORTED)
"""Said of a part whose state is left open: neither right nor a claim of a defect."""


@dataclass(frozen=True)
class Marks:
    """One inspection, marked.

    parts: asked for; right: whose state was reported as it is, the kind of a defect included;
    open: whose state was left open. hits, false, missed: defects reported on the right part as the
    right kind, reported and not there, there and not reported so (a wrong kind is both); a part
    that is not there counts as one, as in the world's own marks. coverage:
    share of the parts that can be seen and were, None where the world does not tell. looks,
    touches (None as well), interventions, decisions: counts. think_s: of the pilot; model_s: of
    its model, where it tells; wall_s: all.
    """

    parts: int
    right: int
    open: int
    hits: int
    false: int
    missed: int
    coverage: float | None
    looks: int
    touches: int | None
    interventions: int
    decisions: int
    model_s: float | None
    think_s: float
    wall_s: float
    reason: str

    @property
    def f1(self) -> tuple[float, float]:
        """Parts and whole of F1: 2 hits, and those with what is false and missed."""
        return 2.0 * self.hits, 2.0 * self.hits + self.false + self.missed

    @property
    def precision(self) -> tuple[float, float]:
        """Parts and whole of precision."""
        return float(self.hits), float(self.hits + self.false)

    @property
    def recall(self) -> tuple[float, float]:
        """Parts and whole of recall."""
        return float(self.hits), float(self.hits + self.missed)

    def to_dict(self) -> dict[str, Any]:
        """Return the marks as JSON data."""
        return asdict(self)

    @classmethod
    def from_dict(cls, data: Mapping[str, Any]) -> Self:
        """Read marks back; raises TypeError for anything else."""
        return cls(**data)


def truth_of(plan: CellPlan, parts: Sequence[str]) -> dict[str, str]:
    """Return the true state of each part in a cell: sound, the kind of its defect, or absent."""
    truth = {}
    for part in parts:
        defect = plan.defect_of(part)
        truth[part] = ABSENT if part in plan.absent else SOUND if defect is None else defect.kind
    return truth


def reported_of(records: Sequence[StepRecord], parts: Sequence[str]) -> dict[str, str]:
    """Return the state that each part was last reported in, `not reported` where it was not."""
    said = reports_of(records)
    return {
        part: str(said[part].applied["state"]) if part in said else NOT_REPORTED for part in parts
    }


def marks(
    plan: CellPlan,
    options: Mapping[str, Any],
    records: Sequence[StepRecord],
    summary: Mapping[str, Any],
) -> Marks:
    """Return the marks of an inspection of the cell of `plan`, made with the world's `options`."""
    parts = asked_parts(options)
    truth, said = truth_of(plan, parts), reported_of(records, parts)
    wrong = {part for part in parts if truth[part] != SOUND}
    claimed = {part for part in parts if said[part] not in (*NO_CLAIM, NOT_REPORTED)}
    hits = {part for part in wrong & claimed if truth[part] == said[part]}
    coverage = summary.get("coverage")
    return Marks(
        parts=len(parts),
        right=sum(truth[part] == said[part] for part in parts),
        open=sum(said[part] in OPEN for part in parts),
        hits=len(hits),
        false=len(claimed - hits),
        missed=len(wrong - hits),
        coverage=None if coverage is None else float(coverage),
        looks=int(summary.get("looks") or 0),
        touches=None if summary.get("touches") is None else int(summary["touches"]),
        interventions=int(summary.get("interventions") or 0),
        decisions=len(records),
        model_s=model_seconds(records),
        think_s=sum(record.think_ms for record in records) / 1e3,
        wall_s=float(summary.get("wall_s") or 0.0),
        reason=str(summary.get("reason", "")),
    )


def failed(plan: CellPlan, options: Mapping[str, Any], reason: str) -> Marks:
    """Return the marks of an inspection that came to nothing: no part was reported or seen."""
    return marks(plan, options, (), {"coverage": 0.0, "reason": reason})
