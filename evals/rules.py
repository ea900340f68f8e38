"""The same flights under several time rules: a file each, and their scores side by side."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path

from helmsight.contract.clock import TimeRule
from helmsight.evals.errors import InvalidPlan
from helmsight.evals.flights import FlightResult
from helmsight.evals.naming import names
from helmsight.evals.tables import rows, table


def rules(text: str) -> list[str]:
    """Return the time rules of a comma-separated list, as they are written in records.

    Raises:
        InvalidOption: one of them is none.
        InvalidPlan: there is none.
    """
    parsed = list(dict.fromkeys(str(TimeRule.parse(part)) for part in names(text)))
    if not parsed:
        raise InvalidPlan(f"--time {text!r}: give a time rule, or several with commas between")
    return parsed


def rule_file(path: Path | None, rule: str, of: Sequence[str]) -> Path | None:
    """Return where the flights under `rule` are kept: `path`, with the rule's name if `of` many."""
    if path is None or len(of) == 1:
        return path
    return path.with_name(f"{path.stem}-{rule.replace(':', '-')}{path.suffix}")


def side_by_side(results: Mapping[str, Sequence[FlightResult]], *, markdown: bool = False) -> str:
    """Return one row per scenario and pilot, one column per time rule: median score, successes."""
    columns: dict[tuple[str, str], dict[str, str]] = {}
    for rule, flown in results.items():
        for row in rows(flown):
            share = f"{row.successes}/{len(row.scores)}"
            score = row.score.text(".1f")
            columns.setdefault((row.scenario, row.pilot), {})[rule] = f"{score} {share}"
    lines = [
        [scenario, pilot, *(cells.get(rule, "-") for rule in results)]
        for (scenario, pilot), cells in columns.items()
    ]
    return table(["scenario", "pilot", *results], lines, markdown=markdown)
