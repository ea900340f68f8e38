"""How often the 95 % intervals hold the truth, and how often the tests find what is not there.

    python benchmarks/coverage.py
    python benchmarks/coverage.py --repetitions 2000 --only median,paired --json coverage.json

Samples are drawn from distributions whose truth is known: symmetric, skewed, with heavy tails, and
of two kinds of outcome. The first n of each method is the smallest that prints an interval; what
is asked is 93 to 97 % at every n, and at most 5.5 % false findings. A share of few cannot hold its
level at every single true share: there the truth is drawn evenly from each tenth from 0 to 1.
"""

from __future__ import annotations

import argparse
import json
import sys
from collections.abc import Callable, Iterator, Sequence
from dataclasses import asdict, dataclass
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from helmsight.errors import status_of
from helmsight.evals.machine import Machine
from helmsight.evals.report.points import WHOLE
from helmsight.evals.report.shares import share_difference
from helmsight.evals.statistics import (
    Interval,
    holm,
    mean_interval,
    median_interval,
    paired_test,
    proportion_interval,
    ratio_difference,
    ratio_interval,
    share_interval,
)
from helmsight.evals.statistics.intervals import MEAN_LEAST, PROPORTION_LEAST
from helmsight.evals.statistics.ratios import RATIO_LEAST, SHARE_LEAST
from helmsight.evals.tables import table

Sample = NDArray[np.float64]
Draw = Callable[[np.random.Generator, int], Sample]
REPETITIONS, FINDS = 2000, 5
LOWEST, HIGHEST, FALSE = 0.93, 0.97, 0.055
ROUNDING = 1e-9  # shares of few are often the very bounds of an interval
COLUMNS = ("method", "distribution", "n", "repetitions", "share %", "asked", "held")


@dataclass(frozen=True)
class Case:
    """One method on one distribution: `hit` draws a sample of n and says whether the interval
    held the truth, or whether the test found something.
    """

    method: str
    distribution: str
    sizes: tuple[int, ...]
    hit: Callable[[np.random.Generator, int], bool]
    finds: bool = False


@dataclass(frozen=True)
class Share:
    """How often a case hit at one n."""

    method: str
    distribution: str
    n: int
    repetitions: int
    share: float
    finds: bool

    @property
    def held(self) -> bool:
        """Whether it is within what is asked."""
        return self.share <= FALSE if self.finds else LOWEST <= self.share <= HIGHEST

    def words(self) -> tuple[str, ...]:
        """Return the share as text, one entry for each of `COLUMNS`."""
        asked = (
            f"at most {100 * FALSE:g}" if self.finds else f"{100 * LOWEST:g} to {100 * HIGHEST:g}"
        )
        return (
            self.method, self.distribution, str(self.n), str(self.repetitions),
            f"{100 * self.share:.1f}", asked, "yes" if self.held else "NO",
        )  # fmt: skip


def two_kinds(rng: np.random.Generator, n: int) -> Sample:
    """Draw scores of a pilot that mostly arrives: about 40, and 120 where it does not."""
    return np.where(rng.random(n) < 0.7, rng.normal(40, 5, n), rng.normal(120, 20, n))


SCORES: dict[str, tuple[Draw, float, float]] = {
    "normal": (lambda rng, n: rng.normal(50, 10, n), 50.0, 50.0),
    "exponential": (lambda rng, n: rng.exponential(1, n), float(np.log(2)), 1.0),
    "lognormal 0.5": (lambda rng, n: rng.lognormal(0, 0.5, n), 1.0, float(np.exp(0.125))),
    "lognormal 1": (lambda rng, n: rng.lognormal(0, 1, n), 1.0, float(np.exp(0.5))),
    "t, 3 degrees": (lambda rng, n: rng.standard_t(3, n), 0.0, 0.0),
    "beta 5, 2": (lambda rng, n: rng.beta(5, 2, n), 0.7355500, 5 / 7),
    "two kinds": (two_kinds, 42.83, 64.0),
}
"""Distributions of scores with their true median and mean."""
TENTHS = tuple((i / 10, (i + 1) / 10) for i in range(5))
"""Of true shares; the upper five mirror these."""


def holds(interval: Interval, truth: float) -> bool:
    """Return whether an interval holds the truth; one that is not printed is not asked."""
    assert interval.low is not None, f"no interval at n = {interval.n}"
    assert interval.high is not None
    return interval.low - ROUNDING <= truth <= interval.high + ROUNDING


def cases() -> Iterator[Case]:
    """Yield every method on every distribution."""
    for name, (draw, middle, mean) in SCORES.items():
        yield Case("median", name, (*range(6, 16), 20, 30, 50), _median(draw, middle))
        if name in MEANS:
            yield Case("mean", name, (MEAN_LEAST, 2 * MEAN_LEAST), _mean(draw, mean))
    for low, high in TENTHS:
        share = f"true share {low:.1f} to {high:.1f}"
        yield Case(
            "proportion", share, (*range(PROPORTION_LEAST, 16), 20, 30, 50), _wilson(low, high)
        )
    for p in (0.5, 0.7, 0.9):
        units = (SHARE_LEAST, 20, 30, 60, 100)
        yield Case("share of units", f"4 each, about {p}", units, _share(p))
    sizes = (RATIO_LEAST, 2 * RATIO_LEAST)
    yield Case("ratio", "of two times", sizes, _ratio)
    yield Case("difference of ratios", "0.9 and 0.8 of 4", sizes, _difference)
    yield Case("difference of shares", "right or wrong, 0.9 and 0.8", sizes, _answers)
    yield Case("paired test", "any of these scores", (6, 7, 8, 9, 10, 20), _paired, finds=True)
    yield Case("Holm, any of 3 pairs", "two kinds", (8, 10, 20), _family, finds=True)


