"""Asks every question of a data set by every strategy, and keeps each answer as it comes."""

from __future__ import annotations

import hashlib
import threading
import time
from collections import deque
from collections.abc import Callable, Iterator, Mapping, Sequence
from concurrent.futures import Future, ThreadPoolExecutor
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from helmsight.agents.errors import ModelRefused
from helmsight.agents.grounding.asking import Asker, Image, PilotAsker
from helmsight.agents.grounding.verify import ground
from helmsight.agents.models.load import load_pilot
from helmsight.evals.errors import EvalsError, InvalidPlan, PilotFailed
from helmsight.evals.fingerprints import fingerprint
from helmsight.evals.spatial.answers import ANSWERS, AnswerFile, AnswerRecord, Key, answer
from helmsight.evals.spatial.dataset import Case, load, picture
from helmsight.evals.spatial.defaults import SWAPS
from helmsight.evals.spatial.oracle import NoisyOracle, is_oracle
from helmsight.prompts.errors import PromptsError
from helmsight.prompts.orders import compose
from helmsight.prompts.questions import question
from helmsight.prompts.strategies import MAX_CALLS, Strategy

PATIENCE = 5  # failed calls in a row after which a run ends


About = Callable[[Case], Asker]


@dataclass(frozen=True)
class Settings:
    """How questions are asked: the rule for object C, sentences or none, calls to mend."""

    reference: str = "free"
    thinking: bool = True
    max_calls: int = MAX_CALLS


@dataclass(frozen=True)
class PlannedQuestion:
    """One question to put by one strategy; `swapped` the other way round."""

    case: Case
    strategy: Strategy
    swapped: bool

    @property
    def key(self) -> Key:
        """The key of its answer."""
        return self.case.name, self.strategy.name, self.swapped


class SpatialBenchmark:
    """A data set, a pilot and strategies; the answers are kept in a folder.

    A second run with the same folder asks only what is missing. The first `limit` questions that
    can be asked are; the first `swaps` of these the other way round as well. `skipped` says of
    every question that cannot be asked why, `failed` of how many the pilot gave an error: these
    are asked again by the next run. `about` tells who answers where that is not the pilot itself;
    it is called in each of `workers` threads, which ask one question each at a time.

    Raises:
        AgentsError: a pilot that is not known or cannot be asked.
        PromptsError: an unknown rule, a data set that cannot be read.
        InvalidPlan: nothing to ask, or an oracle without truth.
        ResultsUnusable: the folder cannot be written, or holds answers of other conditions.
    """

    def __init__(
        self,
        dataset: Path,
        pilot: str,
        strategies: Sequence[Strategy],
        folder: Path,
        *,
        images: Path | None = None,
        limit: int | None = None,
        swaps: int = SWAPS,
        settings: Settings | None = None,
        about: About | None = None,
        workers: int = 1,
    ) -> None:
        self.settings, self.workers = settings or Settings(), workers
        compose("combined", ["a", "b"], reference=self.settings.reference)  # is there such a rule
        self.dataset, self.pilot, self.strategies = dataset, pilot, list(strategies)
        self._about = answerer(pilot) if about is None else about
        cases, self.skipped = load(dataset, images)
        self.cases = cases[:limit]
        if not self.cases:
            raise InvalidPlan(
                f"{dataset} holds no question that can be asked; {len(self.skipped)} were skipped"
                + (f", the first because of {self.skipped[0]}" if self.skipped else "")
            )
        self._about(self.cases[0])  # an oracle says here whether there is a truth
        self._swapped, self.failed = {case.name for case in self.cases[:swaps]}, 0
        self.answers = AnswerFile(folder / ANSWERS, self._conditions())

    def plan(self) -> list[PlannedQuestion]:
        """Return everything to ask, question after question."""
        return [
            PlannedQuestion(case, strategy, swapped)
            for case in self.cases
            for strategy in self.strategies
            for swapped in ((False, True) if case.name in self._swapped else (False,))
        ]

    def missing(self) -> list[PlannedQuestion]:
        """Return what is still to be asked."""
        return [planned for planned in self.plan() if planned.key not in self.answers.kept]

    def run(self) -> Iterator[AnswerRecord]:
        """Ask what is missing; yield each answer when it is kept.

        Raises:
            KeyboardInterrupt: Ctrl-C; what was answered is kept.
            PilotFailed: `PATIENCE` calls in a row gave an error.
            ModelRefused: the pilot's model will not answer; what was answered is kept.
            ResultsUnusable: an answer cannot be written, or another process writes some there.
        """
        with self.answers.claimed():
            yield from self._answers()

    def _answers(self) -> Iterator[AnswerRecord]:
        in_a_row, self.failed = 0, 0
        unseen: set[str] = set()
        for planned, answering in self._asked():
            try:
                record = answering.result()
            except (PromptsError, EvalsError, AssertionError, ModelRefused):
                raise
            except Exception as error:  # whatever a provider raises
                in_a_row, self.failed = in_a_row + 1, self.failed + 1
                if in_a_row >= PATIENCE:
                    raise PilotFailed(
                        f'the last {in_a_row} questions to "{self.pilot}" failed, this one with '
                        f"{type(error).__name__}: {error}; the same command goes on from here"
                    ) from error
                continue
            in_a_row = 0
            if record is not None:
                self.answers.add(record)
                yield record
            elif planned.case.name not in unseen:
                unseen.add(planned.case.name)
                self._drop(planned.case)

    def _asked(self) -> Iterator[tuple[PlannedQuestion, Future[AnswerRecord | None]]]:
        """Yield what is missing in its order, with the answers to come of `workers` at a time."""
        crew = ThreadPoolExecutor(self.workers)
        try:
            pending: deque[tuple[PlannedQuestion, Future[AnswerRecord | None]]] = deque()
            for planned in self.missing():
                pending.append((planned, crew.submit(self._answer, planned)))
                if len(pending) >= self.workers:
                    yield pending.popleft()
            yield from pending
        finally:
            crew.shutdown(wait=False, cancel_futures=True)

    def _answer(self, planned: PlannedQuestion) -> AnswerRecord | None:
        """Return the answer to one question; None when its picture cannot be decoded."""
        image = picture(planned.case.image)
        return None if image is None else self._ask(planned, image)

    def _ask(self, planned: PlannedQuestion, image: Image) -> AnswerRecord:
        return put(planned, image, self._about(planned.case), self.settings)

    def _drop(self, case: Case) -> None:
        """Leave out a question whose picture cannot be decoded."""
        self.skipped.append(f'{case.item.path}:{case.item.line}: "{case.image}" is no picture')
        self.cases = [kept for kept in self.cases if kept.name != case.name]

    def _conditions(self) -> dict[str, Any]:
        settings = self.settings
        data = hashlib.sha256(self.dataset.read_bytes()).hexdigest()[:16]
        return {
            "data": data,
            "pilot": self.pilot,
            "oracle": is_oracle(self.pilot),
            "made_with": fingerprint(self.pilot),
            "reference": settings.reference,
            "thinking": settings.thinking,
            "max_calls": settings.max_calls,
        }


