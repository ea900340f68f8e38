"""A clock for tests that stands still while the machine lets one of them wait.

An emulated device and its driver are threads of one process, or processes. On a busy machine the
system runs the one and not the other for tenths of a second: answers come too late, motions are
over before they were looked at, and the test tells of the machine, not of the code. So time passes
here only as far as everything that wanted a processor had one: the threads of the test's process
and of the processes that it started, which all go by one clock, and the kernel's worker that
carries what they say to each other. Tests take as long as they must and see the same.

It is for tests alone. What moves a robot goes by the system's clock.
"""

from __future__ import annotations

import hashlib
import mmap
import os
import shutil
import struct
import subprocess
import sys
import tempfile
import threading
import time
from collections.abc import Iterator
from contextlib import closing, contextmanager
from functools import cache
from pathlib import Path

from fair_threads import Family

STEP_S = 0.005  # how often it is looked who waits; so much may pass unseen
LEAP_S = 0.012  # the most that passes from one look to the next: the keeper itself may have waited
ORPHAN_S = 60.0  # a clock that was not kept for so long has lost its keeper: the test has ended
FILE = "HELMSIGHT_TEST_CLOCK"  # the variable that names the file of the clock
FACE = struct.Struct("ddd")  # when it was looked last, the time then, and again when

_monotonic, _sleep, _time = time.monotonic, time.sleep, time.time


class FairClock:
    """Reads the clock in a file, that of the system where it follows none: other modules may have
    kept it from `time`. Safe in threads and in signal handlers.
    """

    def __init__(self) -> None:
        self._face: mmap.mmap | None = None
        self._told = 0.0
        self._telling = threading.RLock()  # a signal's handler asks in the middle of it

    def forked(self) -> None:
        """Let go of what another thread of the process held that this one was forked from."""
        self._telling = threading.RLock()

    def follow(self, path: str) -> None:
        """Go by the clock in the file `path`."""
        with open(path, "rb") as file:
            self._face = mmap.mmap(file.fileno(), FACE.size, access=mmap.ACCESS_READ)

    def leave(self) -> None:
        """Go by the system's clock."""
        self._face = None

    @property
    def followed(self) -> bool:
        """Whether it goes by the clock of a test."""
        return self._face is not None

    def __call__(self) -> float:
        """Return the time, s; more than ever before, even where it stands still."""
        with self._telling:
            self._told = max(self._told + 1e-9, self._now())
            return self._told

    def _now(self) -> float:
        face = self._face
        if face is None:
            return _monotonic()
        looked, now, again = FACE.unpack(face)
        if looked != again:  # it is being written
            return 0.0
        since = max(0.0, _monotonic() - looked)
        if since > ORPHAN_S:
            self.leave()
        return float(now + min(since, STEP_S))

    def sleep(self, seconds: float) -> None:
        """Wait until `seconds` have passed on this clock."""
        if self._face is None or seconds <= 0.0:
            return _sleep(seconds)
        end = self() + seconds
        while (left := end - self()) > 0.0:
            _sleep(min(left, STEP_S))

    def wall(self) -> float:
        """Return the seconds since 1970."""
        return self() + _SINCE


_SINCE = _time() - _monotonic()
CLOCK = FairClock()
if hasattr(os, "register_at_fork"):
    os.register_at_fork(after_in_child=CLOCK.forked)
FUNCTIONS = {
    "monotonic": CLOCK, "perf_counter": CLOCK, "time": CLOCK.wall, "sleep": CLOCK.sleep
}  # fmt: skip


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
    kept = {name: os.environ.get(name) for name in ("PYTHONPATH", "LD_PRELOAD", FILE)}
    functions = {name: getattr(time, name) for name in FUNCTIONS}
    with tempfile.NamedTemporaryFile(prefix="helmsight-clock-") as file:
        file.write(FACE.pack(_monotonic(), _monotonic(), 0.0))
        file.flush()
        os.environ["PYTHONPATH"] = python_path(Path(__file__).parent)  # sitecustomize calls `begin`
        os.environ["LD_PRELOAD"] = os.pathsep.join(filter(None, (_rig_clock(), kept["LD_PRELOAD"])))
        os.environ[FILE] = file.name
        over = threading.Event()
        face = mmap.mmap(file.fileno(), FACE.size)
        keeper = threading.Thread(target=_keep, args=(face, over), name="fair time", daemon=True)
        keeper.start()
        begin()
        try:
            yield
        finally:
            CLOCK.leave()
            for name, function in functions.items():
                setattr(time, name, function)
            for name, value in kept.items():
                os.environ.pop(name)
                os.environ |= {} if value is None else {name: value}
            over.set()
            keeper.join()


@cache
def _rig_clock() -> str:
    """Return the library that gives the emulator of the board this clock, built once per state of
    its source; "" where there is no compiler, and so no emulator.
    """
    source = Path(__file__).with_name("rig_clock.c")
    state = hashlib.sha256(source.read_bytes()).hexdigest()[:16]
    caches = Path(os.environ.get("XDG_CACHE_HOME") or Path.home() / ".cache") / "helmsight"
    library = caches / f"rig-clock-{state}.so"
    if not library.exists() and shutil.which("cc"):
        caches.mkdir(parents=True, exist_ok=True)
        fresh = library.with_suffix(f".{os.getpid()}")
        command = ["cc", "-O2", "-shared", "-fPIC", "-o", str(fresh), str(source), "-ldl"]
        subprocess.run(command, check=True)
        fresh.replace(library)  # whole or not at all, also when two build at once
    return str(library) if library.exists() else ""


def begin() -> None:
    """Let `time` go by the clock of the test that started this process."""
    CLOCK.follow(os.environ[FILE])
    for name, function in FUNCTIONS.items():
        setattr(time, name, function)
    if "serial" in sys.modules:  # its write timeout has kept the function of the system
        sys.modules["serial.serialutil"].Timeout.TIME = CLOCK


def _keep(face: mmap.mmap, over: threading.Event) -> None:
    """Let the time in `face` pass while nobody waits."""
    # for the processes that tests start it would be lost time
    from helmsight.hardware.emulators.kernel_line import KernelLine

    looked = now = _monotonic()
    with Family() as family, closing(KernelLine()) as line:
        while True:
            face[:] = FACE.pack(looked, now, looked)
            if over.wait(STEP_S):
                return
            passed = _monotonic() - looked
            looked += passed
            ran = family.share_that_ran(passed)
            now += 0.0 if line.waits() else min(passed * ran, LEAP_S)
