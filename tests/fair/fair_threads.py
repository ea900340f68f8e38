"""Who of a process and its children waits for a processor, and for how long, as Linux tells it."""

from __future__ import annotations

import os
import threading
from collections.abc import Iterator
from contextlib import suppress
from typing import Self

CHILDREN_LOOKS = 10  # after so many looks it is looked which children there are


class Family:
    """The threads of this process and of all processes below it, without the one that asks."""

    def __init__(self) -> None:
        self._threads: dict[str, Thread] = {}
        self._mine: list[str] = []  # of this process
        self._many = 0  # when they were listed
        self._children: list[str] = []
        self._looks = 0

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        for thread in self._threads.values():
            thread.close()

    def share_that_ran(self, passed_s: float) -> float:
        """Return which share of the last `passed_s` nobody waited for a processor.

        When each of them waited is not known, only how long: as if it had been by chance.
        """
        self._meet()
        share = 1.0
        for path, thread in list(self._threads.items()):
            try:
                share *= 1.0 - thread.waited(passed_s) / passed_s
            except OSError:  # it has ended
                self._threads.pop(path).close()
                self._many = 0
        return share

    def _meet(self) -> None:
        """Bring the threads up to date: those of this process whenever their number has changed or
        one of them has ended, it starts most.
        """
        many = os.stat("/proc/self/task").st_nlink  # counts them, and costs a tenth of listing
        if many != self._many:
            me = f"/proc/self/task/{threading.get_native_id()}"
            self._mine = [path for path in _threads_of("self") if path != me]
            self._many = many
        if self._looks % CHILDREN_LOOKS == 0:
            self._children = [path for child in _descendants("self") for path in _threads_of(child)]
        self._looks += 1
        for path in (*self._mine, *self._children):
            if path not in self._threads:
                with suppress(OSError):
                    self._threads[path] = Thread(path)


class Thread:
    """What the system tells of one thread. Raises OSError after its end."""

    def __init__(self, path: str) -> None:
        self._counts = os.open(f"{path}/schedstat", os.O_RDONLY)
        try:
            self._stat = os.open(f"{path}/stat", os.O_RDONLY)
        except OSError:
            os.close(self._counts)
            raise
        self._before = b""
        self._waited_ns = 0  # as counted by the system: only when a wait has ended
        self._owed_s = 0.0  # what was counted and not yet told; less than 0 in a wait told already
        self._wanting = False

    def close(self) -> None:
        os.close(self._counts)
        os.close(self._stat)

    def waited(self, passed_s: float) -> float:
        """Return how much of the last `passed_s` this thread waited for a processor, s."""
        counts = os.pread(self._counts, 128, 0)
        if counts == self._before:  # it has not run since: it slept, or it waits
            wanted, self._wanting = self._wanting, self._wants()
            if not (wanted and self._wanting):
                return 0.0
            self._owed_s -= passed_s
            return passed_s
        waited_ns = int(counts.split()[1])
        if self._before:
            self._owed_s += 1e-9 * (waited_ns - self._waited_ns)
        self._before, self._waited_ns, self._wanting = counts, waited_ns, True
        told = min(max(self._owed_s, 0.0), passed_s)
        # what a wait began with and passed unseen is told with the next look, at most
        self._owed_s = min(max(self._owed_s - told, 0.0), passed_s)
        return told

    def _wants(self) -> bool:
        """Return whether it is ready to run, or waits for the disk."""
        return os.pread(self._stat, 512, 0).rpartition(b")")[2][1:2] in (b"R", b"D")


def _threads_of(process: str) -> Iterator[str]:
    with suppress(OSError):  # it has ended
        for thread in os.listdir(f"/proc/{process}/task"):
            yield f"/proc/{process}/task/{thread}"


def _descendants(process: str) -> Iterator[str]:
    for thread in _threads_of(process):
        with suppress(OSError):
            for child in _read(f"{thread}/children").decode().split():
                yield child
                yield from _descendants(child)


def _read(path: str) -> bytes:
    handle = os.open(path, os.O_RDONLY)
    try:
        return os.read(handle, 4096)
    finally:
        os.close(handle)
