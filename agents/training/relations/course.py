"""What the model of relations is taught, in which form it is asked, and its sizes."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Protocol

import numpy as np

from helmsight.agents.grounding.labelled import DEPTH_CELLS, LabelledPicture
from helmsight.agents.training.design import Design, Tower

VIEW = 240  # px
ASKING_STYLE: Mapping[str, Any] = {
    "views": {"size": None, "names": ["navball"]},
    "prompt": "pilot",
    "constrained": False,
    "needs": "frame",
    "max_new_tokens": 320,
    "relates": True,
}
"""How the model is asked: one picture, of a cockpit only the navball."""


@dataclass(frozen=True)
class AnswerLine:
    """A line of an answer; what is not `right` is there to be read on from, not to be learnt.

    `about` are the two things that a line is about, as the picture's truth names them; `relation`
    is the one that yes or no is said to: the number of its axis and its sign.
    """

    text: str
    right: bool = True
    about: tuple[str, str] | None = None
    relation: tuple[int, int] | None = None


class TrainingCourse(Protocol):
    """Pictures and lessons without end; the same ones for the same numbers."""

    @property
    def things(self) -> Sequence[str]:
        """Every word of a name."""
        ...

    @property
    def words(self) -> Sequence[str]:
        """Words that are to be tokens of their own, besides."""
        ...

    def picture(self, number: int, view: int) -> LabelledPicture:
        """Return picture `number`, `view` px wide and high."""
        ...

    def mirrored(self, picture: LabelledPicture) -> LabelledPicture:
        """Return the picture the other way round, or as it is where that would be no picture."""
        ...

    def lesson(
        self, picture: LabelledPicture, rng: np.random.Generator, noise: float
    ) -> tuple[str, Sequence[AnswerLine]]:
        """Return a prompt about a picture and the lines of its answer."""
        ...

    def corpus(self) -> Iterator[str]:
        """Yield texts for the tokenizer."""
        ...


def design(course: TrainingCourse) -> Design:
    """Return the sizes of a model for `course` (about 4 M parameters).

    A token may hold many words of the templates, which never change, but never a name or a
    relation together with anything else: so that names never seen are read like those that were.
    """
    words = dict.fromkeys(map(re.escape, (*course.things, *course.words)))
    apart = "|".join(sorted(words, key=len, reverse=True))  # the longest that fits is one token
    return Design(
        view=VIEW,
        patch=VIEW // DEPTH_CELLS,  # the map of depths tells of each patch how far away it is
        mean=0.45,
        spread=0.25,
        vision=Tower(192, 768, 4, 6),
        text=Tower(192, 512, 4, 6),
        pieces=rf"\n+|<[^<>\n]*>| ?\b(?:{apart})\b",
        vocabulary=1024,
        longest=200,
        context=640,
        shuffle=3,
    )
