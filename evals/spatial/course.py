"""The generator as a course: what the model of relations is trained on."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace

import cv2
import numpy as np

from helmsight.agents.grounding.labelled import LabelledPicture, Truth
from helmsight.agents.training.relations.course import AnswerLine
from helmsight.envs.orbital.sights import MARKERS
from helmsight.evals.spatial.bodies import COLOURS, SHAPES
from helmsight.evals.spatial.defaults import SIZE
from helmsight.evals.spatial.generator import Split, ask, stream
from helmsight.evals.spatial.lessons import lesson
from helmsight.prompts.claims import UNSEEN

TEXTS = 3000  # lessons that the tokenizer is made from
SMALL = 2 / 3  # share of the pictures that are drawn as small as the model sees them


class SpatialCourse:
    """A `TrainingCourse`: pictures and lessons of the training split."""

    things = (*COLOURS, *SHAPES, *sorted({word for name in MARKERS for word in name.split()}))
    words = (
        *("left of", "right of", "left", "right", "above", "below", "over", "under", "higher"),
        *("lower", "front of", "behind", "closer", "nearer", "farther", "yes", "no", UNSEEN),
    )

    def __init__(self, seed: int) -> None:
        self.seed = seed

    def picture(self, number: int, view: int) -> LabelledPicture:
        """Return picture `number`, `view` px wide and high."""
        rng = stream(Split.TRAIN, self.seed, number, use=2)
        size = view if rng.random() < SMALL else SIZE
        picture = ask(Split.TRAIN, self.seed, number, size=size).picture
        small = cv2.resize(picture.image, (view, view), interpolation=cv2.INTER_AREA)
        return replace(picture, image=small, details={})

    def mirrored(self, picture: LabelledPicture) -> LabelledPicture:
        """Return the picture the other way round; a cockpit, which has letters, as it is."""
        if picture.kind == "cockpit":
            return picture
        assert picture.depths is not None
        assert picture.feet is not None
        return replace(
            picture,
            image=np.ascontiguousarray(picture.image[:, ::-1]),
            truth=Truth(picture.truth.names, picture.truth.places * [-1, 1, 1]),
            depths=picture.depths[:, ::-1],
            feet=picture.feet * [-1, 1] + [1, 0],
        )

    def lesson(
        self, picture: LabelledPicture, rng: np.random.Generator, noise: float
    ) -> tuple[str, tuple[AnswerLine, ...]]:
        """Return a prompt about a picture and the lines of its answer."""
        drawn = lesson(picture, rng, noise=noise)
        return drawn.prompt.text, drawn.parts

    def corpus(self) -> Iterator[str]:
        """Yield prompts and answers for the tokenizer, and every word often enough to be whole."""
        yield from [" ".join(("", *self.things, *self.words))] * TEXTS
        for number in range(TEXTS // 10):
            rng = stream(Split.TRAIN, self.seed, number, use=3)
            picture = ask(Split.TRAIN, self.seed, number, size=16).picture
            for _ in range(10):
                drawn = lesson(picture, rng)
                yield drawn.prompt.text
                yield drawn.answer
