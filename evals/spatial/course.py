"""The generator as a course: what the model of relations is trained on."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace

import cv2
import numpy as np

from helmsight.envs.orbital.sights import MARKERS
from helmsight.evals.spatial.bodies import COLOURS, SHAPES
from helmsight.evals.spatial.generator import SIZE, Split, ask, stream
from helmsight.evals.spatial.lessons import Part, lesson
from helmsight.evals.spatial.sights import Sight, Truth

TEXTS = 3000  # lessons that the tokenizer is made from
SMALL = 2 / 3  # share of the pictures that are drawn as small as the model sees them


class Lessons:
    """Pictures and lessons of the training split (see `training.relations.course`)."""

    things = (*COLOURS, *SHAPES, *sorted({word for name in MARKERS for word in name.split()}))
    words = (
        *("left of", "right of", "left", "right", "above", "below", "over", "under", "higher"),
        *("lower", "front of", "behind", "closer", "nearer", "farther", "yes", "no"),
    )

    def __init__(self, seed: int) -> None:
        self.seed = seed

    def sight(self, number: int, view: int) -> Sight:
        """Return picture `number`, `view` px wide and high."""
        rng = stream(Split.TRAIN, self.seed, number, use=2)
        size = view if rng.random() < SMALL else SIZE
        sight = ask(Split.TRAIN, self.seed, number, size=size).sight
        small = cv2.resize(sight.picture, (view, view), interpolation=cv2.INTER_AREA)
        return replace(sight, picture=small, details={})

    def mirrored(self, sight: Sight) -> Sight:
        """Return the picture the other way round; a cockpit, which has letters, as it is."""
        if sight.kind == "cockpit":
            return sight
        assert sight.depths is not None
        assert sight.feet is not None
        return replace(
            sight,
            picture=np.ascontiguousarray(sight.picture[:, ::-1]),
            truth=Truth(sight.truth.names, sight.truth.places * [-1, 1, 1]),
            depths=sight.depths[:, ::-1],
            feet=sight.feet * [-1, 1] + [1, 0],
        )

    def lesson(
        self, sight: Sight, rng: np.random.Generator, noise: float
    ) -> tuple[str, tuple[Part, ...]]:
        """Return a prompt about a picture and the lines of its answer."""
        made = lesson(sight, rng, noise=noise)
        return made.prompt.text, made.parts

    def corpus(self) -> Iterator[str]:
        """Yield prompts and answers for the tokenizer, and every word often enough to be whole."""
        yield from [" ".join(("", *self.things, *self.words))] * TEXTS
        for number in range(TEXTS // 10):
            rng = stream(Split.TRAIN, self.seed, number, use=3)
            sight = ask(Split.TRAIN, self.seed, number, size=16).sight
            for _ in range(10):
                made = lesson(sight, rng)
                yield made.prompt.text
                yield made.answer
