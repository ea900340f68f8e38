"""Grounding a picture: ask for relations, prove them, ask again where they contradict, abstain.

What a verified grounding returns is consistent by construction. Nothing here knows who answers:
a model, a detector, an oracle.
"""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Iterable, Sequence
from dataclasses import asdict, dataclass
from typing import Literal

from helmsight.agents.grounding.asking import Asker, Image
from helmsight.prompts.claims import ParsedAnswer, Unread
from helmsight.prompts.constraints import Conflict, check
from helmsight.prompts.errors import InvalidClaims, PromptsError
from helmsight.prompts.orders import Prompt, again
from helmsight.prompts.questions import Question, parse_question
from helmsight.prompts.relations import Axis, Claim, Frame, Relation

MAX_CALLS = 4  # questions asked again about one picture, at most
LEAD = 2  # votes by which a sign must lead the next one, once two answers differed
SURE = 2 / 3  # share of the votes that a sign needs to be passed on
BESIDE = 4 / 5  # the same of a relation beside the one that a question is about

Pair = tuple[str, str]
Slot = tuple[str, str, Axis]  # the pair in one order, whichever way round it was asked


@dataclass(frozen=True)
class Counts:
    """What a grounding cost and what became of its claims.

    `calls` are all questions put, `extra` those asked again about single pairs, `reasked` how many
    different pairs these were about; `unread` lines could not be read; `contradictions` is how
    many smallest ones the first answer held, `left` how many what is returned holds. Of
    the pairs on an axis, `flipped` came out different from the first answer, `implied` were
    decided by the other claims, `dropped` were given up, and `disagreed` were left out because
    what is known says otherwise. `failed` calls gave no answer at all.
    """

    calls: int = 0
    extra: int = 0
    reasked: int = 0
    unread: int = 0
    contradictions: int = 0
    left: int = 0
    flipped: int = 0
    implied: int = 0
    dropped: int = 0
    disagreed: int = 0
    failed: int = 0

    def to_dict(self) -> dict[str, int]:
        """Return the counts as JSON data."""
        return asdict(self)


@dataclass(frozen=True)
class Grounding:
    """What a picture was found to show.

    `claims` are the relations to decide by, `first` those of the first answer, `conflicts` the
    smallest contradictions in these, and `score` their consistency (None: nothing to compare).
    `yes` is the model's own answer where a question was asked, `answers` all that it wrote;
    `given_up` are the pairs and axes that stayed in doubt.
    """

    claims: tuple[Claim, ...] = ()
    first: tuple[Claim, ...] = ()
    conflicts: tuple[Conflict, ...] = ()
    score: float | None = None
    unread: tuple[Unread, ...] = ()
    yes: bool | None = None
    answers: tuple[str, ...] = ()
    counts: Counts = Counts()
    given_up: tuple[Slot, ...] = ()

    def lines(self) -> list[str]:
        """Return the relations in words."""
        return [claim.text() for claim in self.claims]


def ground(
    asker: Asker,
    image: Image,
    prompt: Prompt,
    *,
    verified: bool = True,
    max_calls: int = MAX_CALLS,
    known: Sequence[Claim] = (),
) -> Grounding:
    """Ask `prompt` about `image` and return what it shows.

    Unverified, the claims are those of the answer, contradictory or not. Verified, the pair of a
    smallest contradiction that was answered least often is asked again by itself, until nothing
    contradicts; then pairs in doubt, until one sign leads by `LEAD` votes; then the pair of the
    question, if nothing was said of it. At most `max_calls` further questions are asked. In doubt
    is a pair whose answers differed, whose sign has less than `SURE` of the votes, or that does not
    fit the model's own yes or no. A vote counts as much as its claim is confident: all of it, where
    the asker does not tell. Each pair takes the sign with most votes. What is then still tied takes
    the one sign that the other claims allow, if there is one; what has less than `SURE` is given
    up (beside what a question is about, less than `BESIDE`: nobody waits for it), and while a
    contradiction is left, the pair that is in most of them.

    Claims that disagree with `known` relations (telemetry, geometry) are left out in any case;
    the others are checked together with them.

    Raises:
        InvalidClaims: the known relations contradict each other.
        Exception: whatever the asker raises.
    """
    answers = [asker.ask(image, prompt)]
    told = prompt.read(answers[0])
    report = check(told.claims)
    ballots = _Ballots(prompt, told, known)
    extra, reasked = 0, set[Pair]()
    if verified:
        while extra < max_calls and (pair := ballots.doubtful()) is not None:
            question = again(*pair, extra, prompt.frame)
            extra += 1
            answers.append(asker.ask(image, question, attempt=extra))
            ballots.add(pair, question.read(answers[-1]).claims)
            reasked.add(pair)
        ballots.settle()
    claims = ballots.decided() if verified else ballots.kept(told.claims)
    left = check([*claims, *known]).conflicts
    if verified and left:
        raise AssertionError(f"verified relations contradict each other: {left[0].text()}")
    counts = Counts(
        calls=1 + extra,
        extra=extra,
        reasked=len(reasked),
        unread=len(told.unread),
        contradictions=len(report.conflicts),
        left=len(left),
        flipped=ballots.flipped() if verified else 0,
        implied=ballots.implied,
        dropped=len(ballots.given_up),
        disagreed=ballots.disagreed,
    )
    return Grounding(
        claims, told.claims, report.conflicts, report.score, told.unread, told.yes,
        tuple(answers), counts, tuple(ballots.given_up),
    )  # fmt: skip


