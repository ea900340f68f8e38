"""The recorder: writes a run down, step by step, so that it survives whatever ends the run."""

from __future__ import annotations

import json
import math
import os
import warnings
from collections.abc import Callable, Mapping
from dataclasses import asdict, dataclass, field
from pathlib import Path
from typing import Any, Protocol, Self

import numpy as np
from numpy.typing import NDArray

from tools.errors import RecordingWarning, RunFolderUnusable
from tools.frames import AppendOnly, FrameWriter
from tools.video import VideoWriter, captioned

Frame = NDArray[np.uint8]
SPEC, STEPS, SUMMARY = "run.json", "steps.jsonl", "summary.json"
FRAMES, VIDEO, PLOTS, PAGE = "frames.h264", "video.mp4", "plots", "index.html"
TIMES = ("sense_ms", "think_ms", "act_ms", "lag")


def plain(value: Any) -> Any:
    """Return `value` as JSON data: numpy becomes Python, what is not finite becomes None."""
    if isinstance(value, Mapping):
        return {str(key): plain(item) for key, item in value.items()}
    if isinstance(value, np.ndarray | np.generic):
        return plain(value.tolist())
    if isinstance(value, list | tuple | set | frozenset):
        return [plain(item) for item in value]
    if isinstance(value, float) and not math.isfinite(value):
        return None
    return value


@dataclass(frozen=True)
class StepRecord:
    """One decision: one line of `steps.jsonl`.

    `stamp` is the world time of the observation, s; `lag` the world seconds that passed while
    deciding; `wanted` the command as answered (None when nothing usable came) and `applied` the
    one that took effect. `measures` are the info values of the observation the decision was
    made on: met, range, speed, closing, propellant, mass, fuel_used, relative_position,
    telemetry (SI units).
    """

    index: int
    stamp: float
    sense_ms: float
    think_ms: float
    act_ms: float
    prompt_hash: str
    raw: str
    wanted: dict[str, Any] | None
    applied: dict[str, Any]
    repairs: dict[str, int]
    clamped: list[str]
    late: bool
    relations: list[str]
    measures: dict[str, float | list[float]]
    lag: float

    def to_json(self) -> str:
        """Return one line of JSON; all that depends on the wall clock is under `times`."""
        data = {key: plain(value) for key, value in asdict(self).items()}
        data["times"] = {key: data.pop(key) for key in TIMES}
        return json.dumps(data, ensure_ascii=False, allow_nan=False, separators=(",", ":"))

    @classmethod
    def from_json(cls, line: str) -> Self:
        """Read one line back; raises ValueError, KeyError or TypeError for anything else."""
        data = json.loads(line)
        return cls(**data.pop("times"), **data)


@dataclass(frozen=True)
class RunSpec:
    """What rebuilds a run: JSON-able in every field."""

    environment: str
    pilot: str
    seed: int = 0
    options: dict[str, Any] = field(default_factory=dict)
    pilot_options: dict[str, Any] = field(default_factory=dict)
    max_steps: int | None = None
    operator: dict[str, Any] = field(default_factory=dict)
    versions: dict[str, str] = field(default_factory=dict)

    def to_json(self) -> str:
        """Return indented JSON text."""
        return json.dumps(plain(asdict(self)), indent=2, ensure_ascii=False) + "\n"

    @classmethod
    def from_json(cls, text: str) -> Self:
        """Read a spec back; raises ValueError, KeyError or TypeError for anything else."""
        return cls(**json.loads(text))


class Listener(Protocol):
    """Whoever is told about a run while it happens: the recorder, a console, an evaluation."""

    def start(self, spec: RunSpec) -> None:
        """The run is about to begin."""
        ...

    def step(self, record: StepRecord, frame: Frame | None) -> None:
        """One decision was applied; `frame` (H, W, 3) RGB is what it was made on, if any."""
        ...

    def finish(self, reason: str, summary: dict[str, Any]) -> None:
        """The run ended: captured, timeout, steps, interrupted or `error: ...`."""
        ...


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
    reason goes into the summary under `recording`. A run that is killed leaves `run.json`,
    `steps.jsonl`, the frames and a playable video up to the last step.
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
            self._steps = AppendOnly(self.folder / STEPS)
        except OSError as error:
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
            video = self._video
            self._guarded("video", lambda: video.add(captioned(frame, record)))

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
        # the summary first: a second Ctrl-C during the slow parts must not cost it
        self._guarded("summary", lambda: self._summarise(told))
        for name, part in zip(("steps", "frames", "video"), parts, strict=True):
            if part is not None:
                self._guarded(f"closing the {name}", part.close)
        if self._wants["page"]:
            self._guarded("page", lambda: self._publish(spec, told))
        if self.problems:
            self._guarded("summary", lambda: self._summarise(told))

    def _summarise(self, told: dict[str, Any]) -> None:
        text = json.dumps(plain(told), indent=2, ensure_ascii=False, default=str)
        write_whole(self.folder / SUMMARY, text + "\n")

    def _publish(self, spec: RunSpec, told: dict[str, Any]) -> None:
        from tools.page import write_page

        write_page(self.folder, spec, self.records, plain(told))

    def _guarded(self, part: str, action: Callable[[], None]) -> None:
        """Do `action` unless `part` has failed before; a failure is noted and warned of once."""
        if part in self.problems:
            return
        try:
            action()
        except Exception as error:  # whatever breaks in a recording, the flight goes on
            self.problems[part] = f"{type(error).__name__}: {error}"
            warnings.warn(
                f"recording: {part} stopped after {len(self.records)} steps "
                f"({self.problems[part]}); the run goes on and {self.folder} stays readable",
                RecordingWarning,
                stacklevel=3,
            )
