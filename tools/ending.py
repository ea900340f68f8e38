"""The end of a run that was killed, or hurried by Ctrl-C, after its summary was written."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Any

from helmsight.contract.jsontext import exact_json
from helmsight.contract.record import plain
from helmsight.contract.writing import write_whole
from helmsight.tools.appendonly import AppendOnly
from helmsight.tools.errors import RunFolderUnusable
from helmsight.tools.folder import BUSY, FRAMES, PAGE, STEPS, SUMMARY, UNFINISHED, VIDEO
from helmsight.tools.frames import whole_frames
from helmsight.tools.player import Run, load_run

KILLED = "the process ended before it was written"
NAMES = {FRAMES: "frames", VIDEO: "video"}


def write_summary(folder: Path, summary: Mapping[str, Any]) -> None:
    """Write the summary of a run; raises OSError."""
    text = exact_json(plain(summary), indent=2, default=str)
    write_whole(folder / SUMMARY, text + "\n")


def finish(folder: Path) -> Run:
    """Write what the end of a run lacks from what is in its folder, and return the run.

    Its page is made. Pictures that were not written are gone, which its summary says from now on;
    whoever has its world again can have them drawn by going on with it.

    Raises:
        RunUnreadable, SchemaTooNew: as `load_run`.
        RunFolderUnusable: another process records it.
        OSError: the folder cannot be written.
    """
    from helmsight.tools.page import write_page

    claim = AppendOnly(folder / STEPS)
    try:
        claim.claim()
        run = load_run(folder)
        left = run.unfinished
        if not left or run.summary is None:
            return run
        recording = dict(run.summary["recording"])
        del recording[UNFINISHED]
        if FRAMES in left:
            recording["frames"] = (whole_frames(folder / FRAMES) or (0, 0))[0]
        gone = {NAMES[name]: KILLED for name in left if name in NAMES}
        problems = recording.get("problems")
        recording["problems"] = gone | (problems if isinstance(problems, dict) else {})
        summary = {**run.summary, "recording": recording}
        if PAGE in left:
            write_page(folder, run.spec, run.records, summary)
        write_summary(folder, summary)
        return load_run(folder)
    except BlockingIOError:
        raise RunFolderUnusable(BUSY.format(folder=folder)) from None
    finally:
        claim.close()
