"""The pictures of a run, made beside the flight: its frames and its video."""

from __future__ import annotations

from contextlib import suppress
from functools import partial

from helmsight.contract.description import Description
from helmsight.tools.frames import FrameWriter
from helmsight.tools.parts import Parts
from helmsight.tools.steplog import Step
from helmsight.tools.video import VideoWriter, captioned


class Film:
    """Writes frames and video, each of them unless it is None; captions are in words of `task`.

    parts: which of them it writes; names: those of their files.
    """

    def __init__(
        self,
        task: Description,
        parts: Parts,
        frames: FrameWriter | None,
        video: VideoWriter | None,
    ) -> None:
        self._task = task
        self._guard, self._frames, self._video = parts, frames, video
        self._writers = {
            part: writer for part, writer in (("frames", frames), ("video", video)) if writer
        }
        self.parts = tuple(self._writers)
        self.names = tuple(writer.path.name for writer in self._writers.values())
        self._steps = 0
        self._given_up = ""

    def give_up(self, why: str) -> None:
        """Leave out what has not been drawn yet. Any thread may ask for that."""
        self._given_up = why

    def write(self, steps: list[Step]) -> None:
        """Append the pictures of `steps`."""
        for step in steps:
            if self._given_up:
                for part in self.parts:
                    self._guard.stop(part, self._given_up, self._steps)
                continue
            self._steps = step.record.index + 1
            if self._frames is not None:
                add = partial(self._add_frame, self._frames, step)
                self._guard.attempt("frames", add, self._steps)
            if self._video is not None:
                add = partial(self._add_picture, self._video, step)
                self._guard.attempt("video", add, self._steps)

    def _add_frame(self, frames: FrameWriter, step: Step) -> None:
        index = step.record.index
        if step.again and index < frames.count:
            return  # it was recorded before the run was interrupted
        if index > frames.count:  # the frames of later steps would pass for those of earlier ones
            raise ValueError(f"there are {frames.count} frames of {index} steps")
        assert step.frame is not None
        frames.add(step.frame)

    def _add_picture(self, video: VideoWriter, step: Step) -> None:
        assert step.frame is not None
        video.add(captioned(step.frame, step.record, self._task))

    def close(self) -> None:
        """Close the files; each is whole up to where it got, and one without a picture goes."""
        for part, writer in self._writers.items():
            if part in self._guard.problems:
                with suppress(Exception):  # told of already
                    writer.close()
            else:
                self._guard.attempt(part, writer.close, self._steps)
            with suppress(OSError):
                if writer.path.stat().st_size == 0:
                    writer.path.unlink()

    def counts(self) -> dict[str, int]:
        """Return what the files hold so far, for the summary."""
        return {
            "frames": self._frames.count if self._frames else 0,
            "frames_quantiser": self._frames.quantiser if self._frames else 0,
            "video_frames": self._video.count if self._video else 0,
        }
