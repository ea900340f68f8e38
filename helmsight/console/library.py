"""The runs in a folder: what the index shows of each, damaged ones included."""

from __future__ import annotations

import os
import threading
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any

from helmsight.console.evaluations import Evaluation, read_evaluation
from helmsight.contract.record import RunSpec
from helmsight.evals.store import ROWS, SUITE
from helmsight.tools.folder import SPEC, STEPS, SUMMARY, read_spec
from helmsight.tools.player import read_summary
from helmsight.tools.steplog import count_lines
from helmsight.tools.tags import TAGS, read_tags
from helmsight.tools.telling import mood

DEPTH = 3  # folders below DIR in which runs are looked for
MOST = 10_000  # runs of one index
WRITTEN_S = 30.0  # a log without a summary that grew so lately is being written


@dataclass(frozen=True)
class Entry:
    """One run as the index shows it. `name` is its path below the folder, with slashes.

    `problem` says why it cannot be shown ("" for a run that can), `state` is "live", "written",
    "ended" or "cut off". `began` and `changed` are seconds since 1970.
    """

    name: str
    folder: Path
    spec: RunSpec | None = None
    summary: Mapping[str, Any] = field(default_factory=dict)
    problem: str = ""
    steps: int = 0
    state: str = "ended"
    began: float = 0.0
    changed: float = 0.0
    tags: tuple[str, ...] = ()

    @property
    def scenario(self) -> str:
        """What is flown: its short name, or that of the environment."""
        if self.spec is None:
            return ""
        return str(self.summary.get("scenario") or self.spec.task.name or self.spec.environment)

    @property
    def reason(self) -> str:
        """Why it ended, or what it does."""
        if self.problem:
            return "damaged"
        said = {"live": "live", "written": "being written", "cut off": "cut off"}
        return said.get(self.state) or str(self.summary.get("reason", "unknown"))

    @property
    def mood(self) -> str:
        """How the end is to be taken: "good", "warn" or "bad"; "live" while it goes on."""
        if self.state in ("live", "written") and not self.problem:
            return "live"
        return "bad" if self.spec is None else mood(self.reason, self.spec.task.outcome)

    @property
    def score(self) -> float | None:
        """The figure that runs of its kind are compared by, None where there is none."""
        measure = None if self.spec is None else self.spec.task.outcome.score
        value = self.summary.get(measure.name) if measure else None
        usable = isinstance(value, int | float) and not isinstance(value, bool)
        return float(value) if usable and abs(value) < 1e300 else None  # type: ignore[arg-type]

    def words(self) -> str:
        """Return what a search looks through, in small letters; tags stand as #tag."""
        pilot = self.spec.pilot if self.spec else ""
        tags = " ".join(f"#{tag}" for tag in self.tags)
        return f"{self.name} {self.scenario} {pilot} {self.reason} {tags} {self.problem}".lower()


class Library:
    """The runs below a folder. What was read of one is kept as long as its files do not change."""

    def __init__(self, root: Path) -> None:
        self.root, self._real = root, os.path.realpath(root)
        self._looking = threading.Lock()
        self._known: dict[str, tuple[tuple[Any, ...], Entry]] = {}
        self._judged: dict[str, tuple[tuple[Any, ...], Evaluation]] = {}

    def entries(self, now: float, live: Iterable[Path] = ()) -> list[Entry]:
        """Return every run; as `look`."""
        return self.look(now, live)[0]

    def look(self, now: float, live: Iterable[Path] = ()) -> tuple[list[Entry], list[Evaluation]]:
        """Return every run and every evaluation: the runs in the folders `live` go on.

        `now` is in seconds since 1970.

        Raises:
            OSError: the folder itself cannot be read.
        """
        going = {os.path.realpath(folder) for folder in live}
        with self._looking:  # who comes meanwhile is given what was read
            found = list(_folders(self.root))
            entries = [self._entry(name, folder, now, going) for name, folder, run in found if run]
            judged = [self._evaluation(name, folder) for name, folder, run in found if not run]
            self._known = {entry.name: self._known[entry.name] for entry in entries}
            self._judged = {one.name: self._judged[one.name] for one in judged}
            return entries, judged

    def place(self, name: str) -> str:
        """Return where the run called `name` lies if it is one, as a real path; "" for no name."""
        return os.path.join(self._real, *parts) if (parts := _parts(name)) else ""

    def find(self, name: str, now: float, live: Iterable[Path] = ()) -> Entry | None:
        """Return the run called `name`, None where there is none: no other path is ever opened."""
        folder = self._folder(name, SPEC)
        going = {os.path.realpath(path) for path in live}
        return None if folder is None else self._entry(name, folder, now, going)

    def evaluation(self, name: str) -> Evaluation | None:
        """Return the evaluation called `name`, None where there is none."""
        folder = self._folder(name, ROWS)
        return None if folder is None else self._evaluation(name, folder)

    def _folder(self, name: str, holds: str) -> Path | None:
        """Return the folder called `name`, if it holds that file."""
        folder, parts = self.root, _parts(name)
        for part in parts:  # each is the name of a real folder in the one before
            if part not in _names(folder):
                return None
            folder = folder / part
        return folder if parts and os.path.lexists(folder / holds) else None

    def _evaluation(self, name: str, folder: Path) -> Evaluation:
        key = tuple(_mark(folder / part) for part in (ROWS, SUITE))
        known = self._judged.get(name)
        if known is None or known[0] != key:
            known = self._judged[name] = (key, read_evaluation(name, folder))
        return known[1]

    def _entry(self, name: str, folder: Path, now: float, going: set[str]) -> Entry:
        marks = tuple(_mark(folder / part) for part in (SPEC, STEPS, SUMMARY))
        state = _state(marks, now, live=bool(going) and os.path.realpath(folder) in going)
        key = (marks, state, tagged := _mark(folder / TAGS))
        known = self._known.get(name)
        if known is None or known[0] != key:
            entry = _read(name, folder, marks, state)
            entry = entry if tagged is None else replace(entry, tags=read_tags(folder))
            known = self._known[name] = (key, entry)
        return known[1]


