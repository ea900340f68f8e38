"""Fitting the bundled model: first the eye, then the answers, on samples that keep coming."""

from __future__ import annotations

import math
import time
from collections.abc import Callable, Iterable, Iterator, Sequence
from pathlib import Path
from typing import Any

import numpy as np
import torch
from numpy.typing import NDArray
from torch import nn

from helmsight.agents.training.design import VIEWS, VISUAL_TOKENS
from helmsight.agents.training.halves import mixed
from helmsight.agents.training.policy import pixels
from helmsight.agents.training.questions import prompt
from helmsight.agents.training.store import BLANK, DIGITS, FIGURES, HIDDEN, Shard, read
from helmsight.agents.training.student import around

SHARES = {"command": 0.9, "relation": 0.05, "reading": 0.05}
"""Shares of the questions in the answering stage."""
SEEING = 0.3
"""Weight of the eye's loss at the start of the answering stage; it falls to zero."""
IGNORE = -100
EYE = ("model.vision_model",)  # parts of a model, by their names in it


class Buffer:
    """The newest samples that fit in memory; `refresh` takes in the shards written since."""

    def __init__(self, folder: Path, capacity: int, rng: np.random.Generator) -> None:
        self.folder, self.capacity, self.rng = folder, capacity, rng
        self.shards: list[Shard] = []
        self._known: set[str] = set()

    def __len__(self) -> int:
        return sum(map(len, self.shards))

    def refresh(self) -> None:
        """Read new shards and let go of the oldest beyond the capacity."""
        files = sorted(self.folder.glob("*.npz"), key=lambda f: f.stat().st_mtime)
        for file in files:
            if file.name not in self._known and not file.name.endswith(".part.npz"):
                self._known.add(file.name)
                self.shards.append(read(file))
        while len(self.shards) > 1 and len(self) - len(self.shards[0]) >= self.capacity:
            self.shards.pop(0)

    def draw(self, size: int) -> tuple[list[tuple[Shard, int]], NDArray[np.uint8]]:
        """Return `size` random samples as (shard, index) pairs, and their views stacked.

        All of them tell a latency, or none does: those questions are half as long again, and
        shorter ones among them would be padded to their length.
        """
        sizes = np.array([len(s) for s in self.shards], dtype=float)
        late = np.array([s.late for s in self.shards])
        alike = late if self.rng.random() < sizes[late].sum() / sizes.sum() else ~late
        sizes[~alike] = 0.0
        owners = self.rng.choice(len(sizes), size, p=sizes / sizes.sum())
        picks = [(self.shards[o], int(self.rng.integers(sizes[o]))) for o in owners]
        return picks, np.stack([shard.views[i] for shard, i in picks])


class InstrumentHeads(nn.Module):
    """Throw-away heads: digits from the readouts' visual tokens, figures from those of all views.

    Two heads apart: sharing a layer, the figures' gradients keep the digits from being learnt.
    """

    def __init__(self, width: int) -> None:
        super().__init__()
        tokens = VISUAL_TOKENS * width
        self.digits = head(tokens, DIGITS * (BLANK + 1))
        self.figures = head(len(VIEWS) * tokens, FIGURES)

    def loss(
        self, features: torch.Tensor, digits: torch.Tensor, figures: torch.Tensor
    ) -> tuple[torch.Tensor, float, float]:
        """Return (loss, share of digits right, mean error of the figures).

        `features` (n * views, tokens, width); `digits` (n, DIGITS) int64, IGNORE where covered;
        `figures` (n, FIGURES), NaN where there is none.
        """
        seen = features.reshape(len(digits), len(VIEWS), -1)
        logits = self.digits(seen[:, VIEWS.index("readouts")]).float()
        logits = logits.reshape(-1, BLANK + 1)
        guess = self.figures(seen.flatten(1)).float()
        shown = digits.flatten()
        reading = nn.functional.cross_entropy(logits, shown, ignore_index=IGNORE)
        there = ~figures.isnan()
        guess, figures = guess[there], figures[there]
        error = nn.functional.smooth_l1_loss(guess, figures, beta=0.05)
        known = shown != IGNORE
        right = (logits.argmax(-1) == shown)[known].float().mean().item()
        return reading + 3.0 * error, right, (guess - figures).abs().mean().item()


