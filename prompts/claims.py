"""Reads spatial relations, and yes or no, out of what models write; tolerant, never guessing."""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace
from typing import Self

from helmsight.prompts.claim_lines import DOUBT, LineReader, UnreadLine, split_lines
from helmsight.prompts.errors import InvalidClaims
from helmsight.prompts.object_names import ObjectNames
from helmsight.prompts.reading import tidy
from helmsight.prompts.relations import Axis, Claim, RelationFrame
from helmsight.prompts.synonyms import plain, scan

UNSEEN = "unseen"
"""What stands for a relation of, or an answer about, what is not in the picture."""
_THIRD = re.compile(
    r"^[^\w\n]*(?:\d+[.)]\s*)?(?:reference )?object\W{1,3}c\b\W*(?:is|:|=|-)?\W*(?P<name>[^\n.;]+)",
    re.IGNORECASE | re.MULTILINE,
)


@dataclass(frozen=True)
class ParsedAnswer:
    """What an answer says: relations, lines that cannot be read, yes or no, the object C.

    `yes` is None when the answer holds neither, or both, `sure` how sure it is of that, 0 to 1;
    `third` is the name that the model gave the reference object, None where it named none;
    `unseen` are the names that it says are not in the picture.
    """

    claims: tuple[Claim, ...]
    unread: tuple[UnreadLine, ...] = ()
    yes: bool | None = None
    third: str | None = None
    unseen: tuple[str, ...] = ()
    sure: float = 1.0


class Weighed(str):
    """An answer with how sure its writer was of each line, 0 to 1."""

    sure: tuple[float, ...]

    @classmethod
    def of(cls, tokens: Iterable[tuple[str, float]]) -> Self:
        """Return the text of `tokens`, each with its probability: a line is as sure as the least
        probable of its tokens.
        """
        tokens = list(tokens)
        answer, sure = cls("".join(text for text, _ in tokens)), [1.0]
        for text, probability in tokens:
            for at, piece in enumerate(text.split("\n")):
                if at:
                    sure.append(1.0)
                if piece.strip():
                    sure[-1] = min(sure[-1], probability)
        answer.sure = tuple(sure)
        return answer


def render(claims: Iterable[Claim]) -> str:
    """Return `claims` as lines in the form that models are asked for."""
    return "\n".join(f"{claim.axis.capitalize()}: {claim.text()}" for claim in claims)


def render_unseen(axis: Axis, name: str) -> str:
    """Return the line that stands where a relation would, were `name` to be seen."""
    return f"{axis.capitalize()}: {name} is {UNSEEN}"


def read_claims(
    text: str,
    names: Sequence[str],
    *,
    third: bool = False,
    frame: RelationFrame = RelationFrame.IMAGE,
) -> ParsedAnswer:
    """Return the relations between the objects `names` that `text` claims, all in `frame`.

    The first three names may also be called Object A, B and C. With `third` the model chose C:
    its name is taken from the line "Object C: ...". Claims about anything else are left out.
    Layout (bullets, numbers, tables, JSON, bold), articles, case, synonyms and order are free.
    A line is unreadable when it is unclear: two relations on one axis, doubt or a negation, a
    relation of another axis than the one it is under, or a view of an object's own.

    A reasoning section ("Thinking process:", <think>) is not read. Of a `Weighed` answer the
    claims, and yes or no, are as confident as their lines are sure.

    Raises:
        InvalidClaims: fewer than two names, or one without a letter or digit.
    """
    if len(names) < 2 or not all(re.search(r"\w", plain(name)) for name in names):
        raise InvalidClaims(f"relations are between two names or more; got {list(names)}")
    # once `tidy` changes a text its lines are no longer those that the weights are of
    sure = text.sure if isinstance(text, Weighed) and tidy(text) == text else ()
    text = tidy(text)
    chosen = _third(text, names) if third else None
    known = [*names, chosen or "object C"] if third else list(names)
    reader = LineReader(ObjectNames(known), frame)
    for number, line in split_lines(text):
        before = len(reader.claims)
        reader.take(number, line)
        if number <= len(sure):
            reader.claims[before:] = [
                replace(claim, confidence=sure[number - 1]) for claim in reader.claims[before:]
            ]
    unseen = tuple(dict.fromkeys(reader.unseen))
    yes, at = _yes_and_line(text)
    return ParsedAnswer(
        tuple(reader.claims), tuple(reader.unread), yes, chosen, unseen,
        sure[at] if at is not None and at < len(sure) else 1.0,
    )  # fmt: skip


def _third(text: str, names: Sequence[str]) -> str | None:
    """Return the name that the model gave object C, unless it is one of `names`."""
    for match in _THIRD.finditer(text):
        name = re.sub(r"^(?:the|an?) ", "", plain(match["name"])).strip(" ,:()'")
        name = re.split(r" (?:which|that|because|since|as it)\b|[,(]", name)[0].strip()
        if name and scan(name) is None and not DOUBT.search(name):
            return None if name in map(plain, names) else name
    return None


_WORD = r"(?P<word>yes|no)\b"
_ANSWER = re.compile(rf"\b(?:final )?answer(?: is)?\s*[:=]?\s*(?:final )?{_WORD}(?P<rest>.*)")
_OPENING = re.compile(rf"\W*{_WORD}(?P<rest>.*)")
_CHOICE = re.compile(r"\W*(?:or|and|/|\|)\W*(?:yes|no)\b|\W*/")


def read_yes(text: str) -> bool | None:
    """Return whether `text` answers yes or no; None when it says neither, or both.

    The last line that says "Answer: ..." counts; without one, lines that begin with the word.
    """
    return _yes_and_line(tidy(text))[0]


def _yes_and_line(text: str) -> tuple[bool | None, int | None]:
    """Return yes or no and the line, from 0 on, of a tidied text that says so."""
    lines = [*enumerate(map(plain, text.split("\n")))]
    answers = [(at, match) for at, line in lines for match in _ANSWER.finditer(line)]
    if not answers:
        openings = [(at, match) for at, line in lines if (match := _OPENING.match(line))]
        answers = openings[-1:] if len({match["word"] for _, match in openings}) == 1 else []
    if not answers or _CHOICE.match(answers[-1][1]["rest"]):  # "yes or no" is the question again
        return None, None
    at, match = answers[-1]
    return match["word"] == "yes", at
