"""Who looks at crops: a local model that weighs its answers, or a chat model that says one."""

from __future__ import annotations

import hashlib
import time
from collections import Counter
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import Any, Protocol

import numpy as np
from numpy.typing import NDArray

from helmsight.agents.errors import ModelRefused
from helmsight.agents.inspection.answers import read_state
from helmsight.agents.inspection.change import composite
from helmsight.agents.inspection.drawing import Drawing
from helmsight.agents.inspection.knowledge import Passage
from helmsight.agents.messages import message
from helmsight.agents.worker import Worker
from helmsight.contract.calls import Call
from helmsight.envs.inspection.crops import Square
from helmsight.envs.inspection.parts import DEFECTS, PARTS
from helmsight.envs.inspection.states import states
from helmsight.prompts.templates import render

Pixels = NDArray[np.uint8]
Fits = Mapping[str, float]
SMALL, FULL = 96, 224  # px of a crop, for a model that was trained on no size
SAID = 0.8  # how far a chat model's one answer is believed: what is left is shared by the others


@dataclass(frozen=True)
class Asked:
    """A crop to be judged: where it is in the frame, of what, and what is noted about that."""

    part: str
    site: str
    square: Square
    notes: tuple[Passage, ...] = ()

    @property
    def states(self) -> tuple[str, ...]:
        """Every answer there is."""
        return states(DEFECTS[PARTS[self.part]])


@dataclass
class Spent:
    """What looking cost: seconds of the model, crops, passes, tokens as far as they are told.

    `repairs` counts answers that had to be mended, asked again, or given up (`unread`).
    """

    seconds: float = 0.0
    crops: int = 0
    passes: int = 0
    tokens: int = 0
    repairs: Counter[str] = field(default_factory=Counter)

    @contextmanager
    def pass_over(self, crops: int) -> Iterator[None]:
        """Count one pass over some crops, and its time."""
        began = time.perf_counter()
        try:
            yield
        finally:
            self.seconds += time.perf_counter() - began
            self.crops += crops
            self.passes += 1

    def to_dict(self) -> dict[str, Any]:
        """Return it as JSON data."""
        return {
            "seconds": round(self.seconds, 4), "crops": self.crops, "passes": self.passes,
            "tokens": self.tokens, **self.repairs,
        }  # fmt: skip


class Eyes(Protocol):
    """Judges crops. sizes: px of a crop at first sight and at a careful one, which may be equal."""

    sizes: tuple[int, int]
    reads: bool
    """Whether notes can be shown to it."""

    def look(
        self, frame: Pixels, crops: Sequence[Asked], size: int, spent: Spent, digest: Any
    ) -> list[Fits | None]:
        """Return how well each crop fits every state; None where there was no answer.

        digest: a hash that is given all that is shown.
        """
        ...


