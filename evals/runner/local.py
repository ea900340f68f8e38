"""Episodes in processes side by side: time-outs, memory limits, retries, and no row lost."""

from __future__ import annotations

import os
import time
from collections import deque
from collections.abc import Generator, Iterable, Iterator, Sequence
from dataclasses import dataclass, replace
from fnmatch import fnmatchcase
from multiprocessing.connection import wait

from helmsight.evals.episode import CRASHED, OUT_OF_MEMORY, TIMED_OUT, Episode, EpisodeRow
from helmsight.evals.errors import InvalidPlan
from helmsight.evals.runner.settings import Settings
from helmsight.evals.runner.worker import WorkerProcess, check_memory_limit

DIED = (CRASHED, TIMED_OUT, OUT_OF_MEMORY)
LOOK_S = 0.25  # between looks at deadlines and memory


@dataclass
class _Running:
    """A worker with its episode; `deadline` by the monotonic clock."""

    worker: WorkerProcess
    episode: Episode
    attempt: int
    began: float
    deadline: float


def run_local(
    episodes: Sequence[Episode], settings: Settings, workers: int = 1
) -> Generator[EpisodeRow, None, None]:
    """Yield the row of every episode as it ends, in any order, run by so many processes.

    What is under way when the generator is closed is given up.

    Raises:
        InvalidPlan: fewer workers than one, or a memory limit on a system that cannot keep it.
    """
    if workers < 1:
        raise InvalidPlan(f"workers={workers} run nothing; give 1 or more")
    check_memory_limit(settings.memory_mb)
    crew = Crew(settings, workers)
    try:
        yield from crew.rows_of(episodes)
    finally:
        crew.close()


class Waiting:
    """The episodes that are still to be run, each with the number of its attempt."""

    def __init__(self, episodes: Iterable[Episode], settings: Settings) -> None:
        self._queue = deque((episode, 1) for episode in episodes)
        self._limits = settings.concurrency

    def __bool__(self) -> bool:
        return bool(self._queue)

    def next(self, running: Sequence[str]) -> tuple[Episode, int] | None:
        """Return the first episode whose pilot may run beside those that do; None for none."""
        full: set[str] = set()
        for i, (episode, attempt) in enumerate(self._queue):
            if episode.pilot in full:
                continue
            if self._fits(episode.pilot, running):
                del self._queue[i]
                return episode, attempt
            full.add(episode.pilot)
        return None

    def again(self, episode: Episode, attempt: int) -> None:
        """Have an episode run again, after all others."""
        self._queue.append((episode, attempt))

    def _fits(self, pilot: str, running: Sequence[str]) -> bool:
        return all(
            sum(fnmatchcase(other, pattern) for other in running) < limit
            for pattern, limit in self._limits.items()
            if fnmatchcase(pilot, pattern)
        )


class Crew:
    """So many worker processes, which share the cores; they stay for the next episodes."""

    def __init__(self, settings: Settings, workers: int = 1) -> None:
        self.running: list[_Running] = []
        self._idle: list[WorkerProcess] = []
        self._settings, self._workers = settings, workers
        self._threads = max(1, (os.cpu_count() or 1) // workers)

    def rows_of(self, episodes: Iterable[Episode]) -> Iterator[EpisodeRow]:
        """Yield the row of every episode as it ends.

        An episode whose process dies, takes too long or too much memory is tried again in a new
        process, `retries` times, and then ends as a row that says so.
        """
        waiting = Waiting(episodes, self._settings)
        while waiting or self.running:
            while len(self.running) < self._workers:
                pilots = [busy.episode.pilot for busy in self.running]
                if (following := waiting.next(pilots)) is None:
                    break
                self.start(*following)
            for episode, attempt, row in self.ended():
                if row.status not in DIED or attempt > self._settings.retries:
                    yield replace(row, attempts=attempt)
                else:
                    waiting.again(episode, attempt + 1)

    def start(self, episode: Episode, attempt: int) -> None:
        """Give an episode to a worker, a new one where none is idle."""
        worker = self._idle.pop() if self._idle else WorkerProcess(self._settings, self._threads)
        worker.give(episode)
        now = time.monotonic()
        self.running.append(_Running(worker, episode, attempt, now, now + self._settings.episode_s))

    def ended(self) -> list[tuple[Episode, int, EpisodeRow]]:
        """Wait a moment; return the episodes that have ended, each with its attempt and its row."""
        handles = [
            handle
            for busy in self.running
            for handle in (busy.worker.connection, busy.worker.ended)
        ]
        ready = wait(handles, LOOK_S)
        ended, still = [], []
        for busy in self.running:
            row = self._row(busy, ready)
            if row is None:
                still.append(busy)
            else:
                ended.append((busy.episode, busy.attempt, row))
        self.running = still
        return ended

    def close(self) -> None:
        """End all workers, busy ones included."""
        for worker in [*self._idle, *(busy.worker for busy in self.running)]:
            worker.kill()
        self._idle, self.running = [], []

    def _row(self, busy: _Running, ready: Sequence[object]) -> EpisodeRow | None:
        worker = busy.worker
        if worker.connection in ready or worker.ended in ready:
            row = worker.take()
            if row is not None:
                self._idle.append(worker)
                return row
            status, why = worker.post_mortem()
            worker.kill()
            return self._failure(busy, status, why)
        limit = self._settings.memory_mb
        if limit is not None and (held := worker.memory_mb()) > limit:
            worker.kill()
            why = f"the process held {held:.0f} MiB, and budgets.memory_mb is {limit}"
            return self._failure(busy, OUT_OF_MEMORY, why)
        if time.monotonic() > busy.deadline:
            worker.kill()
            why = f"it took longer than budgets.episode_s, {self._settings.episode_s:g} s"
            return self._failure(busy, TIMED_OUT, why)
        return None

    def _failure(self, busy: _Running, status: str, why: str) -> EpisodeRow:
        spent = time.monotonic() - busy.began
        return EpisodeRow.of(
            busy.episode, status, suite=self._settings.suite, error=why, wall_s=spent
        )
