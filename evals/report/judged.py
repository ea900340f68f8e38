"""Rows of an evaluation, judged: everything that a report says, without a word of how it looks."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from helmsight.evals.episode import EpisodeRow
from helmsight.evals.errors import ResultsUnusable
from helmsight.evals.report.boards import Board, boards
from helmsight.evals.report.curves import Curves, curves
from helmsight.evals.report.failures import Failure, failures
from helmsight.evals.report.faults import Fault, faults
from helmsight.evals.report.points import Scale, scales
from helmsight.evals.store import SUITE, read_rows, read_suite_file


@dataclass(frozen=True)
class Judged:
    """What is said of an evaluation. `planned` is how many episodes its suite has, None where the
    rows came without one; `about` is the content of `suite.json`.
    """

    rows: tuple[EpisodeRow, ...]
    planned: int | None
    about: Mapping[str, Any]
    scales: Mapping[str, Scale]
    boards: tuple[Board, ...]
    faults: tuple[Fault, ...]
    curves: Curves
    failures: tuple[Failure, ...]

    @property
    def missing(self) -> int:
        """How many episodes of the suite have not been run."""
        return 0 if self.planned is None else self.planned - len(self.rows)


def judged(results: Path, page: Path) -> Judged:
    """Return what is said of a results folder or Parquet file, in a report in the folder `page`.

    Raises:
        ResultsUnusable: it is damaged, of another schema, or holds no row yet.
    """
    rows = read_rows(results)
    if not rows:
        raise ResultsUnusable(
            f"{results} holds no episode that has ended; `helmsight evaluate SUITE --out {results} "
            "--resume` runs them"
        )
    folder = results if results.is_dir() else results.parent
    suite = folder / SUITE
    about = read_suite_file(suite) if results.is_dir() and suite.is_file() else {}
    return judge(rows, folder, page, about)


def judge(
    rows: Sequence[EpisodeRow], results: Path, page: Path, about: Mapping[str, Any]
) -> Judged:
    """Return what is said of `rows`; their recordings lie in the folder `results`."""
    of = scales(rows)
    clean = [row for row in rows if not row.disturbance]
    found = boards(clean, rows, of)
    keys = about.get("keys")
    return Judged(
        tuple(rows),
        None if keys is None else len(keys),
        about,
        of,
        tuple(found),
        tuple(faults(rows, of)),
        curves(found),
        tuple(failures(rows, results, page)),
    )
