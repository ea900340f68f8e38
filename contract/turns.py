"""Jobs that take turns: one runs at a time, until all of them wait for something they share."""

from __future__ import annotations

import threading
from collections.abc import Callable, Generator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, Generic, TypeVar

R = TypeVar("R")
Serve = Callable[[Sequence[Any]], Sequence[Any]]


@dataclass
class _Player(Generic[R]):
    """A job in its thread; `go` lets it run, and it is locked while the thread waits for that."""

    job: Callable[[], R]
    go: threading.Lock = field(default_factory=threading.Lock)
    asks: str = ""
    question: Any = None
    answer: Any = None
    error: BaseException | None = None
    over: bool = False
    result: R | None = None


class Turns(Generic[R]):
    """Runs jobs to their ends, what several of them ask for being served at once.

    A job calls `ask(kind, question)` and gets its answer when all jobs that have not ended ask for
    something. Then `served[kind]` is given the questions of the first kind that is asked for, in
    the order of `served` and of the jobs, and returns as many answers. It is called in the thread
    that iterates over `run`. Every job has a thread, of which one runs at a time: what they come
    to does not depend on the system's scheduling.
    """

    def __init__(self, served: Mapping[str, Serve]) -> None:
        self._served = dict(served)
        self._back = threading.Semaphore(0)
        self._mine = threading.local()
        self._given_up = False

    def ask(self, kind: str, question: Any) -> Any:
        """Return what `question` is answered; called by a job.

        Raises:
            KeyboardInterrupt: the jobs are given up.
            Exception: whatever serving it raised.
        """
        if self._given_up:  # nobody answers any more
            raise KeyboardInterrupt
        player: _Player[R] = self._mine.player
        player.asks, player.question, player.error = kind, question, None
        self._back.release()
        player.go.acquire()
        if self._given_up:
            raise KeyboardInterrupt
        if player.error is not None:
            raise player.error
        return player.answer

    def run(self, jobs: Sequence[Callable[[], R]]) -> Generator[tuple[int, R], None, None]:
        """Yield the number and the result of each job as it ends.

        Jobs that are under way when the generator is closed are given up.

        Raises:
            BaseException: whatever a job raises.
        """
        players = [_Player(job) for job in jobs]
        threads = [
            threading.Thread(target=self._play, args=(player,), daemon=True) for player in players
        ]
        for player, thread in zip(players, threads, strict=True):
            player.go.acquire()
            thread.start()
        try:
            turn = list(enumerate(players))
            left = dict(turn)
            while turn:
                for number, player in turn:
                    player.go.release()
                    self._back.acquire()
                    if player.over:
                        del left[number]
                        if player.error is not None:
                            raise player.error
                        yield number, player.result  # type: ignore[misc]
                turn = self._serve(left)
        finally:
            self._given_up = True
            for player in players:
                if not player.over:
                    player.go.release()
            for thread in threads:
                thread.join()

    def _serve(self, left: Mapping[int, _Player[R]]) -> list[tuple[int, _Player[R]]]:
        """Answer the questions of one kind and return whose they are."""
        for kind, serve in self._served.items():
            asking = [(number, player) for number, player in left.items() if player.asks == kind]
            if not asking:
                continue
            try:
                answers = serve([player.question for _, player in asking])
                for (_, player), given in zip(asking, answers, strict=True):
                    player.answer = given
            except Exception as error:  # theirs to answer for: they asked
                for _, player in asking:
                    player.error = error
            for _, player in asking:
                player.asks = ""
            return asking
        return []

    def _play(self, player: _Player[R]) -> None:
        self._mine.player = player
        player.go.acquire()
        try:
            if not self._given_up:
                player.result = player.job()
                player.error = None
        except BaseException as error:
            player.error = error
        player.over = True
        self._back.release()
