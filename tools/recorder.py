"""The recorder: writes a run down, step by step, so that it survives whatever ends the run.

A step costs the flight next to nothing. It goes into a queue, and two threads take it from there,
one after the other. The first one appends its line to `steps.jsonl` and waits for the disk itself:
4 ms on an SSD, once for all the lines that came meanwhile. Then the step passes to the second one,
which encodes its frame and its picture of the video: 13 ms at 1280x720. So no line waits for a
picture, the lines that are there are the truth of the run, and a frame that is there has its line.
Disk and encoder work without Python's lock.

What waits is bounded. While 64 frames (177 MB at 1280x720) or 256 lines wait, `step` blocks.
Nothing is left out, and once the flight has waited for 5 s in all, a warning says so.
"""

from __future__ import annotations

import os
import warnings
import weakref
from collections.abc import Mapping, Sequence
from dataclasses import replace
from functools import partial
from pathlib import Path
from typing import Any, Self

from helmsight.contract.identity import differences, identity
from helmsight.contract.record import Frame, RunSpec, StepRecord, plain
from helmsight.contract.writing import write_whole
from helmsight.tools.appendonly import AppendOnly
from helmsight.tools.ending import write_summary
from helmsight.tools.errors import RecordingWarning, RunFolderUnusable
from helmsight.tools.film import Film
from helmsight.tools.folder import (
    BEGUN,
    FRAMES,
    PAGE,
    RESERVE,
    SPEC,
    UNFINISHED,
    UNWRITABLE,
    VIDEO,
    create,
    inspect,
    read_begun,
    reopen,
)
from helmsight.tools.frames import FrameWriter
from helmsight.tools.interrupts import Interrupts
from helmsight.tools.once import Once
from helmsight.tools.parts import Parts
from helmsight.tools.steplog import Step
from helmsight.tools.video import VideoWriter
from helmsight.tools.writing import Writing


