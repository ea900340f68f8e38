"""The outcome of an episode: whether it succeeded, its score, and what the score is made of."""

from __future__ import annotations

from collections.abc import Mapping
from functools import cached_property
from typing import Any

from pydantic.dataclasses import dataclass

from helmsight.contract.measures import FROZEN, Better, Measure, read_measures


@dataclass(frozen=True, config=FROZEN)
class Outcome:
    """What a world calls a success, and how it scores an episode.

    `success` names the truth value in `info` that says so; it is also the word that an episode
    ends with ("landed"). "" where there is none. `score` is the figure that episodes are compared
    by, None where there is none; its `better` says which way. `terms` are figures of the end that
    explain it.
    """

    success: str = ""
    score: Measure | None = None
    terms: tuple[Measure, ...] = ()

    def check(self, world: str, info: Mapping[str, Any]) -> None:
        """Raise unless `info` tells all that was declared, in finite numbers.

        Raises:
            MeasureUnusable: naming the world and what it does not tell.
        """
        read_measures(world, self._declared, info)

    @cached_property
    def _declared(self) -> tuple[Measure, ...]:
        success = (Measure(self.success),) if self.success else ()
        return (*success, *self.terms, *((self.score,) if self.score else ()))

    def succeeded(self, info: Mapping[str, Any]) -> bool:
        """Return whether `info` is that of a success."""
        return bool(self.success and info.get(self.success, False))

    def read(self, info: Mapping[str, Any]) -> dict[str, Any]:
        """Return the outcome out of the last `info`: score, success and terms, by their names."""
        outcome: dict[str, Any] = {"score": info.get(self.score.source) if self.score else None}
        outcome["success"] = self.succeeded(info)
        if self.success:
            outcome[self.success] = outcome["success"]
        return outcome | {term.name: info.get(term.source) for term in self.terms}

    @property
    def better(self) -> Better:
        """Which way the score is better: "lower", "higher", or "" without one."""
        return self.score.better if self.score else ""
