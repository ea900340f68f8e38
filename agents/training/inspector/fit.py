"""Fitting the inspector: first the eye, through spare heads, then the answers."""

from __future__ import annotations

import time
from collections.abc import Callable, Sequence
from typing import Any

import cv2
import numpy as np
import torch
from numpy.typing import NDArray
from torch import nn

from helmsight.agents.inspection.change import composite
from helmsight.agents.training.design import SHUFFLE, Design
from helmsight.agents.training.fit import (
    IGNORE,
    answering_optimiser,
    head,
    seeing_optimiser,
    set_rate,
    take_step,
    until,
    vision_features,
)
from helmsight.agents.training.halves import mixed
from helmsight.agents.training.inspector.design import STATES, question
from helmsight.agents.training.inspector.lessons import PartCrop
from helmsight.agents.training.policy import pixels
from helmsight.agents.training.student import around
from helmsight.envs.inspection.parts import DEFECTS
from helmsight.envs.inspection.states import NOT_SEEN, SOUND, states

KINDS = tuple(DEFECTS)
HIDDEN, WELL = 0.15, 0.4  # shares of crops that show no part, and a sound one; others show defects
EVERY = 50  # steps between two lines of a report
ASKED_AT_ONCE = 50  # crops
GUIDING = 0.5  # weight of the spare heads in the stage of answers


def taught(kind: str, state: str) -> float:
    """Return in which share of its lessons about a kind the inspector is shown a state."""
    shares = {NOT_SEEN: HIDDEN, SOUND: WELL}
    return shares.get(state, (1.0 - HIDDEN - WELL) / len(DEFECTS[kind]))


class Pool:
    """Crops in memory, drawn so that kinds and defects come equally often, and changed a little."""

    def __init__(self, crops: Sequence[PartCrop], rng: np.random.Generator) -> None:
        self.rng, self.crops = rng, crops
        self._sorted = 0
        self._by: dict[tuple[str, str], list[int]] = {}

    def draw(self, size: int) -> list[PartCrop]:
        """Return `size` crops, of all that are there by now."""
        for index in range(self._sorted, len(self.crops)):
            crop = self.crops[index]
            self._by.setdefault((crop.kind, crop.state), []).append(index)
            self._sorted += 1
        return [self._one() for _ in range(size)]

    def _one(self) -> PartCrop:
        rng, at = self.rng, list[int]()
        while not at:  # a kind may not have been seen in a state yet
            roll, kind = rng.random(), KINDS[rng.integers(len(KINDS))]
            if roll < HIDDEN:
                state = NOT_SEEN
            else:
                state = SOUND if roll < HIDDEN + WELL else str(rng.choice(DEFECTS[kind]))
            at = self._by.get((kind, state), [])
        return varied(self.crops[at[rng.integers(len(at))]], rng)


def varied(crop: PartCrop, rng: np.random.Generator) -> PartCrop:
    """Return a crop mirrored in half of all cases, and brighter, darker, blurred or noisy."""
    image, clean, part, wrong = crop.image, crop.clean, crop.part, crop.wrong
    if rng.random() < 0.5:
        image, clean = image[:, ::-1], clean[:, ::-1]
        part, wrong = part[:, ::-1], wrong[:, ::-1]
    if rng.random() < 0.3:
        image = cv2.GaussianBlur(image, (0, 0), float(rng.uniform(0.4, 1.2)))
    shade = image.astype(np.float32)
    middle = shade.mean()
    shade = (shade - middle) * rng.uniform(0.7, 1.25) + middle * rng.uniform(0.5, 1.35)
    shade += rng.normal(0.0, 4.0, 3) + rng.normal(0.0, rng.uniform(0.0, 5.0), shade.shape)
    image = np.clip(shade, 0, 255).astype(np.uint8)
    return PartCrop(image, clean, crop.kind, crop.state, part, wrong)


class StateHeads(nn.Module):
    """Spare heads: which cells are the part's and its defect's, and the state by kind of part."""

    def __init__(self, width: int, design: Design) -> None:
        super().__init__()
        self._side = design.side
        self.norm = nn.LayerNorm(width)
        self.cells = head(width, 2 * SHUFFLE**2, 256)
        self.kinds = nn.Embedding(len(KINDS), width)
        self.look = nn.MultiheadAttention(width, 6, batch_first=True)
        self.state = head(width, len(STATES), 256)

    def loss(
        self, features: torch.Tensor, crops: Sequence[PartCrop]
    ) -> tuple[torch.Tensor, NDArray[np.bool_]]:
        """Return the loss and which states were guessed right, (n,).

        features: (n, tokens, width), or what the model gives of as many pictures.
        """
        seen = self.norm(features.reshape(len(crops), -1, features.shape[-1]))
        kinds = torch.tensor([KINDS.index(crop.kind) for crop in crops])
        query = self.kinds(kinds)[:, None]
        attended, _ = self.look(query, seen, seen, need_weights=False)
        logits = self.state((attended + query)[:, 0]).float() + MASK[kinds]
        wanted = torch.tensor([STATES.index(crop.state) for crop in crops])
        part, wrong = (self._cells([getattr(c, n) for c in crops]) for n in ("part", "wrong"))
        told = self.cells(seen).float()
        weight = torch.tensor(4.0)
        where = nn.functional.binary_cross_entropy_with_logits(told[..., : SHUFFLE**2], part)
        what = nn.functional.binary_cross_entropy_with_logits(
            told[..., SHUFFLE**2 :], wrong, pos_weight=weight
        )
        loss = nn.functional.cross_entropy(logits, wanted) + 0.5 * where + 2.0 * what
        right: NDArray[np.bool_] = (logits.argmax(-1) == wanted).numpy()
        return loss, right

    def _cells(self, shares: Sequence[NDArray[np.float32]]) -> torch.Tensor:
        """Return shares by visual token, (n, tokens, cells in one)."""
        n, side = len(shares), self._side
        parts = np.stack(shares).reshape(n, side, SHUFFLE, side, SHUFFLE).swapaxes(2, 3)
        return torch.from_numpy(np.ascontiguousarray(parts.reshape(n, side * side, -1)))


