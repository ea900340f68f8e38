"""A thread that models are called on, so that a call can be given up on."""

from __future__ import annotations

import queue
import threading
from collections.abc import Callable
from typing import Any

from helmsight.contract.waiting import next_of


class Here:
    """Calls a model in the caller's thread, however long it takes: stands in for `Worker`."""

    def call(self, work: Callable[[], Any], timeout_s: float) -> Any:
        """Return what `work` returns, or raise what it raises."""
        return work()


class Worker:
    """A daemon thread that models are called on, so that a call can be given up on.

    The same thread serves every call, as long as it comes back in time: what a model keeps per
    thread stays warm. After a timeout it is left behind and a new one takes over.
    """

    def __init__(self) -> None:
        self._jobs: queue.SimpleQueue[Any] | None = None

    def call(self, work: Callable[[], Any], timeout_s: float) -> Any:
        """Return what `work` returns, or raise what it raises; TimeoutError after `timeout_s`."""
        if self._jobs is None:
            self._jobs = queue.SimpleQueue()
            threading.Thread(target=_serve, args=(self._jobs,), daemon=True).start()
        done: queue.SimpleQueue[tuple[Any, BaseException | None]] = queue.SimpleQueue()
        self._jobs.put((work, done))
        try:
            result, error = next_of(done, timeout_s)
        except queue.Empty:
            self._jobs = None
            raise TimeoutError(f"no answer within {timeout_s:.1f} s") from None
        if error is not None:
            raise error
        return result


def _serve(jobs: queue.SimpleQueue[Any]) -> None:
    while True:
        work, done = jobs.get()
        try:
            done.put((work(), None))
        except BaseException as error:
            done.put((None, error))
