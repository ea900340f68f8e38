"""Flights that training pictures are taken from: worlds of a family, the teachers, the student."""

from __future__ import annotations

from collections.abc import Callable, Collection, Sequence
from dataclasses import dataclass, replace
from typing import Any

import numpy as np
from numpy.typing import NDArray

from helmsight.agents.scripted.guidance import Situation, throttle
from helmsight.agents.training.foresight import FLEES, Evasion, foreseen
from helmsight.agents.training.looks import COVERED, Look, without_throttle
from helmsight.agents.training.questions import command, nearest_levels, prompt
from helmsight.agents.training.starts import RandomStart, draw_start
from helmsight.agents.training.teachers import LAWS, answer, expert
from helmsight.contract.clock import TimeRule
from helmsight.contract.timing import Timing
from helmsight.envs.orbital.cockpit.state import CockpitState
from helmsight.envs.orbital.convoy import make_world
from helmsight.envs.orbital.dynamics import Array, cross, unit
from helmsight.envs.orbital.families import FAMILIES
from helmsight.envs.orbital.scenarios import EVADER, PURSUER
from helmsight.envs.orbital.world import DT

DECISION = 0.5  # s
RULE_SHARES = {"PE1": (0.4, 0.4, 0.2), "LBG1": (0.7, 0.15, 0.15), "SB1": (0.7, 0.15, 0.15)}
"""Of stretches under paused, runner, fixed, in a family. Where a burn begins late the question
tells the command that is applied: in sun blocking it often is the answer, and who is asked so too
often learns to say it again. In pursuits who was asked so seldom missed under the runner."""
SEEN = 0.35
"""Share of the moments of which a picture is taken where the teacher flies; with the student every
moment has one, for it to fly by."""

SKIPPED, ENDS = 0.6, (250.0, 1200.0)
"""Share of the flights at E3 from near a public scenario of which only the end has pictures, and
where that end begins, m to the target: before it comes a long coast that is soon learnt."""

Policy = Callable[[NDArray[np.uint8], Sequence[str]], Array]
"""From views (n, 3, S, S, 3) uint8 and the words of n questions to throttles (n, 3)."""


@dataclass(frozen=True)
class FlightSample:
    """One picture with its truth: views (3, S, S, 3) uint8, the state, the teacher's throttle.

    `question` are the words in which the command is asked for: they tell the latency. Where the
    instruments are `covered` the throttle is none, whatever the teacher knows. `legible` tells
    whether the readouts show the digits, which those of the game do not.
    """

    views: NDArray[np.uint8]
    state: CockpitState
    throttle: Array
    question: str
    covered: bool = False
    legible: bool = True


def draw_rule(rng: np.random.Generator, family: str) -> TimeRule:
    """Return a time rule as pilots meet them: answers at once, KSPDG's runner, or any latency."""
    kind = rng.choice(["paused", "runner", "fixed"], p=RULE_SHARES[family])
    if kind == "runner":
        return TimeRule("runner", DECISION * float(rng.choice([1, 2, 3], p=[0.75, 0.2, 0.05])))
    return TimeRule(kind, round(rng.uniform(0.1, 2.0), 1) if kind == "fixed" else None)


