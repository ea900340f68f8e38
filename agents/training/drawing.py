"""Samples that processes draw beside the fit that learns from them."""

from __future__ import annotations

import multiprocessing
import time
from collections.abc import Callable, Iterable, Iterator
from concurrent.futures import CancelledError, Future, ProcessPoolExecutor
from contextlib import contextmanager
from threading import Thread
from typing import Generic, TypeVar

from helmsight.agents.errors import TrainingFailed
from helmsight.tools.offspring import deaf_to_ctrl_c, end_with_parent

T = TypeVar("T")


class Drawn(Generic[T]):
    """What was drawn so far, in memory: `kept` grows while the fit goes on."""

    def __init__(self) -> None:
        self.kept: list[T] = []
        self._error: Exception | None = None

    def wait(self, count: int) -> None:
        """Wait for the first `count` samples.

        Raises:
            TrainingFailed: a process that draws has died.
        """
        while len(self.kept) < count:
            if self._error is not None:
                raise TrainingFailed(
                    f"a process that draws the pictures has failed: {self._error!r}. "
                    "With little memory try fewer of them"
                ) from self._error
            time.sleep(0.2)

    def _take(self, futures: Iterable[Future[list[T]]]) -> None:
        """Keep what comes until all is there, or an error."""
        try:
            # not by as_completed: it waits for ever for what is cancelled before it begins
            for future in futures:
                self.kept.extend(future.result())
        except (Exception, CancelledError) as error:
            self._error = error


@contextmanager
def drawing(
    draw: Callable[[range], list[T]], numbers: range, chunk: int, processes: int = 1
) -> Iterator[Drawn[T]]:
    """Let processes draw the samples of `numbers`, `chunk` numbers at a time, until it is left.

    draw: is sent to the processes, so it has to be importable there.
    """
    drawn: Drawn[T] = Drawn()
    context = multiprocessing.get_context("spawn")
    with ProcessPoolExecutor(processes, context, end_with_parent) as crew:
        chunks = [numbers[at : at + chunk] for at in range(0, len(numbers), chunk)]
        with deaf_to_ctrl_c():  # here they are started
            futures = [crew.submit(draw, part) for part in chunks]
        taking = Thread(target=drawn._take, args=(futures,), daemon=True)
        taking.start()
        try:
            yield drawn
        finally:
            crew.shutdown(wait=False, cancel_futures=True)
            taking.join()
