"""Flies the laws that label pursuits in training: what a perfect pupil of theirs would score.

    python benchmarks/law.py --scenarios PE1-E3-I3,PE1-E1-I3 --seeds 10 --bias 0.02 --noise 0.004

Their throttles are taken at the model's seven levels, each answer takes effect 0.04 s after its
picture. An eye that errs is put in its way: --bias is the share by which range and velocity are
wrong for a whole flight, --noise the share by which they are wrong anew every decision, one sigma.
"""

from __future__ import annotations

import argparse
import sys
from collections.abc import Sequence
from dataclasses import replace

import numpy as np

from helmsight.agents.scripted.guidance import Situation
from helmsight.agents.training.flights import FlightBatch
from helmsight.agents.training.questions import nearest_levels
from helmsight.agents.training.starts import RandomStart
from helmsight.contract.clock import TimeRule
from helmsight.envs.orbital.dynamics import Array, norm
from helmsight.envs.orbital.scenarios import PURSUITS, Scenario, find_pursuit
from helmsight.envs.orbital.scoring import ScoreKeeper
from helmsight.errors import status_of
from helmsight.evals.machine import Machine
from helmsight.evals.statistics import median_interval

PUBLIC = [name for name, scenario in PURSUITS.items() if scenario.public]


class ErringFlights(FlightBatch):
    """Flights of one public scenario, of which the law is told with errors."""

    def __init__(self, scenario: Scenario, seeds: int, bias: float, noise: float) -> None:
        starts = [
            RandomStart(
                scenario.bot, scenario.load_time, *scenario.initial_state(seed),
                scenario.initial_axes,
            )
            for seed in range(seeds)
        ]  # fmt: skip
        rng = np.random.default_rng(seeds)
        super().__init__(seeds, rng, starts, plain=True)
        self.rule = TimeRule("fixed", 0.04)
        self._bias, self._noise = self._errors(bias), noise

    def foreseen(self) -> Situation:
        """Return what the law is told, with the errors of the flight and of this decision."""
        wrong = self._bias + self._errors(self._noise)
        told = super().foreseen()
        speed = norm(told.velocity)[:, None]
        return replace(
            told,
            gap=told.gap * (1.0 + wrong[:, :1]),
            velocity=told.velocity * (1.0 + wrong[:, 1:2]) + speed * 0.5 * wrong[:, 2:],
        )

    def _errors(self, sigma: float) -> Array:
        """Return errors as shares: of the range, of the speed, of the velocity's three parts."""
        return self.rng.normal(0.0, sigma, (len(self.starts), 5))


def flown(scenario: Scenario, seeds: int, bias: float, noise: float) -> tuple[Array, int]:
    """Return the scores (seeds,) of the law in `scenario`, and how many flights captured."""
    flights = ErringFlights(scenario, seeds, bias, noise)
    keeper = ScoreKeeper(flights.world)
    while not flights.world.over.all():
        flights.fly(nearest_levels(flights.teach()))
        keeper.sample(flights.world)
    return keeper.score(), int(flights.world.captured.sum())


def run(arguments: Sequence[str]) -> None:
    """Fly what `arguments` name and print a line for each scenario."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0] if __doc__ else None)
    parser.add_argument("--scenarios", default=",".join(PUBLIC), help="with commas between them")
    parser.add_argument("--seeds", type=int, default=10, help="how many, from 0 on (10)")
    parser.add_argument("--bias", type=float, default=0.0, help="one sigma of a whole flight (0)")
    parser.add_argument("--noise", type=float, default=0.0, help="one sigma of a decision (0)")
    options = parser.parse_args(arguments)
    print("\n".join(Machine.here().lines()))
    for name in options.scenarios.split(","):
        scenario = find_pursuit(name)
        scores, captured = flown(scenario, options.seeds, options.bias, options.noise)
        score = median_interval(scores.tolist()).text(".1f")
        print(f"{scenario.name}  {score}  {captured}/{options.seeds} captured", flush=True)


def main(arguments: Sequence[str] | None = None) -> int:
    """Run the command and return its exit status; an error the caller can mend is one line."""
    return status_of(lambda: run(sys.argv[1:] if arguments is None else arguments))


if __name__ == "__main__":
    sys.exit(main())
