"""Grounding a picture: ask for relations, prove them, ask again where they contradict, abstain.

What a verified grounding returns is consistent by construction. Nothing here knows who answers:
a model, a detector, an oracle.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import asdict, dataclass

from helmsight.agents.grounding.asking import Asker, Image
from helmsight.agents.grounding.ballots import Ballots, Slot
from helmsight.prompts.claim_lines import UnreadLine
from helmsight.prompts.constraints import Conflict, check
from helmsight.prompts.orders import Prompt, again
from helmsight.prompts.relations import Claim
from helmsight.prompts.strategies import MAX_CALLS


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
    `given_up` are the pairs and axes that stayed in doubt; `unseen` are the things of which it said
    that they are not in the picture, and of which no claim is left. `deduced` is in words what
    follows from the claims that is no relation on an axis.
    """

    claims: tuple[Claim, ...] = ()
    first: tuple[Claim, ...] = ()
    conflicts: tuple[Conflict, ...] = ()
    score: float | None = None
    unread: tuple[UnreadLine, ...] = ()
    yes: bool | None = None
    answers: tuple[str, ...] = ()
    counts: Counts = Counts()
    given_up: tuple[Slot, ...] = ()
    unseen: tuple[str, ...] = ()
    deduced: tuple[str, ...] = ()

    def lines(self) -> list[str]:
        """Return the relations in words, then what follows from them."""
        return [*(claim.text() for claim in self.claims), *self.deduced]


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

    Unverified, the claims are those of the answer, contradictory or not. Verified, the question is
    asked again in plain words if its relation is in doubt, in no claim, or has less than `CERTAIN`
    of the votes; then the pair of a smallest contradiction that was answered least often by itself,
    until nothing contradicts; then pairs in doubt, until one sign leads by `LEAD` votes; then the
    pair of the question, if nothing was said of it. At most `max_calls` further questions are
    asked. In doubt is a pair whose answers differed, whose sign has less than `SURE` of the votes,
    or that does not fit the model's own yes or no. A vote counts as much as its claim is confident:
    all of it, where the asker does not tell. Each pair takes the sign with most votes. What is then
    still tied takes the one sign that the other claims allow, if there is one; what has less than
    `SURE` is given up (beside what a question is about, less than `BESIDE`: nobody waits for it),
    and while a contradiction is left, the pair that is in most of them.

    Claims that disagree with `known` relations (telemetry, geometry) are left out in any case;
    the others are checked together with them.

    Raises:
        InvalidClaims: the known relations contradict each other.
        Exception: whatever the asker raises.
    """
    answers = [asker.ask(image, prompt)]
    first = prompt.read(answers[0])
    report = check(first.claims)
    ballots = Ballots(prompt, first, known)
    extra, lines, reasked = 0, 0, set[frozenset[str]]()
    if verified:
        while extra < max_calls:
            if (question := ballots.plainly()) is not None:
                answers.append(asker.ask(image, question))
                ballots.add_plain(question.read(answers[-1]))
            elif (pair := ballots.doubtful()) is not None:
                question = again(*pair, lines, prompt.frame)
                lines += 1
                answers.append(asker.ask(image, question, attempt=lines))
                ballots.add(pair, question.read(answers[-1]))
            else:
                break
            extra += 1
            reasked.add(frozenset(question.names))
        ballots.settle()
    claims = ballots.decided() if verified else ballots.kept(first.claims)
    left = check([*claims, *known]).conflicts
    if verified and left:
        raise AssertionError(f"verified relations contradict each other: {left[0].text()}")
    counts = Counts(
        calls=1 + extra,
        extra=extra,
        reasked=len(reasked),
        unread=len(first.unread),
        contradictions=len(report.conflicts),
        left=len(left),
        flipped=ballots.flipped() if verified else 0,
        implied=ballots.implied,
        dropped=len(ballots.given_up),
        disagreed=ballots.disagreed,
    )
    return Grounding(
        claims, first.claims, report.conflicts, report.score, first.unread, first.yes,
        tuple(answers), counts, tuple(ballots.given_up),
        tuple(name for name in ballots.unseen if all(name not in (c.a, c.b) for c in claims)),
    )  # fmt: skip
