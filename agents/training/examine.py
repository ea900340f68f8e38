"""Examining the student: its answers on pictures that nobody trained on."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
import torch
from numpy.typing import NDArray

from helmsight.agents.training.flights import FlightSample, SampleFlights
from helmsight.agents.training.policy import StudentPolicy, pixels, prompt_ids
from helmsight.agents.training.questions import (
    UNREADABLE,
    nearest_levels,
    prompt,
    reading_text,
    relation_text,
)

HELD_OUT = 2**20  # seeds from here on are never used by the gathering processes
BATCH = 48


@dataclass(frozen=True)
class Marks:
    """Shares of right answers on `n` pictures, each in [0, 1].

    `exact` counts commands with all three throttles right, `signs` those with all three directions
    right (ahead, none or back), `fields` each throttle, where nothing is covered; `relation` and
    `reading` count whole sentences.
    """

    n: int
    exact: float
    signs: float
    fields: tuple[float, float, float]
    relation: float
    reading: float


def held_out(count: int, seed: int, plain: bool, family: str = "PE1") -> list[FlightSample]:
    """Return samples of a family's teacher flights with random bursts, from seeds kept for this."""
    rng = np.random.default_rng([HELD_OUT, seed])
    samples: list[FlightSample] = []
    worlds = min(40, count)
    while len(samples) < count:
        flown = SampleFlights(worlds, rng, 0.0, plain, family).collect(12, None)
        samples += flown[:: max(1, len(flown) // worlds)]
    return samples[:count]


def examine(model: Any, processor: Any, samples: list[FlightSample]) -> Marks:
    """Return the marks of a model on `samples`."""
    views = np.stack([sample.views for sample in samples])
    truth = nearest_levels(np.stack([sample.throttle for sample in samples]))
    policy = StudentPolicy(model, processor)
    parts = range(0, len(views), BATCH)
    asked = [sample.question for sample in samples]
    given = np.concatenate([policy(views[i : i + BATCH], asked[i : i + BATCH]) for i in parts])
    shown = np.array([not sample.covered for sample in samples])
    given, truth = given[shown], truth[shown]
    right = given == truth
    relations = [UNREADABLE if s.covered else relation_text(s.state) for s in samples]
    readings = [reading_text(s.state) if s.legible else UNREADABLE for s in samples]

    def share_right(question: str, truth: list[str]) -> float:
        answers = _answers(model, processor, question, views)
        return float(np.mean([a == b for a, b in zip(answers, truth, strict=True)]))

    forward, sideways, down = (float(x) for x in right.mean(axis=0))
    return Marks(
        n=len(samples),
        exact=float(right.all(axis=1).mean()),
        signs=float((np.sign(given) == np.sign(truth)).all(axis=1).mean()),
        fields=(forward, sideways, down),
        relation=share_right("relation", relations),
        reading=share_right("reading", readings),
    )


@torch.inference_mode()
def _answers(model: Any, processor: Any, question: str, views: NDArray[np.uint8]) -> list[str]:
    """Return the greedy answers to `question` for views (n, 3, S, S, 3)."""
    start = torch.tensor(prompt_ids(processor, prompt(question)))
    answers: list[str] = []
    for i in range(0, len(views), BATCH):
        part = pixels(views[i : i + BATCH])
        ids = start.expand(len(part), -1)
        out = model.generate(input_ids=ids, pixel_values=part, max_new_tokens=32, do_sample=False)
        texts = processor.tokenizer.batch_decode(out[:, ids.shape[1] :], skip_special_tokens=True)
        answers += [text.strip() for text in texts]
    return answers
