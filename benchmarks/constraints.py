"""Measures the checker of spatial relations on random sets, and in the loop of a flight.

    python benchmarks/constraints.py
    python benchmarks/constraints.py --flights --seeds 10

The first part checks random sets of claims about six objects on three axes, both orders of every
pair, on one core. With --flights the pilot `relations` flies PE1-E1-I1 to I4 on what an oracle
says: all of it true; a share of it flipped at random; the same with `verified` grounding. What the
flips cost in score and how much of that verification gives back is compared seed by seed.
"""

from __future__ import annotations

import argparse
import os
import sys
from collections.abc import Iterator, Sequence
from functools import partial

import numpy as np

from helmsight.errors import status_of
from helmsight.evals.figures import Figure, add_options, figure, show, timed
from helmsight.prompts.constraints import UNKNOWN, check, consistent
from helmsight.prompts.relations import Axis, Claim, claim
from helmsight.prompts.strategies import VERIFIED

SCENARIOS = ("PE1-E1-I1", "PE1-E1-I2", "PE1-E1-I3", "PE1-E1-I4")
OBJECTS = 6
SETS = 100_000
ASKED = 100_000.0  # sets a second
RECOVERED = 80.0  # percent of the score lost


def run(arguments: Sequence[str]) -> None:
    """Print the figures that `arguments` ask for."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0] if __doc__ else None)
    parser.add_argument("--flights", action="store_true", help="fly as well (minutes)")
    parser.add_argument("--strategy", default="combined", help="order of relations in the flights")
    parser.add_argument("--flips", type=float, default=0.15, help="share of relations flipped")
    parser.add_argument("--seeds", type=int, default=10, help="seeds 0 to N - 1 of each scenario")
    add_options(parser)
    options = parser.parse_args(arguments)
    show(_figures(options), options)


def main(arguments: Sequence[str] | None = None) -> int:
    """Run the command and return its exit status; an error the caller can mend is one line."""
    return status_of(lambda: run(sys.argv[1:] if arguments is None else arguments))


def _figures(options: argparse.Namespace) -> Iterator[Figure]:
    if hasattr(os, "sched_setaffinity"):  # one core, where the system can be told so
        cores = os.sched_getaffinity(0)
        os.sched_setaffinity(0, {min(cores)})
        try:
            yield from _checked(options.scale)
        finally:
            os.sched_setaffinity(0, cores)
    else:
        yield from _checked(options.scale)
    if options.flights:
        yield from _flown(options)


def _checked(scale: float) -> Iterator[Figure]:
    """Yield how many sets a second are checked: many at a time, and one with explanations."""
    rng = np.random.default_rng(0)
    n = max(1, round(SETS * scale))
    for name, states in (
        ("dense", [-1, 0, 1, UNKNOWN]),
        ("sparse", [-1, 0, 1, *[UNKNOWN] * 12]),
    ):
        signs = rng.choice(np.array(states, np.int8), (n, OBJECTS, OBJECTS, len(Axis)))
        consistent(signs[:64])
        rates = [n / timed(partial(consistent, signs)) for _ in range(7)]
        yield figure(f"random sets checked, {name}", "1/s", rates, ASKED, least=True)
    sets = [_claims(table) for table in signs[:200]]
    rates = [1.0 / timed(partial(check, claims)) for claims in sets]
    yield figure("one set checked and explained", "1/s", rates)


def _claims(signs: np.ndarray) -> list[Claim]:
    return [
        claim(f"object {a}", axis, int(signs[a, b, at]), f"object {b}")
        for at, axis in enumerate(Axis)
        for a, b in np.ndindex(OBJECTS, OBJECTS)
        if a != b and signs[a, b, at] != UNKNOWN
    ]


def _flown(options: argparse.Namespace) -> Iterator[Figure]:
    """Yield scores, percentages of the loss that verification gives back, and what it costs."""
    plain = f"oracle:{options.strategy}"
    verified = f"{plain}{VERIFIED}"
    flips = f",flips={options.flips}"
    lost, regained = [], []
    for scenario in SCENARIOS:
        true, wrong, mended = (
            np.array([_score(scenario, seed, name) for seed in range(options.seeds)])
            for name in (plain, plain + flips, verified + flips)
        )
        lost.append(wrong - true)
        regained.append(wrong - mended)
        for name, scores in (("true", true), ("flipped", wrong), ("verified", mended)):
            yield figure(f"{scenario} score (time paused), {name}", "", list(scores))
        share = 100.0 * float(regained[-1].sum() / lost[-1].sum())
        yield figure(f"{scenario} loss regained", "%", [share])
    yield _regained(np.concatenate(lost), np.concatenate(regained))


def _score(scenario: str, seed: int, grounding: str) -> float:
    from helmsight.session import fly

    flight = fly(scenario, "relations", seed, time="paused", operator={"grounding": grounding})
    return float(flight.summary["score"])


def _regained(lost: np.ndarray, regained: np.ndarray) -> Figure:
    """Return the share of all loss that came back, spread by resampling the flights in pairs."""
    rng = np.random.default_rng(0)
    drawn = rng.integers(0, len(lost), (2000, len(lost)))
    shares = 100.0 * regained[drawn].sum(axis=1) / lost[drawn].sum(axis=1)
    name = f"loss regained, {len(lost)} flights resampled"
    return figure(name, "%", list(shares), RECOVERED, least=True, of="p5")


if __name__ == "__main__":
    sys.exit(main())
