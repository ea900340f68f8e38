"""Rows of episodes that nobody ran, by what matters of them."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest

from helmsight.evals.episode import DONE, Episode, EpisodeRow

RESULT = {
    "better": "lower", "success": True, "reason": "captured", "steps": 10, "wall_s": 1.0,
    "think_ms": [20.0, 40.0],
}  # fmt: skip
EPISODE = {
    "kind",
    "scenario", "pilot", "seed", "time", "hold", "observation", "disturbance", "variant", "options",
    "pilot_options", "limits",
}  # fmt: skip


@pytest.fixture
def row() -> Callable[..., EpisodeRow]:
    """Return what makes a row: fields of the episode and of its result by name."""

    def made(pilot: str, seed: int, score: float | None, **fields: Any) -> EpisodeRow:
        status = fields.pop("status", DONE)
        known: dict[str, Any] = {"kind": "flight", "scenario": "PE1-E1-I1", "time": "fixed:0.5"}
        known |= {"pilot": pilot, "seed": seed, "made_with": "a test"}
        known |= {name: fields.pop(name) for name in EPISODE & set(fields)}
        result: dict[str, Any] = RESULT | {"score": score} | fields
        if status != DONE:
            result |= {"success": False, "reason": ""}
        return EpisodeRow.of(Episode(**known), status, **result)

    return made
