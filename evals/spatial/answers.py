"""Answers on disk: one line for each question and strategy, so that a run can be gone on with."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from contextlib import closing, contextmanager
from dataclasses import asdict, dataclass, field
from itertools import combinations, product
from pathlib import Path
from typing import Any, Self

from helmsight.agents.grounding.judge import judge
from helmsight.agents.grounding.verify import Grounding
from helmsight.contract.jsontext import parse_json
from helmsight.contract.opening import read_whole
from helmsight.contract.record import plain
from helmsight.contract.textfiles import decoded, lines_of
from helmsight.contract.writing import write_whole
from helmsight.evals.errors import ResultsUnusable
from helmsight.prompts.constraints import check, pair_of
from helmsight.prompts.questions import Question
from helmsight.prompts.relations import Axis, Claim, claim
from helmsight.tools.appendonly import AppendOnly
from helmsight.tools.steplog import MOST_LOG

ANSWERS = "answers.jsonl"
Key = tuple[str, str, bool]  # question, strategy, swapped
Stated = tuple[str, str, int, str]


@dataclass(frozen=True)
class AnswerRecord:
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
        fields = dict(data)
        claims = ((a, Axis(axis).value, int(sign), b) for a, axis, sign, b in fields["claims"])
        fields["claims"] = tuple(claims)
        for key in ("inverse", "transitive", "said"):
            fields[key] = tuple(fields[key])
        return cls(**fields)


def answer(
    name: str, question: Question, strategy: str, grounding: Grounding, *,
    verified: bool, swapped: bool, seconds: float,
) -> AnswerRecord:  # fmt: skip
    """Return the answer to `question` that a grounding gives (see `prompts.strategies.Strategy`).

    The confidence of an unverified answer is the consistency of its relations (1 where there is
    nothing to compare); that of a verified one the share of votes for the relation it rests on,
    the least share on the axis where it follows from others, 0 where it is the model's own.
    """
    if verified:
        judgement = judge(question, grounding)
        yes, by = judgement.yes, str(judgement.by)
        about = [claim for claim in grounding.claims if claim.axis is question.relation.axis]
        if by == "relation":
            about = [claim for claim in about if {claim.a, claim.b} == {question.a, question.b}]
        sure = min((claim.confidence for claim in about), default=0.0)
        confidence = sure if by in ("relation", "closure") else 0.0
    else:
        yes, by = grounding.yes, "nothing" if grounding.yes is None else "model"
        confidence = 1.0 if grounding.score is None else grounding.score
    return AnswerRecord(
        name, strategy, swapped, yes, by, confidence,
        tuple((claim.a, claim.axis.value, claim.sign, claim.b) for claim in grounding.claims),
        _inverse(grounding.first), _transitive(grounding.first), round(seconds, 6),
        grounding.counts.to_dict(), grounding.answers,
    )  # fmt: skip


class AnswerFile:
    """The answers of one run by key, in a file that grows by a line at a time.

    A file that is there already must be of the same conditions.

    Raises:
        ResultsUnusable: the file cannot be read or written, or its conditions are others.
    """

    def __init__(self, path: Path, conditions: Mapping[str, Any]) -> None:
        self.path, self.conditions = path, plain(conditions)
        self.kept: dict[Key, AnswerRecord] = {}
        self._log: AppendOnly | None = None
        try:
            path.parent.mkdir(parents=True, exist_ok=True)
            if not (path.exists() and self._read()):
                write_whole(path, json.dumps({"conditions": self.conditions}) + "\n")
        except OSError as error:
            raise self._unwritable(error) from error

    @contextmanager
    def claimed(self) -> Iterator[None]:
        """Keep the file for this process, which may `add` to it meanwhile.

        What others added is read first; a last line that a crash left unfinished is taken away.

        Raises:
            ResultsUnusable: another process adds to it, or it cannot be written.
        """
        with closing(self._opened()) as log:
            try:
                log.claim()
                log.cut(self._read())
            except BlockingIOError:
                raise ResultsUnusable.taken(self.path) from None
            except OSError as error:
                raise self._unwritable(error) from error
            self._log = log
            try:
                yield
            finally:
                self._log = None

    def add(self, answer: AnswerRecord) -> None:
        """Keep an answer, within `claimed`; raises ResultsUnusable when it cannot be written."""
        assert self._log is not None, "nobody has claimed the file"
        line = json.dumps(plain(asdict(answer)), allow_nan=False)
        try:
            self._log.append(line.encode() + b"\n")
        except OSError as error:
            raise self._unwritable(error) from error
        self.kept[answer.key] = answer

    def _opened(self) -> AppendOnly:
        try:
            return AppendOnly(self.path)
        except OSError as error:
            raise self._unwritable(error) from error

    def _read(self) -> int:
        """Read the whole lines that are there; return their bytes, 0 where there is none."""
        data = read_whole(self.path, MOST_LOG)
        whole = data[: data.rfind(b"\n") + 1]
        try:
            first, *lines = lines_of(decoded(whole, str(self.path))) or [""]
            if not first:
                return 0
            conditions = dict(parse_json(first)["conditions"])
            kept = [AnswerRecord.from_dict(parse_json(line)) for line in lines]
        except (ValueError, KeyError, TypeError) as error:
            raise self._unusable(
                f"holds no answers of this kind ({type(error).__name__}: {error})"
            ) from error
        if conditions != self.conditions:
            differing = ", ".join(
                f"{key}={conditions.get(key)!r} there and {self.conditions.get(key)!r} here"
                for key in sorted(conditions.keys() | self.conditions.keys())
                if conditions.get(key) != self.conditions.get(key)
            )
            raise self._unusable(f"holds answers of other conditions ({differing})")
        self.kept = {answer.key: answer for answer in kept}
        return len(whole)

    def _unwritable(self, error: OSError) -> ResultsUnusable:
        return self._unusable(f"cannot be written ({error})")

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
        for stated in claims:
            if stated.axis is axis:
                by_pair.setdefault(pair_of(stated), []).append(stated)
        for a, b, c in combinations(sorted({name for pair in by_pair for name in pair}), 3):
            sides = [by_pair.get(pair, []) for pair in ((a, b), (a, c), (b, c))]
            for triple in product(*sides):
                checked += 1
                held += check(triple).consistent
    return held, checked