class Recorder:
    """A listener that writes a run folder: spec, steps, frames, video, plots, page, summary.

    Nothing that goes wrong while recording ends the run: the part that failed (a full disk, a
    broken encoder) is closed where it was last whole, a `RecordingWarning` says so once, and the
    reason goes into the summary under `recording`. On a full disk the pictures stop, and a
    reserve set aside at the start makes room for the remaining steps and the summary. A run that
    is killed leaves `run.json`, `steps.jsonl`, the frames and a playable video up to its last
    steps; `resume` goes on with it.

    `spec` and `records` are those of the run, `problems` says why a part is written no more.
    """

    def __init__(
        self,
        folder: str | os.PathLike[str],
        *,
        frames: bool = True,
        video: bool = True,
        page: bool = True,
    ) -> None:
        self.folder = Path(folder)
        self.spec: RunSpec | None = None
        self.records: list[StepRecord] = []
        self.problems: dict[str, str] = {}
        self._wants = {"frames": frames, "video": video, "page": page}
        self._resumes = False
        self._writing: Writing | None = None
        self._pictures: dict[str, bytes] = {}

    @classmethod
    def resume(
        cls,
        folder: str | os.PathLike[str],
        *,
        frames: bool = True,
        video: bool = True,
        page: bool = True,
    ) -> Self:
        """Return a recorder that goes on with the run in `folder`, however that one ended.

        `spec` and `records` are what is there. Nothing is changed before `start`, which takes that
        spec, perhaps with another limit of steps. Then comes `again` for each of `records`, and
        `step` for what is new.

        Raises:
            RunFolderUnusable: there is no run in the folder.
            SchemaTooNew: a newer version recorded it.
        """
        recorder = cls(folder, frames=frames, video=video, page=page)
        recorder.spec, recorder.records = inspect(recorder.folder)
        recorder._resumes = True
        return recorder

    def start(self, spec: RunSpec) -> None:
        """Create the folder and write the spec; or open the one of the run to go on with.

        Raises:
            RunFolderUnusable: when the folder cannot be written or already holds a run; or does
                not hold the one to go on with, or another process records that.
        """
        try:
            steps = self._reopened(spec) if self._resumes else self._created(spec)
            self._begin(steps)
        except OSError as error:
            raise RunFolderUnusable(UNWRITABLE.format(folder=self.folder, problem=error)) from error

    def pictures(self, shown: Mapping[str, bytes]) -> None:
        """Have pictures kept, by digest, that the messages of the next step name first."""
        self._pictures |= shown

    def begins(self, record: StepRecord) -> None:
        """Have a step on disk before it is taken, after all the lines before it.

        A robot that was moved stays where it is: whoever goes on has to know of each command.
        """
        if self._writing is not None:
            self._writing.flush_log()
            write = partial(write_whole, self.folder / BEGUN, record.to_json() + "\n")
            self._parts.attempt(BEGUN, write, record.index)
            self._tell(stacklevel=4)

    def step(self, record: StepRecord, frame: Frame | None) -> None:
        """Have one decision written down: its line, and then its pictures.

        The frame is not copied: nobody may write to it after it was handed out.
        """
        self.records.append(record)
        pictures, self._pictures = self._pictures, {}
        self._give(Step(record, frame, pictures=pictures))

    def again(self, record: StepRecord, frame: Frame | None) -> None:
        """Take one of the steps that were recorded already, in their order, for its pictures.

        Its frame is drawn if the interrupted run did not come to that. The video is made anew.
        """
        self._give(Step(record, frame, again=True))

    def flush(self) -> None:
        """Wait until all that was given so far is written."""
        if self._writing is not None:
            self._writing.flush()

    def finish(self, reason: str, summary: dict[str, Any]) -> None:
        """Write what waits, close every file, write summary, plots and page; once.

        Ctrl-C meanwhile costs no line. The first one leaves out the page, a second one the
        pictures that still wait, and KeyboardInterrupt is raised at the end. From a third one on
        it is raised at once; lines that the disk does not take are then waited for at exit.

        What a kill or Ctrl-C leaves out is named in the summary (`folder.UNFINISHED`), and can be
        made up for. The run is nobody else's until this returns.
        """
        if self._writing is None:
            return
        writing, summary = self._writing, {**summary, "reason": reason}
        page = (PAGE,) if self._wants["page"] else ()
        with Interrupts(writing.give_up_pictures) as interrupts:
            self._writing = None
            writing.close()
            writing.wait_for_log()
            (self.folder / RESERVE).unlink(missing_ok=True)
            self._parts.attempt(BEGUN, self._forget_begun, len(self.records))
            # first of all: nothing in the slow parts must cost it
            self._summarise(summary, (*self._film.names, *page))
            writing.wait_for_pictures()
            self._abandoned.detach()
            self._summarise(summary, page)
        try:
            if interrupts.count:
                raise KeyboardInterrupt
            if page:
                self._parts.attempt("page", lambda: self._publish(summary), len(self.records))
                self._summarise(summary)
        finally:
            writing.release()
            self._tell(stacklevel=3)

    def _forget_begun(self) -> None:
        """Remove what says that a step was begun, once that step is in the log."""
        begun = read_begun(self.folder)
        if begun is not None and begun.index < len(self.records):
            (self.folder / BEGUN).unlink()

    def _created(self, spec: RunSpec) -> AppendOnly:
        steps = create(self.folder, spec)
        self.spec, self.records = spec, []
        return steps

    def _reopened(self, spec: RunSpec) -> AppendOnly:
        assert self.spec is not None
        if other := differences(identity(self.spec), identity(spec)):
            raise RunFolderUnusable(
                f"{self.folder} holds another run: {other}; go on with the same one, or begin a "
                "new one"
            )
        steps = reopen(self.folder, len(self.records))
        # the rest of what was recorded stays: versions are those that the run began with
        changed = replace(self.spec, max_steps=spec.max_steps)
        if changed != self.spec:
            write_whole(self.folder / SPEC, changed.to_json())
        self.spec = replace(changed, task=spec.task)  # runs of schema 1 did not describe theirs
        return steps

    def _begin(self, steps: AppendOnly) -> None:
        wanted = [part for part in ("frames", "video") if self._wants[part]]
        for name in [{"frames": FRAMES, "video": VIDEO}[part] for part in wanted]:
            # no link, and it is there from the start: whoever resumes goes by that
            AppendOnly(self.folder / name).close()
        self._parts = Parts(self.folder / RESERVE, wanted)
        self.problems = self._parts.problems
        assert self.spec is not None
        self._film = Film(
            self.spec.task,
            self._parts,
            FrameWriter(self.folder / FRAMES, len(self.records)) if "frames" in wanted else None,
            VideoWriter(self.folder / VIDEO) if "video" in wanted else None,
        )
        once = Once()
        for record in self.records:
            once.shortened(record.calls)
        self._writing = Writing(steps, self._parts, self._film, once)
        # when nobody finishes it, what it was given is written all the same
        self._abandoned = weakref.finalize(self, self._writing.abandon)

    def _give(self, step: Step) -> None:
        if self._writing is not None:
            self._writing.give(step)
            self._tell(stacklevel=4)

    def _summarise(self, summary: dict[str, Any], unfinished: Sequence[str] = ()) -> None:
        """Write the summary, with what has been recorded so far and what is still to come."""
        whole = {**summary, "recording": self._recording(unfinished)}
        self._parts.attempt("summary", lambda: write_summary(self.folder, whole), len(self.records))

    def _recording(self, unfinished: Sequence[str] = ()) -> dict[str, Any]:
        recording = {**self._film.counts(), "problems": dict(self.problems)}
        return recording | ({UNFINISHED: list(unfinished)} if unfinished else {})

    def _publish(self, summary: dict[str, Any]) -> None:
        from helmsight.tools.page import write_page

        assert self.spec is not None
        whole = {**summary, "recording": self._recording()}
        write_page(self.folder, self.spec, self.records, plain(whole))

    def _tell(self, stacklevel: int) -> None:
        for problem in self._parts.told():
            warnings.warn(
                f"recording: {problem}; the run goes on and {self.folder} stays readable",
                RecordingWarning,
                stacklevel=stacklevel,
            )
