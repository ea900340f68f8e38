"""A provider that fails now and then, as providers do."""

from __future__ import annotations

from collections import Counter
from typing import Any

import numpy as np

from helmsight.contract.pilot import Decision, Pilot, Sighting
from helmsight.contract.task import Task

SAID = "ProviderError: 503 service unavailable (a disturbance of the evaluation)"


class FailingProvider:
    """A pilot whose provider gives an error for a share of the decisions, the same by every seed.

    The pilot is not asked then, and the loop is told what it is told of any error of a model: no
    command, one repair of the kind "errors".
    """

    def __init__(self, pilot: Pilot, share: float) -> None:
        self._pilot, self._share = pilot, share
        self.name, self.needs = pilot.name, pilot.needs
        self._random = np.random.default_rng(0)

    def reset(self, task: Task, seed: int) -> None:
        """Begin an episode."""
        self._random = np.random.default_rng([seed, 3])
        self._pilot.reset(task, seed)

    def decide(self, sighting: Sighting) -> Decision:
        """Answer what the pilot does, or as one whose provider failed."""
        if self._random.random() < self._share:
            return Decision(None, SAID, Counter(errors=1))
        return self._pilot.decide(sighting)

    def __getattr__(self, name: str) -> Any:
        return getattr(self._pilot, name)
