"""Spatial relations: signs on three axes, the words for them, and who claims what of whom."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass
from enum import StrEnum

from helmsight.prompts.errors import UnreadableRelation


class Axis(StrEnum):
    """An axis of the camera frame: to the right, downward, away from the viewer."""

    HORIZONTAL = "horizontal"
    VERTICAL = "vertical"
    DEPTH = "depth"


class Frame(StrEnum):
    """Whose right, down and away is meant.

    IMAGE: the picture's own edges, and the distance from the camera. VIEWER: someone upright
    where the camera is, whose down is gravity's. OBJECT: the second object's own front and sides;
    such claims can be compared only where the second object is the same.
    """

    IMAGE = "image"
    VIEWER = "viewer"
    OBJECT = "object"


PHRASES = {
    Axis.HORIZONTAL: {-1: "left of", 0: "aligned with", 1: "right of"},
    Axis.VERTICAL: {-1: "above", 0: "level with", 1: "below"},
    Axis.DEPTH: {-1: "in front of", 0: "at the same depth as", 1: "behind"},
}
"""The canonical words of every relation: what is asked for and what is written down."""


@dataclass(frozen=True, order=True)
class Relation:
    """A sign on an axis: that of the first object's coordinate less the second's.

    -1, 0, 1 mean left of, aligned with, right of; above, level with, below; in front of, at the
    same depth as, behind. 0 is a dead band: closer to each other than is worth a word.
    """

    axis: Axis
    sign: int

    @property
    def inverse(self) -> Relation:
        """The relation of the second object to the first."""
        return Relation(self.axis, -self.sign)

    @property
    def phrase(self) -> str:
        """The canonical words."""
        return PHRASES[self.axis][self.sign]


@dataclass(frozen=True)
class Claim:
    """Somebody says that `a` is in `relation` to `b`; `confidence` only breaks ties."""

    a: str
    b: str
    relation: Relation
    frame: Frame = Frame.IMAGE
    confidence: float = 1.0

    @property
    def axis(self) -> Axis:
        """The axis of the relation."""
        return self.relation.axis

    @property
    def sign(self) -> int:
        """The sign of the relation."""
        return self.relation.sign

    @property
    def inverse(self) -> Claim:
        """What the claim says of `b` to `a`.

        Raises:
            ValueError: in the frame of an object there is no such thing, since each has its own.
        """
        if self.frame is Frame.OBJECT:
            raise ValueError(f'"{self.text()}" in the frame of {self.b} has no inverse')
        return Claim(self.b, self.a, self.relation.inverse, self.frame, self.confidence)

    def text(self) -> str:
        """Return the claim in canonical words."""
        return f"{self.a} is {self.relation.phrase} {self.b}"


def claim(a: str, axis: Axis | str, sign: int, b: str, frame: Frame = Frame.IMAGE) -> Claim:
    """Return the claim that `a` is at `sign` from `b` along `axis`."""
    return Claim(a, b, Relation(Axis(axis), sign), frame)


def relation(words: str) -> Relation:
    """Return the one relation that `words` name, as "left", "to the left of" or "front of".

    Raises:
        UnreadableRelation: the words name none, more than one, or something else besides.
    """
    found = scan(words)
    if not found:
        raise UnreadableRelation(f'"{words}" names no relation known here')
    if len(set(found)) > 1 or found[0].axis is None:
        raise UnreadableRelation(f'"{words}" can mean more than one relation')
    return Relation(found[0].axis, found[0].sign)


@dataclass(frozen=True)
class Said:
    """A relation as it was said; `axis` None when the words fit more than one ("aligned")."""

    axis: Axis | None
    sign: int


_SIDE = (
    r"(?:(?:to|on|at|in|toward|towards) (?:the )?)?(?:(?:further|farther|more) (?:to the )?)?"
    r"(?:far )?{}(?:wards?)?(?: hand)?(?: side)?(?: of| to| from| than)?"
)
_JUST = r"right (?=above|below|behind|beneath|under|on top|over|in front|at the same)"  # an adverb
_NEAR = r"(?: (?:to|from) (?:the )?(?:camera|viewer|observer|us|you|me|lens|front))?"
_SPOT = r"(?:of|compared to|relative to|with respect to)"
_SYNONYMS: tuple[tuple[Axis | None, int, str], ...] = (
    (Axis.HORIZONTAL, 0, r"neither (?:to the )?left (?:of )?nor (?:to the )?right(?: of)?"),
    (Axis.HORIZONTAL, 0, r"(?:at|in) the same (?:horizontal position|column) (?:as|with)"),
    (Axis.VERTICAL, 0, r"neither (?:above|higher) nor (?:below|lower)(?: than)?"),
    (Axis.VERTICAL, 0, r"(?:at|on|in) the same (?:height|level|row|vertical position) (?:as|with)"),
    (Axis.VERTICAL, 0, r"(?:at )?level (?:with|to)"),
    (Axis.DEPTH, 0, r"neither in front(?: of)? nor (?:behind|in back(?: of)?)"),
    (
        Axis.DEPTH,
        0,
        rf"(?:at|in|on) the same (?:depth|distance|depth plane){_NEAR} (?:as|with)",
    ),
    (Axis.DEPTH, 0, rf"(?:as|equally) (?:far|near|close)(?: away)?{_NEAR} (?:as|with)"),
    (None, 0, r"(?:horizontally |vertically )?(?:aligned|in line|even|centred|centered)"
     r"(?: (?:with|to|on))?"),
    (None, 0, r"(?:at|in) the same (?:position|place) (?:as|with)"),
    (Axis.HORIZONTAL, -1, _SIDE.format("left")),
    (Axis.HORIZONTAL, 1, rf"(?!{_JUST}){_SIDE.format('right')}"),
    (Axis.VERTICAL, -1, r"on (?:the )?top of|atop(?: of)?|above|over|upon|on|upwards? (?:of|from)"),
    (Axis.VERTICAL, -1, r"(?:higher|further up|farther up)(?: up)?(?: than)?"),
    (Axis.VERTICAL, 1, r"below|beneath|underneath|under|downwards? (?:of|from)"),
    (Axis.VERTICAL, 1, r"(?:lower|further down|farther down)(?: down)?(?: than)?"),
    (Axis.DEPTH, -1, r"(?:(?:in|at|on|to) (?:the )?)?front(?: side)?(?: of)?"),
    (Axis.DEPTH, -1, rf"(?:closer|nearer){_NEAR}(?: than)?"),
    (Axis.DEPTH, -1, rf"in the foreground {_SPOT}"),
    (Axis.DEPTH, 1, r"behind(?: of)?|(?:(?:in|at|on|to) (?:the )?)?(?:back|rear) of"),
    (Axis.DEPTH, 1, rf"(?:farther|further)(?: away| back)?{_NEAR}(?: than)?"),
    (Axis.DEPTH, 1, rf"in the background {_SPOT}"),
)  # fmt: skip
_FILLERS = (
    _JUST.replace(" (?=", "(?= (?:") + ")",
    r"(?:relative|compared|in relation) to|with respect to|than",
    r"is|are|was|appears?|seems?|looks?|to be|being|lies|sits|stands|remains|stays|which",
    r"located|positioned|situated|placed|found|seen|shown|visible",
    r"slightly|roughly|clearly|just|directly|somewhat|approximately|about|almost|nearly|mostly",
    r"very|quite|rather|much|far|well|a (?:bit|little)|immediately|exactly|visually|generally",
    r"horizontally|vertically|in depth|also|both|and|but|then|the|of|it|its position",
    r"in the (?:image|picture|frame|photo|scene)|from the (?:viewer|camera|observer)",
)
_PATTERNS = tuple(re.compile(rf"(?:{pattern})(?!\w)") for _, _, pattern in _SYNONYMS)
_FILLER = re.compile(rf"(?:{'|'.join(_FILLERS)})(?!\w)")
_GAP = re.compile(r"[\s,;.:()]*")


def scan(words: str) -> list[Said] | None:
    """Return the relations in `words`, in their order; None when there is any word besides.

    Only known relations and words without meaning of their own may occur: "not left of" and
    "left of the tree next to" say nothing.
    """
    text = plain(words)
    found: list[Said] = []
    at = _end(_GAP, text, 0)
    while at < len(text):
        said, end = _longest(text, at)
        if end == at:
            return None
        if said is not None:
            found.append(said)
        at = _end(_GAP, text, end)
    return found


def _longest(text: str, at: int) -> tuple[Said | None, int]:
    """Return the relation or the filler at `at` that is longest, and where it ends."""
    filler = _FILLER.match(text, at)
    best: tuple[Said | None, int] = (None, filler.end() if filler else at)
    for (axis, sign, _), pattern in zip(_SYNONYMS, _PATTERNS, strict=True):
        match = pattern.match(text, at)
        if match is not None and match.end() > best[1]:
            best = Said(axis, sign), match.end()
    return best


def _end(pattern: re.Pattern[str], text: str, at: int) -> int:
    match = pattern.match(text, at)
    return match.end() if match else at


def plain(text: str) -> str:
    """Return `text` in lower case without marks of layout; one space between words."""
    text = re.sub(r"->|=>|\u2192", " relative to ", text)
    text = re.sub(r"[*_`#<>\[\]{}\"|~]|(?<=\w)-(?=\w)", " ", text)
    return " ".join(text.lower().split())


def relations() -> Iterator[Relation]:
    """Yield every relation there is."""
    for axis, signs in PHRASES.items():
        for sign in signs:
            yield Relation(axis, sign)