class _Ballots:
    """Every answer about every pair on every axis, and what they come to."""

    def __init__(self, prompt: Prompt, told: ParsedAnswer, known: Sequence[Claim]) -> None:
        if conflicts := check(known).conflicts:
            raise InvalidClaims(f"what is known contradicts itself: {conflicts[0].text()}")
        self.frame = prompt.frame
        self._order = {name: at for at, name in enumerate(prompt.names)}
        self._nameless = "object C" if prompt.third and told.third is None else None
        self._votes: dict[Slot, dict[int, float]] = defaultdict(dict)
        self._told: Counter[Slot] = Counter()
        self._first: dict[Slot, int] = {}
        self._asked: Counter[Pair] = Counter()
        self._known_claims = tuple(known)
        self._known = {slot: sign for slot, sign in map(self._slot, known)}
        self.implied = 0
        self.given_up: list[Slot] = []
        self._count(told.claims)
        self.disagreed = len(told.claims) - len(self.kept(told.claims))
        asked, self._yes = _question(prompt), told.yes
        self._question = None if asked is None else self._slot(asked)

    def kept(self, claims: Iterable[Claim]) -> tuple[Claim, ...]:
        """Return the claims that do not disagree with what is known."""
        return tuple(
            claim
            for claim in claims
            for slot, sign in [self._slot(claim)]
            if self._known.get(slot, sign) == sign
        )

    def add(self, pair: Pair, claims: Iterable[Claim]) -> None:
        """Count one more answer about a pair."""
        self._asked[pair] += 1
        self._count(claims)

    def _count(self, claims: Iterable[Claim]) -> None:
        for claim in self.kept(claims):
            slot, sign = self._slot(claim)
            votes = self._votes[slot]
            votes[sign] = votes.get(sign, 0.0) + claim.confidence
            self._told[slot] += 1
            self._first.setdefault(slot, sign)

    def doubtful(self) -> Pair | None:
        """Return the pair to ask again, None when there is nothing to gain.

        Of a smallest contradiction it is the pair that was answered least often, then any pair in
        doubt, then the one of the question.
        """
        contested = [slot for slot in self._votes if self._contested(slot)]
        for doubted in (*map(self._slots, self._conflicts()), contested):
            pairs = {
                slot[:2]: self._told[slot] for slot in doubted if self._nameless not in slot[:2]
            }
            if pairs:
                return min(pairs, key=lambda pair: (self._asked[pair], pairs[pair]))
        return self._unanswered()

    def _contested(self, slot: Slot) -> bool:
        """Whether a pair is in doubt, and no sign of it leads yet."""
        unclear = len(self._votes[slot]) > 1 or self._share(slot) < SURE or self._doubted(slot)
        return unclear and self._lead(slot) < LEAD

    def _unanswered(self) -> Pair | None:
        """Return the pair of the question while nothing tells the answer to it."""
        if self._question is None:
            return None
        slot, sign = self._question
        if self._told[slot] or not {*self._order} >= {*slot[:2]}:
            return None
        possible = check([*self._claims(self._votes), *self._known_claims]).possible.get(slot)
        return slot[:2] if possible is None or (len(possible) > 1 and sign in possible) else None

    def _doubted(self, slot: Slot) -> bool:
        """Whether the model's own yes or no speaks against what it said about a pair."""
        if self._question is None or self._yes is None:
            return False
        asked, sign = self._question
        return slot == asked and (sign in self._leading(slot)) is not self._yes

    def settle(self) -> None:
        """Decide what is tied by what else is claimed, and give up what is in doubt or contradicts
        most.
        """
        for slot in [slot for slot in self._votes if len(self._leading(slot)) > 1]:
            fits = [sign for sign in self._leading(slot) if self._fits(slot, sign)]
            if len(fits) == 1:
                self._votes[slot] = {fits[0]: float(self._told[slot])}
                self.implied += 1
        for slot in [slot for slot in self._votes if self._share(slot) < self._needed(slot)]:
            self._give_up(slot)
        while conflicts := self._conflicts():
            guilty: Counter[Slot] = Counter()
            for conflict in conflicts:
                guilty.update(self._slots(conflict))
            self._give_up(max(guilty, key=lambda slot: (guilty[slot], -self._share(slot))))

    def _needed(self, slot: Slot) -> float:
        beside = self._question is not None and slot != self._question[0]
        return BESIDE if beside else SURE

    def _give_up(self, slot: Slot) -> None:
        del self._votes[slot]
        self.given_up.append(slot)

    def decided(self) -> tuple[Claim, ...]:
        """Return one claim per pair and axis, in the order in which they were first answered."""
        return tuple(self._claims(self._votes))

    def flipped(self) -> int:
        """Return how many decided signs are not those of the first answer."""
        return sum(
            self._first[slot] not in self._leading(slot)
            for slot in self._votes
            if slot in self._first
        )

    def _slot(self, claim: Claim) -> tuple[Slot, int]:
        """Return where a claim is counted and its sign there."""
        last = len(self._order)
        a, b = ((self._order.get(name, last), name) for name in (claim.a, claim.b))
        if self.frame is Frame.OBJECT or a < b:
            return (claim.a, claim.b, claim.axis), claim.sign
        return (claim.b, claim.a, claim.axis), -claim.sign

    def _claims(self, slots: Iterable[Slot]) -> list[Claim]:
        """Return a claim for every leading sign of `slots`: tied ones contradict each other."""
        return [
            Claim(a, b, Relation(axis, sign), self.frame, self._share((a, b, axis)))
            for a, b, axis in slots
            for sign in self._leading((a, b, axis))
        ]

    def _leading(self, slot: Slot) -> list[int]:
        votes = self._votes[slot]
        most = max(votes.values(), default=0.0)
        return [sign for sign, count in votes.items() if count == most]

    def _lead(self, slot: Slot) -> float:
        """Return by how many votes the first sign leads the second."""
        first, second = sorted([*self._votes[slot].values(), 0.0], reverse=True)[:2]
        return first - second

    def _share(self, slot: Slot) -> float:
        return max(self._votes[slot].values()) / self._told[slot]

    def _conflicts(self) -> tuple[Conflict, ...]:
        return check([*self._claims(self._votes), *self._known_claims]).conflicts

    def _slots(self, conflict: Conflict) -> list[Slot]:
        """Return what a contradiction is about, less what is known for certain."""
        slots = dict.fromkeys(self._slot(claim)[0] for claim in conflict.claims)
        return [slot for slot in slots if slot in self._votes and slot not in self._known]

    def _fits(self, slot: Slot, sign: int) -> bool:
        """Whether a sign contradicts nothing among the pairs that are not tied."""
        a, b, axis = slot
        sure = [one for one in self._votes if one != slot and len(self._leading(one)) == 1]
        claim = Claim(a, b, Relation(axis, sign), self.frame)
        return check([*self._claims(sure), *self._known_claims, claim]).consistent


