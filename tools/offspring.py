"""Processes that work for another one do not outlive it."""

from __future__ import annotations

import multiprocessing
import os
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
