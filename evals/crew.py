"""Work in processes side by side, each on its share of the cores."""

from __future__ import annotations

import os
from collections.abc import Callable, Generator, Sequence
from concurrent.futures import ProcessPoolExecutor, as_completed
from multiprocessing import get_context
from typing import TYPE_CHECKING, TypeVar

from helmsight.tools.offspring import end_with_parent

if TYPE_CHECKING:
    from multiprocessing.synchronize import Event

T = TypeVar("T")
R = TypeVar("R")
_over: list[Event] = []  # what a worker was given at its start


def results_of(
    work: Callable[[T], R], items: Sequence[T], workers: int = 1
) -> Generator[tuple[T, R], None, None]:
    """Yield each of `items` with what `work` makes of it, as it is done; in order by one worker.

    work, items, results: are sent to and from processes where there are several workers. What
    they hold in their queue is left undone when the generator is closed.
    """
    if workers == 1:
        for item in items:
            yield item, work(item)
        return
    threads = max(1, (os.cpu_count() or 1) // workers)
    context = get_context("spawn")
    over = context.Event()
    pool = ProcessPoolExecutor(workers, context, _settle, (threads, over))
    try:
        jobs = {pool.submit(_beside, work, item): item for item in items}
        for job in as_completed(jobs):
            yield jobs[job], job.result()
    finally:
        over.set()  # what a worker holds in its queue cannot be cancelled any more
        pool.shutdown(cancel_futures=True)


def _settle(threads: int, over: Event) -> None:
    """Let a worker compute on its share of the cores, before torch is imported, and end with us."""
    end_with_parent()
    os.environ["OMP_NUM_THREADS"] = str(threads)
    _over.append(over)


def _beside(work: Callable[[T], R], item: T) -> R:
    """Do it in a worker, unless nobody waits for it any more."""
    if _over[0].is_set():
        raise KeyboardInterrupt
    return work(item)
