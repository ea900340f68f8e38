"""Work done in order on a thread of its own, with room for some of it to wait."""

from __future__ import annotations

import threading
from collections.abc import Callable
from contextlib import suppress
from functools import partial
from queue import Empty, SimpleQueue
from typing import Generic, TypeVar

T = TypeVar("T")
Reply = SimpleQueue[None]  # what somebody who waits for the thread is woken through


class Worker(Generic[T]):
    """Hands what it is given to `work`, in order, up to `batch` items at once, on its own thread.

    `give` never blocks. Whoever gives asks for room afterwards, once an item: `room` items wait
    before that blocks. After `close` and the last item comes `last`. An exception of `work` is a
    bug of ours: it goes to `failed`, and the thread works on, so that nobody waits in vain.

    The threads meet in SimpleQueues only. Their put and get are single steps for a signal: a
    Ctrl-C falls before or after them, and leaves no lock held and no item half given. (The locks
    of Condition and Event are taken in Python, where a Ctrl-C can fall between.)
    """

    def __init__(
        self,
        name: str,
        work: Callable[[list[T]], None],
        *,
        last: Callable[[], None],
        failed: Callable[[BaseException], None],
        room: int,
        batch: int = 1,
    ) -> None:
        self._work, self._last, self._failed, self._batch = work, last, failed, batch
        self._inbox: SimpleQueue[T | Reply] = SimpleQueue()
        self._end: Reply = SimpleQueue()
        self._room: SimpleQueue[None] = SimpleQueue()  # a token for every item that may wait
        for _ in range(room):
            self._room.put(None)
        # a daemon, because the interpreter joins all others before it runs exit functions, and
        # the end may be given in one of these
        self._thread = threading.Thread(target=self._run, name=name, daemon=True)
        self._thread.start()

    def give(self, item: T) -> None:
        """Have `item` worked on after what was given before."""
        self._inbox.put(item)

    def has_room(self) -> bool:
        """Take room for one item, if there is any."""
        try:
            self._room.get_nowait()
        except Empty:
            return False
        return True

    def wait_for_room(self, patience: float = float("inf")) -> bool:
        """Take room for one item; False when there is none after `patience` seconds."""
        while self._thread.is_alive():
            span = min(patience, 1.0)
            with suppress(Empty):
                self._room.get(timeout=max(0.0, span))
                return True
            patience -= span
            if patience <= 0.0:
                return False
        return True

    def flush(self) -> None:
        """Wait until all that was given so far has been worked on."""
        reply: Reply = SimpleQueue()
        self._inbox.put(reply)
        self._wait_for(reply)

    def close(self) -> None:
        """Let the thread end after what was given so far. Idempotent."""
        self._inbox.put(self._end)

    def wait(self) -> None:
        """Wait for the end of the thread, unless on that thread itself; `close` was called."""
        if threading.current_thread() is self._thread:  # it runs a finalizer
            return
        self._wait_for(self._end)
        # only now: in Python 3.11 a thread counts as ended once a Ctrl-C has broken its join
        self._thread.join()

    def _wait_for(self, reply: Reply) -> None:
        while self._thread.is_alive():
            with suppress(Empty):
                return reply.get(timeout=1.0)
        return None

    def _run(self) -> None:
        reply: Reply | None = None
        while reply is not self._end:
            items, reply = self._take()
            if items:
                self._attempt(partial(self._work, items))
            for _ in items:
                self._room.put(None)
            if reply is self._end:
                self._attempt(self._last)
            if reply is not None:
                reply.put(None)

    def _take(self) -> tuple[list[T], Reply | None]:
        """Wait for what comes next; return items up to the next reply that is due, and that."""
        items: list[T] = []
        with suppress(Empty):
            while len(items) < self._batch:
                item = self._inbox.get(block=not items)
                if isinstance(item, SimpleQueue):
                    return items, item
                items.append(item)
        return items, None

    def _attempt(self, action: Callable[[], None]) -> None:
        try:
            action()
        except BaseException as error:  # the thread must not end in silence
            self._failed(error)
