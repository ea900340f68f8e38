"""The log of a run's steps: what is read back of it, and how it grows."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from contextlib import suppress
from dataclasses import replace
from functools import partial
from pathlib import Path
from typing import NamedTuple

from helmsight.contract.opening import read_whole
from helmsight.contract.record import Frame, StepRecord
from helmsight.contract.textfiles import decoded
from helmsight.tools.appendonly import AppendOnly
from helmsight.tools.once import Once
from helmsight.tools.parts import Parts
from helmsight.tools.pictures import keep

MOST_LOG = 256 << 20  # bytes: five hundred times what an episode takes


class Step(NamedTuple):
    """What is written of one step; `again`: its line is in the log already. `pictures`: those that
    its messages are the first to name.
    """

    record: StepRecord
    frame: Frame | None
    again: bool = False
    pictures: Mapping[str, bytes] = {}


class StepLog:
    """`steps.jsonl`: the truth of a run. A line that is there is whole, and not only in a cache.

    Each step goes on to `then` once its line is on disk. So no picture is there before its line:
    whoever goes on with a run that was killed may have to add pictures, but none has to go.
    """

    def __init__(
        self, file: AppendOnly, parts: Parts, then: Callable[[Step], None], once: Once | None = None
    ) -> None:
        self._file, self._parts, self._then = file, parts, then
        self._once = once or Once()  # the texts that the log holds already

    def write(self, steps: list[Step]) -> None:
        """Append the lines of `steps`, all of them with one wait for the disk."""
        try:
            for step in steps:
                if step.pictures:
                    kept = partial(keep, self._file.path.parent, step.pictures)
                    self._parts.attempt("pictures", kept, step.record.index + 1)
            self._append([step.record for step in steps if not step.again])
        finally:  # whoever gave a step waits for its picture to be done with
            for step in steps:
                self._then(step)

    def _append(self, records: list[StepRecord]) -> None:
        if "steps" in self._parts.problems:
            return
        if len(records) > 1:
            with suppress(Exception):
                return self._add(records)
        for record in records:  # where not all of them fit, the first ones do
            append = partial(self._add, [record])
            self._parts.attempt("steps", append, record.index + 1)
        return None

    def _add(self, records: list[StepRecord]) -> None:
        once = self._once.copy()
        lines = [replace(record, calls=once.shortened(record.calls)) for record in records]
        self._file.append("".join(f"{line.to_json()}\n" for line in lines).encode())
        self._once = once  # only now the log holds those texts

    def close(self) -> None:
        """Close the file."""
        self._file.close()


def count_lines(path: Path) -> int:
    """Return how many lines a log has; 0 where it cannot be read."""
    try:
        return read_whole(path).count(b"\n")
    except OSError:
        return 0


def log_lines(path: Path) -> list[bytes]:
    """Return the lines of a log with their ends, none where there is no log.

    Raises:
        FileRefused: a link, no regular file, or one of more than `MOST_LOG` bytes.
    """
    try:
        return read_whole(path, MOST_LOG).splitlines(keepends=True)
    except FileNotFoundError:
        return []


def read_step(line: bytes, where: str, once: Once) -> StepRecord:
    """Return the step of a line, which is `where`; `once` knows the texts of those before.

    Raises:
        SchemaTooNew: a newer version wrote it.
        ValueError, KeyError, TypeError: it is no step.
    """
    record = StepRecord.from_json(decoded(line, where), where)
    return replace(record, calls=once.whole(record.calls)) if record.calls else record


def whole_steps(path: Path) -> tuple[list[StepRecord], int]:
    """Return the steps of a log up to the first line that is not whole, and where they end, bytes.

    That line is one that was cut off when the run was killed, or one out of its turn.

    Raises:
        SchemaTooNew: a newer version wrote the log.
        FileRefused: a link, no regular file, or one without end.
    """
    records: list[StepRecord] = []
    end, once = 0, Once()
    for number, line in enumerate(log_lines(path), start=1):
        try:
            where = f"line {number} of {path}"
            record = read_step(line, where, once)
        except (ValueError, KeyError, TypeError, AttributeError):
            break
        if not line.endswith(b"\n") or record.index != len(records):
            break
        records.append(record)
        end += len(line)
    return records, end
