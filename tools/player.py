"""The player: reads a run folder back, shows it again, and asks another pilot at its frames."""

from __future__ import annotations

import json
import time
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any

from helmsight.contract.command import words
from helmsight.contract.description import Description
from helmsight.contract.jsontext import parse_json
from helmsight.contract.record import Frame, RunSpec, StepRecord, check_schema
from helmsight.contract.textfiles import read_lines, read_text
from helmsight.envs.orbital.task import describe_schema_1
from helmsight.tools.errors import RunUnreadable
from helmsight.tools.folder import FRAMES, SPEC, STEPS, SUMMARY, UNFINISHED, read_spec
from helmsight.tools.frames import read_frames
from helmsight.tools.once import Once
from helmsight.tools.steplog import log_lines, read_step

LONGEST_PAUSE_S = 60.0  # between two steps as they are played


@dataclass(frozen=True)
class Run:
    """A recorded run. `summary` is None when the run was killed before it could be written;
    `notes` say what was found damaged and left out.
    """

    folder: Path
    spec: RunSpec
    records: list[StepRecord]
    summary: dict[str, Any] | None = None
    notes: tuple[str, ...] = field(default=())

    @property
    def reason(self) -> str:
        """Why the run ended."""
        if self.summary is None:
            return "cut off: no summary was written"
        return str(self.summary.get("reason", "unknown"))

    @property
    def unfinished(self) -> tuple[str, ...]:
        """The files that were not written to their end when the run had ended already."""
        named = (self.summary or {}).get("recording", {}).get(UNFINISHED)
        return tuple(map(str, named)) if isinstance(named, list) else ()

    def frames(self) -> Iterator[Frame]:
        """Yield the recorded frames in order, (H, W, 3) uint8 RGB, one per record.

        There may be fewer than records: none for a run without pictures, less when the disk
        was full.
        """
        return read_frames(self.folder / FRAMES, limit=len(self.records))


def load_run(folder: str | Path) -> Run:
    """Return the run in `folder`, with whatever steps of it are whole.

    Raises:
        RunUnreadable: there is no run in the folder, or a line in the middle of the steps is
            broken (a broken last line is what a killed run leaves, and is dropped).
        SchemaTooNew: a newer Helmsight wrote it.
    """
    folder = Path(folder)
    try:
        spec = read_spec(folder)
    except OSError as error:
        raise RunUnreadable(
            f"{folder} holds no run: {SPEC} cannot be read ({error.strerror}); "
            "give the folder that `helmsight fly` named"
        ) from error
    except ValueError as error:
        raise RunUnreadable(f"{folder / SPEC} is not the spec of a run: {error}") from error
    if spec.schema == 1:
        spec = _completed(spec)
    records, notes = _records(folder / STEPS)
    summary = None
    try:
        summary = read_summary(folder / SUMMARY)
    except FileNotFoundError:
        notes.append("the run was cut off before its summary was written")
    except (OSError, ValueError) as error:
        notes.append(f"{SUMMARY} is damaged and was left out ({error})")
    run = Run(folder, spec, records, summary, tuple(notes))
    if run.unfinished:
        left = ", ".join(run.unfinished)
        notes.append(f"the process ended before {left} was written: helmsight resume {folder}")
    return replace(run, notes=tuple(notes))


def read_summary(path: Path) -> dict[str, Any]:
    """Return the summary of a run; a link in its place is not followed.

    Raises:
        SchemaTooNew: a newer Helmsight wrote it.
        ValueError: it is none. OSError: there is none, or it cannot be read.
    """
    summary = parse_json(read_text(path, follow=False))
    if not isinstance(summary, dict) or not isinstance(summary.get("recording", {}), dict):
        raise ValueError("it is not the summary of a run")
    check_schema(summary, str(path))
    return summary


def _completed(spec: RunSpec) -> RunSpec:
    """Return a spec of schema 1 with what it lacks, and without what is no option any more."""
    task = describe_schema_1(spec.environment, str(spec.options.get("scenario", "")))
    operator = {name: value for name, value in spec.operator.items() if name != "thread"}
    return replace(spec, task=task, operator=operator)


