"""Answers on disk: one line for each question and strategy, so that a run can be gone on with."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import asdict, dataclass, field
from itertools import combinations, product
from pathlib import Path
from typing import Any, Self

from helmsight.agents.grounding.verify import Grounding, judge
from helmsight.contract.record import plain
from helmsight.evals.errors import ResultsUnusable
from helmsight.prompts.constraints import check, pair_of
from helmsight.prompts.questions import Question
from helmsight.prompts.relations import Axis, Claim, claim

ANSWERS = "answers.jsonl"
Key = tuple[str, str, bool]  # question, strategy, swapped
Stated = tuple[str, str, int, str]


@dataclass(frozen=True)
class Answer:
    """What came of one question: `yes` None is no answer; `by` tells what it rests on.

    `swapped` is the same question asked the other way round ("B right of A" for "A left of B").
    `claims` are the relations (a, axis, sign, b) to decide by. `inverse` and `transitive` are
    (held, checked) in the first answer: pairs related both ways round, and triples of related
    pairs. `confidence` only ranks the answers of one strategy.
    """

    question: str
    strategy: str
    swapped: bool
    yes: bool | None
    by: str
    confidence: float
    claims: tuple[Stated, ...]
    inverse: tuple[int, int]
    transitive: tuple[int, int]
    seconds: float
    counts: Mapping[str, int] = field(default_factory=dict)
    said: tuple[str, ...] = ()

    @property
    def key(self) -> Key:
        """What tells it from all others of a run."""
        return self.question, self.strategy, self.swapped

    @property
    def stated(self) -> list[Claim]:
        """The relations to decide by."""
        return [claim(a, axis, sign, b) for a, axis, sign, b in self.claims]

    @classmethod
    def from_dict(cls, data: Mapping[str, Any]) -> Self:
        """Read an answer back; raises KeyError, TypeError or ValueError for anything else."""
        told = dict(data)
        told["claims"] = tuple((a, Axis(axis).value, int(s), b) for a, axis, s, b in told["claims"])
        for key in ("inverse", "transitive", "said"):
            told[key] = tuple(told[key])
        return cls(**told)


def answer(
    name: str, asked: Question, strategy: str, found: Grounding, *,
    verified: bool, swapped: bool, seconds: float,
) -> Answer:  # fmt: skip
    """Return the answer to `asked` that a grounding gives (see `strategies.Strategy`).

    The confidence of an unverified answer is the consistency of its relations (1 where there is
    nothing to compare); that of a verified one the share of votes for the relation it rests on,
    the least share on the axis where it follows from others, 0 where it is the model's own.
    """
    if verified:
        verdict = judge(asked, found)
        yes, by = verdict.yes, str(verdict.by)
        about = [one for one in found.claims if one.axis is asked.relation.axis]
        if by == "relation":
            about = [one for one in about if {one.a, one.b} == {asked.a, asked.b}]
        sure = min((one.confidence for one in about), default=0.0)
        confidence = sure if by in ("relation", "closure") else 0.0
    else:
        yes, by = found.yes, "nothing" if found.yes is None else "model"
        confidence = 1.0 if found.score is None else found.score
    return Answer(
        name, strategy, swapped, yes, by, confidence,
        tuple((one.a, one.axis.value, one.sign, one.b) for one in found.claims),
        _inverse(found.first), _transitive(found.first), round(seconds, 6),
        found.counts.to_dict(), found.answers,
    )  # fmt: skip


class Answers:
    """The answers of one run by key, in a file that grows by a line at a time.

    A file that is there already must be of the same conditions. A last line that a crash left
    unfinished is taken away.

    Raises:
        ResultsUnusable: the file cannot be read or written, or its conditions are others.
    """

    def __init__(self, path: Path, conditions: Mapping[str, Any]) -> None:
        self.path, self.conditions = path, plain(conditions)
        self.kept: dict[Key, Answer] = {}
        try:
            path.parent.mkdir(parents=True, exist_ok=True)
            if path.exists() and self._read():
                return
            with path.open("w", encoding="utf-8", newline="\n") as file:
                file.write(json.dumps({"conditions": self.conditions}) + "\n")
        except OSError as error:
            raise self._unusable(f"cannot be written ({error})") from error

    def add(self, one: Answer) -> None:
        """Keep an answer; raises ResultsUnusable when it cannot be written."""
        line = json.dumps(plain(asdict(one)), allow_nan=False)
        try:
            with self.path.open("a", encoding="utf-8", newline="\n") as file:
                file.write(line + "\n")
        except OSError as error:
            raise self._unusable(f"cannot be written ({error})") from error
        self.kept[one.key] = one

    def _read(self) -> bool:
        """Read what is there; return False when it holds nothing, not even its conditions."""
        data = self.path.read_bytes()
        whole = data[: data.rfind(b"\n") + 1]
        try:
            first, *lines = whole.decode("utf-8").splitlines() or [""]
            if not first:
                return False
            told = dict(json.loads(first)["conditions"])
            kept = [Answer.from_dict(json.loads(line)) for line in lines]
        except (ValueError, KeyError, TypeError) as error:
            raise self._unusable(
                f"holds no answers of this kind ({type(error).__name__}: {error})"
            ) from error
        if told != self.conditions:
            differing = ", ".join(
                f"{key}={told.get(key)!r} there and {self.conditions.get(key)!r} here"
                for key in sorted(told.keys() | self.conditions.keys())
                if told.get(key) != self.conditions.get(key)
            )
            raise self._unusable(f"holds answers of other conditions ({differing})")
        if len(whole) < len(data):
            with self.path.open("r+b") as file:
                file.truncate(len(whole))
        self.kept = {one.key: one for one in kept}
        return True

    def _unusable(self, why: str) -> ResultsUnusable:
        return ResultsUnusable(f"{self.path} {why}; give another folder with --out, or remove it")


def _inverse(claims: tuple[Claim, ...]) -> tuple[int, int]:
    """Return (held, checked) of the pairs that were related both ways round."""
    checks = [
        {first.sign, -second.sign if first.a == second.b else second.sign}
        for first, second in combinations(claims, 2)
        if first.axis is second.axis and pair_of(first) == pair_of(second)
    ]
    return sum(len(signs) == 1 for signs in checks), len(checks)


def _transitive(claims: tuple[Claim, ...]) -> tuple[int, int]:
    """Return (held, checked) of triples: one claim each about all three pairs, on one axis."""
    held = checked = 0
    for axis in Axis:
        by_pair: dict[tuple[str, str], list[Claim]] = {}
        for one in claims:
            if one.axis is axis:
                by_pair.setdefault(pair_of(one), []).append(one)
        for a, b, c in combinations(sorted({name for pair in by_pair for name in pair}), 3):
            sides = [by_pair.get(pair, []) for pair in ((a, b), (a, c), (b, c))]
            for triple in product(*sides):
                checked += 1
                held += check(triple).consistent
    return held, checked
