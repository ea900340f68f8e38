"""A run that somebody looks at: its steps as far as they are written, and its pictures."""

from __future__ import annotations

import threading
from collections import OrderedDict
from pathlib import Path
from typing import Any

from helmsight.console.library import Entry
from helmsight.console.pictures import Pictures
from helmsight.console.rows import row
from helmsight.contract.opening import read_from
from helmsight.contract.record import RunSpec, StepRecord
from helmsight.contract.textfiles import decoded
from helmsight.tools.folder import FRAMES, STEPS

MOST_STEPS = 20_000  # of one page
PIECE = 8 << 20  # bytes of a log that are read at once
MOST_RUNS = 8  # that are kept open


class Opened:
    """The steps of a run, read once and then as its log grows. Used by several threads."""

    def __init__(self, folder: Path, spec: RunSpec) -> None:
        self.folder, self.spec = folder, spec
        self.pictures = Pictures(folder / FRAMES)
        self.rows: list[dict[str, Any]] = []
        self.problem = ""
        self._read = 0
        self._lock = threading.Lock()

    def grow(self) -> None:
        """Read what was added to the log. `problem` says what of it is no step."""
        with self._lock:
            while not self.problem and self._piece():
                pass

    def _piece(self) -> bool:
        try:
            data = read_from(self.folder / STEPS, self._read, PIECE)
        except FileNotFoundError:
            return False
        except OSError as error:
            self.problem = str(error)
            return False
        whole = data[: data.rfind(b"\n") + 1]
        if not whole:
            if len(data) == PIECE:
                self.problem = f"step {len(self.rows)} has more than {PIECE} bytes"
            return False
        return all(self._take(line) for line in whole.splitlines(keepends=True))

    def _take(self, line: bytes) -> bool:
        number = len(self.rows) + 1
        where = f"line {number} of {STEPS}"
        try:
            record = StepRecord.from_json(decoded(line, where), where)
            if record.index != len(self.rows):
                raise ValueError(f"it says that it is step {record.index}")
        except Exception as error:  # whatever a folder of others holds
            self.problem = f"{where} is no step ({error}); those before it are shown"
            return False
        if number > MOST_STEPS:
            self.problem = f"{STEPS} holds more than {MOST_STEPS} steps; the first ones are shown"
            return False
        self.rows.append(row(record, self.spec.task))
        self._read += len(line)
        return True


class Shelf:
    """The runs that were opened last, each of them once."""

    def __init__(self) -> None:
        self._open: OrderedDict[tuple[str, float], Opened] = OrderedDict()
        self._lock = threading.Lock()

    def open(self, entry: Entry) -> Opened:
        """Return the run of an index entry whose spec could be read, with the steps written."""
        assert entry.spec is not None
        key = (entry.name, entry.began)
        with self._lock:
            opened = self._open.pop(key, None) or Opened(entry.folder, entry.spec)
            self._open[key] = opened
            while len(self._open) > MOST_RUNS:
                self._open.popitem(last=False)
        opened.grow()
        return opened
