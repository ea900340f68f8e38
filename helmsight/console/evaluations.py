"""Evaluations in a folder: what the index shows of each, and where its report lies."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import Any

from helmsight.contract.jsontext import parse_json
from helmsight.contract.opening import check_readable
from helmsight.contract.textfiles import read_text
from helmsight.evals.store import REPORT, ROWS, SUITE
from helmsight.tools.folder import PAGE
from helmsight.tools.steplog import count_lines

MOST_SUITE = 4 << 20  # bytes


@dataclass(frozen=True)
class Evaluation:
    """The results of `helmsight evaluate`. `name` is its path below the folder, with slashes.

    `episodes` is how many have ended; `changed` is in seconds since 1970; `problem` says what
    cannot be read.
    """

    name: str
    folder: Path
    title: str = ""
    about: str = ""
    episodes: int = 0
    changed: float = 0.0
    problem: str = ""

    @property
    def report(self) -> Path:
        """The page of its report, which there need not be."""
        return self.folder / REPORT / PAGE

    @property
    def reported(self) -> bool:
        """Whether there is a report; a link in its place is none."""
        try:
            return not self.report.parent.is_symlink() and check_readable(self.report) > 0
        except OSError:
            return False


def read_evaluation(name: str, folder: Path) -> Evaluation:
    """Return the evaluation in a folder that holds `ROWS`, damaged ones with what is wrong."""
    changed, episodes = 0.0, count_lines(folder / ROWS)
    try:
        changed = (folder / ROWS).lstat().st_mtime
        data = parse_json(read_text(folder / SUITE, MOST_SUITE, follow=False))
        suite = _object(_object(data)["suite"])
    except Exception as error:  # whatever a folder of others holds, the index shows the rest
        problem = f"{error}" or type(error).__name__
        return Evaluation(name, folder, episodes=episodes, changed=changed, problem=problem)
    title, about = (str(suite.get(key) or "") for key in ("name", "about"))
    return Evaluation(name, folder, title, about, episodes, changed)


def _object(data: Any) -> dict[str, Any]:
    if not isinstance(data, dict):
        raise ValueError(f"{SUITE} does not describe a suite")
    return data
