"""Ctrl-C, SIGTERM and SIGHUP while the end of a run is written."""

from __future__ import annotations

import signal
import threading
from collections.abc import Callable
from types import FrameType, TracebackType
from typing import Any, Self

from helmsight.contract.signals import STOPS, AsCtrlC


class Interrupts:
    """Counts Ctrl-C, SIGTERM and SIGHUP instead of raising KeyboardInterrupt, while it is entered.

    The second one calls `give_up`, so that what is waited for ends sooner; from the third on
    KeyboardInterrupt is raised as ever, in case that does not end at all. Whoever enters it owes
    the caller a KeyboardInterrupt when `count` is not 0 at the end.

    It counts on the main thread, in place of Python's own handler and of `contract.signals` only:
    on another thread no KeyboardInterrupt is raised, and a program with a handler of its own has
    its reasons.
    """

    def __init__(self, give_up: Callable[[], None]) -> None:
        self.count = 0
        self._give_up = give_up
        self._before: dict[int, Any] = {}

    def __enter__(self) -> Self:
        if threading.current_thread() is threading.main_thread():
            for number in STOPS:
                handler = signal.getsignal(number)
                if handler is signal.default_int_handler or isinstance(handler, AsCtrlC):
                    self._before[number] = signal.signal(number, self._pressed)
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        for number, handler in self._before.items():
            signal.signal(number, handler)
        self._before.clear()

    def _pressed(self, number: int, frame: FrameType | None) -> None:
        self.count += 1
        if isinstance(handler := self._before.get(number), AsCtrlC):
            handler.came.append(number)
        if self.count == 2:
            self._give_up()
        elif self.count > 2:
            raise KeyboardInterrupt
