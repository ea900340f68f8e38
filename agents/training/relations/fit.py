"""Fitting the model of relations: first the eye, then the answers."""

from __future__ import annotations

import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from typing import Any

import numpy as np
import torch
from numpy.typing import NDArray
from torch import nn

from helmsight.agents.grounding.labelled import LabelledPicture
from helmsight.agents.training.design import Design
from helmsight.agents.training.fit import (
    EYE,
    IGNORE,
    answering_optimiser,
    seeing_optimiser,
    set_rate,
    take_step,
    vision_features,
)
from helmsight.agents.training.halves import mixed
from helmsight.agents.training.policy import pixels
from helmsight.agents.training.relations.coder import Batch, Coder
from helmsight.agents.training.relations.course import TrainingCourse
from helmsight.agents.training.relations.eye import PlaceHeads
from helmsight.agents.training.relations.guide import TextHeads
from helmsight.agents.training.relations.team import Team

NOISE = 0.25
"""Probability of each line of an answer to be false: it is read on from, and not learnt."""
ANSWERING, GUIDING = 4.0, 1.0
"""Weights of the answers' loss, and of the throw-away heads' at the start of the answering stage:
it falls to a fifth."""
TOKENS = 7000
"""Tokens of a batch, padding included."""
EVERY = 50  # steps between two lines of a report


class Pool:
    """Pictures in memory, drawn at random, each either way round."""

    def __init__(
        self,
        course: TrainingCourse,
        pictures: Sequence[LabelledPicture],
        rng: np.random.Generator,
    ) -> None:
        self.course, self.pictures, self.rng = course, pictures, rng

    def draw(self, size: int) -> list[LabelledPicture]:
        """Return `size` random pictures."""
        picks = [self.pictures[i] for i in self.rng.integers(len(self.pictures), size=size)]
        return [self.course.mirrored(pick) if self.rng.random() < 0.5 else pick for pick in picks]


@dataclass
class Tally:
    """What is reported of some steps: lessons, right words, errors of places in dead bands."""

    lessons: int = 0
    right: NDArray[np.int_] = field(default_factory=lambda: np.zeros((2, 2), int))
    offs: list[NDArray[np.float64]] = field(default_factory=list)

    def text(self) -> str:
        """Return shares of right words (of relations, of yes and no) and mean errors: of what the
        eye tells, of names in the text, of the second things of lines.
        """
        shares = " ".join(f"{part / max(1, whole):.3f}" for part, whole in self.right)
        return f"lessons {self.lessons} right {shares} off {_figures(self.offs)}"


