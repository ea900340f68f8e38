"""Compares strategies two by two on the same questions."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from itertools import combinations

from helmsight.evals.spatial.answers import AnswerRecord
from helmsight.evals.spatial.dataset import Case
from helmsight.evals.spatial.marking import is_right
from helmsight.evals.statistics import holm, mcnemar


@dataclass(frozen=True)
class StrategyComparison:
    """Two strategies on the same `n` questions by McNemar's exact test.

    `p` is of this pair alone, `p_holm` adjusted for all pairs of the table.
    """

    first: str
    second: str
    n: int
    first_only: int
    second_only: int
    p: float
    p_holm: float


def compare(
    names: Sequence[str], cases: Sequence[Case], answers: Iterable[AnswerRecord], *, answered: bool
) -> list[StrategyComparison]:
    """Return every pair of strategies compared, on the questions that both were asked.

    With `answered` only those that both answered count; without, no answer is a wrong one.
    """
    given = {(answer.question, answer.strategy): answer for answer in answers if not answer.swapped}
    tests = []
    for first, second in combinations(names, 2):
        marks = [
            (is_right(case, by_first), is_right(case, by_second))
            for case in cases
            if (by_first := given.get((case.name, first))) is not None
            and (by_second := given.get((case.name, second))) is not None
            and not (answered and None in (by_first.yes, by_second.yes))
        ]
        only = marks.count((True, False)), marks.count((False, True))
        tests.append((first, second, len(marks), *only, mcnemar(*only)))
    adjusted = holm([test[-1] for test in tests])
    return [StrategyComparison(*test, p_holm) for test, p_holm in zip(tests, adjusted, strict=True)]
