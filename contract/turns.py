"""Jobs that take turns: one runs at a time, until all of them wait for something they share."""

from __future__ import annotations

from collections.abc import Callable, Generator, Mapping, Sequence
from typing import Any, Generic, TypeVar

# threads that hand each other locks take 80 times as long to change over
from greenlet import getcurrent, greenlet

R = TypeVar("R")
Serve = Callable[[Sequence[Any]], Sequence[Any]]


class _Player(greenlet, Generic[R]):  # type: ignore[misc]  # it has no types
    """A job on a stack of its own; `back` is whom it lets go on while it waits."""

    back: greenlet
    asks: str = ""
    question: Any = None
    answer: Any = None
    error: BaseException | None = None
    over: bool = False
    result: R | None = None

    def __init__(self, job: Callable[[], R]) -> None:
        super().__init__()
        self._job = job

    def run(self) -> None:
        """Do the job; called by the first switch to it."""
        try:
            self.result = self._job()
            self.error = None
        except BaseException as error:
            self.error = error
        self.over = True

    def go(self) -> None:
        """Let the job go on until it asks for something or ends."""
        self.back = self.parent = getcurrent()
        self.switch()


class Turns(Generic[R]):
    """Runs jobs to their ends, what several of them ask for being served at once.

    A job calls `ask(kind, question)` and gets its answer when all jobs that have not ended ask for
    something. Then `served[kind]` is given the questions of the first kind that is asked for, in
    the order of `served` and of the jobs, and returns as many answers. Everything happens in the
    thread that iterates over `run`, each job on a stack and in a context of its own: one runs until
    it asks, then the next.
    """

    def __init__(self, served: Mapping[str, Serve]) -> None:
        self._served = dict(served)
        self._given_up = False

    def ask(self, kind: str, question: Any) -> Any:
        """Return what `question` is answered; called by a job.

        Raises:
            KeyboardInterrupt: the jobs are given up.
            RuntimeError: it is called by somebody else.
            Exception: whatever serving it raised.
        """
        if self._given_up:  # nobody answers any more
            raise KeyboardInterrupt
        player = getcurrent()
        if not isinstance(player, _Player):
            raise RuntimeError("only a job asks, in the thread that it was begun in")
        player.asks, player.question, player.error = kind, question, None
        player.back.switch()
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
        try:
            turn = list(enumerate(players))
            left = dict(turn)
            while turn:
                for number, player in turn:
                    player.go()
                    if player.over:
                        del left[number]
                        if player.error is not None:
                            raise player.error
                        yield number, player.result  # type: ignore[misc]
                turn = self._serve(left)
        finally:
            self._given_up = True
            for player in players:
                if player:  # begun, and not over
                    player.go()

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
