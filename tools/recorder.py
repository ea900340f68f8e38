"""The recorder: writes a run down, step by step, so that it survives whatever ends the run."""

from __future__ import annotations

import errno
import json
import os
import warnings
from collections.abc import Callable
from contextlib import suppress
from pathlib import Path
from typing import Any

from helmsight.contract.description import Description
from helmsight.contract.record import Frame, RunSpec, StepRecord, plain
from helmsight.tools.errors import RecordingWarning, RunFolderUnusable
from helmsight.tools.frames import AppendOnly, FrameWriter
from helmsight.tools.video import VideoWriter, captioned

SPEC, STEPS, SUMMARY = "run.json", "steps.jsonl", "summary.json"
FRAMES, VIDEO, PLOTS, PAGE = "frames.h264", "video.mp4", "plots", "index.html"
RESERVE, RESERVE_BYTES = ".reserve", 2_000_000  # an episode's steps are about 0.5 MB
NO_SPACE = {errno.ENOSPC, getattr(errno, "EDQUOT", errno.ENOSPC)}


def write_whole(path: Path, text: str) -> None:
    """Write `text` to `path` so that the file is either the old one or the new one, never half."""
    temporary = path.with_name(path.name + ".tmp")
    try:
        temporary.write_text(text, encoding="utf-8", newline="\n")
        os.replace(temporary, path)
    finally:
        temporary.unlink(missing_ok=True)


class Recorder:
    """A listener that writes a run folder: spec, steps, frames, video, plots, page, summary.

    Nothing that goes wrong while recording ends the run: the part that failed (a full disk, a
    broken encoder) is closed where it was last whole, a `RecordingWarning` says so once, and the
    reason goes into the summary under `recording`. On a full disk the pictures stop, and a
    reserve set aside at the start makes room for the remaining steps and the summary. A run that
    is killed leaves `run.json`, `steps.jsonl`, the frames and a playable video up to the last
    step.
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
        self.records: list[StepRecord] = []
        self.problems: dict[str, str] = {}
        self._wants = {"frames": frames, "video": video, "page": page}
        self._spec: RunSpec | None = None
        self._steps: AppendOnly | None = None
        self._frames: FrameWriter | None = None
        self._video: VideoWriter | None = None

    def start(self, spec: RunSpec) -> None:
        """Create the folder and write the spec.

        Raises:
            RunFolderUnusable: when the folder cannot be written or already holds a run.
        """
        if (self.folder / SPEC).exists():
            raise RunFolderUnusable(
                f"{self.folder} already holds a run; give another folder with --out, or remove it"
            )
        self._spec = spec
        self.records, self.problems = [], {}
        try:
            self.folder.mkdir(parents=True, exist_ok=True)
            write_whole(self.folder / SPEC, self._spec.to_json())
            (self.folder / RESERVE).write_bytes(os.urandom(RESERVE_BYTES))
            self._steps = AppendOnly(self.folder / STEPS)
        except OSError as error:
            for name in (SPEC, RESERVE):  # no run, so that the folder can be tried again
                with suppress(OSError):
                    (self.folder / name).unlink()
            raise RunFolderUnusable(
                f"the run folder {self.folder} cannot be written ({error}); "
                "give a writable folder with --out"
            ) from error
        self._frames = FrameWriter(self.folder / FRAMES) if self._wants["frames"] else None
        self._video = VideoWriter(self.folder / VIDEO) if self._wants["video"] else None

    def step(self, record: StepRecord, frame: Frame | None) -> None:
        """Write one decision down. The frame goes first: every line on disk then has its frame."""
        self.records.append(record)
        if frame is not None and self._frames is not None:
            frames = self._frames
            self._guarded("frames", lambda: frames.add(frame))
        if self._steps is not None:
            steps = self._steps
            self._guarded("steps", lambda: steps.append((record.to_json() + "\n").encode()))
        if frame is not None and self._video is not None:
            video, task = self._video, self._spec.task if self._spec else Description()
            self._guarded("video", lambda: video.add(captioned(frame, record, task)))

    def finish(self, reason: str, summary: dict[str, Any]) -> None:
        """Close every file and write summary, plots and page; a second call does nothing."""
        if self._spec is None or self._steps is None:
            return
        spec, parts = self._spec, (self._steps, self._frames, self._video)
        counts = {
            "frames": self._frames.count if self._frames else 0,
            "frames_quantiser": self._frames.quantiser if self._frames else 0,
            "video_frames": self._video.count if self._video else 0,
        }
        self._steps = self._frames = self._video = None
        told = {**summary, "reason": reason, "recording": {**counts, "problems": self.problems}}
        (self.folder / RESERVE).unlink(missing_ok=True)
        # the summary first: a second Ctrl-C during the slow parts must not cost it
        self._guarded("summary", lambda: self._summarise(told))
        for name, part in zip(("steps", "frames", "video"), parts, strict=True):
            if part is not None and name in self.problems:
                with suppress(Exception):  # warned of already
                    part.close()
            elif part is not None:
                self._guarded(name, part.close)
        if self._wants["page"]:
            self._guarded("page", lambda: self._publish(spec, told))
        if self.problems:
            self._guarded("summary", lambda: self._summarise(told))

    def _summarise(self, told: dict[str, Any]) -> None:
        text = json.dumps(plain(told), indent=2, ensure_ascii=False, default=str)
        write_whole(self.folder / SUMMARY, text + "\n")

    def _publish(self, spec: RunSpec, told: dict[str, Any]) -> None:
        from helmsight.tools.page import write_page

        write_page(self.folder, spec, self.records, plain(told))

    def _guarded(self, part: str, action: Callable[[], None]) -> None:
        """Do `action` unless `part` has failed before; a failure is noted."""
        if part in self.problems:
            return
        try:
            action()
        except Exception as error:  # whatever breaks in a recording, the flight goes on
            reason = f"{type(error).__name__}: {error}"
            full = isinstance(error, OSError) and error.errno in NO_SPACE
            if full and self._made_room(reason) and part == "steps":
                self._guarded(part, action)
            else:
                self._note(part, reason)

    def _made_room(self, reason: str) -> bool:
        """Give up the pictures and the reserve, if it is still there, for what matters more."""
        reserve = self.folder / RESERVE
        if not reserve.exists():
            return False
        reserve.unlink()
        for name in ("frames", "video"):
            if self._wants[name]:
                self._note(name, reason)
        return True

    def _note(self, part: str, reason: str) -> None:
        """Remember why `part` stopped; warn once of each reason."""
        known = reason in self.problems.values()
        if part in self.problems:
            return
        self.problems[part] = reason
        if not known:
            warnings.warn(
                f"recording: {part} stopped after {len(self.records)} steps ({reason}); "
                f"the run goes on and {self.folder} stays readable",
                RecordingWarning,
                stacklevel=4,
            )
