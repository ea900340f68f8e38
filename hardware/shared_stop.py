"""One stop for all threads that ask for it while it is under way."""

from __future__ import annotations

import threading
from collections.abc import Callable
from concurrent.futures import CancelledError, Future

from helmsight.hardware.bus_turns import BusTurns
from helmsight.hardware.motion import StopReport


class SharedStop:
    """The stop of one robot. The first thread to ask does it; who asks meanwhile shares its end.

    Two stops at once would only take the line from each other. One that is asked for after the
    other has ended is a stop of its own.
    """

    def __init__(self, turns: BusTurns) -> None:
        self._turns = turns
        # Reentrant: a signal handler may stop while its own thread is in here.
        self._books = threading.RLock()
        self._running: Future[StopReport] | None = None
        self._leader: int | None = None

    def share(self, work: Callable[[], StopReport]) -> StopReport:
        """Return what `work` returns, or the stop that is under way in another thread.

        work: stops the robot, in a turn of its own.

        Raises:
            Exception: what `work`, or the stop that is shared, raises.
        """
        while True:
            with self._books:
                running = self._running
                # A thread that has the bus, or leads a stop that a signal handler cuts into, would
                # wait for a stop that waits for it.
                alone = self._leader == threading.get_ident() or self._turns.has_turn()
                if running is None:
                    mine = self._running = Future()
                    self._leader = threading.get_ident()
            if running is None:
                return self._lead(mine, work)
            if alone:
                with self._turns.stop_turn():
                    return work()
            try:
                return running.result()
            except CancelledError:  # Ctrl-C took its thread out of it: someone else has to go on
                continue

    def _lead(self, mine: Future[StopReport], work: Callable[[], StopReport]) -> StopReport:
        try:
            with self._turns.stop_turn():
                # The end is told before the bus is given back: no reset and no move comes between
                # the read-back and those who share it.
                try:
                    report = work()
                except Exception as error:
                    self._over()
                    mine.set_exception(error)
                    raise
                self._over()
                mine.set_result(report)
                return report
        finally:
            if not mine.done():
                self._over()
                mine.cancel()

    def _over(self) -> None:
        with self._books:
            self._running = self._leader = None
