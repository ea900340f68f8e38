"""A run as a recording that the Rerun viewer opens: https://rerun.io."""

from __future__ import annotations

import uuid
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from helmsight.contract.foreign import printable
from helmsight.contract.plots import PathPlot
from helmsight.contract.record import Frame, RunSpec, StepRecord, plain
from helmsight.tools.telling import command_text

QUALITY = 85  # of the frames' JPEG
STEP, WORLD = "step", "world_time"


class Rerun:
    """Writes FILE.rrd: frames, measures, commands, times and words, by step and by world time.

    Entities: `frame`; `measures/NAME`; `command/applied/FIELD` and `command/wanted/FIELD`, in the
    body's axes; `times/sense`, `think`, `act`, ms; `path/NAME` for what the task draws as a way;
    `decisions` and `people` in words. Units stand in the names of the curves.
    """

    def __init__(self, file: Path) -> None:
        import rerun

        self._rerun: Any = rerun
        self._file = file
        self._spec = RunSpec("", "")
        self._named: set[str] = set()

    def start(self, spec: RunSpec) -> None:
        """Open the file; raises OSError or RuntimeError where it cannot be made."""
        self._spec = spec
        # a random name of its own: the same run flown again is another recording
        self._recording = self._rerun.RecordingStream("helmsight", recording_id=str(uuid.uuid4()))
        self._recording.save(self._file)
        title = f"{spec.task.name or spec.environment}, {spec.pilot}, seed {spec.seed}"
        self._recording.send_recording_name(printable(title))
        text = self._rerun.TextDocument(spec.to_json(), media_type="text/plain")
        self._recording.log("run", text, static=True)

    def step(self, record: StepRecord, frame: Frame | None, ended: int) -> None:
        """Log one decision at its step, its world time and the time it ended."""
        log, task = self._recording.log, self._spec.task
        self._recording.set_time(STEP, sequence=record.index)
        self._recording.set_time(WORLD, duration=record.stamp)
        self._recording.set_time("wall", timestamp=ended / 1e9)
        if frame is not None:
            log("frame", self._rerun.Image(frame).compress(jpeg_quality=QUALITY))
        units = {measure.name: measure.heading for measure in task.measures}
        measures = plain(record.measures)
        for name, value in measures.items():
            if name in units:
                self._scalar(f"measures/{name}", value, units[name])
        for name in (plot.measure for plot in task.plots if isinstance(plot, PathPlot)):
            place = measures.get(name)
            if isinstance(place, list) and len(place) == 3:
                log(f"path/{name}", self._rerun.Points3D([place]))
        self._fields("command/applied", record, record.applied)
        if record.wanted is not None:
            self._fields("command/wanted", record, record.wanted)
        for name in ("sense", "think", "act"):
            self._scalar(f"times/{name}", getattr(record, f"{name}_ms"), f"{name}, ms")
        self._say(record)

    def finish(self, reason: str, summary: dict[str, Any]) -> None:
        """Say how it ended, and close the file."""
        self._recording.log("decisions", self._rerun.TextLog(printable(reason), level="INFO"))
        self._recording.flush()
        self._recording.disconnect()

    def _fields(self, entity: str, record: StepRecord, command: Mapping[str, Any]) -> None:
        for name, value in record.shown(command, self._spec.task).items():
            self._scalar(f"{entity}/{name}", value, name)

    def _scalar(self, entity: str, value: Any, name: str) -> None:
        if not isinstance(value, int | float):
            return
        if entity not in self._named:
            self._named.add(entity)
            curve = self._rerun.SeriesLines(names=[printable(name)])
            self._recording.log(entity, curve, static=True)
        self._recording.log(entity, self._rerun.Scalars([float(value)]))

    def _say(self, record: StepRecord) -> None:
        words = [command_text(record, record.applied, self._spec.task), *record.marks, record.raw]
        level = "WARN" if record.marks else "INFO"
        text = printable("\n".join(filter(None, words)))
        self._recording.log("decisions", self._rerun.TextLog(text, level=level))
        for deed in record.people:
            said = printable(f"{deed.get('by')} {deed.get('did')}")
            self._recording.log("people", self._rerun.TextLog(said, level="WARN"))