class FlightBatch:
    """A batch of n worlds of a family from random starts, each with its own look of the cockpit."""

    def __init__(
        self,
        n: int,
        rng: np.random.Generator,
        starts: Sequence[RandomStart] = (),
        plain: bool = False,
        family: str = "PE1",
        codes: Collection[str] = (),
        named: bool = True,
    ) -> None:
        self.rng, self.family, self._named = rng, family, named
        self.starts = list(starts) or [draw_start(rng, family, codes) for _ in range(n)]
        seeds = [int(s) for s in rng.integers(1, 2**31, len(self.starts))]
        self.world: Any = make_world(list(zip(self.starts, seeds, strict=True)))
        mid_flight = np.array([s.midway for s in self.starts])
        self.world.propellant[mid_flight, PURSUER] -= rng.uniform(0.0, 300.0, mid_flight.sum())
        self._aim(mid_flight)
        self.rule = TimeRule("paused")
        self.looks = [Look.draw(rng, plain) for _ in self.starts]
        self._covered = 0.0 if plain else COVERED
        self._full = self.world.mass[:, PURSUER].copy()
        self._experts = [expert(start) for start in self.starts]
        self._evaders = [start.evader if family == "PE1" else 0 for start in self.starts]

    def _aim(self, which: NDArray[np.bool_]) -> None:
        """Point the noses at the targets; worlds drawn in mid-flight get a random roll."""
        world = self.world
        nose = unit(world.position[:, EVADER] - world.position[:, PURSUER])
        roll = np.where(which[:, None], self.rng.normal(size=nose.shape), world.axes[:, PURSUER, 1])
        right = unit(roll - nose * (roll * nose).sum(axis=1, keepdims=True))
        aimed = np.stack([nose, right, cross(nose, right)], axis=1)
        world.axes[which, PURSUER] = aimed[which]
        still = ~which
        if still.any():  # as a reset does: the nose swings by the shortest way
            waiting = world.over.copy()  # `settle` leaves worlds that are over as they are
            world.over |= which
            world.settle()
            world.over[:] = waiting | (world.captured & which)

    @property
    def latency(self) -> float:
        """From a picture to the burn that answers it, s."""
        return self.rule.waits(0.0, DECISION)

    def timing(self, i: int) -> Timing:
        """Return what the pilot of world `i` is told of its latency."""
        applied = command(self.world.throttle[i, PURSUER])
        return Timing(self.rule, self.rule.thinks(0.0), self.latency, applied)

    def question(self, i: int) -> str:
        """Return the words in which the pilot of world `i` is asked for a command.

        They name its bot, if bots are `named`.
        """
        task = self.starts[i].name if self._named else ""
        return prompt("command", self.timing(i), task)

    def foreseen(self) -> Situation:
        """Return what the law is told: the worlds at the moment at which an answer takes effect."""
        return foreseen(self.world, self.latency, Evasion.of(self._evaders, self.world))

    def teach(self) -> Array:
        """Return the teachers' throttles along the body axes, (n, 3); in worlds that are over, 0.

        They are for the moment at which the answer takes effect.
        """
        ahead = self.foreseen()
        taught = np.zeros((len(self.starts), 3))
        if self.family == "PE1":
            used = self._full - self.world.mass[:, PURSUER]
            now = replace(ahead, fuel_used=ahead.fuel_used + used)
            interval = self.timing(0).applied_s(DECISION)
            for evader in set(self._evaders):
                chased = np.array(self._evaders) == evader
                law = replace(LAWS[evader], interval=interval)
                taught[chased] = throttle(now.of(chased), law)
        read = FAMILIES[self.family].telemetry
        for i, pilot in enumerate(self._experts):
            if pilot is not None and not self.world.over[i]:
                taught[i] = answer(pilot, read(self.world, i), self.timing(i), ahead.axes[i])
        return np.where(self.world.over[:, None], 0.0, taught)

    def look(self, i: int, covered: bool = False) -> tuple[NDArray[np.uint8], CockpitState]:
        """Return the views of world `i` and its state."""
        state = FAMILIES[self.family].cockpit(self.world, i)
        shown = without_throttle(state, self.rng)
        return self.looks[i].views(shown, self.family, self.rng, covered), state

    def sample(self, i: int, taught: Array) -> FlightSample:
        """Return the sample of world `i`, where the teacher answers `taught` (3,)."""
        covered = bool(self.rng.random() < self._covered)
        pictures, state = self.look(i, covered)
        right = np.zeros(3) if covered else taught
        legible = not (covered or self.looks[i].layout.game)
        return FlightSample(pictures, state, right, self.question(i), covered, legible)

    def fly(self, throttles: Array) -> None:
        """Let the latency pass and begin the burns; fly on to where the next ones are decided.

        Under `runner` that is where the burns begin, else where they have lasted for 0.5 s.
        """
        self.world.advance(round(self.latency / DT))
        self.world.burn(throttles)
        if self.rule.kind != "runner":
            self.world.advance(round(DECISION / DT))

    @property
    def fleeing(self) -> NDArray[np.bool_]:
        """Which of the worlds are flights at E3 from near a public scenario, (n,)."""
        pairs = zip(self._evaders, self.starts, strict=True)
        return np.array([evader == FLEES and not start.midway for evader, start in pairs])

    def skip(self, until: Array) -> None:
        """Have the teachers fly pursuits on, each to `until` (n,) m from its target.

        Those with inf stay as they are.
        """
        world = self.world
        held = np.zeros(len(until), dtype=bool)
        while not world.over.all():
            there = ~world.over & (world.range < until)
            held |= there
            world.over |= there  # it stands still
            self.fly(nearest_levels(self.teach()))
        world.over[held] = False


