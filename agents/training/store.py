"""Training samples on disk: compressed shards written by flights, read by the fit."""

from __future__ import annotations

import json
import os
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from helmsight.agents.training.flights import FlightSample
from helmsight.agents.training.questions import (
    LATE,
    UNREADABLE,
    command_text,
    reading_text,
    relation_text,
)
from helmsight.contract.jsontext import parse_json
from helmsight.envs.orbital.cockpit.beside import SUNWARD
from helmsight.envs.orbital.cockpit.state import CockpitState, Vector

DIGITS = 6 + 5 + 4
"""Digits of distance (to 0.1 m), speed (to 0.01 m/s) and clock (mm:ss) that the eye learns."""
BLANK = 10
HIDDEN = 255
"""Stands for a digit that is covered: nothing is to be learnt there."""
FIGURES = 2 + 4 * 3 + 2 + 3 + 2
"""Regression targets: log range, log speed, four unit vectors, clock, mass; of what the panel
beside the readouts is about its direction, a log distance and a closing speed. NaN: not shown."""


@dataclass(frozen=True)
class Shard:
    """Samples as arrays: views (n, 3, S, S, 3) uint8, digits (n, DIGITS), figures (n, FIGURES)
    float32, the right answers, a list of texts for each question, and, under "asked", the words
    in which the command was asked for.
    """

    views: NDArray[np.uint8]
    digits: NDArray[np.uint8]
    figures: NDArray[np.float32]
    texts: dict[str, list[str]]

    def __len__(self) -> int:
        return len(self.views)

    @property
    def late(self) -> bool:
        """Whether its commands take effect late, as the questions then tell: all, or none."""
        return LATE in self.texts["asked"][0]


def shown_digits(state: CockpitState) -> list[int]:
    """Return the digits on the readouts, leading blanks as BLANK."""
    minutes, seconds = divmod(int(state.met), 60)
    text = f"{state.range:7.1f}{state.speed:6.2f}{minutes:02d}{seconds:02d}"
    return [BLANK if c == " " else int(c) for c in text if c != "."]


def figures(state: CockpitState) -> list[float]:
    """Return the regression targets of one picture, each of order one."""
    direction = state.velocity / max(state.speed, 1e-6)
    sight = state.target / max(state.range, 1e-6)
    return [
        np.log(max(state.range, 1.0)) / 4.0,
        np.log(max(state.speed, 0.1)) / 2.0,
        *direction, *sight, *state.up, *state.north,
        state.met / 240.0, state.mass / 6685.0,
        *beside(state),
    ]  # fmt: skip


def beside(state: CockpitState) -> list[float]:
    """Return the targets for the third craft, or for the sun and the place sunward of the target.

    NaN where the cockpit has neither.
    """
    if state.contacts:
        contact = min(state.contacts, key=lambda one: one.range)
        return _beside(contact.place, contact.range, contact.closing)
    if state.sunlit:
        spot = float(np.linalg.norm(SUNWARD * state.sun + state.target))
        return _beside(state.sun, spot, state.closing)
    return [np.nan] * 5


def _beside(way: Vector, distance: float, closing: float) -> list[float]:
    sight = way / max(float(np.linalg.norm(way)), 1e-6)
    return [*sight, np.log(max(distance, 1.0)) / 4.0, np.clip(closing / 20.0, -2.0, 2.0)]


def write(folder: Path, name: str, samples: Sequence[FlightSample]) -> None:
    """Write samples as one shard; it appears under its name only when complete."""
    texts = {
        "command": [UNREADABLE if s.covered else command_text(s.throttle) for s in samples],
        "relation": [UNREADABLE if s.covered else relation_text(s.state) for s in samples],
        "reading": [reading_text(s.state) if s.legible else UNREADABLE for s in samples],
        "asked": [s.question for s in samples],
    }
    folder.mkdir(parents=True, exist_ok=True)
    part = folder / f"{name}.part.npz"
    np.savez(
        part,
        views=np.stack([s.views for s in samples]),
        digits=np.array(
            [shown_digits(s.state) if s.legible else [HIDDEN] * DIGITS for s in samples],
            dtype=np.uint8,
        ),
        figures=np.array(
            [[np.nan] * FIGURES if s.covered else figures(s.state) for s in samples],
            dtype=np.float32,
        ),
        texts=np.frombuffer(json.dumps(texts).encode(), dtype=np.uint8),
    )
    os.replace(part, folder / f"{name}.npz")


def read(path: Path) -> Shard:
    """Read one shard."""
    with np.load(path) as data:
        words = data["texts"].tobytes()
        texts = parse_json(words, most=len(words))  # ours, and as long as a training needs
        return Shard(data["views"], data["digits"], data["figures"], texts)