class WeighingEyes:
    """A local model: tells how probable it holds each of the answers. Crops of a kind go together.

    size: px, None: no size is special to it. drawing: of the task's cell, standing where the frame
    was taken: crops are shown with it, as one picture; None: they are shown alone. taught: how
    often it was shown a state in training, by which its answers are divided; None: it was taught
    nothing of the kind. heat: by which its log-odds about a kind are divided, 1 for others.
    """

    reads = False

    def __init__(
        self, model: Any, *, size: int | None, taught: Callable[[str, str], float] | None = None,
        heat: Mapping[str, float] | None = None, timeout_s: float = 60.0,
        drawing: Drawing | None = None,
    ) -> None:  # fmt: skip
        self._drawing = drawing
        self._model, self._taught, self._heat = model, taught, heat or {}
        self._timeout = timeout_s
        self._worker = Worker(alone=True)
        self.sizes = (size, size) if size else (SMALL, FULL)

    def look(
        self, frame: Pixels, crops: Sequence[Asked], size: int, spent: Spent, digest: Any
    ) -> list[Fits | None]:
        """Return the fits; a pass that fails leaves its crops unanswered."""
        found: list[Fits | None] = [None] * len(crops)
        for kind in dict.fromkeys(PARTS[crop.part] for crop in crops):
            at = [i for i, crop in enumerate(crops) if PARTS[crop.part] == kind]
            for i, fits in zip(
                at, self._kind(frame, kind, [crops[i] for i in at], size, spent, digest),
                strict=True,
            ):  # fmt: skip
                found[i] = fits
        return found

    def _kind(
        self, frame: Pixels, kind: str, crops: Sequence[Asked], size: int, spent: Spent, digest: Any
    ) -> list[Fits | None]:
        text, answers = (
            render("inspection/part", part=kind, states=crops[0].states),
            crops[0].states,
        )
        before = self._model.tokens_read
        try:
            with spent.pass_over(len(crops)):
                pictures = [self._picture(frame, crop.square, size) for crop in crops]
                batch = [[message([picture], text, digest)] for picture in pictures]
                rows = self._worker.call(
                    lambda: self._model.weigh_batch(batch, answers), self._timeout
                )
        except Exception:  # whatever a model raises: the inspection goes on
            spent.repairs["unread"] += len(crops)
            return [None] * len(crops)
        spent.repairs["constrained"] += len(crops)
        spent.tokens += self._model.tokens_read - before
        return [self._fits(kind, dict(zip(answers, row, strict=True))) for row in rows]

    def _picture(self, frame: Pixels, square: Square, size: int) -> Pixels:
        """Return what is shown of a frame: a crop, or what has changed in it from the drawing."""
        seen = square.cut(frame, size)
        if self._drawing is None:
            return seen
        clean = self._drawing.view((frame.shape[1], frame.shape[0])).pixels
        return composite(seen, square.cut(clean, size))

    def _fits(self, kind: str, odds: Mapping[str, float]) -> Fits:
        taught, heat = self._taught, self._heat.get(kind, 1.0)
        return {
            state: (max(p, 1e-6) / (taught(kind, state) if taught else 1.0)) ** (1.0 / heat)
            for state, p in odds.items()
        }


class Answering(Protocol):
    """A pilot behind which is a chat model."""

    def answer_free(
        self, text: str, image: Pixels, regions: Mapping[str, Any], *, cut: bool = False
    ) -> str:
        """Return the answer to a text about an image, which may be `cut` out of a frame."""
        ...


class AskingEyes:
    """A chat model: asked crop by crop, its answer read strictly, asked again once, or given up."""

    reads = True
    sizes = (SMALL, FULL)

    def __init__(self, pilot: Answering) -> None:
        self._pilot = pilot

    def taken(self) -> tuple[Call, ...]:
        """Return the requests since this was last called."""
        taken: Callable[[], tuple[Call, ...]] = getattr(self._pilot, "taken", tuple)
        return taken()

    def pictures(self) -> Mapping[str, bytes]:
        """Return the pictures that these requests name by their digest."""
        pictures: Callable[[], Mapping[str, bytes]] = getattr(self._pilot, "pictures", dict)
        return pictures()

    def look(
        self, frame: Pixels, crops: Sequence[Asked], size: int, spent: Spent, digest: Any
    ) -> list[Fits | None]:
        """Return the fits; what cannot be read after one more question is None."""
        return [self._one(crop.square.cut(frame, size), crop, spent, digest) for crop in crops]

    def _one(self, image: Pixels, crop: Asked, spent: Spent, digest: hashlib._Hash) -> Fits | None:
        digest.update(image.tobytes())
        problem = ""
        for rung in ("", "reask"):
            if rung:
                spent.repairs[rung] += 1
            text = render(
                "inspection/ask", part=PARTS[crop.part], states=crop.states, notes=crop.notes,
                problem=problem,
            )  # fmt: skip
            digest.update(text.encode())
            try:
                with spent.pass_over(0 if rung else 1):
                    answer = self._pilot.answer_free(text, image, {}, cut=True)
            except ModelRefused:  # it will answer no other question either
                raise
            except Exception:  # whatever a provider raises: the inspection goes on
                break
            state, mended = read_state(answer, crop.states)
            if state is not None:
                spent.repairs["local"] += mended
                rest = (1.0 - SAID) / (len(crop.states) - 1)
                return {each: SAID if each == state else rest for each in crop.states}
            problem = answer.strip()[:80] or "nothing"
        spent.repairs["unread"] += 1
        return None