class SampleFlights:
    """Flights that samples are taken from, in parts; each world is flown to its end.

    A share of the worlds is flown by the student (aggregating what it reaches, as DAgger does),
    the rest by the teachers with bursts of random throttle; all are labelled by the teachers.
    """

    def __init__(
        self,
        n: int,
        rng: np.random.Generator,
        student_share: float,
        plain: bool = False,
        family: str = "PE1",
        seen: float = SEEN,
        codes: Collection[str] = (),
        named: bool = True,
    ) -> None:
        self.flights = FlightBatch(n, rng, plain=plain, family=family, codes=codes, named=named)
        self.rng, self._seen = rng, seen
        self._led = rng.random(n) < student_share
        self._upset = np.zeros(n, dtype=int)
        self._burst = np.zeros((n, 3))
        fleeing = self.flights.fleeing
        if fleeing.any():
            skipped = fleeing & (rng.random(n) < SKIPPED)
            ends = np.exp(rng.uniform(np.log(ENDS[0]), np.log(ENDS[1]), n))
            self.flights.skip(np.where(skipped, ends, np.inf))

    @property
    def live(self) -> int:
        """Worlds that are still flying."""
        return int((~self.flights.world.over).sum())

    def collect(self, decisions: int, student: Policy | None) -> list[FlightSample]:
        """Fly on for up to `decisions`; return samples of the decisions of the live worlds.

        A time rule is drawn for them all.
        """
        self.flights.rule = draw_rule(self.rng, self.flights.family)
        samples: list[FlightSample] = []
        for _ in range(decisions):
            live = ~self.flights.world.over
            if not live.any():
                break
            taught = self.flights.teach()
            led = self._led & live & (student is not None)
            pictured = np.flatnonzero(led | (live & (self.rng.random(len(live)) < self._seen)))
            seen = {int(i): self.flights.sample(int(i), taught[i]) for i in pictured}
            samples += seen.values()
            flown = self._disturbed(nearest_levels(taught))
            if student and led.any():
                shown = [seen[int(i)] for i in np.flatnonzero(led)]
                asked = [sample.question for sample in shown]
                flown[led] = student(np.stack([sample.views for sample in shown]), asked)
            self.flights.fly(flown)
        return samples

    def _disturbed(self, taught: Array) -> Array:
        """Return the teacher's throttles with random bursts of one to eight decisions in them."""
        starts = (self.rng.random(len(taught)) < 0.04) & (self._upset == 0)
        self._upset[starts] = self.rng.integers(1, 9, starts.sum())
        self._burst[starts] = self.rng.choice([-1.0, 0.0, 0.0, 1.0], (int(starts.sum()), 3))
        flown = np.where((self._upset > 0)[:, None], self._burst, taught)
        self._upset = np.maximum(self._upset - 1, 0)
        return flown
