"""How an adapter is trained, and what became of it."""

from __future__ import annotations

from dataclasses import asdict, dataclass, field
from pathlib import Path
from typing import Any


@dataclass(frozen=True)
class Plan:
    """How an adapter is trained. `patience`: epochs without a lower held-out loss after which it
    ends; `learning_rate` is the highest one; a step is of `batch` times `accumulate` lessons.
    """

    lora_r: int = 16
    lora_alpha: int | None = None
    epochs: float = 3.0
    patience: int = 2
    batch: int = 4
    accumulate: int = 1
    learning_rate: float = 2e-4
    seed: int = 0
    device: str | None = None
    dtype: str | None = None
    trust_remote_code: bool = False


@dataclass(frozen=True)
class Trained:
    """What became of a training: the held-out loss before and after it, None where nothing was held
    out; the epochs that were made, and whether it ended early.
    """

    folder: Path
    before: float | None
    after: float | None
    epochs: float
    early: bool
    parameters: int
    losses: list[float] = field(default_factory=list)

    def to_dict(self) -> dict[str, Any]:
        """Return it as JSON data."""
        return {**asdict(self), "folder": str(self.folder)}
