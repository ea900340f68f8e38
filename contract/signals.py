"""SIGTERM and SIGHUP end what runs as Ctrl-C does, and wait where an exception may not come."""

from __future__ import annotations

import signal
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from types import FrameType

STOPS = tuple(
    getattr(signal, name) for name in ("SIGINT", "SIGTERM", "SIGHUP") if hasattr(signal, name)
)
"""The signals that ask a program to end. Windows has no SIGHUP."""


def ending_signals() -> tuple[int, ...]:
    """Return the signals that are to end a program that has its own handler for them.

    Ctrl-C is one where it is ignored, too: a shell starts background jobs so. SIGHUP is none there:
    `nohup` has been asked for.
    """
    return tuple(
        number
        for number in STOPS
        if number in STOPS[:2] or signal.getsignal(number) is not signal.SIG_IGN
    )


class AsCtrlC:
    """A handler that raises KeyboardInterrupt, and the numbers of the signals that came so far."""

    def __init__(self) -> None:
        self.came: list[int] = []

    def __call__(self, number: int, frame: FrameType | None) -> None:
        """Take one signal."""
        self.came.append(number)
        raise KeyboardInterrupt


@contextmanager
def as_ctrl_c() -> Iterator[AsCtrlC]:
    """Have SIGTERM and SIGHUP raise KeyboardInterrupt on the main thread, where Python does so.

    A signal that is ignored (`nohup`) stays so, and one that the program has a handler for keeps
    that. Elsewhere than on the main thread, which alone gets signals, nothing changes.
    """
    handler = AsCtrlC()
    before = {}
    if threading.current_thread() is threading.main_thread():
        for number in STOPS[1:]:
            if signal.getsignal(number) == signal.SIG_DFL:
                before[number] = signal.signal(number, handler)
    try:
        yield handler
    finally:
        for number, previous in before.items():
            signal.signal(number, previous)


@contextmanager
def held_back() -> Iterator[None]:
    """Have the signals that ask a program to end wait until what is entered here has ended.

    For libraries that an exception in the middle of a call would break. Some keep locks and states
    by hand, and the next call would wait for ever. OpenCV 5 crashes where it tries an overload that
    does not fit: its str() of what did not fit lets the handler raise. The third signal comes
    through at once, in case the call does not end. Elsewhere than on the main thread, which alone
    gets signals, nothing changes.
    """
    before: dict[int, Callable[[int, FrameType | None], object]] = {}
    came: list[int] = []
    inside = True

    def later(number: int, frame: FrameType | None) -> None:
        came.append(number)
        if not inside or len(came) > 2:
            before[number](number, frame)

    try:
        if threading.current_thread() is threading.main_thread():
            for number in STOPS:
                if callable(handler := signal.getsignal(number)):
                    before[number] = handler
                    signal.signal(number, later)
        yield
    finally:
        inside = False  # one that comes while handlers are put back is taken by its own
        for number, handler in before.items():
            signal.signal(number, handler)
        if came:
            signal.raise_signal(came[0])