MEANS = ("normal", "beta 5, 2", "two kinds", "exponential", "lognormal 0.5")
"""Those with tails that a mean of hundreds can be had of."""


def _median(draw: Draw, truth: float) -> Callable[[np.random.Generator, int], bool]:
    return lambda rng, n: holds(median_interval(draw(rng, n).tolist()), truth)


def _mean(draw: Draw, truth: float) -> Callable[[np.random.Generator, int], bool]:
    return lambda rng, n: holds(mean_interval(draw(rng, n).tolist(), resamples=1000), truth)


def _wilson(low: float, high: float) -> Callable[[np.random.Generator, int], bool]:
    def hit(rng: np.random.Generator, n: int) -> bool:
        truth = float(rng.uniform(low, high))
        return holds(proportion_interval(int(rng.binomial(n, truth)), n), truth)

    return hit


def _share(p: float) -> Callable[[np.random.Generator, int], bool]:
    def hit(rng: np.random.Generator, n: int) -> bool:
        wholes = rng.integers(2, 7, n)
        parts = rng.binomial(wholes, rng.beta(8 * p, 8 * (1 - p), n))  # units differ
        return holds(share_interval(parts.tolist(), wholes.tolist()), p)

    return hit


def _ratio(rng: np.random.Generator, n: int) -> bool:
    wholes = rng.lognormal(0, 0.3, n)
    parts = 0.5 * wholes * rng.lognormal(-0.02, 0.2, n)
    return holds(ratio_interval(parts.tolist(), wholes.tolist(), resamples=1000), 0.5)


def _difference(rng: np.random.Generator, n: int) -> bool:
    wholes = [4.0] * n
    first, second = rng.binomial(4, 0.9, n).tolist(), rng.binomial(4, 0.8, n).tolist()
    return holds(ratio_difference((first, wholes), (second, wholes), resamples=1000), 0.1)


def _answers(rng: np.random.Generator, n: int) -> bool:
    ease = rng.random(n)  # half of the questions are as easy for both
    other = np.where(rng.random(n) < 0.5, ease, rng.random(n))
    first, second = (WHOLE * (ease < 0.9)).tolist(), (WHOLE * (other < 0.8)).tolist()
    return holds(share_difference(first, second, resamples=1000), 0.1 * WHOLE)


def _paired(rng: np.random.Generator, n: int) -> bool:
    draw, _, _ = list(SCORES.values())[rng.integers(len(SCORES))]
    seed = draw(rng, n)  # what both have in common at a seed
    first, second = seed + draw(rng, n), seed + draw(rng, n)
    return paired_test(first.tolist(), second.tolist(), resamples=1024) <= 0.05


def _family(rng: np.random.Generator, n: int) -> bool:
    runs = [two_kinds(rng, n).tolist() for _ in range(3)]
    pairs = ((0, 1), (0, 2), (1, 2))
    return min(holm([paired_test(runs[a], runs[b], resamples=1024) for a, b in pairs])) <= 0.05


def measured(
    case: Case, repetitions: int, sizes: Sequence[int] | None = None, seed: int = 0
) -> list[Share]:
    """Return how often a case hits at each n, of `repetitions` samples each.

    False findings are few, and counted in `FINDS` times as many.
    """
    shares, repetitions = [], repetitions * (FINDS if case.finds else 1)
    for n in case.sizes if sizes is None else sizes:
        rng = np.random.default_rng([seed, n])
        hits = sum(case.hit(rng, n) for _ in range(repetitions))
        share = hits / repetitions
        shares.append(Share(case.method, case.distribution, n, repetitions, share, case.finds))
    return shares


def run(arguments: Sequence[str]) -> None:
    """Measure what `arguments` ask for and print the table."""
    parser = argparse.ArgumentParser(description=(__doc__ or "").splitlines()[0])
    parser.add_argument("--repetitions", type=int, default=REPETITIONS, help="samples of each n")
    parser.add_argument("--only", default="", help="methods, as words of their names, with commas")
    parser.add_argument("--seed", type=int, default=0)
    parser.add_argument("--markdown", action="store_true")
    parser.add_argument("--json", type=Path, metavar="FILE", help="write the shares there too")
    options = parser.parse_args(arguments)
    only = [word for word in options.only.split(",") if word]
    shares: list[Share] = []
    for case in cases():
        if not only or any(word in case.method for word in only):
            shares += measured(case, options.repetitions, seed=options.seed)
            print(*shares[-1].words(), file=sys.stderr, flush=True)
    print(*Machine.here().lines(), sep="\n", end="\n\n")
    print(table(COLUMNS, [share.words() for share in shares], markdown=options.markdown))
    if options.json is not None:
        from helmsight.contract.writing import write_whole

        entries = [asdict(share) | {"held": share.held} for share in shares]
        write_whole(options.json, json.dumps(entries, indent=2) + "\n")


def main(arguments: Sequence[str] | None = None) -> int:
    """Run the command and return its exit status; an error the caller can mend is one line."""
    return status_of(lambda: run(sys.argv[1:] if arguments is None else arguments))


if __name__ == "__main__":
    sys.exit(main())
