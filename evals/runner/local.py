"""Episodes in processes side by side: time-outs, memory limits, retries, and no row lost."""

from __future__ import annotations

import os
import time
from collections import deque
from collections.abc import Generator, Iterable, Iterator, Sequence
from dataclasses import dataclass, replace
from fnmatch import fnmatchcase
from itertools import islice
from multiprocessing.connection import wait

from helmsight.evals.episode import CRASHED, OUT_OF_MEMORY, TIMED_OUT, Episode, EpisodeRow
from helmsight.evals.errors import InvalidPlan
from helmsight.evals.runner.group import group_of
from helmsight.evals.runner.settings import Settings
from helmsight.evals.runner.worker import WorkerProcess, check_memory_limit

DIED = (CRASHED, TIMED_OUT, OUT_OF_MEMORY)
LOOK_S = 0.25  # between looks at deadlines and memory


@dataclass
class _Running:
    """A worker with the episodes that it has not ended yet, by key; `deadline` is by the monotonic
    clock.
    """

    worker: WorkerProcess
    left: dict[str, Episode]
    attempt: int
    began: float
    deadline: float

    @property
    def pilot(self) -> str:
        return next(iter(self.left.values())).pilot


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
    """The episodes that are still to be run, each with the number of its attempt.

    together: how many of a group are given out at once, at most; those that are tried again are
    given out alone.
    """

    def __init__(self, episodes: Iterable[Episode], settings: Settings, together: int = 1) -> None:
        self._queue = deque((episode, 1) for episode in episodes)
        self._alone: set[str] = set()
        self._limits, self._together = settings.concurrency, together

    def __len__(self) -> int:
        return len(self._queue)

    def next(self, running: Sequence[str]) -> tuple[list[Episode], int] | None:
        """Return the first episode whose pilot may run beside those that do, with others of its
        group; None for none. The second number is that of the attempt.
        """
        full: set[str] = set()
        for episode, attempt in self._queue:
            if episode.pilot in full:
                continue
            if self._fits(episode.pilot, running):
                return self._taken(episode), attempt
            full.add(episode.pilot)
        return None

    def again(self, episode: Episode, attempt: int) -> None:
        """Have an episode run again, alone and after all others."""
        self._alone.add(episode.key)
        self._queue.append((episode, attempt))

    def _taken(self, first: Episode) -> list[Episode]:
        group = None if first.key in self._alone else group_of(first)
        taken = [first]
        if group is not None and self._together > 1:
            others = (e for e, _ in self._queue if e is not first and e.key not in self._alone)
            alike = (episode for episode in others if group_of(episode) == group)
            taken += islice(alike, self._together - 1)
        if self._queue[0][0] is first and len(taken) == 1:
            self._queue.popleft()
            return taken
        gone = {id(episode) for episode in taken}
        self._queue = deque(entry for entry in self._queue if id(entry[0]) not in gone)
        return taken

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

    def rows_of(self, episodes: Sequence[Episode]) -> Iterator[EpisodeRow]:
        """Yield the row of every episode as it ends.

        An episode whose process dies, takes too long or too much memory is tried again in a new
        process, `retries` times, and then ends as a row that says so. Where several were given out
        together, all that had not ended are tried again alone: nobody knows whose fault it was.
        """
        share = -(-len(episodes) // self._workers)  # every worker has something to do
        waiting = Waiting(episodes, self._settings, min(self._settings.together, share))
        while waiting or self.running:
            while len(self.running) < self._workers:
                pilots = [busy.pilot for busy in self.running]
                if (following := waiting.next(pilots)) is None:
                    break
                self._start(*following)
            for busy, row in self._news():
                if row is None:
                    for episode in busy.left.values():
                        waiting.again(episode, busy.attempt)
                elif row.status not in DIED or busy.attempt > self._settings.retries:
                    yield replace(row, attempts=busy.attempt)
                else:
                    waiting.again(busy.left[row.key], busy.attempt + 1)

    def close(self) -> None:
        """End all workers, busy ones included."""
        for worker in [*self._idle, *(busy.worker for busy in self.running)]:
            worker.kill()
        self._idle, self.running = [], []

    def _start(self, episodes: Sequence[Episode], attempt: int) -> None:
        """Give episodes to a worker, a new one where none is idle."""
        worker = self._idle.pop() if self._idle else WorkerProcess(self._settings, self._threads)
        worker.give(episodes)
        now = time.monotonic()
        left = {episode.key: episode for episode in episodes}
        deadline = now + self._settings.episode_s * len(left)
        self.running.append(_Running(worker, left, attempt, now, deadline))

    def _news(self) -> list[tuple[_Running, EpisodeRow | None]]:
        """Wait a moment; return the rows that have come, each with the worker it came from.

        None for a row means that the worker has died with several episodes left.
        """
        handles = [
            handle
            for busy in self.running
            for handle in (busy.worker.connection, busy.worker.ended)
        ]
        ready = wait(handles, LOOK_S)
        news: list[tuple[_Running, EpisodeRow | None]] = []
        still = []
        for busy in self.running:
            if busy.worker.connection in ready or busy.worker.ended in ready:
                row = busy.worker.take()
                if row is not None:
                    news.append((busy, row))
                    if set(busy.left) == {row.key}:
                        self._idle.append(busy.worker)
                    else:
                        busy = self._less(busy, row.key)
                        still.append(busy)
                    continue
                end: tuple[str, str] | None = busy.worker.post_mortem()
            else:
                end = self._over(busy)
            if end is None:
                still.append(busy)
                continue
            busy.worker.kill()
            news.append((busy, self._failure(busy, *end) if len(busy.left) == 1 else None))
        self.running = still
        return news

    def _less(self, busy: _Running, key: str) -> _Running:
        """Return what a worker has left, without the episode that has ended."""
        left = {other: episode for other, episode in busy.left.items() if other != key}
        now = time.monotonic()
        return replace(busy, left=left, deadline=now + self._settings.episode_s * len(left))

    def _over(self, busy: _Running) -> tuple[str, str] | None:
        """Return status and words where a worker took too much memory or too long."""
        limit = self._settings.memory_mb
        if limit is not None and (held := busy.worker.memory_mb()) > limit:
            why = f"the process held {held:.0f} MiB, and budgets.memory_mb is {limit}"
            return OUT_OF_MEMORY, why
        if time.monotonic() > busy.deadline:
            return (
                TIMED_OUT,
                f"it took longer than budgets.episode_s, {self._settings.episode_s:g} s",
            )
        return None

    def _failure(self, busy: _Running, status: str, why: str) -> EpisodeRow:
        [episode] = busy.left.values()
        spent = time.monotonic() - busy.began
        return EpisodeRow.of(episode, status, suite=self._settings.suite, error=why, wall_s=spent)
