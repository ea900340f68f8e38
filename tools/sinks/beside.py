"""A listener that works beside the run: neither its time nor its failures are the run's."""

from __future__ import annotations

import os
import threading
import time
import warnings
from pathlib import Path
from queue import SimpleQueue
from typing import Any, Protocol

from helmsight.contract.record import Frame, RunSpec, StepRecord
from helmsight.tools.errors import RecordingWarning, RunFolderUnusable

WAITING = 64  # steps that may wait to be told: 177 MB of frames at 1280x720


class Sink(Protocol):
    """Who is told of a run; `ended` is when a step was over, ns since 1970."""

    def start(self, spec: RunSpec) -> None:
        """The run is about to begin."""
        ...

    def step(self, record: StepRecord, frame: Frame | None, ended: int) -> None:
        """One decision was applied."""
        ...

    def finish(self, reason: str, summary: dict[str, Any]) -> None:
        """The run ended: say the last of it, and close."""
        ...


class Beside:
    """Tells a sink of a run, in a thread; the run waits while `WAITING` steps are untold.

    What a sink raises ends the telling and not the run: a `RecordingWarning` says so once.
    """

    def __init__(self, sink: Sink, name: str) -> None:
        self._sink, self._name = sink, name
        self._told: SimpleQueue[tuple[StepRecord, Frame | None, int] | None] = SimpleQueue()
        self._room = threading.Semaphore(WAITING)
        self._thread = threading.Thread(target=self._tell, name=name, daemon=True)
        self._problem = ""

    def start(self, spec: RunSpec) -> None:
        """Begin; raises what the sink raises, before anything is flown."""
        self._sink.start(spec)
        self._thread.start()

    def step(self, record: StepRecord, frame: Frame | None) -> None:
        """Have one decision told."""
        self._room.acquire()
        self._told.put((record, frame, time.time_ns()))

    def finish(self, reason: str, summary: dict[str, Any]) -> None:
        """Wait until all is told, and end."""
        self._told.put(None)
        self._thread.join()
        self._attempt(lambda: self._sink.finish(reason, summary))
        if self._problem:
            warnings.warn(f"{self._name} is not whole: {self._problem}", RecordingWarning, 2)

    def _tell(self) -> None:
        while (told := self._told.get()) is not None:
            self._attempt(lambda: self._sink.step(*told))
            self._room.release()

    def _attempt(self, work: Any) -> None:
        if self._problem:
            return
        try:
            work()
        except Exception as error:  # whatever somebody else's package lets through
            self._problem = f"{type(error).__name__}: {error}"


def new_file(path: str | os.PathLike[str]) -> Path:
    """Return the path of a file that a sink may make.

    Raises:
        RunFolderUnusable: something lies there already, or its folder is none.
    """
    file = Path(path)
    if os.path.lexists(file):
        raise RunFolderUnusable(f"{file} is there already; give another file, or remove it")
    if not file.parent.is_dir():
        raise RunFolderUnusable(f"{file.parent} is no folder; make it, or give another file")
    return file
