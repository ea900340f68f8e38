"""Waiting for another thread, by the clock that everything else goes by.

What the standard library waits by itself ends by the system's clock, which tests cannot let stand
still: after it the deadline is looked at again.
"""

from __future__ import annotations

import queue
import threading
import time
from collections.abc import Callable
from contextlib import suppress
from typing import TypeVar

from helmsight.contract.meanwhile import use_the_wait

T = TypeVar("T")
SOON_S = 0.001
"""What is waited for begins with Python, which one thread runs at a time: that one goes first."""


def next_of(arrivals: queue.SimpleQueue[T], within_s: float) -> T:
    """Return the next thing in a queue; what was offered for a wait is done if none comes at once.

    Raises queue.Empty when none comes within `within_s` s.
    """
    deadline = time.monotonic() + within_s
    with suppress(queue.Empty):
        return arrivals.get(timeout=min(SOON_S, max(0.0, within_s)))
    use_the_wait()
    while True:
        try:
            return arrivals.get(timeout=max(0.0, deadline - time.monotonic()))
        except queue.Empty:
            if time.monotonic() >= deadline:
                raise


def happens(event: threading.Event, within_s: float) -> bool:
    """Return whether an event happens within `within_s` s."""
    deadline = time.monotonic() + within_s
    while not event.wait(max(0.0, deadline - time.monotonic())):
        if time.monotonic() >= deadline:
            return False
    return True


def holds(news: threading.Condition, true: Callable[[], object], within_s: float) -> bool:
    """Return whether something holds within `within_s` s; `news`, which is held, tells of it."""
    deadline = time.monotonic() + within_s
    while not news.wait_for(true, max(0.0, deadline - time.monotonic())):
        if time.monotonic() >= deadline:
            return False
    return True
