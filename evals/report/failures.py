"""What went wrong: episodes without success by how they ended, with a recording of each kind."""

from __future__ import annotations

import os
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from urllib.parse import quote

from helmsight.contract.jsontext import parse_json
from helmsight.evals.decided import ORDINARY
from helmsight.evals.episode import EpisodeRow
from helmsight.evals.report.groups import by, competitor_of
from helmsight.tools.folder import PAGE

EXAMPLES = 3


@dataclass(frozen=True)
class Example:
    """One episode of a kind of failure; `address` is its recording at the step that decided."""

    title: str
    address: str
    step: int


@dataclass(frozen=True)
class Failure:
    """Episodes of one competitor that ended in one way without success.

    `held`, `late` and `repaired` count those of them with at least one decision that the guard
    cut, that came too late, or that had to be mended; `error` is the first message of those that
    did not end as episodes end.
    """

    competitor: str
    kind: str
    n: int
    of: int
    held: int
    late: int
    repaired: int
    error: str
    examples: tuple[Example, ...]


def failures(rows: Sequence[EpisodeRow], results: Path, page: Path) -> list[Failure]:
    """Return the kinds of failures of each competitor, the most frequent first.

    Addresses lead from the folder `page` to the recordings in the folder `results`; a recording
    that is not there has none.
    """
    name = competitor_of(rows)
    found = []
    for competitor, of in by(rows, name).items():
        lost = [row for row in of if not row.success]
        kinds = sorted(by(lost, kind).items(), key=lambda entry: -len(entry[1]))
        found += [_failure(competitor, which, group, len(of), results, page)
                  for which, group in kinds]  # fmt: skip
    return found


def kind(row: EpisodeRow) -> str:
    """Return how an episode without success ended, in words."""
    return row.status if not row.done else row.reason or "no reason told"


def mended(row: EpisodeRow) -> int:
    """Return how often an answer had to be mended, beyond what any answer may need."""
    return sum(n for rung, n in parse_json(row.repairs).items() if rung not in ORDINARY)


def _failure(
    competitor: str, which: str, rows: Sequence[EpisodeRow], of: int, results: Path, page: Path
) -> Failure:
    recorded = [row for row in rows if row.run and (results / row.run / PAGE).is_file()]
    return Failure(
        competitor,
        which,
        len(rows),
        of,
        sum(row.held > 0 for row in rows),
        sum(row.late > 0 for row in rows),
        sum(mended(row) > 0 for row in rows),
        next((row.error for row in rows if row.error), ""),
        tuple(_example(row, results, page) for row in recorded[:EXAMPLES]),
    )


def _example(row: EpisodeRow, results: Path, page: Path) -> Example:
    way = os.path.relpath(results / row.run / PAGE, page)
    anchor = f"#step-{row.decided}" if row.decided >= 0 else ""
    fault = f", {row.disturbance}" if row.disturbance else ""
    return Example(
        f"{row.scenario} seed {row.seed}{fault}", quote(Path(way).as_posix()) + anchor, row.decided
    )