def head(wide: int, out: int, inner: int = 512) -> nn.Module:
    """Return a throw-away head."""
    return nn.Sequential(nn.Linear(wide, inner), nn.GELU(), nn.Linear(inner, out))


class PilotFit:
    """One training: a model, its optimiser and a time budget, in wall seconds."""

    def __init__(
        self,
        model: Any,
        processor: Any,
        buffer: Buffer,
        say: Callable[[str], None],
        batch: int = 48,
    ) -> None:
        self.model, self.processor, self.buffer = model, processor, buffer
        self.say, self.batch = say, batch
        self.device = next(model.parameters()).device
        self._around = around(processor, len(VIEWS))
        self._coded: dict[str, list[int]] = {}
        self._heads = InstrumentHeads(model.config.text_config.hidden_size).to(self.device)

    def see(self, seconds: float, rate: float = 1.5e-3) -> None:
        """Stage one: the vision tower learns to read figures and markers through a spare head."""
        optimiser = seeing_optimiser(self.model, self._heads.parameters(), rate)
        for step, share in until(seconds):
            set_rate(optimiser, [rate], share)
            if step % 100 == 0:
                self.buffer.refresh()
            picks, views = self.buffer.draw(self.batch)
            with mixed(self.device.type):
                features = vision_features(self.model, pixels(views).to(self.device))
                loss, right, off = self._heads.loss(features, *self._truth(picks))
            take_step(optimiser, loss)
            if step % 50 == 0:
                self.say(f"see {share:4.0%} step {step} digits {right:.3f} figures {off:.4f}")

    def answer(
        self, seconds: float, rate: float, every: float = 120.0,
        checkpoint: Callable[[], None] = lambda: None, seeing: float = SEEING,
    ) -> None:  # fmt: skip
        """Stage two: the whole model learns to answer; `checkpoint` is called `every` seconds.

        `seeing` is the weight of the eye's loss at the start. It is for an eye that the same heads
        were trained on: fresh ones lead one that sees already astray.
        """
        optimiser = answering_optimiser(
            self.model, self._heads.parameters() if seeing else (), rate
        )
        saved = time.monotonic()
        for step, share in until(seconds):
            set_rate(optimiser, [0.4 * rate, rate], share)
            if step % 100 == 0:
                self.buffer.refresh()
            question = self.buffer.rng.choice(list(SHARES), p=list(SHARES.values()))
            picks, views = self.buffer.draw(self.batch)
            ids, labels = self._tokens(
                [
                    s.texts["asked"][i] if question == "command" else prompt(question)
                    for s, i in picks
                ],
                [s.texts[question][i] for s, i in picks],
            )
            with mixed(self.device.type):
                out = self.model(input_ids=ids, pixel_values=pixels(views).to(self.device))
            logits = out.logits[:, -labels.shape[1] - 1 : -1]
            loss = nn.functional.cross_entropy(
                logits.float().flatten(0, 1), labels.flatten(), ignore_index=IGNORE
            )
            total, seen = loss, ""
            if seeing:
                with mixed(self.device.type):
                    eye, right, off = self._heads.loss(out.image_hidden_states, *self._truth(picks))
                total = loss + seeing * (1.0 - share) * eye
                seen = f"digits {right:.3f} figures {off:.4f} "
            take_step(optimiser, total)
            if step % 50 == 0:
                exact = ((logits.argmax(-1) == labels) | (labels == IGNORE)).all(1).float().mean()
                self.say(
                    f"answer {share:4.0%} step {step} {question} loss {loss.item():.4f} "
                    f"exact {exact:.2f} {seen}samples {len(self.buffer)}"
                )
            if time.monotonic() - saved > every:
                checkpoint()
                saved = time.monotonic()
        checkpoint()

    def _truth(self, picks: list[tuple[Shard, int]]) -> tuple[torch.Tensor, torch.Tensor]:
        digits = np.stack([shard.digits[i] for shard, i in picks]).astype(np.int64)
        digits[digits == HIDDEN] = IGNORE
        figures = np.stack([shard.figures[i] for shard, i in picks])
        return (
            torch.from_numpy(digits).to(self.device),
            torch.from_numpy(figures).to(self.device),
        )

    def _tokens(
        self, questions: list[str], answers: list[str]
    ) -> tuple[torch.Tensor, torch.Tensor]:
        """Return (ids of questions and answers, labels of their last columns), padded at the end.

        The columns with labels begin where the shortest question ends; what belongs to a longer
        question, or to the padding, is ignored.
        """
        before, after = self._around
        starts = [self._code(f"{before}{words}{after}") for words in questions]
        ends = [[*self._code(text), self.processor.tokenizer.eos_token_id] for text in answers]
        longest = max(len(s) + len(e) for s, e in zip(starts, ends, strict=True))
        shortest = min(map(len, starts))
        ids, labels = [], []
        for start, end in zip(starts, ends, strict=True):
            rest = longest - len(start) - len(end)
            ids.append([*start, *end, *[self.processor.tokenizer.pad_token_id] * rest])
            labels.append([*[IGNORE] * (len(start) - shortest), *end, *[IGNORE] * rest])
        return torch.tensor(ids, device=self.device), torch.tensor(labels, device=self.device)

    def _code(self, text: str) -> list[int]:
        if text not in self._coded:
            ids = self.processor.tokenizer(text, add_special_tokens=False)["input_ids"]
            self._coded[text] = list(ids)
        return self._coded[text]


