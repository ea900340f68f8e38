"""Spatial relations: signs on three axes, their canonical words, and claims about objects."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from enum import StrEnum


class Axis(StrEnum):
    """An axis of the camera frame: to the right, downward, away from the viewer."""

    HORIZONTAL = "horizontal"
    VERTICAL = "vertical"
    DEPTH = "depth"


class RelationFrame(StrEnum):
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
    frame: RelationFrame = RelationFrame.IMAGE
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
        if self.frame is RelationFrame.OBJECT:
            raise ValueError(f'"{self.text()}" in the frame of {self.b} has no inverse')
        return Claim(self.b, self.a, self.relation.inverse, self.frame, self.confidence)

    def text(self) -> str:
        """Return the claim in canonical words."""
        return f"{self.a} is {self.relation.phrase} {self.b}"


def claim(
    a: str, axis: Axis | str, sign: int, b: str, frame: RelationFrame = RelationFrame.IMAGE
) -> Claim:
    """Return the claim that `a` is at `sign` from `b` along `axis`."""
    return Claim(a, b, Relation(Axis(axis), sign), frame)


def relations() -> Iterator[Relation]:
    """Yield every relation there is."""
    for axis, signs in PHRASES.items():
        for sign in signs:
            yield Relation(axis, sign)
