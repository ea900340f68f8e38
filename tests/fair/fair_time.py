"""A clock for tests that stands still while the machine lets one of them wait.

An emulated device and its driver are threads of one process, or processes. On a busy machine the
system runs the one and not the other for tenths of a second: answers come too late, motions are
over before they were looked at, and the test tells of the machine, not of the code. So time passes
here only as far as everything that wanted a processor had one: the threads of the test's process
and the processes that it started, which all go by one clock. Tests take as long as they must and
see the same.

It is for tests alone. What moves a robot goes by the system's clock.
"""

from __future__ import annotations

import mmap
import os
import struct
import sys
import tempfile
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

STEP_S = 0.005  # how often it is looked who waits; so much may pass unseen
LEAP_S = 0.012  # the most that passes from one look to the next: all may have waited
FAMILY_S = 0.05  # how often it is looked which processes there are
FILE = "HELMSIGHT_TEST_CLOCK"  # the variable that names the file of the clock
FACE = struct.Struct("ddd")  # when it was looked last, the time then, and again when

_monotonic, _sleep = time.monotonic, time.sleep


class FairClock:
    """Reads the clock in a file. Safe in threads and in signal handlers."""

    def __init__(self, path: str) -> None:
        with open(path, "rb") as file:
            self._face = mmap.mmap(file.fileno(), FACE.size, access=mmap.ACCESS_READ)
        self._told = 0.0
        self._telling = threading.Lock()

    def __call__(self) -> float:
        """Return the time, s; more than ever before, even where it stands still."""
        if self._telling.acquire(blocking=False):  # else in the middle of it, or by a handler
            try:
                looked, now, again = FACE.unpack(self._face)
                if looked == again:  # else it is being written
                    now += min(max(0.0, _monotonic() - looked), STEP_S)
                    self._told = max(self._told + 1e-9, now)
            finally:
                self._telling.release()
        return self._told

    def sleep(self, seconds: float) -> None:
        """Wait until `seconds` have passed on this clock."""
        end = self() + seconds
        while (left := end - self()) > 0.0:
            _sleep(min(left, STEP_S))


def python_path(*folders: Path) -> str:
    """Return a PYTHONPATH that has `folders` before what it holds now, this clock among it."""
    return os.pathsep.join(filter(None, (*map(str, folders), os.environ.get("PYTHONPATH"))))


@contextmanager
def fair_time() -> Iterator[None]:
    """Let `time` go by a fair clock in this process and in Pythons that it starts. Only Linux tells
    who waits: elsewhere tests go by the system's clock and need a machine that is not too busy.
    """
    if sys.platform != "linux":
        yield
        return
    kept = {name: os.environ.get(name) for name in ("PYTHONPATH", FILE)}
    names = ("monotonic", "perf_counter", "time", "sleep")
    functions = {name: getattr(time, name) for name in names}
    with tempfile.NamedTemporaryFile(prefix="helmsight-clock-") as file:
        file.write(FACE.pack(_monotonic(), _monotonic(), 0.0))
        file.flush()
        os.environ["PYTHONPATH"] = python_path(Path(__file__).parent)  # sitecustomize calls `begin`
        os.environ[FILE] = file.name
        over = threading.Event()
        face = mmap.mmap(file.fileno(), FACE.size)
        keeper = threading.Thread(target=_keep, args=(face, over), name="fair time", daemon=True)
        keeper.start()
        begin()
        try:
            yield
        finally:
            for name, function in functions.items():
                setattr(time, name, function)
            for name, value in kept.items():
                os.environ.pop(name)
                os.environ |= {} if value is None else {name: value}
            over.set()
            keeper.join()


def begin() -> None:
    """Let `time` go by the clock of the test that started this process."""
    clock = FairClock(os.environ[FILE])
    since = time.time() - _monotonic()
    time.monotonic = time.perf_counter = clock
    time.time, time.sleep = lambda: clock() + since, clock.sleep  # type: ignore[assignment]


def _keep(face: mmap.mmap, over: threading.Event) -> None:
    """Let the time in `face` pass while nobody waits."""
    looked = now = counted = _monotonic()
    before: dict[str, bytes] = {}
    others: list[str] = []
    while True:
        face[:] = FACE.pack(looked, now, looked)
        if over.wait(STEP_S):
            return
        if looked - counted > FAMILY_S:
            others, counted = list(_descendants("self")), looked
        wanting = dict(_wanting(others))
        passed = _monotonic() - looked
        looked += passed
        if not any(before.get(thread) == ran for thread, ran in wanting.items()):
            now += min(passed, LEAP_S)
        before = wanting


def _wanting(others: list[str]) -> Iterator[tuple[str, bytes]]:
    """Yield every other thread of this process and every first thread of `others` that wants a
    processor now, and how long it has had one.
    """
    me = str(threading.get_native_id())
    for thread in (f"self/task/{task}" for task in os.listdir("/proc/self/task") if task != me):
        yield from _if_wanting(thread)
    for process in others:
        yield from _if_wanting(process)


def _if_wanting(thread: str) -> Iterator[tuple[str, bytes]]:
    with suppress(OSError):  # it has ended
        if _read(f"/proc/{thread}/stat").rpartition(b")")[2][:2] == b" R":
            yield thread, _read(f"/proc/{thread}/schedstat").partition(b" ")[0]


def _descendants(process: str) -> Iterator[str]:
    with suppress(OSError):  # it has ended
        for thread in os.listdir(f"/proc/{process}/task"):
            for child in _read(f"/proc/{process}/task/{thread}/children").decode().split():
                yield child
                yield from _descendants(child)


def _read(path: str) -> bytes:
    handle = os.open(path, os.O_RDONLY)
    try:
        return os.read(handle, 512)
    finally:
        os.close(handle)