def vision_features(model: Any, pictures: torch.Tensor) -> torch.Tensor:
    """Return what a model sees, (n, tokens, width), of pictures (..., 3, S, S): n of them."""
    seen = model.model.vision_model(pixel_values=pictures.flatten(0, -4)).last_hidden_state
    features: torch.Tensor = model.model.connector(seen)
    return features


def seeing_optimiser(
    model: Any, heads: Iterable[nn.Parameter], rate: float
) -> torch.optim.Optimizer:
    """Return an optimiser of all that sees: vision tower, connector and throw-away heads."""
    vision, connector = model.model.vision_model, model.model.connector
    parts = [*vision.parameters(), *connector.parameters(), *heads]
    return torch.optim.AdamW(parts, lr=rate, weight_decay=0.01)


def answering_optimiser(
    model: Any,
    heads: Iterable[nn.Parameter],
    rate: float,
    slow: Sequence[str] = EYE,
) -> torch.optim.Optimizer:
    """Return an optimiser of the whole model and throw-away heads in two groups.

    The parts called `slow`, which have been trained before, are the first: they can go more slowly.
    """
    known = {id(part): part for name in slow for part in model.get_submodule(name).parameters()}
    rest = [*(part for part in model.parameters() if id(part) not in known), *heads]
    return torch.optim.AdamW(
        [{"params": [*known.values()]}, {"params": rest}],
        lr=rate, weight_decay=0.02, betas=(0.9, 0.98),
    )  # fmt: skip


def take_step(
    optimiser: torch.optim.Optimizer,
    loss: torch.Tensor,
    agree: Callable[[list[nn.Parameter]], None] = lambda parts: None,
) -> None:
    """Go one step down the gradient of `loss`, which is held to length 1.

    `agree` may change the gradients before.
    """
    parts = [part for group in optimiser.param_groups for part in group["params"]]
    optimiser.zero_grad(set_to_none=True)
    loss.backward()  # type: ignore[no-untyped-call]
    agree(parts)
    nn.utils.clip_grad_norm_(parts, 1.0)
    optimiser.step()


def until(seconds: float) -> Iterator[tuple[int, float]]:
    """Yield (step, share of the time gone) until the time is up."""
    begun, step = time.monotonic(), 0
    while (share := (time.monotonic() - begun) / max(seconds, 1e-9)) < 1.0:
        yield step, share
        step += 1


def set_rate(optimiser: torch.optim.Optimizer, peaks: list[float], share: float) -> None:
    """Warm up over the first hundredth, then fall along a cosine to a fiftieth."""
    factor = min(1.0, share * 100 + 0.01) * (0.02 + 0.98 * 0.5 * (1 + math.cos(math.pi * share)))
    for group, peak in zip(optimiser.param_groups, peaks, strict=True):
        group["lr"] = peak * factor
