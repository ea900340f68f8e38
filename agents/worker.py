"""Threads that models are called on, so that a call can be given up on."""

from __future__ import annotations

import atexit
import queue
import threading
import time
from collections.abc import Callable
from typing import Any
from weakref import WeakSet

from helmsight.contract.waiting import next_of

IDLE_S = 1.0
"""Seconds after which a thread without work ends: none outlives a flight."""
LAST_S = 5.0
"""Seconds for which the end of the process waits for a local model."""


class Here:
    """Calls a model in the caller's thread, however long it takes: stands in for `Worker`."""

    def call(self, work: Callable[[], Any], timeout_s: float) -> Any:
        """Return what `work` returns, or raise what it raises."""
        return work()


class Worker:
    """A daemon thread that models are called on, so that a call can be given up on.

    The same thread serves every call, as long as it comes back in time: what a model keeps per
    thread stays warm. After a timeout it is left behind, ends as soon as its call does, and a new
    one takes over. With `alone` there is never more than one call: the next one waits, within its
    own time, until the one that was given up on is over. It is for what shares one processor.
    """

    def __init__(self, *, alone: bool = False) -> None:
        self._alone = alone
        self._desk = _Desk()
        if alone:
            _local.add(self._desk)

    def call(self, work: Callable[[], Any], timeout_s: float) -> Any:
        """Return what `work` returns, or raise what it raises; TimeoutError after `timeout_s`."""
        job = _Job(work)
        self._desk.take(job)
        try:
            result, error = next_of(job.done, timeout_s)
        except queue.Empty:
            job.given_up = True
            if not self._alone:
                self._desk.leave()
                self._desk = _Desk()
            raise TimeoutError(f"no answer within {timeout_s:.1f} s") from None
        if error is not None:
            raise error
        return result


class _Job:
    """Something to call, and where what becomes of it is put."""

    def __init__(self, work: Callable[[], Any]) -> None:
        self.work, self.given_up = work, False
        self.done: queue.SimpleQueue[tuple[Any, BaseException | None]] = queue.SimpleQueue()

    def run(self) -> None:
        """Call it, unless nobody waits for it any more."""
        if self.given_up:
            return
        try:
            self.done.put((self.work(), None))
        except BaseException as error:
            self.done.put((None, error))


class _Desk:
    """Where jobs wait for a thread, which is there while there is work and for `IDLE_S` after."""

    def __init__(self) -> None:
        self._jobs: queue.SimpleQueue[_Job | None] = queue.SimpleQueue()
        self._lock = threading.Lock()
        self._manned = False
        self._thread: threading.Thread | None = None

    def take(self, job: _Job) -> None:
        """Have a job done after those that were taken before."""
        with self._lock:
            self._jobs.put(job)
            if not self._manned:
                self._manned = True
                self._thread = threading.Thread(target=self._serve, name="model", daemon=True)
                self._thread.start()

    def over(self, deadline: float) -> bool:
        """Wait for what the thread is at, and no longer than `deadline` on the monotonic clock;
        return whether it has ended.
        """
        if self._thread is not None and self._thread.is_alive():
            self.leave()
            self._thread.join(max(0.0, deadline - time.monotonic()))
            return not self._thread.is_alive()
        return True

    def leave(self) -> None:
        """Have the thread end after the job that it is at."""
        self._jobs.put(None)

    def _serve(self) -> None:
        while True:
            try:
                job = self._jobs.get(timeout=IDLE_S)
            except queue.Empty:
                job = None
            if job is not None:
                job.run()
                continue
            with self._lock:
                if self._jobs.empty():
                    self._manned = False
                    return


_local: WeakSet[_Desk] = WeakSet()


@atexit.register
def all_over(within_s: float = LAST_S) -> bool:
    """Wait until no local model computes for anybody; return False if one still does.

    A thread that is inside a library written in C++ when the interpreter ends aborts the process.
    """
    deadline = time.monotonic() + within_s
    return all([desk.over(deadline) for desk in tuple(_local)])
