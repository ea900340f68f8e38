"""Samples and what is said of them: an estimate, with an interval where the sample carries one."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from helmsight.evals.errors import InvalidSample

LEVEL = 0.95
RESAMPLES = 10_000


@dataclass(frozen=True)
class Interval:
    """An estimate with its confidence interval at `level`, from `n` observations.

    `low` and `high` are None where there are too few observations for one: an interval would
    then miss the truth more often than it says.
    """

    estimate: float
    low: float | None
    high: float | None
    n: int
    level: float = LEVEL

    @property
    def bounds(self) -> tuple[float, float]:
        """Low and high; the estimate twice where there is no interval: for the extent of a plot."""
        if self.low is None or self.high is None:
            return self.estimate, self.estimate
        return self.low, self.high

    def spread(self, form: str, scale: float = 1.0, unit: str = "") -> str:
        """Return what stands behind an estimate: "[38.0, 44.2]", or "(n = 3)" without an interval.

        Numbers are taken times `scale`, written in the format `form`, each with `unit`.
        """
        if self.low is None or self.high is None:
            return f"(n = {self.n})"
        return f"[{scale * self.low:{form}}{unit}, {scale * self.high:{form}}{unit}]"

    def text(self, form: str, scale: float = 1.0, unit: str = "") -> str:
        """Return the estimate with `spread`: "40.1 [38.0, 44.2]" or "40.1 (n = 3)"."""
        return f"{scale * self.estimate:{form}}{unit} {self.spread(form, scale, unit)}"

    def __str__(self) -> str:
        return self.text(".4g")


def sampled(values: Sequence[float]) -> NDArray[np.float64]:
    """Return a sample as float64 (n,).

    Raises:
        InvalidSample: it is empty or holds NaN.
    """
    sample = np.asarray(values, np.float64)
    if sample.ndim != 1 or not len(sample) or np.isnan(sample).any():
        raise InvalidSample(f"a sample needs at least one number and no NaN, got {values!r}")
    return sample


def check_level(level: float) -> None:
    """Raise InvalidSample unless `level` lies between 0 and 1."""
    if not 0 < level < 1:
        raise InvalidSample(f"level={level!r} is no confidence level; give one between 0 and 1")


def differences(first: Sequence[float], second: Sequence[float]) -> NDArray[np.float64]:
    """Return `first - second` of pairs, float64 (n,).

    Raises:
        InvalidSample: when the samples differ in length, are empty or hold NaN.
    """
    if len(first) != len(second):
        raise InvalidSample(
            f"pairs need samples of one length, and these have {len(first)} and {len(second)}"
        )
    return sampled(first) - sampled(second)
