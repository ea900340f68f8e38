"""The figures of a strategy: what was right, what was made up, what it cost; and baselines."""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import asdict, dataclass
from itertools import combinations
from typing import Any

from helmsight.evals.spatial.answers import Answer
from helmsight.evals.spatial.dataset import Case
from helmsight.evals.statistics import Interval, holm, mcnemar, ratio_interval
from helmsight.prompts.constraints import pair_of
from helmsight.prompts.questions import Item
from helmsight.prompts.relations import Axis, Claim, claim

COVERAGES = (1.0, 0.95, 0.9, 0.8, 0.7, 0.5)
Pairs = Sequence[tuple[Case, Answer]]


@dataclass(frozen=True)
class Scores:
    """One strategy on `n` questions; None stands for what there was nothing to take of.

    Every interval is a bootstrap over pictures. `f1` is that of yes, `f1_macro` the mean of those
    of yes and of no; an answer that is missing counts as a miss of what it should have been.
    `false_yes`: answered yes of those whose answer is no. `made_up`: relations stated that
    are false of all that were stated and can be judged; a yes states the relation asked for.
    `swap`: same answer to the question the other way round. `inverse` and `transitive`: of the
    first answers' relations (see `Answer`). `left` contradictions reached the decision.
    `curve` holds (coverage, accuracy) of the answers held to be most certain.
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
    curve: tuple[tuple[float, float], ...]
    groups: Mapping[str, Interval]

    def to_dict(self) -> dict[str, Any]:
        """Return the figures as JSON data."""
        return asdict(self)


def scores(strategy: str, cases: Sequence[Case], answers: Iterable[Answer]) -> Scores | None:
    """Return the figures of the answers that `strategy` gave to `cases`; None without any."""
    mine = {(one.question, one.swapped): one for one in answers if one.strategy == strategy}
    pairs = [(case, mine[case.name, False]) for case in cases if (case.name, False) in mine]
    if not pairs:
        return None
    answered = [(case, one) for case, one in pairs if one.yes is not None]
    both = [
        (case, one, other)
        for case, one in answered
        if (other := mine.get((case.name, True))) is not None and other.yes is not None
    ]
    counts: Counter[str] = Counter()
    for _, one in pairs:
        counts.update(one.counts)
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
        swap=ratio_interval([a.yes == b.yes for _, a, b in both], [1] * len(both))
        if both
        else None,
        inverse=_share(pairs, lambda c, a: a.inverse),
        transitive=_share(pairs, lambda c, a: a.transitive),
        left=counts["left"],
        calls=counts["calls"] / len(pairs),
        seconds=sum(one.seconds for _, one in pairs) / len(pairs),
        counts={key: count for key, count in counts.items() if count},
        by=dict(Counter(one.by for _, one in pairs)),
        curve=curve(pairs),
        groups=_groups(pairs),
    )


def is_right(case: Case, one: Answer) -> bool:
    """Whether a question was answered, and rightly."""
    return one.yes is case.item.label


def made_up(case: Case, one: Answer) -> tuple[int, int]:
    """Return (false, judged) of the relations that an answer states, the same one counted once.

    Without the truth of the picture only the relation that was asked for can be judged: by the
    label, and where this is no a different relation may be true or not.
    """
    item = case.item
    asked = claim(item.question.a, item.question.relation.axis, item.question.relation.sign,
                  item.question.b)  # fmt: skip
    stated = {_one_way(said) for said in (*one.stated, *([asked] if one.yes else []))}
    verdicts = [_judged(said, case, _one_way(asked)) for said in stated]
    return verdicts.count(False), len(verdicts) - verdicts.count(None)


def curve(pairs: Pairs) -> tuple[tuple[float, float], ...]:
    """Return (coverage, accuracy) where only the most confident answers count.

    Coverages are `COVERAGES` and that of all answers, as far as there are so many answers. Of
    answers that are equally confident any may be left out: the accuracy is the expected one.
    """
    ranked: dict[float, list[bool]] = defaultdict(list)
    for case, one in pairs:
        if one.yes is not None:
            ranked[one.confidence].append(is_right(case, one))
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


@dataclass(frozen=True)
class Comparison:
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
    names: Sequence[str], cases: Sequence[Case], answers: Iterable[Answer], *, answered: bool
) -> list[Comparison]:
    """Return every pair of strategies compared, on the questions that both were asked.

    With `answered` only those that both answered count; without, no answer is a wrong one.
    """
    given = {(one.question, one.strategy): one for one in answers if not one.swapped}
    found = []
    for first, second in combinations(names, 2):
        marks = [
            (is_right(case, one), is_right(case, other))
            for case in cases
            if (one := given.get((case.name, first))) is not None
            and (other := given.get((case.name, second))) is not None
            and not (answered and None in (one.yes, other.yes))
        ]
        only = marks.count((True, False)), marks.count((False, True))
        found.append((first, second, len(marks), *only, mcnemar(*only)))
    adjusted = holm([one[-1] for one in found])
    return [Comparison(*one, p_holm) for one, p_holm in zip(found, adjusted, strict=True)]


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

    return ratio_interval([guess(c) is c.item.label for c in cases], [1] * len(cases))


def by_height(cases: Sequence[Case]) -> Interval | None:
    """Return how often depth read off the height in the picture is right, of the depth questions.

    What is lower is held to be nearer. Needs the truth of the pictures; None without any.
    """
    marks = []
    for case in cases:
        asked = case.item.question
        if case.known is None or asked.relation.axis is not Axis.DEPTH:
            continue
        lower = case.known.truth.gap(asked.a, asked.b, Axis.VERTICAL) > 0
        marks.append((lower is (asked.relation.sign < 0)) is case.item.label)
    return ratio_interval(marks, [1] * len(marks)) if marks else None


def _share(pairs: Pairs, count: Callable[[Case, Answer], tuple[int, int]]) -> Interval | None:
    """Return the ratio of what `count` gives, added up by pictures; None where there is nothing."""
    sums: dict[str, list[int]] = defaultdict(lambda: [0, 0])
    for case, one in pairs:
        part, whole = count(case, one)
        sums[case.item.image][0] += part
        sums[case.item.image][1] += whole
    parts, wholes = ([one[i] for one in sums.values()] for i in range(2))
    return ratio_interval(parts, wholes) if sum(wholes) else None


def _must(found: Interval | None) -> Interval:
    assert found is not None  # every question counts
    return found


def _f1(pairs: Pairs, label: bool) -> Interval | None:
    """Return F1 of the answer `label`: 2 TP over 2 TP + FP + FN; a missing answer is none of it."""

    def count(case: Case, one: Answer) -> tuple[int, int]:
        said, true = one.yes is label, case.item.label is label
        return 2 * (said and true), said + true

    return _share(pairs, count)


def _groups(pairs: Pairs) -> dict[str, Interval]:
    """Return the accuracy, of all, by axis, by kind of picture and by what height says of depth."""
    groups: dict[str, list[tuple[Case, Answer]]] = defaultdict(list)
    for case, one in pairs:
        axis = case.item.question.relation.axis
        groups[axis.value].append((case, one))
        if case.known is not None:
            groups[case.known.kind].append((case, one))
            if case.known.counter is not None:
                against = "against" if case.known.counter else "with"
                groups[f"depth, {against} height"].append((case, one))
    return {name: _must(_share(mine, lambda c, a: (is_right(c, a), 1)))
            for name, mine in sorted(groups.items())}  # fmt: skip


def _one_way(said: Claim) -> Claim:
    """Return a claim in the order of its names."""
    turned = said if (said.a, said.b) == pair_of(said) else said.inverse
    return claim(turned.a, turned.axis, turned.sign, turned.b)


def _judged(said: Claim, case: Case, asked: Claim) -> bool | None:
    if case.known is not None:
        return case.known.truth.says(said)
    if pair_of(said) != pair_of(asked) or said.axis is not asked.axis:
        return None
    if said.sign == asked.sign:
        return case.item.label
    return False if case.item.label else None
