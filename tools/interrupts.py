"""Ctrl-C while the end of a run is written."""

from __future__ import annotations

import signal
import threading
from collections.abc import Callable
from types import FrameType, TracebackType
from typing import Self


class Interrupts:
    """Counts Ctrl-C instead of raising KeyboardInterrupt, while it is entered.

    The second one calls `give_up`, so that what is waited for ends sooner; from the third on
    KeyboardInterrupt is raised as ever, in case that does not end at all. Whoever enters it owes
    the caller a KeyboardInterrupt when `count` is not 0 at the end.

    It counts on the main thread and in place of Python's own handler only: on another thread no
    KeyboardInterrupt is raised, and a program with a handler of its own has its reasons.
    """

    def __init__(self, give_up: Callable[[], None]) -> None:
        self.count = 0
        self._give_up = give_up
        self._counts = False

    def __enter__(self) -> Self:
        main = threading.current_thread() is threading.main_thread()
        if main and signal.getsignal(signal.SIGINT) is signal.default_int_handler:
            self._counts = True
            signal.signal(signal.SIGINT, self._pressed)
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        if self._counts:
            signal.signal(signal.SIGINT, signal.default_int_handler)

    def _pressed(self, number: int, frame: FrameType | None) -> None:
        self.count += 1
        if self.count == 2:
            self._give_up()
        elif self.count > 2:
            raise KeyboardInterrupt
