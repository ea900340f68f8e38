"""What every worker of an evaluation is told besides its episodes."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path

from helmsight.evals.episode import EpisodeRow


@dataclass(frozen=True)
class Settings:
    """What workers are told: `folder` is that of the results, absolute.

    `record`: "none", "all", "failures" or "every:N" (seeds that N divides). `cache` keeps the
    answers of providers and gives them again. `episode_s`, `memory_mb` and `retries` bound an
    episode; `prices` are (in, out) of a million tokens, `concurrency` episodes at a time, both by
    pattern of pilots; so are `gpus`, shares of one for each copy of a model on a cluster.
    `together` is how many episodes of a group a process is given at once, at most.
    """

    folder: Path
    suite: str
    record: str = "none"
    cache: bool = True
    episode_s: float = 1800.0
    memory_mb: int | None = None
    retries: int = 1
    prices: Mapping[str, tuple[float, float]] = field(default_factory=dict)
    concurrency: Mapping[str, int] = field(default_factory=dict)
    gpus: Mapping[str, float] = field(default_factory=dict)
    together: int = 1

    def records(self, seed: int) -> bool:
        """Whether an episode of this seed is recorded, at least until its end is known."""
        if self.record.startswith("every:"):
            return seed % int(self.record.removeprefix("every:")) == 0
        return self.record in ("all", "failures")

    def keeps(self, row: EpisodeRow) -> bool:
        """Whether a recording is kept, once its episode has ended so."""
        return self.record != "failures" or not (row.done and row.success)
