"""Keys of a person who drives a robot by them: SPACE waits for nothing, and late presses are none.

A loop that is in the middle of a move, a reconnection or a homing reads its keys late. Were they
served in turn, a robot would go on for seconds after an arrow key was let go, and a stop would wait
behind all of them.
"""

from __future__ import annotations

import threading
import time
from collections import deque
from collections.abc import Callable, Collection
from types import TracebackType
from typing import NamedTuple, Self

from helmsight.contract.errors import Error
from helmsight.keyboard import END, Read

STOP = " "
STOPPED = "stopped"  # what the loop reads when SPACE has stopped the robot
LATE = "late"  # what it reads where presses came faster than it served them
MOST = 3  # presses that wait: what a robot still does after an arrow key was let go
BEAT_S = 0.05


class _Press(NamedTuple):
    at_s: float
    key: str
    error: Error | None = None  # what came of a stop

    def void_before(self, asked_s: float) -> bool:
        """Whether a question made it void: an answer that was there first, but never a stop."""
        return self.at_s <= asked_s and self.key not in (END, STOPPED)


class FreshKeys:
    """Reads keys in a thread; a context manager. Called with seconds, it is a reader of keys.

    SPACE calls `stop` from that thread, whatever the loop is doing, and drops what was pressed
    before; the loop then reads STOPPED. Of the keys of `perishable` the newest MOST wait, and LATE
    says that older ones were dropped. What was pressed before this is entered does not count.
    """

    def __init__(self, read: Read, stop: Callable[[], object], perishable: Collection[str]) -> None:
        self._read, self._stop, self._perishable = read, stop, perishable
        self._waiting: deque[_Press] = deque()
        self._news = threading.Condition()
        self._closing = threading.Event()
        self._asked_s = -1.0  # when a question was put last
        self._late = False
        self._thread = threading.Thread(target=self._listen, name="fresh keys", daemon=True)

    def __enter__(self) -> Self:
        while END not in (before := self._read(0.0)) and before:
            pass
        if END in before:
            self._put(_Press(time.monotonic(), END))
        self._thread.start()
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        where: TracebackType | None,
    ) -> None:
        self._closing.set()
        self._thread.join(1.0)

    def __call__(self, within_s: float) -> list[str]:
        """Return the next key, or none within a time. Raises what a stop by SPACE has raised."""
        with self._news:
            if self._late:
                self._late = False
                return [LATE]
            if not self._news.wait_for(self._next, within_s):
                return []
            press = self._waiting[0]
            if press.key != END:  # over is over, however often it is asked
                self._waiting.popleft()
        if press.error is not None:
            raise press.error
        return [press.key]

    def forget(self) -> None:
        """Drop what was pressed before a question: it cannot be its answer."""
        with self._news:
            self._asked_s = time.monotonic()

    def _next(self) -> bool:
        """Drop what a question has made void; return whether a key is there."""
        while self._waiting and self._waiting[0].void_before(self._asked_s):
            self._waiting.popleft()
        return bool(self._waiting)

    def _listen(self) -> None:
        while not self._closing.is_set():
            try:
                keys, now = self._read(BEAT_S), time.monotonic()
            except OSError:  # the terminal is gone, and nobody sits there any more
                keys, now = [END], time.monotonic()
            for key in keys:
                if key == STOP:
                    self._stopped()
                else:
                    self._put(_Press(now, key))
                if key == END:
                    return

    def _stopped(self) -> None:
        with self._news:
            self._waiting.clear()
            self._late = False
        error: Error | None = None
        try:
            self._stop()
        except Error as failure:  # said where it is read: in the loop
            error = failure
        self._put(_Press(time.monotonic(), STOPPED, error))

    def _put(self, press: _Press) -> None:
        with self._news:
            moving = [one for one in self._waiting if one.key in self._perishable]
            if press.key in self._perishable and len(moving) >= MOST:
                self._waiting.remove(moving[0])
                self._late = True
            self._waiting.append(press)
            self._news.notify_all()
