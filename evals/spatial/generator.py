"""Questions about generated pictures: balanced, seeded, of splits that have nothing in common."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from enum import StrEnum
from functools import cache
from itertools import permutations, product
from pathlib import Path
from typing import Any

import numpy as np

from helmsight.agents.grounding.labelled import LabelledPicture, Truth
from helmsight.contract.jsontext import parse_json
from helmsight.contract.textfiles import read_text
from helmsight.envs.orbital.cockpit.drawn import drawn_state
from helmsight.evals.spatial import cockpit
from helmsight.evals.spatial.bodies import HELD_OUT
from helmsight.evals.spatial.defaults import COCKPIT_SHARE, SIZE
from helmsight.evals.spatial.scenes import LAYOUTS, TRAINING_LAYOUTS, scene
from helmsight.prompts.questions import Question, parse_question, with_article
from helmsight.prompts.relations import Axis

CLEAR = 2.0  # dead bands that lie between the things of a question on its axis, at least
ASIDE = 1.0  # dead bands by which one is higher in a question whether height tells the depth
KINDS = ("objects", "cockpit")


class Split(StrEnum):
    """Parts of the data; each has random streams of its own."""

    TRAIN = "train"
    VALID = "valid"
    TEST = "test"

    @property
    def held_out(self) -> bool:
        """Whether it shows the objects, layouts and words that are kept from training."""
        return self is Split.TEST


@dataclass(frozen=True)
class QuestionCell:
    """What a question is to be: its axis, the sign it asks for, its answer.

    `counter` tells of depth whether the nearer thing is higher in the picture (against the
    rule of thumb that what is higher is farther) or lower; None where that is not asked about.
    """

    axis: Axis
    sign: int
    label: bool
    counter: bool | None = None

    @property
    def true_sign(self) -> int:
        """The sign of the things' relation; no question is asked about neutral ones."""
        return self.sign if self.label else -self.sign


@dataclass(frozen=True)
class GeneratedQuestion:
    """One question about one picture, with its answer; `name` is its id."""

    name: str
    picture: LabelledPicture
    question: Question
    cell: QuestionCell


_BOTH = (False, True)
CELLS: Mapping[str, tuple[QuestionCell, ...]] = {
    "objects": tuple(
        QuestionCell(axis, sign, label, counter if axis is Axis.DEPTH else None)
        for counter, axis, sign, label in product(_BOTH, Axis, (-1, 1), _BOTH)
    ),
    "cockpit": tuple(
        QuestionCell(axis, sign, label)
        for axis, sign, label in product((Axis.HORIZONTAL, Axis.VERTICAL), (-1, 1), _BOTH)
    ),
}
"""What is asked in turn: every relation as often with yes as with no."""


def stream(split: Split, seed: int, number: int, use: int = 0) -> np.random.Generator:
    """Return the random numbers of one picture: no two splits, seeds, numbers or uses share any."""
    return np.random.default_rng([list(Split).index(split), seed, number, use])


def questions(
    split: Split,
    n: int,
    seed: int = 0,
    *,
    size: int = SIZE,
    cockpit_share: float = COCKPIT_SHARE,
) -> Iterator[GeneratedQuestion]:
    """Yield `n` questions, each about a picture of its own; the same ones for the same seed.

    Any run of 24 about objects and of 8 about cockpits holds every cell equally often.
    """
    for number in range(n):
        yield ask(split, seed, number, size=size, cockpit_share=cockpit_share)


def ask(
    split: Split,
    seed: int,
    number: int,
    *,
    size: int = SIZE,
    cockpit_share: float = COCKPIT_SHARE,
    whole: bool = False,
) -> GeneratedQuestion:
    """Return question `number` of a split; `whole` shows all of a cockpit, not just the navball."""
    cockpits = int(number * cockpit_share)  # so many among the numbers before
    kind = KINDS[int((number + 1) * cockpit_share) - cockpits]
    turn = cockpits if kind == "cockpit" else number - cockpits
    cell = CELLS[kind][turn % len(CELLS[kind])]
    rng = stream(split, seed, number)
    if kind == "cockpit":
        picture, pair = _navball(rng, cell, size, whole)
    else:
        picture, pair = _things(rng, cell, size, split)
    question = parse_question(wording(rng, cell, pair, held_out=split.held_out))
    return GeneratedQuestion(f"{split}-{seed}-{number:05d}", picture, question, cell)


def pairs(truth: Truth, cell: QuestionCell, among: Sequence[str]) -> list[tuple[str, str]]:
    """Return the pairs of names among which a question of `cell` can be asked."""
    fitting = []
    for a, b in permutations([name for name in truth.names if name in among], 2):
        if truth.gap(a, b, cell.axis) * cell.true_sign < CLEAR:
            continue
        if cell.counter is not None:
            # -1 is nearer and -1 is higher: alike in what goes against the rule of thumb
            higher = truth.gap(a, b, Axis.VERTICAL) * cell.true_sign
            if higher * (1 if cell.counter else -1) < ASIDE:
                continue
        fitting.append((a, b))
    return fitting


def wording(
    rng: np.random.Generator, cell: QuestionCell, pair: tuple[str, str], *, held_out: bool
) -> str:
    """Return a question of `cell` in words."""
    words = wordings()["held_out" if held_out else "seen"]
    form = str(rng.choice(words["forms"]))
    word = str(rng.choice(words["words"][cell.axis.value][str(cell.sign)]))
    a, b = map(with_article, pair)
    return form.format(a=a, b=b, x=pair[0], y=pair[1], word=word)


def _navball(
    rng: np.random.Generator, cell: QuestionCell, size: int, whole: bool
) -> tuple[LabelledPicture, tuple[str, str]]:
    while True:
        shown = drawn_state(rng)
        truth = cockpit.truth(shown)
        if possible := pairs(truth, cell, truth.names):
            pair = possible[rng.integers(len(possible))]
            return cockpit.drawn(shown, rng, size, whole=whole), pair


def _things(
    rng: np.random.Generator, cell: QuestionCell, size: int, split: Split
) -> tuple[LabelledPicture, tuple[str, str]]:
    layouts = TRAINING_LAYOUTS if split is Split.TRAIN else LAYOUTS
    while True:
        placed = scene(rng, held_out=split.held_out, layouts=layouts)
        names = placed.truth.names
        among = [name for name in names if name in HELD_OUT] if split.held_out else names
        if possible := pairs(placed.truth, cell, among):
            picture = placed.drawn(size, rng)
            if picture is not None:
                return picture, possible[rng.integers(len(possible))]


@cache
def wordings() -> dict[str, Any]:
    """Return every word that questions and lessons are made of."""
    path = Path(__file__).with_name("wordings.json")
    return dict(parse_json(read_text(path)))