def _records(path: Path) -> tuple[list[StepRecord], list[str]]:
    try:
        lines = log_lines(path)
    except OSError as error:
        raise RunUnreadable(f"the steps cannot be read: {error.strerror}") from error
    if not lines and not path.is_file():
        return [], [f"{path.name} is missing"]
    records: list[StepRecord] = []
    once = Once()
    for number, line in enumerate(lines, start=1):
        try:
            where = f"line {number} of {path}"
            records.append(read_step(line, where, once))
        except (ValueError, KeyError, TypeError) as error:
            if number == len(lines):
                return records, [f"line {number} of {path.name} is cut off and was left out"]
            raise RunUnreadable(
                f"line {number} of {path} is not a step ({error}); the file was changed by hand?"
            ) from error
    return records, []


def play(
    run: Run,
    speed: float = 1.0,
    sleep: Callable[[float], None] = lambda seconds: time.sleep(seconds),
) -> Iterator[StepRecord]:
    """Yield the steps of a run, paced as they happened in world time, `speed` times faster.

    With `speed` 0 they come at once.

    Raises:
        ValueError: for a negative speed.
    """
    if speed < 0:
        raise ValueError(f"speed={speed:g}; give 0 (no pauses) or a positive factor")
    before: float | None = None
    for record in run.records:
        if before is not None and speed and record.stamp > before:
            sleep(min((record.stamp - before) / speed, LONGEST_PAUSE_S))
        before = record.stamp
        yield record


def live_line(
    record: StepRecord, task: Description, width: int | None = None, more: str = ""
) -> str:
    """Return one step as one line of plain text for a terminal: decision, troubles, measures.

    With `width`, columns, what does not fit is left out, the last first: `more`, then measures.
    """
    fields = record.shown(record.applied, task)
    decision = " ".join(filter(None, (words(record.applied), *_numbers(fields))))
    head = f"{record.index:4d}  T+{record.stamp:6.1f} s  {decision}"
    troubles = f"[{', '.join(record.marks)}]" if record.marks else ""
    measured = []
    for measure in task.live:
        value = record.measures.get(measure.name)
        if isinstance(value, int | float):
            measured.append(f"{measure.title} {measure.text(value):>8} {measure.unit}".rstrip())
    if width is not None and len(f"{head}  {troubles}") > width:
        moving = {name: value for name, value in fields.items() if abs(value) >= 0.005}
        said = " ".join(filter(None, (words(record.applied), *_numbers(moving)))) or "nothing"
        head = f"{record.index} T+{record.stamp:.1f}s {said}"
    line = head
    for part in filter(None, (troubles, *measured, more.strip())):
        if width is not None and len(line) + 2 + len(part) > width:
            break
        line += f"  {part}"
    return line


def _numbers(fields: Mapping[str, float]) -> Iterator[str]:
    return (f"{name} {value:+.2f}" for name, value in fields.items())


def first_difference(a: Path, b: Path) -> str | None:
    """Return where the steps of two run folders first differ, times aside; None when they agree.

    Compared are the lines of `steps.jsonl` without their `times`, as text.
    """
    left, right = (_timeless(folder / STEPS) for folder in (a, b))
    for index, (mine, theirs) in enumerate(zip(left, right, strict=False)):
        if mine != theirs:
            keys = [key for key in mine.keys() | theirs.keys() if mine.get(key) != theirs.get(key)]
            return f"step {index} differs in {', '.join(sorted(keys))}"
    if len(left) != len(right):
        return f"{a} has {len(left)} steps, {b} has {len(right)}"
    return None


def same_steps(a: Path, b: Path) -> bool:
    """Return whether two run folders hold the same steps, times aside."""
    return first_difference(a, b) is None


def _timeless(path: Path) -> list[dict[str, str]]:
    steps = []
    for line in read_lines(path):
        step = parse_json(line)
        step.pop("times", None)
        steps.append({key: json.dumps(value) for key, value in step.items()})
    return steps
