"""Reads spatial relations, and yes or no, out of what models write; tolerant, never guessing."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from itertools import pairwise
from typing import Self

from helmsight.prompts.errors import InvalidClaims
from helmsight.prompts.reading import tidy
from helmsight.prompts.relations import PHRASES, Axis, Claim, Frame, Relation, Said, plain, scan

LETTERS = "ABC"


@dataclass(frozen=True)
class Unread:
    """A line that speaks of what was asked and from which no relation can be taken, and why."""

    line: int
    text: str
    reason: str


@dataclass(frozen=True)
class ParsedAnswer:
    """What an answer says: relations, the lines that are unreadable, yes or no, the object C.

    `yes` is None when the answer holds neither, or both; `third` is the name that the model gave
    the reference object, None where it named none.
    """

    claims: tuple[Claim, ...]
    unread: tuple[Unread, ...] = ()
    yes: bool | None = None
    third: str | None = None


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


def read_claims(
    text: str,
    names: Sequence[str],
    *,
    third: bool = False,
    frame: Frame = Frame.IMAGE,
) -> ParsedAnswer:
    """Return the relations between the objects `names` that `text` claims, all in `frame`.

    The first three names may also be called Object A, B and C. With `third` the model chose C:
    its name is taken from the line "Object C: ...". Claims about anything else are left out.
    Layout (bullets, numbers, tables, JSON, bold), articles, case, synonyms and order are free.
    A line is unreadable when it is unclear: two relations on one axis, doubt or a negation, a
    relation of another axis than the one it is under, or a view of an object's own.

    A reasoning section ("Thinking process:", <think>) is not read. Of a `Weighed` answer the claims
    are as confident as their lines are sure.

    Raises:
        InvalidClaims: fewer than two names, or one without a letter or digit.
    """
    if len(names) < 2 or not all(re.search(r"\w", plain(name)) for name in names):
        raise InvalidClaims(f"relations are between two names or more; got {list(names)}")
    sure = text.sure if isinstance(text, Weighed) and tidy(text) == text else ()
    text = tidy(text)
    chosen = _third(text, names) if third else None
    known = [*names, chosen or "object C"] if third else list(names)
    reader = _Reader(_Names(known), frame)
    for number, line in _lines(text):
        before = len(reader.claims)
        reader.take(number, line)
        if number <= len(sure):
            reader.claims[before:] = [
                replace(one, confidence=sure[number - 1]) for one in reader.claims[before:]
            ]
    return ParsedAnswer(tuple(reader.claims), tuple(reader.unread), read_yes(text), chosen)


_WORD = r"(?P<word>yes|no)\b"
_ANSWER = re.compile(rf"\b(?:final )?answer(?: is)?\s*[:=]?\s*(?:final )?{_WORD}(?P<rest>.*)")
_OPENING = re.compile(rf"\W*{_WORD}(?P<rest>.*)")
_CHOICE = re.compile(r"\W*(?:or|and|/|\|)\W*(?:yes|no)\b|\W*/")


def read_yes(text: str) -> bool | None:
    """Return whether `text` answers yes or no; None when it says neither, or both.

    The last line that says "Answer: ..." counts; without one, lines that begin with the word.
    """
    lines = [plain(line) for line in tidy(text).splitlines()]
    told = [match for line in lines for match in _ANSWER.finditer(line)]
    if not told:
        said = [match for line in lines if (match := _OPENING.match(line)) is not None]
        told = said[-1:] if len({match["word"] for match in said}) == 1 else []
    if not told or _CHOICE.match(told[-1]["rest"]):
        return None
    return told[-1]["word"] == "yes"


_BULLET = re.compile(r"^[\s>|*\-+\u2022#]*(?:\(?\d{1,2}[.):]\s*)?[\s|*\-]*")
_AXIS = re.compile(
    r"[*_\"'|`(\[]{0,4}\b(horizontal|vertical|depth)(?:ly)?\b(?:[ -](?:axis|relation|direction))?"
    r"[*_\"'`)\]]*\s*(?::|\||=|\s[-\u2013\u2014]\s)[*_\"'`]*",
    re.IGNORECASE,
)
_REASONING = re.compile(
    r"^[^\w\n]*(?:thinking(?: process)?|reasoning|thoughts?|explanation)\W*:.*?"
    r"(?=^[^\w\n]*(?:horizontal|vertical|depth|(?:final )?answer|object c)\b|\Z)",
    re.IGNORECASE | re.MULTILINE | re.DOTALL,
)
_THIRD = re.compile(
    r"^[^\w\n]*(?:\d+[.)]\s*)?(?:reference )?object\W{1,3}c\b\W*(?:is|:|=|-)?\W*(?P<name>[^\n.;]+)",
    re.IGNORECASE | re.MULTILINE,
)
_DOUBT = re.compile(
    r"\b(?:not|never|cannot|can't|isn't|aren't|unclear|unknown|uncertain|unsure|maybe|perhaps"
    r"|possibly|might|may|could|or|if|whether|either|hard to|impossible|wrong|actually|wait"
    r"|n/?a)\b|\?"
)
_OWN = re.compile(
    r"\b(?:its|their|his|her) own\b|\bfrom (?:the )?(?!(?:viewer|camera|observer|my|our|image)\b)"
    r"[\w' ]{1,40}?(?:perspective|point of view|viewpoint|side of view)\b"
)
_COPULA = re.compile(r"\b(?:is|are|lies|sits)\b")


def _lines(text: str) -> Iterator[tuple[int, str]]:
    """Yield the lines worth reading with their numbers; a line with several axes as several."""
    kept = _REASONING.sub(lambda match: "\n" * match[0].count("\n"), text)
    for number, line in enumerate(kept.splitlines(), 1):
        cuts = [0, *(match.start() for match in _AXIS.finditer(line)), len(line)]
        for start, end in pairwise(cuts):
            if line[start:end].strip():
                yield number, line[start:end]


def _third(text: str, names: Sequence[str]) -> str | None:
    """Return the name that the model gave object C, unless it is one of `names`."""
    for match in _THIRD.finditer(text):
        name = re.sub(r"^(?:the|an?) ", "", plain(match["name"])).strip(" ,:()'")
        name = re.split(r" (?:which|that|because|since|as it)\b|[,(]", name)[0].strip()
        if name and scan(name) is None and not _DOUBT.search(name):
            taken = {plain(known) for known in names}
            return None if name in taken else name
    return None


class _Names:
    """Finds the objects that were asked about in a plain text, longest name first."""

    def __init__(self, names: Sequence[str]) -> None:
        self.names = list(names)
        order = sorted(range(len(names)), key=lambda i: -len(names[i]))
        said = [rf"(?P<n{i}>(?:(?:the|an?) )?{re.escape(plain(names[i]))}(?!\w))" for i in order]
        letters = LETTERS[: len(names)].lower()
        said.append(rf"(?:the )?object (?P<letter>[{letters}])(?!\w)")
        self._name = re.compile(rf"(?<![\w'])(?:{'|'.join(said)})")
        self._letter = re.compile(rf"(?<![\w'])(?P<letter>[{letters.upper()}])(?![\w'])")

    def find(self, text: str) -> tuple[str, list[tuple[str, int, int]]]:
        """Return the plain text and every (name, start, end) in it, in order."""
        # a bare capital is told from the article "a" before the case is gone
        text = self._letter.sub(
            lambda m: m[0] if self._article(text, m) else f"object {m[0]}", text
        )
        flat = plain(text)
        spots: list[tuple[str, int, int]] = []
        for match in self._name.finditer(flat):
            spot = (self._which(match), match.start(), match.end())
            if (
                spots
                and spots[-1][0] == spot[0]
                and not flat[spots[-1][2] : spot[1]].strip(" (),:=")
            ):
                spots[-1] = (spot[0], spots[-1][1], spot[2])  # "object a (the cat)"
            else:
                spots.append(spot)
        return flat, spots

    def _article(self, text: str, match: re.Match[str]) -> bool:
        """Tell the article of "A cat is ..." from the object A."""
        before = text[: match.start()].lower().rstrip("*_` ")
        if before.endswith("object"):
            return True
        longest = max(map(len, self.names)) + 8
        follows = plain(text[match.end() : match.end() + longest])
        return match[0] == "A" and any(follows.startswith(plain(name)) for name in self.names)

    def _which(self, match: re.Match[str]) -> str:
        for group, value in match.groupdict().items():
            if value is not None:
                at = LETTERS.lower().index(value) if group == "letter" else int(group[1:])
                return self.names[at]
        raise AssertionError("a match has a group")


class _Reader:
    """Takes lines one by one; remembers the heading that they stand under."""

    def __init__(self, names: _Names, frame: Frame) -> None:
        self.names, self.frame = names, frame
        self.claims: list[Claim] = []
        self.unread: list[Unread] = []
        self._axis: Axis | None = None
        self._pair: tuple[str, str] | None = None

    def take(self, number: int, line: str) -> None:
        """Read one line: a heading, claims, or nothing that was asked."""
        body = _BULLET.sub("", line, count=1)
        header = _AXIS.match(body) or _AXIS.match(line)
        if header is not None:
            axis = Axis(header[1].lower())
            body = header.string[header.end() :]
            if not plain(body).strip(" :,.'|-"):
                self._axis = axis
                return
        else:
            bare = plain(body).strip(" :.()")
            if bare in set(Axis):
                self._axis = Axis(bare)
                return
            axis = None
        flat, spots = self.names.find(body)
        if header is None and self._heading(flat, spots):
            return
        self._claim(number, line, flat, spots, axis or self._axis, bool(header))

    def _heading(self, flat: str, spots: Sequence[tuple[str, int, int]]) -> bool:
        """Take "A relative to B:" as what the next lines are about."""
        if len(spots) != 2 or spots[0][0] == spots[1][0]:
            return False
        (a, _, end), (b, start, rest) = spots
        between = flat[end:start].strip()
        if between not in ("relative to", "to", "with respect to", "compared to", "in relation to"):
            return False
        if flat[rest:].strip(" :.-"):
            return False
        self._pair, self._axis = (a, b), None
        return True

    def _claim(
        self,
        number: int,
        line: str,
        flat: str,
        spots: Sequence[tuple[str, int, int]],
        axis: Axis | None,
        headed: bool,
    ) -> None:
        if not spots and not (headed and self._pair):
            if headed:
                self._refuse(number, line, "it names none of the objects")
            return
        if _OWN.search(flat):
            self._refuse(number, line, "it is said from an object's own point of view")
            return
        outside = flat
        for name, start, end in reversed(spots):
            outside = outside[:start] + " " * len(name) + outside[end:]
        if _DOUBT.search(outside):
            if headed or len(spots) > 1:
                self._refuse(number, line, "it is in doubt, denies or offers a choice")
            return
        found = list(_statements(flat, spots, self._pair if headed else None))
        if not found and (headed or len(spots) > 1):
            self._refuse(number, line, "no relation between the objects can be read in it")
        for a, b, said in found:
            self._keep(number, line, a, b, said, axis)

    def _keep(
        self, number: int, line: str, a: str, b: str, said: Sequence[Said], axis: Axis | None
    ) -> None:
        """Take one sign per axis; under a heading only the heading's axis is taken."""
        if a == b:
            self._refuse(number, line, "it relates an object to itself")
            return
        signs: Mapping[Axis, set[int]] = {
            one: {
                relation.sign
                for relation in said
                if relation.axis is one or (relation.axis is None and axis is one)
            }
            for one in ([axis] if axis else list(Axis))
        }
        if not any(signs.values()):
            wanted = f"no {axis} relation" if axis else "a relation without its axis"
            self._refuse(number, line, f"it holds {wanted}")
        for one, values in signs.items():
            if len(values) == 1:
                claim = Claim(a, b, Relation(one, values.pop()), self.frame)
                if claim not in self.claims:
                    self.claims.append(claim)
            elif values:
                words = " and ".join(PHRASES[one][sign] for sign in sorted(values))
                self._refuse(number, line, f"it says both {words}")

    def _refuse(self, number: int, line: str, reason: str) -> None:
        self.unread.append(Unread(number, line.strip(), reason))


def _statements(
    flat: str, spots: Sequence[tuple[str, int, int]], pair: tuple[str, str] | None
) -> Iterator[tuple[str, str, list[Said]]]:
    """Yield (a, b, what was said of a to b) for every statement in a plain line."""
    if not spots and pair is not None:
        if said := scan(flat):
            yield *pair, said
        return
    at, began = 0, 0
    while at + 1 < len(spots):
        (a, start, end), (b, after, done) = spots[at], spots[at + 1]
        between = flat[end:after]
        said = scan(between)
        if not said and said is not None and _COPULA.search(between):
            said = scan(flat[began:start])  # "to the left of B is A": A is left of B
            a, b = b, a
        if said:
            yield a, b, said
            at, began = at + 2, done
        else:
            at += 1