class RelationsFit:
    """One training: a model, its processor, its sizes, pictures, and who else trains it."""

    def __init__(
        self,
        model: Any,
        processor: Any,
        design: Design,
        pool: Pool,
        say: Callable[[str], None],
        team: Team | None = None,
    ) -> None:
        self.model, self.design, self.pool, self.say = model, design, pool, say
        self.team = team or Team()
        self.device = next(model.parameters()).device
        width, course = model.config.text_config.hidden_size, pool.course
        self.coder = Coder(processor, course.things, course.words)
        self.eye = PlaceHeads(width, design, course.things).to(self.device)
        self.guide = TextHeads(width, design, self.coder.first).to(self.device)
        self.heads = {"eye": self.eye, "guide": self.guide}
        self.team.begin([*model.parameters(), *self._spare()])

    def _spare(self) -> list[nn.Parameter]:
        """Return the weights of the throw-away heads."""
        return [weight for head in self.heads.values() for weight in head.parameters()]

    def see(self, seconds: float, rate: float = 1.5e-3, batch: int = 64) -> None:
        """Stage one: the eye alone learns where things are."""
        optimiser = seeing_optimiser(self.model, self.eye.parameters(), rate)
        offs = []
        for step, share in self.team.until(seconds):
            set_rate(optimiser, [rate], share)
            pictures = self.pool.draw(batch)
            with mixed(self.device.type):
                features = vision_features(self.model, self._pixels(pictures))
                loss, off = self.eye.loss(features, pictures)
            take_step(optimiser, loss, self.team.agree)
            offs.append(off)
            if step % EVERY == 0:
                self.say(f"see {share:4.0%} step {step} off {_figures(offs)}")
                offs = []

    def acquaint(self, seconds: float, rate: float = 1.5e-3, tokens: int = TOKENS // 2) -> None:
        """Teach the throw-away heads alone what a model already knows, which they are to better."""
        optimiser = torch.optim.AdamW(self._spare(), lr=rate, weight_decay=0.01)
        tally, batches = Tally(), list[Batch]()
        self.model.requires_grad_(False)
        for step, share in self.team.until(seconds):
            set_rate(optimiser, [rate], share)
            batches = batches or self._batches(tokens)
            take_step(optimiser, self._losses(batches.pop(), tally)[1], self.team.agree)
            if step % EVERY == 0:
                self.say(f"acquaint {share:4.0%} step {step} {tally.text()}")
                tally = Tally(tally.lessons)
        self.model.requires_grad_(True)

    def answer(
        self, seconds: float, rate: float = 1.0e-3, every: float = 300.0,
        checkpoint: Callable[[], None] = lambda: None, tokens: int = TOKENS, between: float = 0.0,
        slower: float = 0.5, slow: Sequence[str] = EYE,
    ) -> None:  # fmt: skip
        """Stage two: the whole model learns to answer; `checkpoint` is called `every` seconds.

        Up to the share `between` of the time every second batch is for the eye alone, which gets
        through twice as many pictures so. `slower` is the rate of the parts called `slow`, which
        have been trained before, as a share of the others'.
        """
        optimiser = answering_optimiser(self.model, self._spare(), rate, slow)
        saved, tally = time.monotonic(), Tally()
        batches: list[Batch] = []
        for step, share in self.team.until(seconds):
            set_rate(optimiser, [slower * rate, rate], share)
            if step % 2 and share < between:
                pictures = self.pool.draw(tokens // 110)
                with mixed(self.device.type):
                    features = vision_features(self.model, self._pixels(pictures))
                    loss, _ = self.eye.loss(features, pictures)
                take_step(optimiser, loss, self.team.agree)
                continue
            batches = batches or self._batches(tokens)
            answering, guiding = self._losses(batches.pop(), tally)
            loss = ANSWERING * answering + GUIDING * (1.0 - 0.8 * share) * guiding
            take_step(optimiser, loss, self.team.agree)
            if step % EVERY == 0:
                self.say(
                    f"answer {share:4.0%} step {step} loss {answering.item():.4f} {tally.text()}"
                )
                tally = Tally(tally.lessons)
            if time.monotonic() - saved > every:
                checkpoint()
                saved = time.monotonic()

    def _losses(self, batch: Batch, tally: Tally) -> tuple[torch.Tensor, torch.Tensor]:
        """Return the loss of the answers and that of the throw-away heads; count what was right."""
        ids, labels = batch.ids.to(self.device), batch.labels.to(self.device)
        with mixed(self.device.type):
            out = self.model(
                input_ids=ids,
                pixel_values=self._pixels(batch.pictures)[:, None],
                output_hidden_states=True,
                output_attentions=True,
            )
            seen, off = self.eye.loss(out.image_hidden_states, batch.pictures)
            read, off_read = self.guide.loss(out.hidden_states, out.attentions, batch)
        at = labels[:, 1:] != IGNORE
        logits, wanted = out.logits[:, :-1][at].float(), labels[:, 1:][at]
        loss = nn.functional.cross_entropy(logits, wanted, reduction="none")
        hit, words = (logits.argmax(-1) == wanted).cpu(), wanted.cpu()
        for i, kind in enumerate((self.coder.decisive, self.coder.last)):
            counted = torch.isin(words, kind)
            tally.right[i] += [int((hit & counted).sum()), int(counted.sum())]
        tally.lessons += len(batch.pictures)
        tally.offs.append(np.concatenate([off, off_read]))
        return (loss * self.coder.weights(wanted)).mean(), seen + read

    def _batches(self, tokens: int) -> list[Batch]:
        """Return fresh lessons in batches, in random order."""
        rng, course = self.pool.rng, self.pool.course
        lessons = [
            self.coder.code(picture, *course.lesson(picture, rng, NOISE))
            for picture in self.pool.draw(tokens // 10)
        ]
        batches = self.coder.batches(lessons, tokens)
        return [batches[i] for i in rng.permutation(len(batches))]

    def _pixels(self, pictures: Sequence[LabelledPicture]) -> torch.Tensor:
        """Return pictures (n, 3, S, S) float32 as the model takes them."""
        stacked: NDArray[np.uint8] = np.stack([picture.image for picture in pictures])
        return pixels(stacked, self.design).to(self.device)


def _figures(offs: Sequence[NDArray[np.float64]]) -> str:
    return " ".join(f"{x:.2f}" for x in np.nanmean(offs, axis=0))
