"""A clock for tests that stands still while the machine lets this process wait.

An emulated device and its driver are threads of one process, or a process and its child. On a busy
machine the system runs the one and not the other for tenths of a second: answers come too late,
motions are over before they were looked at, and the test tells of the machine, not of the code. So
time passes here only as far as everything that wanted a processor had one. Tests run as slowly as
they must and see the same.

It is for tests alone. What moves a robot goes by the system's clock.
"""

from __future__ import annotations

import os
import sys
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress

STEP_S = 0.004  # how often it is looked who waits; so much may pass unseen
LEAP_S = 0.012  # the most that passes from one look to the next: all of us may have waited
THREAD, PROCESS = 6, 2  # Linux: the last three bits of a processor clock's number

_monotonic, _sleep = time.monotonic, time.sleep


class FairClock:
    """Seconds like time.monotonic()'s, but for those in which a thread or child of this process
    could not run although it wanted to. Safe to read in threads and in signal handlers.
    """

    def __init__(self) -> None:
        self._looked = self._told = self._now = _monotonic()
        self._wanting: dict[int, float] = {}  # see `_wanting`; at the last look
        self._looking = threading.Lock()

    def __call__(self) -> float:
        """Return the time, s. It never goes back."""
        # A handler may come in the middle of a look: it takes what is known.
        if self._looking.acquire(blocking=False):
            try:
                passed = _monotonic() - self._looked
                if passed >= STEP_S:
                    self._looked += passed
                    self._now += 0.0 if self._somebody_waits() else min(passed, LEAP_S)
                    passed = 0.0
                self._told = max(self._told, self._now + passed)
            finally:
                self._looking.release()
        return self._told

    def sleep(self, seconds: float) -> None:
        """Wait until `seconds` have passed on this clock."""
        end = self() + seconds
        while (left := end - self()) > 0.0:
            _sleep(min(left, STEP_S))

    def _somebody_waits(self) -> bool:
        """Return whether something that wanted a processor at the last look has not had any."""
        before, self._wanting = self._wanting, dict(_wanting())
        return any(before.get(clock) == used for clock, used in self._wanting.items())


@contextmanager
def fair_time() -> Iterator[Callable[[], float]]:
    """Let `time` go by a fair clock in this process. Only Linux tells who waits: elsewhere tests
    go by the system's clock, and need a machine that is not too busy.
    """
    if sys.platform != "linux":
        yield _monotonic
        return
    clock, since = FairClock(), time.time() - _monotonic()
    before = {name: getattr(time, name) for name in ("monotonic", "perf_counter", "time", "sleep")}
    time.monotonic = time.perf_counter = clock  # type: ignore[assignment]
    time.time, time.sleep = lambda: clock() + since, clock.sleep
    over = threading.Event()
    threading.Thread(target=_watch, args=(clock, over), name="fair time", daemon=True).start()
    try:
        yield clock
    finally:
        over.set()
        for name, function in before.items():
            setattr(time, name, function)


def _watch(clock: FairClock, over: threading.Event) -> None:
    """Keep looking, also while everybody waits for something."""
    while not over.wait(STEP_S):
        clock()


def _wanting() -> Iterator[tuple[int, float]]:
    """Yield the number of the processor clock and the time on it, s, of every other thread and
    every child of this process that wants a processor now.
    """
    me = threading.get_native_id()
    for thread in map(int, os.listdir("/proc/self/task")):
        with suppress(OSError):  # it has just ended
            if thread != me and _wants(f"/proc/self/task/{thread}/stat"):
                clock = ~thread << 3 | THREAD
                yield clock, time.clock_gettime(clock)
            for child in map(int, _read(f"/proc/self/task/{thread}/children").split()):
                if _wants(f"/proc/{child}/stat"):
                    clock = ~child << 3 | PROCESS
                    yield clock, time.clock_gettime(clock)


def _wants(stat: str) -> bool:
    """Return whether a thread runs, or waits for nothing but a processor."""
    return _read(stat).rpartition(b")")[2][:2] == b" R"


def _read(path: str) -> bytes:
    handle = os.open(path, os.O_RDONLY)
    try:
        return os.read(handle, 512)
    finally:
        os.close(handle)
