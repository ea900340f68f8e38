"""A process that runs episodes for another one, and how that one sees it end."""

from __future__ import annotations

import os
import signal
from collections.abc import Sequence
from contextlib import suppress
from multiprocessing import get_context
from multiprocessing.connection import Connection
from pathlib import Path

from helmsight.contract.textfiles import read_text
from helmsight.evals.episode import CRASHED, OUT_OF_MEMORY, Episode, EpisodeRow
from helmsight.evals.errors import InvalidPlan
from helmsight.evals.runner.settings import Settings
from helmsight.tools.offspring import deaf_to_ctrl_c, end_with_parent

MIB = 2**20
SPAWN = get_context("spawn")  # a fork of a process with threads may hang


class WorkerProcess:
    """A process that runs a few episodes at a time. It ends with the process that started it."""

    def __init__(self, settings: Settings, threads: int) -> None:
        self.connection, there = SPAWN.Pipe()
        self._process = SPAWN.Process(
            target=_serve, args=(there, settings, threads), name="helmsight episode"
        )
        with deaf_to_ctrl_c():
            self._process.start()
        there.close()
        self._killed_by_system = kills_for_memory()

    @property
    def ended(self) -> int:
        """A handle that is ready when the process has ended, for `multiprocessing.connection`."""
        return self._process.sentinel

    def give(self, episodes: Sequence[Episode]) -> None:
        """Have it run episodes of a group; their rows come over `connection`. Nothing happens if
        it is dead: that is seen by `ended`.
        """
        self._killed_by_system = kills_for_memory()
        with suppress(OSError):
            self.connection.send(list(episodes))

    def take(self) -> EpisodeRow | None:
        """Return the row that has come, None where the process ended without."""
        try:
            row: EpisodeRow = self.connection.recv()
        except (EOFError, OSError):
            return None
        return row

    def memory_mb(self) -> float:
        """Return the memory that the process holds, MiB; 0 when it has ended."""
        return resident_mb(self._process.pid or 0)

    def post_mortem(self) -> tuple[str, str]:
        """Return status and words for the end of a process that should not have ended."""
        self._process.join()
        code = self._process.exitcode or 0
        if code >= 0:
            return CRASHED, f"the process ended with status {code} in the middle of the episode"
        name = signal.Signals(-code).name if -code in set(signal.Signals) else f"signal {-code}"
        if -code == getattr(signal, "SIGKILL", 9) and kills_for_memory() > self._killed_by_system:
            return OUT_OF_MEMORY, "the system ended the process because memory had run out"
        return CRASHED, f"the process was ended by {name} in the middle of the episode"

    def kill(self) -> None:
        """End it at once."""
        self._process.kill()
        self._process.join()
        self.connection.close()


def _serve(connection: Connection, settings: Settings, threads: int) -> None:
    """Run episodes until there are no more, on a share of the cores."""
    end_with_parent()
    signal.signal(signal.SIGINT, signal.SIG_IGN)  # Ctrl-C is the parent's to answer
    os.environ["OMP_NUM_THREADS"] = str(threads)  # before torch is imported
    from helmsight.evals.runner.group import run_group

    while True:
        try:
            episodes: list[Episode] = connection.recv()
        except (EOFError, OSError):
            return
        for row in run_group(episodes, settings):
            connection.send(row)


def resident_mb(pid: int) -> float:
    """Return the memory that a process holds, MiB; 0 for one that has ended. Linux only."""
    try:
        pages = int(read_text(Path(f"/proc/{pid}/statm")).split()[1])
    except (OSError, IndexError):
        return 0.0
    return pages * os.sysconf("SC_PAGE_SIZE") / MIB


def check_memory_limit(memory_mb: int | None) -> None:
    """Raise InvalidPlan for a limit on a system that does not tell what its processes hold."""
    if memory_mb is not None and not Path("/proc/self/statm").is_file():
        raise InvalidPlan(
            f"budgets.memory_mb={memory_mb}: only Linux tells what a process holds; leave it out"
        )


def kills_for_memory() -> int:
    """Return how many processes the system has ended so far because memory had run out."""
    try:
        lines = read_text(Path("/proc/vmstat")).splitlines()
    except OSError:
        return 0
    return next((int(line.split()[1]) for line in lines if line.startswith("oom_kill ")), 0)
