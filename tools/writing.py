"""The two threads that write a run down, one after the other: first the log, then the pictures."""

from __future__ import annotations

import time
import warnings
from collections.abc import Iterable

from helmsight.tools.appendonly import AppendOnly
from helmsight.tools.errors import RecordingWarning
from helmsight.tools.film import Film
from helmsight.tools.once import Once
from helmsight.tools.parts import Parts
from helmsight.tools.steplog import Step, StepLog
from helmsight.tools.worker import Worker

LINES_WAITING, FRAMES_WAITING = 256, 64
PATIENCE_S = 5.0  # what a flight waits for its recording, in all, before that is told
SLOW = (
    "recording: the disk or the encoder is slower than the flight, which waits for it; nothing "
    "is left out"
)
ANY_CALLER = 99  # a stack level that is not there: no line of the program is at fault


class Writing:
    """Takes the steps of a flight and writes them, until it is closed.

    It knows nothing of the recorder that it works for, and so outlives one that nobody finished.
    """

    def __init__(
        self, file: AppendOnly, parts: Parts, film: Film, once: Once | None = None
    ) -> None:
        self._parts, self._film = parts, film
        self._log = StepLog(file, parts, self._pass_on, once)
        self._steps = 0
        self._waited, self._told = 0.0, False
        self._pictures: Worker[Step] = Worker(
            "recording pictures",
            film.write,
            last=film.close,
            failed=lambda error: self._failed(film.parts, error),
            room=FRAMES_WAITING,
        )
        self._lines: Worker[Step] = Worker(
            "recording steps",
            self._log.write,
            last=self._pictures.close,
            failed=lambda error: self._failed(("steps",), error),
            room=LINES_WAITING,
            batch=LINES_WAITING,
        )

    def give(self, step: Step) -> None:
        """Take `step`; block while too much waits. A Ctrl-C that breaks that costs nothing."""
        self._steps = step.record.index + 1
        self._lines.give(step)
        self._wait_for_room(self._lines)
        if step.frame is not None:
            self._wait_for_room(self._pictures)

    def flush(self) -> None:
        """Wait until all that was given so far is written."""
        self._lines.flush()
        self._pictures.flush()

    def flush_log(self) -> None:
        """Wait until the lines of all that was given so far are on disk; pictures may wait."""
        self._lines.flush()

    def close(self) -> None:
        """Let both threads end after what was given so far."""
        self._lines.close()

    def wait_for_log(self) -> None:
        """Wait until the log has all its lines; `close` was called."""
        self._lines.wait()

    def wait_for_pictures(self) -> None:
        """Wait until frames and video are closed, which comes after the log."""
        self._pictures.wait()

    def release(self) -> None:
        """Close the log, which others may go on with from now on; all has been waited for."""
        try:
            self._log.close()
        except OSError as error:
            self._failed(("steps",), error)

    def give_up_pictures(self) -> None:
        """Leave out the pictures that wait."""
        self._film.give_up("given up by Ctrl-C")

    def abandon(self) -> None:
        """Write what waits of a run that nobody finished."""
        self.close()
        self.wait_for_log()
        self.wait_for_pictures()
        self.release()
        for problem in self._parts.told():
            warnings.warn(f"recording: {problem}", RecordingWarning, stacklevel=ANY_CALLER)

    def _pass_on(self, step: Step) -> None:
        if step.frame is not None:
            self._pictures.give(step)

    def _wait_for_room(self, worker: Worker[Step]) -> None:
        if worker.has_room():
            return
        began = time.perf_counter()
        try:
            patience = float("inf") if self._told else PATIENCE_S - self._waited
            if not worker.wait_for_room(patience):
                self._told = True
                warnings.warn(SLOW, RecordingWarning, stacklevel=ANY_CALLER)
                worker.wait_for_room()
        finally:
            self._waited += time.perf_counter() - began

    def _failed(self, parts: Iterable[str], error: BaseException) -> None:
        """Note what went wrong: what that thread wrote is not to be trusted any further."""
        for part in parts:
            self._parts.stop(part, f"{type(error).__name__}: {error}", self._steps)
