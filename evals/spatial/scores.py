"""The figures of one strategy: what was right, what was made up, what it cost."""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import asdict, dataclass
from typing import Any

from helmsight.evals.spatial.answers import AnswerRecord
from helmsight.evals.spatial.dataset import Case
from helmsight.evals.spatial.marking import is_right, made_up
from helmsight.evals.statistics import Interval, share_interval

COVERAGES = (1.0, 0.95, 0.9, 0.8, 0.7, 0.5)
Pairs = Sequence[tuple[Case, AnswerRecord]]
Curve = tuple[tuple[float, float], ...]


@dataclass(frozen=True)
class Scores:
    """One strategy on `n` questions; None stands for what there was nothing to take of.

    Every interval is over pictures. `f1` is that of yes, `f1_macro` the mean of those
    of yes and of no; an answer that is missing counts as a miss of what it should have been.
    `false_yes`: answered yes of those whose answer is no. `made_up`: relations stated that
    are false of all that were stated and can be judged; a yes states the relation asked for.
    `swap`: same answer to the question the other way round. `inverse` and `transitive`: of the
    first answers' relations (see `Answer`). `left` contradictions reached the decision.
    `curve` holds (coverage, accuracy) of the answers held to be most certain, `curves` the same of
    each group (axis, kind of picture, what height tells of depth), `groups` its accuracy of all.
    """

    strategy: str
    n: int
    answered: Interval
    right_of_all: Interval
    right: Interval | None
    f1: Interval | None
    f1_macro: float | None
    false_yes: Interval | None
    made_up: Interval | None
    swap: Interval | None
    inverse: Interval | None
    transitive: Interval | None
    left: int
    calls: float
    seconds: float
    counts: Mapping[str, int]
    by: Mapping[str, int]
    curve: Curve
    curves: Mapping[str, Curve]
    groups: Mapping[str, Interval]

    def to_dict(self) -> dict[str, Any]:
        """Return the figures as JSON data."""
        return asdict(self)


def scores(strategy: str, cases: Sequence[Case], answers: Iterable[AnswerRecord]) -> Scores | None:
    """Return the figures of the answers that `strategy` gave to `cases`; None without any."""
    mine = {
        (answer.question, answer.swapped): answer
        for answer in answers
        if answer.strategy == strategy
    }
    pairs = [(case, mine[case.name, False]) for case in cases if (case.name, False) in mine]
    if not pairs:
        return None
    answered = [(case, answer) for case, answer in pairs if answer.yes is not None]
    both = [
        (answer, swapped)
        for case, answer in answered
        if (swapped := mine.get((case.name, True))) is not None and swapped.yes is not None
    ]
    counts: Counter[str] = Counter()
    for _, answer in pairs:
        counts.update(answer.counts)
    groups = _groups(pairs)
    of_yes, of_no = (_f1(pairs, label) for label in (True, False))
    return Scores(
        strategy=strategy,
        n=len(pairs),
        answered=_must(_share(pairs, lambda c, a: (a.yes is not None, 1))),
        right_of_all=_must(_share(pairs, lambda c, a: (is_right(c, a), 1))),
        right=_share(answered, lambda c, a: (is_right(c, a), 1)),
        f1=of_yes,
        f1_macro=(of_yes.estimate + of_no.estimate) / 2 if of_yes and of_no else None,
        false_yes=_share(answered, lambda c, a: (bool(a.yes), 1) if not c.item.label else (0, 0)),
        made_up=_share(pairs, made_up),
        swap=(
            share_interval([a.yes == swapped.yes for a, swapped in both], [1] * len(both))
            if both
            else None
        ),
        inverse=_share(pairs, lambda c, a: a.inverse),
        transitive=_share(pairs, lambda c, a: a.transitive),
        left=counts["left"],
        calls=counts["calls"] / len(pairs),
        seconds=sum(answer.seconds for _, answer in pairs) / len(pairs),
        counts={key: count for key, count in counts.items() if count},
        by=dict(Counter(answer.by for _, answer in pairs)),
        curve=curve(pairs),
        curves={name: curve(members) for name, members in groups.items()},
        groups={
            name: _must(_share(members, lambda c, a: (is_right(c, a), 1)))
            for name, members in groups.items()
        },
    )


def curve(pairs: Pairs) -> Curve:
    """Return (coverage, accuracy) where only the most confident answers count.

    Coverages are `COVERAGES` and that of all answers, as far as there are so many answers. Of
    answers that are equally confident any may be left out: the accuracy is the expected one.
    """
    ranked: dict[float, list[bool]] = defaultdict(list)
    for case, answer in pairs:
        if answer.yes is not None:
            ranked[answer.confidence].append(is_right(case, answer))
    total = sum(map(len, ranked.values()))
    points = []
    for coverage in sorted({total / len(pairs), *COVERAGES}, reverse=True):
        left = wanted = coverage * len(pairs)
        if not 0 < wanted <= total + 1e-9:
            continue
        right = 0.0
        for _, marks in sorted(ranked.items(), reverse=True):
            taken = min(left, len(marks))
            right += taken * sum(marks) / len(marks)
            left -= taken
        points.append((coverage, right / wanted))
    return tuple(points)


def _share(pairs: Pairs, count: Callable[[Case, AnswerRecord], tuple[int, int]]) -> Interval | None:
    """Return the ratio of what `count` gives, added up by pictures; None where there is nothing."""
    sums: dict[str, list[int]] = defaultdict(lambda: [0, 0])
    for case, answer in pairs:
        part, whole = count(case, answer)
        sums[case.item.image][0] += part
        sums[case.item.image][1] += whole
    parts, wholes = ([total[i] for total in sums.values()] for i in range(2))
    return share_interval(parts, wholes) if sum(wholes) else None


def _must(share: Interval | None) -> Interval:
    assert share is not None  # every question counts
    return share


def _f1(pairs: Pairs, label: bool) -> Interval | None:
    """Return F1 of the answer `label`: 2 TP over 2 TP + FP + FN; a missing answer is none of it."""

    def count(case: Case, answer: AnswerRecord) -> tuple[int, int]:
        given, true = answer.yes is label, case.item.label is label
        return 2 * (given and true), given + true

    return _share(pairs, count)


def _groups(pairs: Pairs) -> dict[str, Pairs]:
    """Return the pairs by axis, by kind of picture and by what height says of depth."""
    groups: dict[str, list[tuple[Case, AnswerRecord]]] = defaultdict(list)
    for case, answer in pairs:
        names = [case.item.question.relation.axis.value]
        if case.known is not None:
            names.append(case.known.kind)
            if case.known.counter is not None:
                names.append(f"depth, {'against' if case.known.counter else 'with'} height")
        for name in names:
            groups[name].append((case, answer))
    return dict(sorted(groups.items()))
