"""What an evaluation has used up of its budgets."""

from __future__ import annotations

import time

from helmsight.evals.episode import EpisodeRow
from helmsight.evals.suite import Budgets


class Spent:
    """Adds up what episodes took; time counts from now on."""

    def __init__(self, budgets: Budgets) -> None:
        self._budgets, self._began = budgets, time.monotonic()
        self._cost, self._tokens = 0.0, 0

    def take(self, row: EpisodeRow) -> None:
        """Add an episode that has ended."""
        self._cost += row.cost or 0.0
        self._tokens += row.tokens_in + row.tokens_out

    def up(self) -> str:
        """Return which budget is used up, in words; "" for none."""
        budgets, wall_s = self._budgets, time.monotonic() - self._began
        for name, unit, most, spent in (
            ("wall_s", " s", budgets.wall_s, wall_s),
            ("cost", "", budgets.cost, self._cost),
            ("tokens", "", budgets.tokens, self._tokens),
        ):
            if most is not None and spent >= most:
                return f"budgets.{name}, {most:.15g}{unit}, is used up"
        return ""
