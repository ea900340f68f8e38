"""Pilots beside the references: what each pays for not knowing what is to come."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import asdict
from pathlib import Path

from helmsight.contract.jsontext import parse_json
from helmsight.contract.textfiles import read_text
from helmsight.envs.orbital.scenarios import find_pursuit
from helmsight.evals.errors import ResultsUnusable
from helmsight.evals.flights import FlightResult
from helmsight.evals.optimum.search import Reference, search
from helmsight.evals.statistics import median_interval
from helmsight.evals.tables import table

Key = tuple[str, int]
"""A scenario's name and a seed."""
COLUMNS = ("scenario", "pilot", "n", "reference", "captured", "score", "captured", "ratio")
LEGEND = (
    "Reference: the best flight found by plans that know the evader's burns beforehand. Lower "
    "scores are better. Medians with 95 % intervals; ratio: score / reference, seed by seed."
)


def load(path: Path | None) -> dict[Key, Reference]:
    """Return the references that a file holds; none where there is no file.

    Raises:
        ResultsUnusable: the file holds something else.
    """
    if path is None or not path.exists():
        return {}
    try:
        entries = [Reference(**entry) for entry in parse_json(read_text(path))]
    except (TypeError, ValueError) as problem:
        raise ResultsUnusable(
            f"{path} does not hold references ({problem}); give another --json FILE, or move it "
            "away to have them found anew"
        ) from None
    return {(entry.scenario, entry.seed): entry for entry in entries}


def missing(
    keys: Sequence[Key], kept: dict[Key, Reference], path: Path | None, at_once: int = 40
) -> Iterator[Reference]:
    """Find the references that are missing of `keys`, add them to `kept` and yield them.

    So many are flown side by side, and then written to `path`: a second call goes on.
    """
    todo = [key for key in keys if key not in kept]
    for begin in range(0, len(todo), at_once):
        cells = [(find_pursuit(name), seed) for name, seed in todo[begin : begin + at_once]]
        for reference in search(cells):
            kept[reference.scenario, reference.seed] = reference
            yield reference
        if path is not None:
            text = json.dumps([asdict(entry) for entry in kept.values()], indent=1)
            path.write_text(text + "\n", encoding="utf-8")


def ratio_table(
    flights: Sequence[FlightResult], references: Mapping[Key, Reference], *, markdown: bool = False
) -> str:
    """Return a row for each scenario and pilot of `flights`, in their order, as a table."""
    groups: dict[tuple[str, str], list[FlightResult]] = {}
    for flight in flights:
        groups.setdefault((flight.cell.scenario, flight.cell.pilot), []).append(flight)
    lines = []
    for (scenario, pilot), group in groups.items():
        known = [references[scenario, flight.cell.seed] for flight in group]
        scores = [flight.score for flight in group]
        ratios = [flight.score / best.score for flight, best in zip(group, known, strict=True)]
        lines.append(
            [
                scenario, pilot, str(len(group)),
                median_interval([best.score for best in known]).text(".1f"),
                _share([best.captured for best in known]),
                median_interval(scores).text(".1f"),
                _share([flight.success for flight in group]),
                median_interval(ratios).text(".2f"),
            ]
        )  # fmt: skip
    return table(COLUMNS, lines, markdown=markdown)


def _share(captured: Sequence[bool]) -> str:
    return f"{sum(captured)}/{len(captured)}"
