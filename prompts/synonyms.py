"""Words for relations: which relations a phrase names, however it is put."""

from __future__ import annotations

import re
from dataclasses import dataclass

from helmsight.prompts.errors import UnreadableRelation
from helmsight.prompts.relations import Axis, Relation

_SIDE = (
    r"(?:(?:to|on|at|in|toward|towards) (?:the )?)?(?:(?:further|farther|more) (?:to the )?)?"
    r"(?:far )?{}(?:wards?)?(?: hand)?(?: side)?(?: of| to| from| than)?"
)
_JUST = r"right (?=above|below|behind|beneath|under|on top|over|in front|at the same)"  # an adverb
_NEAR = r"(?: (?:to|from) (?:the )?(?:camera|viewer|observer|us|you|me|lens|front))?"
_SPOT = r"(?:of|compared to|relative to|with respect to)"
# (axis, sign, pattern): at each place of a text the longest match wins, so that "on top of" is not
# "on" and "neither left of nor right of" is not "left of"
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
# words without a meaning of their own, that may stand between those of a relation
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


@dataclass(frozen=True)
class ScannedRelation:
    """A relation as words name it; `axis` is None where they fit more than one ("aligned")."""

    axis: Axis | None
    sign: int


def relation(words: str) -> Relation:
    """Return the one relation that `words` name, as "left", "to the left of" or "front of".

    Raises:
        UnreadableRelation: the words name none, more than one, or something else besides.
    """
    scanned = scan(words)
    if not scanned:
        raise UnreadableRelation(f'"{words}" names no relation known here')
    if len(set(scanned)) > 1 or scanned[0].axis is None:
        raise UnreadableRelation(f'"{words}" can mean more than one relation')
    return Relation(scanned[0].axis, scanned[0].sign)


def scan(words: str) -> list[ScannedRelation] | None:
    """Return the relations in `words`, in their order; None when there is any word besides.

    Only known relations and words without meaning of their own may occur: "not left of" and
    "left of the tree next to" say nothing.
    """
    text = plain(words)
    scanned: list[ScannedRelation] = []
    at = _end(_GAP, text, 0)
    while at < len(text):
        longest, end = _longest(text, at)
        if end == at:
            return None
        if longest is not None:
            scanned.append(longest)
        at = _end(_GAP, text, end)
    return scanned


def _longest(text: str, at: int) -> tuple[ScannedRelation | None, int]:
    """Return the relation or the filler at `at` that is longest, and where it ends."""
    filler = _FILLER.match(text, at)
    best: tuple[ScannedRelation | None, int] = (None, filler.end() if filler else at)
    for (axis, sign, _), pattern in zip(_SYNONYMS, _PATTERNS, strict=True):
        match = pattern.match(text, at)
        if match is not None and match.end() > best[1]:
            best = ScannedRelation(axis, sign), match.end()
    return best


def _end(pattern: re.Pattern[str], text: str, at: int) -> int:
    match = pattern.match(text, at)
    return match.end() if match else at


def plain(text: str) -> str:
    """Return `text` in lower case without marks of layout; one space between words."""
    text = re.sub(r"->|=>|\u2192", " relative to ", text)
    text = re.sub(r"[*_`#<>\[\]{}\"|~]|(?<=\w)-(?=\w)", " ", text)
    return " ".join(text.lower().split())
