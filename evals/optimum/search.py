"""The search for the least score of a pursuit: flights by plans that know the evader's burns.

For arrival times on a grid the cheapest course is found (`agents.scripted.course`); the one that
promises the least is flown on the twin with the evader's bot in the loop, planned anew on the way.
What they score is what the pursuit can be flown for: a reference, and no bound, since burns and
attitude are found in turns. Of E2 a plan knows the burns that it made in the flight before, which
are others as soon as it is woken at another moment: against E2 a reference is weak.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field

import numpy as np

from helmsight.agents.scripted.course import THRUSTS
from helmsight.agents.scripted.voyage import Meeting, Voyage
from helmsight.envs.orbital.bots import EVADE_RANGE
from helmsight.envs.orbital.command import DURATION
from helmsight.envs.orbital.dynamics import Array
from helmsight.envs.orbital.scenarios import PURSUER, Scenario
from helmsight.envs.orbital.scoring import ScoreKeeper
from helmsight.envs.orbital.world import DT, World
from helmsight.evals.optimum.truth import Foreknown, place

ARRIVALS = (85.0, 105.0, 125.0, 145.0, 170.0, 195.0, 215.0, 238.0)
CHASES = (15.0, 18.0)
"""Mission times at which plans may arrive, and seconds that E3 may flee before it is met."""
AGAIN = 2
"""How often E2 is flown again, with the burns of the flight before."""
LIMITS = np.array([1.0, 0.95, 0.95])
"""Throttles that plans count on: the nose is never quite where it was reckoned to be."""


@dataclass(frozen=True)
class Reference:
    """The best flight found of a pursuit: its score, and the terms that the score is made of.

    `distance` m, `speed` m/s, `fuel` kg and `time` s (mission time) at the closest approach.
    """

    scenario: str
    seed: int
    score: float
    captured: bool
    distance: float
    speed: float
    fuel: float
    time: float

    @property
    def rank(self) -> tuple[bool, float]:
        """What is better is less: a capture first, then the score."""
        return not self.captured, self.score


@dataclass
class _Flight:
    """One flight of a pursuit by a plan; `seen` is what the evader did."""

    scenario: Scenario
    seed: int
    known: Foreknown
    seen: list[tuple[float, Array, Array]] = field(default_factory=list)


def search(cells: Sequence[tuple[Scenario, int]]) -> Iterator[Reference]:
    """Yield the best flight found of each pursuit, in order; all are flown side by side."""
    flights = [_Flight(scenario, seed, Foreknown(scenario.evader)) for scenario, seed in cells]
    found: dict[tuple[str, int], Reference] = {}
    for _ in range(1 + AGAIN):
        for reference in _fly(flights):
            key = reference.scenario, reference.seed
            if key not in found or reference.rank < found[key].rank:
                found[key] = reference
        flights = [
            _Flight(flight.scenario, flight.seed, Foreknown(2, flight.seen))
            for flight in flights
            if flight.scenario.evader == 2
        ]
        if not flights:
            break
    for scenario, seed in cells:
        yield found[scenario.name, seed]


def _voyage(known: Foreknown) -> Voyage:
    return Voyage(known, EVADE_RANGE, limits=LIMITS)


def _fly(flights: Sequence[_Flight]) -> list[Reference]:
    """Fly side by side and return how each went."""
    world = World([flight.scenario for flight in flights], [flight.seed for flight in flights])
    world.settle()
    keeper, full = ScoreKeeper(world), world.mass[:, PURSUER].copy()
    voyages = [_voyage(flight.known) for flight in flights]
    for i, (voyage, flight) in enumerate(zip(voyages, flights, strict=True)):
        chases = CHASES if flight.scenario.evader == 3 else (None,)
        where = place(world, i, float(full[i]))
        voyage.choose(where, [Meeting(a, chase) for a in ARRIVALS for chase in chases], 2)
        voyage.choose(where, voyage.around(), 3)
    while not world.over.all():
        throttle = np.zeros((len(flights), 3))
        for i in map(int, np.flatnonzero(~world.over)):
            where = place(world, i, float(full[i]))
            flights[i].seen.append((where.met, where.target_position, where.target_velocity))
            force = voyages[i].force(where, DURATION)
            throttle[i] = world.axes[i, PURSUER] @ force / THRUSTS
        world.burn(throttle)
        world.advance(round(DURATION / DT))
        keeper.sample(world)
    scores = keeper.score()
    return [
        Reference(
            flight.scenario.name, flight.seed, float(scores[i]), bool(world.captured[i]),
            float(keeper.distance[i]), float(keeper.speed[i]), float(keeper.fuel[i]),
            float(keeper.time[i]),
        )
        for i, flight in enumerate(flights)
    ]  # fmt: skip