def _parts(name: str) -> list[str]:
    """Return the names of the folders that lead to a run; none where `name` is no such path."""
    parts = name.split("/")
    odd = any(part in ("", ".", "..") or "\\" in part for part in parts)
    return [] if odd or len(parts) > DEPTH else parts


Mark = tuple[int, float] | None
"""Size, bytes, and time of the last change, s; None for a file that is not there."""


def _folders(root: Path, prefix: str = "", depth: int = DEPTH) -> Iterator[tuple[str, Path, bool]]:
    """Yield name and path of every folder of a run (True), or of results of an evaluation."""
    for part in _names(root):
        folder, name = root / part, prefix + part
        if os.path.lexists(folder / SPEC):
            yield name, folder, True
            continue
        if os.path.lexists(folder / ROWS):
            yield name, folder, False
        if depth > 1:
            try:
                yield from _folders(folder, f"{name}/", depth - 1)
            except OSError:
                continue


def _names(folder: Path) -> list[str]:
    """Return the names of the folders in a folder; links, hidden ones and odd names are none."""
    with os.scandir(folder) as entries:
        names = sorted(
            entry.name
            for entry in entries
            if not entry.name.startswith(".") and entry.is_dir(follow_symlinks=False)
        )
    return [name for name in names if _speakable(name)][:MOST]


def _speakable(name: str) -> bool:
    try:
        name.encode()
    except UnicodeEncodeError:  # bytes that are no text: no address can name it
        return False
    return True


def _mark(path: Path) -> Mark:
    try:
        found = os.stat(path, follow_symlinks=False)
    except OSError:
        return None
    return found.st_size, found.st_mtime


def _state(marks: tuple[Mark, ...], now: float, *, live: bool) -> str:
    spec, steps, summary = marks
    if live:
        return "live"
    if summary is not None:
        return "ended"
    latest = max((mark[1] for mark in (spec, steps) if mark), default=0.0)
    return "written" if 0.0 <= now - latest < WRITTEN_S else "cut off"


def _read(name: str, folder: Path, marks: tuple[Mark, ...], state: str) -> Entry:
    spec_mark, steps_mark, summary_mark = marks
    began = spec_mark[1] if spec_mark else 0.0
    changed = max(mark[1] for mark in (*marks, (0, 0.0)) if mark)
    known: dict[str, Any] = {"state": state, "began": began, "changed": changed}
    summary: Mapping[str, Any] = {}
    try:
        spec = read_spec(folder)
        if summary_mark is not None and state != "live":
            summary = read_summary(folder / SUMMARY)
    except Exception as error:  # whatever a folder of others holds, the index shows the rest
        return Entry(name, folder, problem=f"{error}" or type(error).__name__, **known)
    steps = summary.get("steps")
    if not isinstance(steps, int) or isinstance(steps, bool):
        steps = 0 if steps_mark is None else count_lines(folder / STEPS)
    return Entry(name, folder, spec, summary, steps=steps, **known)
