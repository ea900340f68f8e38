"""SIGTERM and SIGHUP end what runs as Ctrl-C does, and wait where an exception may not come."""

from __future__ import annotations

import signal
import sys
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from types import FrameType
from typing import Any

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
    """A handler that raises KeyboardInterrupt, and the numbers of the signals that came so far.

    While a module is imported it waits for the end of that: C code that an exception interrupts in
    its first lines makes another one of it, which nobody takes for a signal, or leaves half a
    module, on which Python crashes later. The third signal comes through at once.
    """

    def __init__(self) -> None:
        self.came: list[int] = []
        # of a program that runs while it is imported itself
        self._around = len(_imports(sys._getframe()))
        self._waits = False

    def __call__(self, number: int, frame: FrameType | None) -> None:
        """Take one signal."""
        self.came.append(number)
        under_way = _imports(frame)
        if len(self.came) > 2 or len(under_way) <= self._around:
            raise KeyboardInterrupt
        if not self._waits:
            self._waits = True
            self._raise_after(under_way[-1 - self._around], sys.getprofile())

    def _raise_after(self, outermost: FrameType, profiler: Any) -> None:
        """Raise KeyboardInterrupt where the outermost frame of an import returns: no lock, no
        thread and no other signal is needed for that.
        """

        def look(frame: FrameType, event: str, argument: object) -> None:
            if event == "return" and frame is outermost:  # with an exception, too
                self._waits = False
                sys.setprofile(profiler)
                raise KeyboardInterrupt

        sys.setprofile(look)


def _imports(frame: FrameType | None) -> list[FrameType]:
    """Return the frames of Python's import, from `frame` outwards, that have not ended."""
    found = []
    while frame is not None:
        if frame.f_code.co_filename.startswith("<frozen importlib"):
            found.append(frame)
        frame = frame.f_back
    return found


@contextmanager
def as_ctrl_c() -> Iterator[AsCtrlC]:
    """Have SIGINT, SIGTERM and SIGHUP raise KeyboardInterrupt on the main thread, none of them in
    the middle of an import.

    A signal that is ignored (`nohup`) stays so, and one that the program has a handler for keeps
    that. Elsewhere than on the main thread, which alone gets signals, nothing changes.
    """
    handler = AsCtrlC()
    before = {}
    if threading.current_thread() is threading.main_thread():
        for number in STOPS:
            if signal.getsignal(number) in (signal.SIG_DFL, signal.default_int_handler):
                before[number] = signal.signal(number, handler)
    try:
        yield handler
    finally:
        for number, previous in before.items():
            signal.signal(number, previous)


def interrupted(error: BaseException) -> bool:
    """Return whether an exception was made of a KeyboardInterrupt, as C code does."""
    link: BaseException | None = error
    while link is not None and not isinstance(link, KeyboardInterrupt):
        link = link.__cause__ or link.__context__
    return link is not None


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
