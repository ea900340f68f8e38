"""Points of an episode: its score against the reference of its scenario."""

from __future__ import annotations

from bisect import bisect_left, bisect_right
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import cache
from importlib import resources

import numpy as np

from helmsight.contract.textfiles import read_text
from helmsight.contract.tomltext import parse_toml
from helmsight.evals.episode import EpisodeRow
from helmsight.evals.report.groups import by, competitor_of

WHOLE = 100.0
BY_REFERENCE, BY_BEST, BY_RANK, BY_SUCCESS = "reference", "best here", "rank", "success"


@dataclass(frozen=True)
class Scale:
    """How the scores of one scenario become points; an episode that failed has 0.

    `kind` is BY_REFERENCE (the score against a known one, in `references.toml`), BY_BEST (against
    the best competitor's median in these results), BY_RANK (where a ratio means nothing: the
    share of the scenario's episodes that it is better than, equals half) or BY_SUCCESS (no score
    is declared: all or nothing). `ranked` are sorted worths of these episodes, the higher the
    better.
    """

    kind: str
    better: str = ""
    reference: float | None = None
    ranked: tuple[float, ...] = ()

    def points(self, row: EpisodeRow) -> float:
        """Return the points of an episode of this scenario: as good as the reference is 100."""
        if self.kind == BY_SUCCESS:
            return WHOLE * row.success
        if row.score is None:
            return 0.0
        if self.reference is None:
            worth = _worth(row)
            below, upto = bisect_left(self.ranked, worth), bisect_right(self.ranked, worth)
            return WHOLE * (below + upto) / (2 * len(self.ranked))
        good = row.score / self.reference
        return WHOLE * (good if self.better == "higher" else 1 / good)


def scales(rows: Sequence[EpisodeRow]) -> dict[str, Scale]:
    """Return the scale of each scenario of `rows`."""
    groups = by(rows, lambda row: row.scenario)
    return {scenario: _scale(scenario, of) for scenario, of in groups.items()}


@cache
def references() -> Mapping[str, float]:
    """Return the reference scores that are shipped, by scenario."""
    file = resources.files("helmsight.evals.report").joinpath("references.toml")
    return dict(parse_toml(read_text(file))["scores"])


def _scale(scenario: str, rows: Sequence[EpisodeRow]) -> Scale:
    scored = [row for row in rows if row.score is not None]
    better = next((row.better for row in scored if row.better), "")
    if not better or rows[0].kind == "questions":  # an answer is right or wrong
        return Scale(BY_SUCCESS)
    scores = [row.score for row in scored if row.score is not None]
    known = references().get(scenario)
    reference = known if known is not None else _best(scored, better)
    # a ratio needs a zero that means nothing achieved, or nothing lost
    least = min(scores)
    if reference > 0 and (least > 0 or (least == 0 and better == "higher")):
        return Scale(BY_BEST if known is None else BY_REFERENCE, better, reference)
    return Scale(BY_RANK, better, ranked=tuple(sorted(map(_worth, rows))))


def _best(scored: Sequence[EpisodeRow], better: str) -> float:
    """Return the best competitor's median, of clean episodes where there are any."""
    clean = [row for row in scored if not row.disturbance] or scored
    medians = [
        float(np.median([row.score for row in of if row.score is not None]))
        for of in by(clean, competitor_of(scored)).values()
    ]
    return max(medians) if better == "higher" else min(medians)


def _worth(row: EpisodeRow) -> float:
    """Return what an episode is sorted by: the higher the better, a failed one last."""
    if row.score is None:
        return float("-inf")
    return row.score if row.better == "higher" else -row.score
