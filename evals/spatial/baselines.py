"""What is right without seeing a picture: the figures that a model has to beat."""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Iterable, Sequence

from helmsight.evals.spatial.dataset import Case
from helmsight.evals.statistics import Interval, share_interval
from helmsight.prompts.questions import Item
from helmsight.prompts.relations import Axis


def blind(fitted: Iterable[Item], cases: Sequence[Case]) -> Interval | None:
    """Return how often the commoner label of a relation's word is right; it sees no picture.

    `fitted` are the questions (of a validation split) by which labels are counted. A tie, or a
    word that is not among them, takes the commoner label of all; a tie of that is no.
    """
    labels: dict[str, Counter[bool]] = defaultdict(Counter)
    for item in fitted:
        labels[item.question.relation.phrase][item.label] += 1
        labels[""][item.label] += 1
    if not labels:
        return None

    def guess(case: Case) -> bool:
        for votes in (labels[case.item.question.relation.phrase], labels[""]):
            if votes[True] != votes[False]:
                return votes[True] > votes[False]
        return False

    marks = [guess(case) is case.item.label for case in cases]
    return share_interval(marks, [1] * len(cases))


def by_height(cases: Sequence[Case]) -> Interval | None:
    """Return how often depth read off the height in the picture is right, of the depth questions.

    What is lower is held to be nearer. Needs the truth of the pictures; None without any.
    """
    marks = []
    for case in cases:
        question = case.item.question
        if case.known is None or question.relation.axis is not Axis.DEPTH:
            continue
        lower = case.known.truth.gap(question.a, question.b, Axis.VERTICAL) > 0
        says_yes = lower is (question.relation.sign < 0)
        marks.append(says_yes is case.item.label)
    return share_interval(marks, [1] * len(marks)) if marks else None
