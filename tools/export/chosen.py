"""Which runs are learnt from."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

from helmsight.tools.errors import NothingToExport
from helmsight.tools.folder import SPEC
from helmsight.tools.player import Run, load_run


@dataclass(frozen=True)
class Wanted:
    """What a run has to be: a success, and of a score between two bounds, both within."""

    success: bool = False
    least: float | None = None
    most: float | None = None

    def lacks(self, run: Run) -> str:
        """Return why a run is left out, "" for one that is not."""
        if not run.records:
            return "no steps"
        summary = run.summary or {}
        if self.success and summary.get("success") is not True:
            return "no success"
        if self.least is None and self.most is None:
            return ""
        score = summary.get("score")
        if not isinstance(score, int | float):
            return "no score"
        if self.least is not None and score < self.least:
            return f"score below {self.least:g}"
        return f"score above {self.most:g}" if self.most is not None and score > self.most else ""


def found(paths: Sequence[Path]) -> list[Path]:
    """Return the folders of runs that are named, or that lie within folders that are named.

    Raises:
        NothingToExport: there is no run in one of them.
    """
    folders: list[Path] = []
    for path in paths:
        runs = [path] if (path / SPEC).is_file() else sorted(_within(path))
        if not runs:
            raise NothingToExport(
                f"{path} is no run and holds none: there is no {SPEC} in it or its folders; give "
                "the folder that `helmsight fly` named"
            )
        folders += [run for run in runs if run not in folders]
    return folders


def choose(folders: Sequence[Path], wanted: Wanted) -> tuple[list[Run], Counter[str]]:
    """Return the runs that are as `wanted`, and how many are not, by what they lack.

    Raises:
        NothingToExport: none is.
        RunUnreadable, SchemaTooNew: as `load_run`.
    """
    runs, left_out = list[Run](), Counter[str]()
    for folder in folders:
        run = load_run(folder)
        lacks = wanted.lacks(run)
        if lacks:
            left_out[lacks] += 1
        else:
            runs.append(run)
    if not runs:
        raise NothingToExport(
            f"none of {len(folders)} runs is left ("
            + ", ".join(f"{count}: {why}" for why, count in left_out.items())
            + "); ask for less, or record others"
        )
    return runs, left_out


def _within(path: Path) -> Iterator[Path]:
    for pattern in (f"*/{SPEC}", f"*/*/{SPEC}"):
        yield from (spec.parent for spec in path.glob(pattern))
