"""What the model of relations is taught, as far as training has to know; and its sizes."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping, Sequence
from typing import Any, Protocol, TypeVar

import numpy as np
from numpy.typing import NDArray

from helmsight.agents.training.student import Design, Tower

MANNER: Mapping[str, Any] = {
    "views": {"size": None, "names": ["navball"]},
    "prompt": "pilot",
    "constrained": False,
    "needs": "frame",
    "max_new_tokens": 320,
    "relates": True,
}
"""How the model is asked: one picture, of a cockpit only the navball."""


class Places(Protocol):
    """Where named things are, (n, 3): right, down, away, in dead bands."""

    @property
    def names(self) -> tuple[str, ...]: ...

    @property
    def places(self) -> NDArray[np.float64]: ...


class Sight(Protocol):
    """A picture (H, W, 3) uint8 RGB with what it shows."""

    @property
    def picture(self) -> NDArray[np.uint8]: ...

    @property
    def truth(self) -> Places: ...

    @property
    def spots(self) -> NDArray[np.float64]:
        """Where in the picture the named things are, (n, 2): right, down, 0 to 1."""
        ...

    @property
    def feet(self) -> NDArray[np.float64] | None:
        """Where in the picture the floor is below them, (n, 2); None where there is no floor."""
        ...

    @property
    def depths(self) -> NDArray[np.float32] | None:
        """How far ahead what is seen is, log m, in 2 x 2 parts of every visual token, or None."""
        ...


class Part(Protocol):
    """A line of an answer; one that is not `right` is read on from, not learnt."""

    @property
    def text(self) -> str: ...

    @property
    def right(self) -> bool: ...

    @property
    def about(self) -> tuple[str, str] | None:
        """The two things that a line about a relation is about, as the picture names them."""
        ...

    @property
    def asked(self) -> tuple[int, int] | None:
        """The relation that yes or no is said to: the number of its axis, its sign."""
        ...


S = TypeVar("S", bound=Sight)


class Course(Protocol[S]):
    """Pictures and lessons without end; the same ones for the same numbers."""

    @property
    def things(self) -> Sequence[str]:
        """Every word of a name."""
        ...

    @property
    def words(self) -> Sequence[str]:
        """Words that are to be tokens of their own, besides."""
        ...

    def sight(self, number: int, view: int) -> S:
        """Return picture `number`, `view` px wide and high."""
        ...

    def mirrored(self, sight: S) -> S:
        """Return the picture the other way round, or as it is where that would be no picture."""
        ...

    def lesson(
        self, sight: S, rng: np.random.Generator, noise: float
    ) -> tuple[str, Sequence[Part]]:
        """Return a prompt about a picture and the lines of its answer."""
        ...

    def corpus(self) -> Iterator[str]:
        """Yield texts for the tokenizer."""
        ...


def design(course: Course[Any]) -> Design:
    """Return the sizes of a model for `course` (about 4 M parameters).

    A token may hold many words of the templates, which never change, but never a name or a
    relation together with anything else: so that names never seen are read like those that were.
    """
    apart = "|".join(sorted(map(re.escape, {*course.things, *course.words}), key=len, reverse=True))
    return Design(
        view=160,
        patch=16,
        mean=0.45,
        spread=0.25,
        vision=Tower(192, 768, 4, 6),
        text=Tower(192, 512, 4, 6),
        pieces=rf"\n+|<[^<>\n]*>| ?\b(?:{apart})\b",
        vocabulary=1024,
        longest=200,
        context=640,
    )
