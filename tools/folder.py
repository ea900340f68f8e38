"""A run's folder: what its files are called, and how it is begun and opened again."""

from __future__ import annotations

import os
from contextlib import suppress
from pathlib import Path

from helmsight.contract.opening import open_new
from helmsight.contract.record import RunSpec, StepRecord
from helmsight.contract.textfiles import read_text
from helmsight.contract.writing import write_whole
from helmsight.tools import pictures
from helmsight.tools.appendonly import AppendOnly, sync_folder
from helmsight.tools.errors import RunFolderUnusable
from helmsight.tools.steplog import whole_steps

SPEC, STEPS, SUMMARY = "run.json", "steps.jsonl", "summary.json"
FRAMES, VIDEO, PLOTS, PAGE = "frames.h264", "video.mp4", "plots", "index.html"
PICTURES = pictures.FOLDER
UNWRITABLE = (
    "the run folder {folder} cannot be written ({problem}); give a writable folder with --out"
)
BUSY = "{folder} is being recorded by another process; wait for its end, or end it"
UNFINISHED = "unfinished"
"""The key under `recording` of a summary that names the files not written to their end yet."""
RESERVE, RESERVE_BYTES = ".reserve", 2_000_000  # an episode's steps are about 0.5 MB
BEGUN = "begun.json"
"""The step of a robot that was under way last: written before it moves, so that nothing that it did
is unknown to whoever goes on.
"""
PARTS = (SPEC, STEPS, SUMMARY, FRAMES, VIDEO, PLOTS, PAGE, PICTURES, RESERVE, BEGUN)


def check_unused(folder: str | Path) -> None:
    """Raise RunFolderUnusable where no run can be begun.

    One is there, or part of one, or a link in the place of a part; or no folder can be made.
    """
    if folder == "":
        raise RunFolderUnusable('out="" names no folder; give one with --out')
    folder = Path(folder)
    left = [name for name in PARTS if os.path.lexists(folder / name)]
    if SPEC in left:
        raise RunFolderUnusable(
            f"{folder} already holds a run; give another folder with --out, or remove it"
        )
    if left:
        raise RunFolderUnusable(
            f"{folder} holds {', '.join(left)}, and nothing there is written over; give another "
            "folder with --out, or remove what is there"
        )
    whole = folder.absolute()
    standing = next(path for path in (whole, *whole.parents) if path.exists())
    if not standing.is_dir() or not os.access(standing, os.W_OK):
        problem = "may not be written" if standing.is_dir() else "is no folder"
        raise RunFolderUnusable(UNWRITABLE.format(folder=folder, problem=f"{standing} {problem}"))


def create(folder: Path, spec: RunSpec) -> AppendOnly:
    """Make the folder of a new run and return its log of steps.

    Raises:
        RunFolderUnusable: as `check_unused`.
        OSError: it cannot be written; it holds no run then and can be tried again.
    """
    check_unused(folder)
    try:
        folder.mkdir(parents=True, exist_ok=True)
        write_whole(folder / SPEC, spec.to_json())
        _set_aside(folder)
        steps = AppendOnly(folder / STEPS, durable=True)
        steps.claim()
        sync_folder(folder)
        return steps
    except OSError:
        for name in (SPEC, RESERVE):
            with suppress(OSError):
                (folder / name).unlink()
        raise


def inspect(folder: Path) -> tuple[RunSpec, list[StepRecord]]:
    """Return the spec of the run in `folder` and its steps up to the first one that is not whole.

    Raises:
        RunFolderUnusable: there is no run.
        SchemaTooNew: a newer version recorded it.
    """
    try:
        return read_spec(folder), whole_steps(folder / STEPS)[0]
    except (OSError, ValueError) as error:
        raise RunFolderUnusable(
            f"{folder} holds no run to go on with ({error}); give the folder of one"
        ) from error


def read_spec(folder: Path) -> RunSpec:
    """Return the spec of the run in `folder`; a link there is not followed.

    Raises:
        SchemaTooNew: a newer version recorded it.
        ValueError: it is not the spec of a run. OSError: there is none, or it cannot be read.
    """
    path = folder / SPEC
    return RunSpec.from_json(read_text(path, follow=False), str(path))


def read_begun(folder: Path) -> StepRecord | None:
    """Return the step that was begun last in a run of a robot; None where none was.

    Raises:
        RunFolderUnusable: what is there is none: nobody knows then what was under way.
        SchemaTooNew: a newer version wrote it.
    """
    path = folder / BEGUN
    try:
        return StepRecord.from_json(read_text(path, follow=False), str(path))
    except FileNotFoundError:
        return None
    except (OSError, ValueError, KeyError, TypeError, AttributeError) as error:
        raise RunFolderUnusable(
            f"{path} does not say which command was under way ({error}); begin a new run"
        ) from error


def reopen(folder: Path, steps: int) -> AppendOnly:
    """Return the log of the run in `folder`, cut to its whole lines, of which there are `steps`.

    Raises:
        RunFolderUnusable: another process records it, or went on with it.
        OSError: it cannot be written.
    """
    log = AppendOnly(folder / STEPS, durable=True)
    try:
        log.claim()
        records, end = whole_steps(folder / STEPS)
        if len(records) != steps:
            raise BlockingIOError
    except BlockingIOError:
        log.close()
        raise RunFolderUnusable(BUSY.format(folder=folder)) from None
    log.cut(end)
    (folder / SUMMARY).unlink(missing_ok=True)
    _set_aside(folder)
    sync_folder(folder)
    return log


def _set_aside(folder: Path) -> None:
    with os.fdopen(open_new(folder / RESERVE), "wb") as file:
        file.write(os.urandom(RESERVE_BYTES))