def _mask() -> torch.Tensor:
    mask = torch.full((len(KINDS), len(STATES)), -30.0)
    for row, kind in enumerate(KINDS):
        mask[row, [STATES.index(state) for state in states(DEFECTS[kind])]] = 0.0
    return mask


MASK = _mask()
"""What is added to the scores of states that a kind of part cannot have, (kinds, states)."""


class InspectorFit:
    """One training: a model, its processor and the crops that it learns from. On a CPU."""

    def __init__(
        self, model: Any, processor: Any, design: Design, pool: Pool, say: Callable[[str], None]
    ) -> None:
        self.model, self.design, self.pool, self.say = model, design, pool, say
        self.heads = StateHeads(model.config.text_config.hidden_size, design)
        self._tokenizer = processor.tokenizer
        before, after = around(processor, 1)
        self._asked = {kind: self._ids(f"{before}{question(kind)}{after}") for kind in KINDS}
        self._answers = {
            state: [*self._ids(state), self._tokenizer.eos_token_id] for state in STATES
        }

    def see(self, seconds: float, rate: float = 1.2e-3, batch: int = 64) -> None:
        """Stage one: the eye alone learns the states."""
        optimiser = seeing_optimiser(self.model, self.heads.parameters(), rate)
        rights: list[float] = []
        for step, share in until(seconds):
            set_rate(optimiser, [rate], share)
            crops = self.pool.draw(batch)
            with mixed("cpu"):
                features = vision_features(self.model, self._pixels(crops))
                loss, right = self.heads.loss(features, crops)
            take_step(optimiser, loss)
            rights.append(float(right.mean()))
            if step % EVERY == 0:
                self.say(f"see {share:4.0%} step {step} right {np.mean(rights):.3f}")
                rights = []

    def answer(
        self, seconds: float, rate: float = 8e-4, every: float = 300.0,
        checkpoint: Callable[[], None] = lambda: None, batch: int = 48,
    ) -> None:  # fmt: skip
        """Stage two: the whole model learns to answer; `checkpoint` is called `every` seconds."""
        optimiser = answering_optimiser(self.model, self.heads.parameters(), rate)
        saved, rights = time.monotonic(), []
        for step, share in until(seconds):
            set_rate(optimiser, [0.5 * rate, rate], share)
            crops = self.pool.draw(batch)
            ids, labels = self._tokens(crops)
            with mixed("cpu"):
                out = self.model(input_ids=ids, pixel_values=self._pixels(crops)[:, None])
                seeing, _ = self.heads.loss(out.image_hidden_states, crops)
            at = labels[:, 1:] != IGNORE
            logits, wanted = out.logits[:, :-1][at].float(), labels[:, 1:][at]
            loss = nn.functional.cross_entropy(logits, wanted)
            take_step(optimiser, 2.0 * loss + GUIDING * seeing)
            first = (labels[:, 1:] != IGNORE).int().argmax(-1)
            row = torch.arange(len(crops))
            guess = out.logits[row, first].argmax(-1)
            rights.append(float((guess == labels[row, first + 1]).float().mean()))
            if step % EVERY == 0:
                self.say(f"answer {share:4.0%} step {step} right {np.mean(rights):.3f}")
                rights = []
            if time.monotonic() - saved > every:
                checkpoint()
                saved = time.monotonic()

    @torch.inference_mode()
    def shares(self, crops: Sequence[PartCrop]) -> list[NDArray[np.float64]]:
        """Return how well each crop fits the states of its kind, as `heats` wants it."""
        self.model.eval()
        found = []
        for at in range(0, len(crops), ASKED_AT_ONCE):
            some = crops[at : at + ASKED_AT_ONCE]
            ids, labels = self._tokens(some)
            logits = self.model(input_ids=ids, pixel_values=self._pixels(some)[:, None]).logits
            first = (labels[:, 1:] != IGNORE).int().argmax(-1)
            for crop, row in zip(some, logits[torch.arange(len(some)), first], strict=True):
                allowed = states(DEFECTS[crop.kind])
                share = row[[self._answers[state][0] for state in allowed]].softmax(-1).numpy()
                found.append(share / [taught(crop.kind, state) for state in allowed])
        return found

    def _tokens(self, crops: Sequence[PartCrop]) -> tuple[torch.Tensor, torch.Tensor]:
        """Return ids and labels (n, length), padded at the end; IGNORE is not to be learnt."""
        rows = [(self._asked[crop.kind], self._answers[crop.state]) for crop in crops]
        longest = max(len(a) + len(b) for a, b in rows)
        pad = self._tokenizer.pad_token_id
        ids, labels = [], []
        for asked, answered in rows:
            rest = longest - len(asked) - len(answered)
            ids.append([*asked, *answered, *[pad] * rest])
            labels.append([*[IGNORE] * len(asked), *answered, *[IGNORE] * rest])
        return torch.tensor(ids), torch.tensor(labels)

    def _ids(self, text: str) -> list[int]:
        return list(self._tokenizer(text, add_special_tokens=False)["input_ids"])

    def _pixels(self, crops: Sequence[PartCrop]) -> torch.Tensor:
        shown = [composite(crop.image, crop.clean) for crop in crops]
        return pixels(np.stack(shown), self.design)
