"""An evaluation in a folder: what is missing is run, what is there is kept."""

from __future__ import annotations

import json
import time
from collections.abc import Callable, Generator, Iterator, Sequence
from contextlib import contextmanager
from functools import cache
from pathlib import Path
from typing import Any

from helmsight.contract.writing import write_whole
from helmsight.evals.episode import REFUSED, SCHEMA, Episode, EpisodeRow
from helmsight.evals.errors import ModelHalts, ResultsUnusable
from helmsight.evals.fingerprints import QUESTIONS, fingerprint
from helmsight.evals.plan import Plan
from helmsight.evals.provenance import provenance
from helmsight.evals.runner.settings import Settings
from helmsight.evals.spent import Spent
from helmsight.evals.store import ROWS, SUITE, Store, read_suite_file

Run = Callable[[Sequence[Episode], Settings], Generator[EpisodeRow, None, None]]
"""Who runs episodes: yields a row for each as it ends."""


class Evaluation:
    """The episodes of a plan, and a folder that keeps their rows.

    With `resume` a folder that holds rows of the same suite is gone on with: only what is missing
    is run, and with `again` also what did not end as episodes end. Rows of other pilots or seeds
    stay in the table, as long as this code and these weights made them.

    `stopped` says why a run ended before its plan, "" while it has not.

    Raises:
        ResultsUnusable: the folder holds results and `resume` is not given, or results of another
            suite or schema.
    """

    def __init__(
        self,
        plan: Plan,
        folder: Path,
        *,
        resume: bool = False,
        again: bool = False,
        record: str = "",
        cache_answers: bool = True,
        together: int = 1,
        command: str = "",
    ) -> None:
        self.plan, self.folder, self.stopped = plan, folder, ""
        self._again, self._command, self._together = again, command, together
        self._record, self._cache = record or plan.suite.record, cache_answers
        self._sessions = _sessions(folder, plan.suite.name, resume=resume)
        there = Store(folder).every_row()
        planned = [episode.key for episode in plan.episodes]
        mine = set(planned)
        kept = [row for row in there if row.key not in mine and _current(row)]
        self.stale = len(there) - len(kept) - sum(row.key in mine for row in there)
        self.store = Store(folder, [*planned, *(row.key for row in kept)])

    def missing(self) -> list[Episode]:
        """Return the episodes of the plan that are still to be run, in their order."""
        there = {row.key for row in self.store.every_row() if row.done or not self._again}
        return [episode for episode in self.plan.episodes if episode.key not in there]

    def settings(self) -> Settings:
        """Return what workers are told."""
        budgets = self.plan.suite.budgets
        return Settings(
            folder=self.folder.absolute(),
            suite=self.plan.suite.name,
            record=self._record,
            cache=self._cache,
            episode_s=budgets.episode_s,
            memory_mb=budgets.memory_mb,
            retries=budgets.retries,
            prices={name: (p.tokens_in, p.tokens_out) for name, p in budgets.prices.items()},
            concurrency=budgets.concurrency,
            gpus=budgets.gpus,
            together=self._together,
        )

    def run(self, run: Run) -> Iterator[EpisodeRow]:
        """Run what is missing; yield each row when it is on the disk.

        Ends before the plan where a budget of the whole is used up. When the generator is closed,
        or raises, the folder holds all that has ended, and can be resumed.

        Raises:
            ResultsUnusable: a row cannot be written.
            ModelHalts: a model will never answer; its episode has no row.
        """
        spent = Spent(self.plan.suite.budgets)
        for row in self.store.rows():
            spent.take(row)
        with self.store:
            self._write_suite()
            if missing := self.missing():
                self.stopped = spent.up()  # before anybody is asked again
            if self.stopped or not missing:
                return
            with _closed(run(missing, self.settings())) as rows:
                for row in rows:
                    if row.status == REFUSED:
                        raise ModelHalts(row.error)
                    self.store.add(row)
                    spent.take(row)
                    yield row
                    self.stopped = spent.up()
                    if self.stopped:
                        return

    def _write_suite(self) -> None:
        pilots = {(e.pilot, e.made_with) for e in self.plan.episodes}
        session = {"began": time.strftime("%Y-%m-%dT%H:%M:%SZ", time.gmtime())}
        session |= provenance(sorted(pilots), self._command)
        data = {
            "schema": SCHEMA,
            "suite": self.plan.suite.model_dump(mode="json"),
            "keys": self.store.keys,
            "sessions": [*self._sessions, session],
        }
        try:
            write_whole(self.folder / SUITE, json.dumps(data, indent=1) + "\n")
        except OSError as error:
            raise ResultsUnusable(
                f"{self.folder} cannot be written ({error}); give another folder with --out"
            ) from error


def _sessions(folder: Path, suite: str, *, resume: bool) -> list[dict[str, Any]]:
    """Return what is written of earlier runs in a folder, none where it is new."""
    path = folder / SUITE
    if folder.exists() and not folder.is_dir():
        raise ResultsUnusable(f"{folder} is a file; give a folder with --out")
    if not path.exists() and not (folder / ROWS).exists():
        return []
    if not resume:
        raise ResultsUnusable(
            f"{folder} holds results already; --resume goes on with them, --out takes another "
            "folder"
        )
    if not path.exists():
        return []
    data = read_suite_file(path)
    there = data.get("suite", {}).get("name")
    if there != suite:
        raise ResultsUnusable(
            f"{path}: suite.name is {there!r}, and {suite!r} was asked for; give another folder "
            "with --out"
        )
    return list(data.get("sessions", []))


def _current(row: EpisodeRow) -> bool:
    more = (QUESTIONS,) if row.kind == "questions" else ()
    return _fingerprint(row.spec, *more) == row.made_with


@cache
def _fingerprint(pilot: str, *more: str) -> str:
    return fingerprint(pilot, *more)


@contextmanager
def _closed(
    rows: Generator[EpisodeRow, None, None],
) -> Iterator[Generator[EpisodeRow, None, None]]:
    try:
        yield rows
    finally:
        rows.close()
