"""Votes about pairs of objects: which pair to ask again, and what is decided in the end."""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Iterable, Sequence
from itertools import combinations

from helmsight.agents.grounding.plain import PlainQuestion
from helmsight.prompts.claims import ParsedAnswer
from helmsight.prompts.constraints import Conflict, check
from helmsight.prompts.errors import InvalidClaims
from helmsight.prompts.orders import Prompt
from helmsight.prompts.relations import Axis, Claim, Relation, RelationFrame

LEAD = 2  # votes by which a sign must lead the next one, once two answers differed
SURE = 2 / 3  # share of the votes that a sign needs to be passed on
BESIDE = 4 / 5  # the same of a relation beside the one that a question is about
CERTAIN = 0.95  # the same of the one that a question is about, below which it is asked plainly

Pair = tuple[str, str]
Slot = tuple[str, str, Axis]  # the pair in one order, whichever way round it was asked


class Ballots:
    """Every answer about every pair on every axis, and what they come to.

    A slot is a pair on an axis. Each claim about it is a vote for one sign, and weighs as much as
    its writer was sure of it: 1 where nothing tells how sure. The share of a sign is the weight of
    its votes by the number of all claims about the slot, so that an unsure claim lowers the share
    of the very sign that it votes for. What is asked in plain words counts instead of all lines.
    """

    def __init__(self, prompt: Prompt, answer: ParsedAnswer, known: Sequence[Claim]) -> None:
        if conflicts := check(known).conflicts:
            raise InvalidClaims(f"what is known contradicts itself: {conflicts[0].text()}")
        self.frame = prompt.frame
        self._order = {name: at for at, name in enumerate(prompt.names)}
        # an object C that the model never named cannot be asked about again
        self._nameless = "object C" if prompt.third and answer.third is None else None
        self._votes: dict[Slot, dict[int, float]] = defaultdict(dict)  # weights by sign
        self._claimed: Counter[Slot] = Counter()  # claims, each counted as one
        self._first: dict[Slot, int] = {}
        self._reasked: Counter[Pair] = Counter()
        self._known_claims = tuple(known)
        self._known = {slot: sign for slot, sign in map(self._slot, known)}
        self.implied = 0
        self.given_up: list[Slot] = []
        self.unseen: dict[str, None] = {}  # in the order in which it was said
        self._plain, self._yes = PlainQuestion(prompt), answer.yes
        asked = self._plain.claim
        self._question = None if asked is None else self._slot(asked)
        self._count(answer)
        self.disagreed = len(answer.claims) - len(self.kept(answer.claims))

    def kept(self, claims: Iterable[Claim]) -> tuple[Claim, ...]:
        """Return the claims that do not disagree with what is known."""
        return tuple(
            claim
            for claim in claims
            for slot, sign in [self._slot(claim)]
            if self._known.get(slot, sign) == sign
        )

    def add(self, pair: Pair, answer: ParsedAnswer) -> None:
        """Count one more answer about a pair."""
        self._reasked[pair] += 1
        self._count(answer, pair)

    def add_plain(self, answer: ParsedAnswer) -> None:
        """Count one more answer to the question in plain words."""
        self._plain.add(answer)
        if self._question is not None and self._plain.votes:
            slot, sign = self._question
            votes = self._plain.votes.items()
            self._votes[slot] = {sign if holds else -sign: weight for holds, weight in votes}
            self._claimed[slot] = self._plain.asked

    @property
    def _settled(self) -> Slot | None:
        """What was asked plainly, and answered."""
        return self._question[0] if self._question is not None and self._plain.votes else None

    def _count(self, answer: ParsedAnswer, about: Pair | None = None) -> None:
        """Count every claim; that a thing is unseen speaks against all signs of its pairs."""
        self.unseen |= dict.fromkeys(answer.unseen)
        for a, b in [about] if about else combinations(self._order, 2):
            if {a, b} & {*answer.unseen}:
                for axis in Axis:
                    self._claimed[a, b, axis] += 1
        for claim in self.kept(answer.claims):
            slot, sign = self._slot(claim)
            if slot == self._settled:
                continue
            votes = self._votes[slot]
            votes[sign] = votes.get(sign, 0.0) + claim.confidence
            self._claimed[slot] += 1
            self._first.setdefault(slot, sign)

    def plainly(self) -> Prompt | None:
        """Return the question in plain words, the next way, while its answer is in doubt."""
        if self._question is None:
            return None
        slot = self._question[0]
        if slot in self._known or {*slot[:2]} & self.unseen.keys():
            return None
        # what only follows from claims about others falls with them
        doubted = slot not in self._votes or self._unclear(slot, CERTAIN)
        return self._plain.next() if self._plain.asked or doubted else None

    def doubtful(self) -> Pair | None:
        """Return the pair to ask again, None when there is nothing to gain.

        Of a smallest contradiction it is the pair that was answered least often, then any pair in
        doubt, then the one of the question.
        """
        contested = [slot for slot in self._votes if self._contested(slot)]
        # contradictions come smallest first; all slots in doubt together are the last candidate
        for doubted in (*map(self._slots, self._conflicts()), contested):
            pairs = {
                slot[:2]: self._claimed[slot] for slot in doubted if self._nameless not in slot[:2]
            }
            if pairs:
                return min(pairs, key=lambda pair: (self._reasked[pair], pairs[pair]))
        return self._unanswered()

    def _contested(self, slot: Slot) -> bool:
        """Whether a pair is in doubt, and no sign of it leads yet."""
        return slot != self._settled and self._unclear(slot, SURE) and self._lead(slot) < LEAD

    def _unclear(self, slot: Slot, sure: float) -> bool:
        return len(self._votes[slot]) > 1 or self._share(slot) < sure or self._doubted(slot)

    def _unanswered(self) -> Pair | None:
        """Return the pair of the question while nothing tells the answer to it."""
        if self._question is None:
            return None
        slot, sign = self._question
        if self._claimed[slot] or not {*self._order} >= {*slot[:2]}:
            return None
        # that the sign asked for is impossible is an answer too, and so is that no other is left
        possible = check([*self._claims(self._votes), *self._known_claims]).possible.get(slot)
        return slot[:2] if possible is None or (len(possible) > 1 and sign in possible) else None

    def _doubted(self, slot: Slot) -> bool:
        """Whether the model's own yes or no speaks against what it said about a pair."""
        if self._question is None or self._yes is None:
            return False
        questioned, sign = self._question
        return slot == questioned and (sign in self._leading(slot)) is not self._yes

    def settle(self) -> None:
        """Decide what is tied by what else is claimed, and give up what is in doubt or contradicts
        most.
        """
        # ties first: what they come to may rest on claims that are given up only afterwards, and a
        # sign that follows from the others gets all votes of its slot
        for slot in [slot for slot in self._votes if len(self._leading(slot)) > 1]:
            fits = [sign for sign in self._leading(slot) if self._fits(slot, sign)]
            if len(fits) == 1:
                self._votes[slot] = {fits[0]: float(self._claimed[slot])}
                self.implied += 1
        for slot in [slot for slot in self._votes if self._share(slot) < self._needed(slot)]:
            self._give_up(slot)
        while conflicts := self._conflicts():
            guilty: Counter[Slot] = Counter()
            for conflict in conflicts:
                guilty.update(self._slots(conflict))
            # what was asked plainly comes last
            self._give_up(
                max(guilty, key=lambda s: (s != self._settled, guilty[s], -self._share(s)))
            )

    def _needed(self, slot: Slot) -> float:
        """Return the share below which a slot is given up."""
        if slot == self._settled:
            return 0.0  # whichever answer leads is one; its confidence tells how far
        beside = self._question is not None and slot != self._question[0]
        return BESIDE if beside else SURE

    def _give_up(self, slot: Slot) -> None:
        del self._votes[slot]
        self.given_up.append(slot)

    def decided(self) -> tuple[Claim, ...]:
        """Return one claim per pair and axis, in the order in which they were first answered.

        Only after `settle`: before, tied signs are claims that contradict each other.
        """
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
        if self.frame is RelationFrame.OBJECT or a < b:
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
        """Return the share of the leading sign, 1 where all claims were sure of it."""
        return max(self._votes[slot].values()) / self._claimed[slot]

    def _conflicts(self) -> tuple[Conflict, ...]:
        return check([*self._claims(self._votes), *self._known_claims]).conflicts

    def _slots(self, conflict: Conflict) -> list[Slot]:
        """Return what a contradiction is about, less what is known for certain."""
        slots = dict.fromkeys(self._slot(claim)[0] for claim in conflict.claims)
        return [slot for slot in slots if slot in self._votes and slot not in self._known]

    def _fits(self, slot: Slot, sign: int) -> bool:
        """Whether a sign contradicts nothing among the pairs that are not tied."""
        a, b, axis = slot
        untied = [
            other for other in self._votes if other != slot and len(self._leading(other)) == 1
        ]
        claim = Claim(a, b, Relation(axis, sign), self.frame)
        return check([*self._claims(untied), *self._known_claims, claim]).consistent
