"""Turns on a bus that several threads share: one exchange at a time, a stop before all others."""

from __future__ import annotations

import threading
from collections.abc import Iterator
from contextlib import contextmanager

from helmsight.contract.signals import held_back


class BusTurns:
    """Who may talk on a bus.

    A request and its reply belong together, so a thread takes a turn and keeps it for a whole
    exchange. A stop goes before every other turn: threads that want one wait until the stop is
    over, and a thread in the middle of an exchange gives up (`stop_pending`) instead of retrying.
    """

    def __init__(self) -> None:
        # Reentrant: `move` reads the state within its own turn.
        self._bus = threading.RLock()
        self._holder: int | None = None  # the thread that has the turn
        # Reentrant, too: a signal handler may stop in the middle of a stop of its own thread.
        self._books = threading.RLock()
        self._stopping: list[int] = []  # the threads that stop or wait to, one entry a stop
        # A lock is not fair: the thread that streams moves would take it again before a waiting
        # stop does. So turns begin only while no stop is under way.
        self._no_stop = threading.Event()
        self._no_stop.set()

    @contextmanager
    def turn(self) -> Iterator[None]:
        """Take the bus, unless a stop is under way in another thread: that goes first."""
        while True:
            # Who has the bus already, or stops, would wait for a stop that waits for it.
            first = self.has_turn() or self.stops_here()
            if not first:
                self._no_stop.wait()
            with self._bus:
                # otherwise a stop was asked while this thread waited for the lock
                if first or self._no_stop.is_set():
                    with self._held():
                        yield
                    return

    @contextmanager
    def stop_turn(self) -> Iterator[None]:
        """Take the bus for a stop, before all who wait for a turn."""
        me = threading.get_ident()
        asked = False
        try:
            with held_back(), self._books:  # Ctrl-C here would leave a stop that never ends
                self._stopping.append(me)
                self._no_stop.clear()
                asked = True
            with self._bus, self._held():
                yield
        finally:
            with self._books:
                if asked:
                    self._stopping.remove(me)
                if not self._stopping:
                    self._no_stop.set()

    @contextmanager
    def _held(self) -> Iterator[None]:
        """Say that this thread has the bus, which is locked already."""
        before = self._holder
        try:
            self._holder = threading.get_ident()
            yield
        finally:
            self._holder = before

    def has_turn(self) -> bool:
        """Whether this thread has the bus."""
        return self._holder == threading.get_ident()

    def stop_pending(self) -> bool:
        """Whether another thread waits to stop the robot: what can be left, is left to it.

        False in a thread that stops: two stops never give way to each other.
        """
        return not self._no_stop.is_set() and not self.stops_here()

    def stops_here(self) -> bool:
        """Whether a stop is under way in this thread."""
        return threading.get_ident() in self._stopping

    def stop_under_way(self) -> bool:
        """Whether any thread stops the robot or waits to."""
        return not self._no_stop.is_set()
