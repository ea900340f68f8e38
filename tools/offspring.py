"""Processes that work for another one: they do not outlive it, and leave Ctrl-C to it."""

from __future__ import annotations

import multiprocessing
import os
import signal
from collections.abc import Iterator
from contextlib import contextmanager
from multiprocessing import resource_tracker
from threading import Thread


def end_with_parent() -> None:
    """Have this process end when the one that started it does, also where that one was killed.

    For processes of `multiprocessing`; what was started otherwise is left alone.
    """
    parent = multiprocessing.parent_process()
    if parent is None:
        return

    def wait() -> None:
        parent.join()
        os._exit(1)

    Thread(target=wait, name="end with parent", daemon=True).start()


@contextmanager
def deaf_to_ctrl_c() -> Iterator[None]:
    """Start processes in here: they never hear Ctrl-C, also while they still import.

    A terminal sends it to all of them; it is the parent's to answer, which gets what came in here
    afterwards. Windows has no such thing: there they are as any other.
    """
    if not hasattr(signal, "pthread_sigmask"):
        yield
        return
    resource_tracker.ensure_running()  # it unblocks the signal where it begins with the first child
    before = signal.pthread_sigmask(signal.SIG_BLOCK, {signal.SIGINT})  # handed down to children
    try:
        yield
    finally:
        signal.pthread_sigmask(signal.SIG_SETMASK, before)
