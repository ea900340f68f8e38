"""The ranges of numbers that people and files give: each stands here once, and each is finite.

An option of the command line has the range of its name (`helmsight.cli` refuses a number without
one), a program's argument is checked by `check`, and pydantic models take the same limits.
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import Any

from helmsight.contract.errors import InvalidOption

DAY_S = 86_400.0
SEEDS = 2**63 - 1  # what every generator of random numbers takes
MANY = 1_000_000
MOST_EARLIER = 8  # frames before the present one that a model is shown


@dataclass(frozen=True)
class Range:
    """The numbers from `low` to `high`, both of them included; whole ones only if `whole`."""

    low: float
    high: float
    whole: bool = False

    def holds(self, value: Any) -> bool:
        """Return whether `value` is a number of this range."""
        if isinstance(value, bool) or not isinstance(value, int | float):
            return False
        if self.whole and not isinstance(value, int):
            return False
        return math.isfinite(value) and self.low <= value <= self.high

    def __str__(self) -> str:
        kind = "a whole number" if self.whole else "a number"
        return f"{kind} from {_short(self.low)} to {_short(self.high)}"


def _short(value: float) -> str:
    return str(value) if isinstance(value, int) else f"{value:.6g}"


WAIT_S = Range(1e-3, DAY_S)
SEED = Range(0, SEEDS, whole=True)
COUNT = Range(1, MANY, whole=True)
COUNT_OR_NONE = Range(0, MANY, whole=True)
RANGES = {
    # a run
    "seed": SEED, "cell": SEED, "steps": COUNT, "max_steps": COUNT, "seconds": WAIT_S,
    "think_timeout": WAIT_S, "think_timeout_s": WAIT_S, "max_age": Range(1e-3, DAY_S),
    "start_met": Range(0.0, 1e6), "rate": Range(1e-3, 1e4), "scale": Range(0.05, 20.0),
    "speed": Range(0.0, 1e6),
    "max_new_tokens": Range(1, 65_536, whole=True),
    "max_tokens": Range(1, 10**12, whole=True), "max_cost": Range(0.0, 1e6),
    # how much of it
    "score_above": Range(-1e9, 1e9), "score_below": Range(-1e9, 1e9),
    "limit": COUNT, "seeds": COUNT, "n": COUNT, "valid": COUNT_OR_NONE, "train": COUNT_OR_NONE,
    "swaps": COUNT_OR_NONE, "max_calls": Range(0, 1000, whole=True),
    "few_shot": Range(0, 100, whole=True),
    "workers": Range(1, 1024, whole=True), "processes": Range(1, 1024, whole=True),
    "together": Range(1, 65_536, whole=True),
    # inspections
    "budget_views": COUNT, "budget_seconds": Range(0.0, DAY_S),
    # training
    "minutes": Range(0.1, 1e5), "buffer": Range(1000, 100 * MANY, whole=True),
    "batch": Range(1, 65_536, whole=True), "pictures": Range(100, 100 * MANY, whole=True),
    "cells": Range(4, MANY, whole=True), "learning_rate": Range(1e-9, 10.0),
    "lora_r": Range(1, 4096, whole=True), "lora_alpha": Range(1, 65_536, whole=True),
    "epochs": Range(0.01, 1e4), "patience": COUNT, "accumulate": Range(1, 65_536, whole=True),
    "held_out": Range(0.0, 0.9), "messages": COUNT_OR_NONE,
    # robots: rad or m, and per second
    "baud": Range(50, 12 * MANY, whole=True), "acceleration": Range(1e-6, 1e6),
    "opened": Range(-1e3, 1e3), "closed": Range(-1e3, 1e3),
}  # fmt: skip
"""The range of every number by the name of its option."""


def check(name: str, value: Any, shown: str = "") -> None:
    """Raise unless `value` is in the range of `name`; `shown` is what people call it.

    Raises:
        InvalidOption: with the range.
    """
    if not RANGES[name].holds(value):
        raise InvalidOption(f"{shown or name}={value!r:.40}: give {RANGES[name]}")