def _question(prompt: Prompt) -> Claim | None:
    """Return what is asked as a claim; None when nothing is, or not about one relation."""
    if not prompt.question:
        return None
    try:
        asked = parse_question(prompt.question)
    except PromptsError:
        return None
    return Claim(asked.a, asked.b, asked.relation, prompt.frame)


@dataclass(frozen=True)
class Verdict:
    """The answer to a question and what it rests on; `yes` None is an abstention."""

    yes: bool | None
    by: Literal["relation", "closure", "model", "nothing"]


def judge(question: Question, grounding: Grounding) -> Verdict:
    """Return the answer that a grounding gives to a yes/no question.

    By the claim about the very pair and axis; else by what the other claims leave possible for
    it; else, where the answers told nothing of that pair and axis, by the model's own yes or no.
    What was told and given up stays undecided, and so does what is told in contradictions.
    """
    asked = question.relation
    key = (question.a, question.b, asked.axis)
    ways = (
        way
        for claim in grounding.claims
        for way in (claim, *([] if claim.frame is Frame.OBJECT else [claim.inverse]))
    )
    claimed = {way.sign for way in ways if (way.a, way.b, way.axis) == key}
    if len(claimed) == 1:
        return Verdict(claimed == {asked.sign}, "relation")
    possible = check(grounding.claims).possible.get(key)
    if not claimed and possible is not None:
        if possible == {asked.sign}:
            return Verdict(True, "closure")
        if asked.sign not in possible:
            return Verdict(False, "closure")
    doubted = {key, (question.b, question.a, asked.axis)} & {*grounding.given_up}
    if grounding.yes is not None and not doubted:
        return Verdict(grounding.yes, "model")
    return Verdict(None, "nothing")
