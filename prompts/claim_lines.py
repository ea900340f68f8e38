"""Reads one line of an answer after the other: its heading, the relations that it claims."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from itertools import pairwise

from helmsight.prompts.object_names import ObjectNames, Spot
from helmsight.prompts.relations import PHRASES, Axis, Claim, Relation, RelationFrame
from helmsight.prompts.synonyms import ScannedRelation, plain, scan

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
DOUBT = re.compile(
    r"\b(?:not|never|cannot|can't|isn't|aren't|unclear|unknown|uncertain|unsure|maybe|perhaps"
    r"|possibly|might|may|could|or|if|whether|either|hard to|impossible|wrong|actually|wait"
    r"|n/?a)\b|\?"
)
_OWN = re.compile(
    r"\b(?:its|their|his|her) own\b|\bfrom (?:the )?(?!(?:viewer|camera|observer|my|our|image)\b)"
    r"[\w' ]{1,40}?(?:perspective|point of view|viewpoint|side of view)\b"
)
ABSENT = re.compile(
    r"\b(?:unseen|invisible|absent"
    r"|(?:not|never|cannot be|can't be|isn't) (?:to be )?(?:seen|visible|shown|found|present|there)"
    r"|(?:not|isn't) (?:in|part of) (?:the|this) (?:picture|image|photo|scene|frame))\b"
)
"""Words that say of a thing that it is not in the picture."""
_COPULA = re.compile(r"\b(?:is|are|lies|sits)\b")


@dataclass(frozen=True)
class UnreadLine:
    """A line that speaks of what was asked and from which no relation can be taken, and why."""

    line: int
    text: str
    reason: str


def split_lines(text: str) -> Iterator[tuple[int, str]]:
    """Yield the lines worth reading with their numbers; a line with several axes as several."""
    kept = _REASONING.sub(lambda match: "\n" * match[0].count("\n"), text)
    for number, line in enumerate(kept.splitlines(), 1):
        cuts = [0, *(match.start() for match in _AXIS.finditer(line)), len(line)]
        for start, end in pairwise(cuts):
            if line[start:end].strip():
                yield number, line[start:end]


class LineReader:
    """Takes lines one by one and keeps their claims, and what they call unseen; remembers the
    heading that they stand under.

    A heading is an axis alone ("Horizontal:") or a pair ("A relative to B:"). A line that begins
    with its axis is meant to hold a relation; one that does not may speak of anything, and is
    refused only where it names two objects.
    """

    def __init__(self, names: ObjectNames, frame: RelationFrame) -> None:
        self.names, self.frame = names, frame
        self.claims: list[Claim] = []
        self.unread: list[UnreadLine] = []
        self.unseen: list[str] = []
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

    def _heading(self, flat: str, spots: Sequence[Spot]) -> bool:
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
        spots: Sequence[Spot],
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
        outside = flat  # a name may hold a word of doubt; only what is beside the names counts
        for name, start, end in reversed(spots):
            outside = outside[:start] + " " * len(name) + outside[end:]
        sure = ABSENT.search(outside) and not DOUBT.search(ABSENT.sub("", outside))
        if sure and len({name for name, _, _ in spots}) == 1:
            self.unseen.append(spots[0][0])
            return
        if DOUBT.search(outside):
            if headed or len(spots) > 1:
                self._refuse(number, line, "it is in doubt, denies or offers a choice")
            return
        statements = list(_statements(flat, spots, self._pair if headed else None))
        if not statements and (headed or len(spots) > 1):
            self._refuse(number, line, "no relation between the objects can be read in it")
        for a, b, relations in statements:
            self._keep(number, line, a, b, relations, axis)

    def _keep(
        self,
        number: int,
        line: str,
        a: str,
        b: str,
        relations: Sequence[ScannedRelation],
        axis: Axis | None,
    ) -> None:
        """Take one sign per axis; under a heading only the heading's axis is taken."""
        if a == b:
            self._refuse(number, line, "it relates an object to itself")
            return
        signs: Mapping[Axis, set[int]] = {
            candidate: {
                relation.sign
                for relation in relations
                # "aligned" alone fits more than one axis: then the heading decides
                if relation.axis is candidate or (relation.axis is None and axis is candidate)
            }
            for candidate in ([axis] if axis else list(Axis))
        }
        if not any(signs.values()):
            wanted = f"no {axis} relation" if axis else "a relation without its axis"
            self._refuse(number, line, f"it holds {wanted}")
        for candidate, values in signs.items():
            if len(values) == 1:
                claim = Claim(a, b, Relation(candidate, values.pop()), self.frame)
                if claim not in self.claims:
                    self.claims.append(claim)
            elif values:
                words = " and ".join(PHRASES[candidate][sign] for sign in sorted(values))
                self._refuse(number, line, f"it says both {words}")

    def _refuse(self, number: int, line: str, reason: str) -> None:
        self.unread.append(UnreadLine(number, line.strip(), reason))


def _statements(
    flat: str, spots: Sequence[Spot], pair: tuple[str, str] | None
) -> Iterator[tuple[str, str, list[ScannedRelation]]]:
    """Yield (a, b, the relations of a to b) for every statement in a plain line."""
    if not spots and pair is not None:
        if relations := scan(flat):
            yield *pair, relations
        return
    at, began = 0, 0
    while at + 1 < len(spots):
        (a, start, end), (b, after, done) = spots[at], spots[at + 1]
        between = flat[end:after]
        relations = scan(between)
        if relations == [] and _COPULA.search(between):
            relations = scan(flat[began:start])  # "to the left of B is A": A is left of B
            a, b = b, a
        if relations:
            yield a, b, relations
            at, began = at + 2, done
        else:
            at += 1