def put(planned: PlannedQuestion, image: Image, asker: Asker, settings: Settings) -> AnswerRecord:
    """Put one question about a picture to an asker and return the answer."""
    case, strategy = planned.case, planned.strategy
    asking = case.item.question
    if planned.swapped:
        asking = question(asking.b, asking.relation.axis, -asking.relation.sign, asking.a)
    prompt = compose(
        strategy.order,
        [asking.a, asking.b],
        question=asking.text,
        thinking=settings.thinking,
        reference=settings.reference,
    )
    began = time.perf_counter()
    grounding = ground(
        asker, image, prompt, verified=strategy.verified, max_calls=settings.max_calls
    )
    return answer(
        case.name, asking, strategy.name, grounding,
        verified=strategy.verified, swapped=planned.swapped,
        seconds=time.perf_counter() - began,
    )  # fmt: skip


def answerer(pilot: str, options: Mapping[str, Any] | None = None, workers: int = 1) -> About:
    """Return who answers about the picture of a question: a pilot's model, or the oracle.

    Each thread that calls it loads the pilot for itself.

    Raises:
        AgentsError: a pilot that is not known or cannot be asked.
        InvalidPlan: an oracle with other options than it takes, or `workers` for a local model.
    """
    if is_oracle(pilot):
        return NoisyOracle.parse(pilot).about
    mine = threading.local()

    def about(case: Case) -> Asker:
        if not hasattr(mine, "asker"):
            loaded = load_pilot(pilot, **(options or {}))
            if workers > 1 and getattr(loaded, "local", False):
                raise InvalidPlan(
                    f'"{pilot}" runs on this machine and answers one question at a time; '
                    "--workers is for the models of providers"
                )
            mine.asker = PilotAsker(loaded)
        return mine.asker  # type: ignore[no-any-return]

    return about
