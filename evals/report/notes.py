"""What has to be said with the figures of an evaluation."""

from __future__ import annotations

from collections.abc import Iterator

from helmsight.envs.registry import task_of
from helmsight.evals.report.judged import Judged
from helmsight.evals.report.points import BY_BEST, BY_RANK

FEW = 3
"""Verdicts that stand in a headline; of more their number does."""


def notes(found: Judged) -> list[str]:
    """Return sentences for people: what is missing, what the worlds say of themselves, and which
    points have no reference of their own.
    """
    return list(dict.fromkeys(_notes(found)))


def headline(found: Judged) -> tuple[str, str]:
    """Return what the report comes to in one line, and its mood: "good" where a test carries it."""
    pairs = [pair for board in found.boards for pair in board.comparisons]
    shown = [pair for pair in pairs if pair.shown]
    if 0 < len(shown) <= FEW:
        said = "; ".join(_said(pair.verdict, pair.condition, len(found.boards)) for pair in shown)
        return said, "good"
    if shown:
        return f"{len(shown)} of {len(pairs)} differences between pilots are shown", "good"
    if pairs:
        needed = [pair.needed for pair in pairs if pair.needed is not None]
        more = f"; about {min(needed):,} seeds would show the clearest" if needed else ""
        compared = f"{len(pairs)} pair{'s' if len(pairs) > 1 else ''} compared"
        return f"No difference between pilots is shown ({compared}{more})", "warn"
    return "One pilot: nothing to compare", "warn"


def _said(verdict: str, condition: str, boards: int) -> str:
    return verdict if boards == 1 else f"{verdict} ({condition})"


def _notes(found: Judged) -> Iterator[str]:
    if found.missing > 0:
        yield (
            f"{found.missing} of {found.planned} episodes have not been run: "
            "`helmsight evaluate SUITE --resume` runs them."
        )
    failed = sum(not row.done for row in found.rows)
    if failed:
        yield f"{failed} of {len(found.rows)} episodes failed; they count as failures."
    flights = dict.fromkeys(row.scenario for row in found.rows if row.kind == "flight")
    for scenario in flights:
        yield task_of(scenario).note
    for kind, words in (
        (BY_BEST, "is counted against the best pilot's median in these results"),
        (BY_RANK, "is counted by rank among the episodes here"),
    ):
        names = [name for name, scale in found.scales.items() if scale.kind == kind]
        if names:
            yield f"No reference score is known for {', '.join(names)}: each {words}."
