"""Flights that training pictures are taken from: random starts, the teacher, the student."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace

import numpy as np
from numpy.typing import NDArray

from helmsight.agents.scripted.guidance import Law, throttle
from helmsight.agents.training.design import VIEW
from helmsight.agents.training.foresight import foreseen
from helmsight.agents.training.questions import command, nearest_levels, prompt
from helmsight.contract.clock import TimeRule
from helmsight.contract.timing import Timing
from helmsight.envs.orbital.attitude import rotate
from helmsight.envs.orbital.cockpit.layout import Layout
from helmsight.envs.orbital.cockpit.picture import render
from helmsight.envs.orbital.cockpit.state import CockpitState
from helmsight.envs.orbital.dynamics import MU, Array, cross, unit
from helmsight.envs.orbital.panel import cockpit_state
from helmsight.envs.orbital.scenarios import PURSUER, Scenario
from helmsight.envs.orbital.scoring import ScoreKeeper
from helmsight.envs.orbital.world import DT, World
from helmsight.tools.marks import views

TEACHER = Law(forward_band=0.6, lateral_band=0.15, noise_band=0.05, braking=0.75, margin=20.0)
"""`rendezvous` with the wide dead bands that an eye with 2 % error needs."""
BOTS = (1, 2, 3, 4)
BOT_SHARES = (0.55, 0.1, 0.25, 0.1)
DECISION = 0.5  # s
RULE_SHARES = (0.4, 0.35, 0.25)  # of stretches under paused, runner, fixed
PLAIN_SHARE = 0.65  # of the flights have the nominal cockpit, the others a randomised one

ROLL_SPREAD = np.radians(10.0)
"""How well the roll at the start is known, one sigma: more than docs/twin.md leaves open."""

Policy = Callable[[NDArray[np.uint8], Sequence[str]], Array]
"""From views (n, 3, S, S, 3) uint8 and the words of n questions to throttles (n, 3)."""


@dataclass(frozen=True)
class RandomStart:
    """A start drawn for training: evader bot, time on the clock s, state (2, 3) m and m/s, axes."""

    evader: int
    load_time: float
    position: Array
    velocity: Array
    initial_axes: Array

    def initial_state(self, seed: int = 0) -> tuple[Array, Array]:
        """Return the drawn state, whatever the seed."""
        return self.position.copy(), self.velocity.copy()


@dataclass(frozen=True)
class FlightSample:
    """One picture with its truth: views (3, S, S, 3) uint8, the state, the teacher's throttle.

    `question` are the words in which the command is asked for: they tell the latency.
    """

    views: NDArray[np.uint8]
    state: CockpitState
    throttle: Array
    question: str


def draw_rule(rng: np.random.Generator) -> TimeRule:
    """Return a time rule as pilots meet them: answers at once, KSPDG's runner, or any latency."""
    kind = rng.choice(["paused", "runner", "fixed"], p=RULE_SHARES)
    if kind == "runner":
        return TimeRule("runner", DECISION * float(rng.choice([1, 2, 3], p=[0.75, 0.2, 0.05])))
    return TimeRule(kind, round(rng.uniform(0.1, 2.0), 1) if kind == "fixed" else None)


def draw_start(rng: np.random.Generator) -> RandomStart:
    """Return a start near a public scenario (half of them) or anywhere a chase may lead."""
    evader = int(rng.choice(BOTS, p=BOT_SHARES))
    if rng.random() < 0.5:
        scenario = Scenario(evader, int(rng.integers(1, 5)))
        position, velocity = scenario.initial_state()
        position[PURSUER] += rng.normal(0.0, 120.0, 3)
        velocity[PURSUER] += rng.normal(0.0, 1.2, 3)
        axes = scenario.initial_axes
        rolled = rotate(axes, axes[:, 0], rng.normal(0.0, ROLL_SPREAD, 2))
        return RandomStart(evader, scenario.load_time, position, velocity, rolled)
    return _anywhere(evader, rng)


def _anywhere(evader: int, rng: np.random.Generator) -> RandomStart:
    angle, tilt = rng.uniform(0.0, 2 * np.pi), rng.normal(0.0, 0.02)
    radial = np.array([np.cos(angle), np.sin(angle), 0.0])
    along = np.array([-np.sin(angle) * np.cos(tilt), np.cos(angle) * np.cos(tilt), np.sin(tilt)])
    target, speed = 750_000.0 * radial, np.sqrt(MU / 750_000.0) * along
    distance = float(np.exp(rng.uniform(np.log(8.0), np.log(6000.0))))
    # Chases lie mostly in the orbital plane, along the track.
    sight = unit(rng.normal(size=3) * np.array([1.0, 1.0, 0.7]))
    braked = np.sqrt(6.0 + 1.8 * distance)
    closing = rng.uniform(-0.4, 1.2) * min(braked, 45.0)
    side = unit(cross(sight, rng.normal(size=3)))
    slip = abs(closing) * np.tan(rng.normal(0.0, 0.2)) + rng.normal(0.0, 0.4)
    moving = closing * sight + slip * side
    spin = cross(unit(cross(target, speed)), -distance * sight) * np.sqrt(MU / 750_000.0**3)
    position = np.stack([target, target - distance * sight])
    velocity = np.stack([speed, speed + spin + moving])
    axes = Scenario(evader, 3).initial_axes  # the same in every save
    return RandomStart(evader, float(rng.uniform(0.1, 215.0)), position, velocity, axes)


class FlightBatch:
    """A batch of n worlds from random starts, each with its own cockpit layout."""

    def __init__(
        self,
        n: int,
        rng: np.random.Generator,
        starts: Sequence[RandomStart] = (),
        plain: bool = False,
    ) -> None:
        self.rng = rng
        self.starts = list(starts) or [draw_start(rng) for _ in range(n)]
        seeds = [int(s) for s in rng.integers(1, 2**31, len(self.starts))]
        self.world = World(self.starts, seeds)
        mid_flight = np.array([s.load_time > 5.0 for s in self.starts])
        self.world.propellant[mid_flight, PURSUER] -= rng.uniform(0.0, 300.0, mid_flight.sum())
        self._aim(mid_flight)
        self.rule = TimeRule("paused")
        self.closest = ScoreKeeper(self.world)
        tidy = rng.random(len(self.starts)) < (1.0 if plain else PLAIN_SHARE)
        self.layouts = [Layout() if t else Layout.random(rng) for t in tidy]

    def _aim(self, which: NDArray[np.bool_]) -> None:
        """Point the noses at the targets; worlds drawn in mid-flight get a random roll."""
        world = self.world
        nose = unit(world.line_of_sight)
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

    def teach(self, law: Law = TEACHER) -> Array:
        """Return the teacher's throttles along the body axes, (n, 3); it knows of no evasion.

        They are for the moment at which the answer takes effect.
        """
        ahead = foreseen(self.world, self.latency)
        now = replace(ahead, fuel_used=ahead.fuel_used + self.closest.fuel_used(self.world))
        return throttle(now, replace(law, interval=self.timing(0).applied_s(DECISION)))

    def look(self, i: int) -> tuple[NDArray[np.uint8], CockpitState]:
        """Return the views of world `i` and its state.

        The throttle lamps show random values: a pilot that copied its last command from them
        would score well in training and fly badly.
        """
        state = cockpit_state(self.world, i)
        shown = replace(state, throttle=np.round(self.rng.uniform(-1.2, 1.2, 3)).clip(-1, 1))
        frame = render(shown, self.layouts[i], self.rng)
        pictures = views(frame, self.layouts[i].regions(), VIEW)
        return np.stack([picture for _, picture in pictures]), state

    def fly(self, throttles: Array) -> None:
        """Let the latency pass and begin the burns; fly on to where the next ones are decided.

        Under `runner` that is where the burns begin, else where they have lasted for 0.5 s.
        """
        self.world.advance(round(self.latency / DT))
        self.world.burn(throttles)
        if self.rule.kind != "runner":
            self.world.advance(round(DECISION / DT))
        self.closest.sample(self.world)


class SampleFlights:
    """Flights that samples are taken from, in parts; each world is flown to its end.

    A share of the worlds is flown by the student (aggregating what it reaches, as DAgger does),
    the rest by the teacher with bursts of random throttle; all are labelled by the teacher.
    """

    def __init__(
        self, n: int, rng: np.random.Generator, student_share: float, plain: bool = False
    ) -> None:
        self.flights = FlightBatch(n, rng, plain=plain)
        self.rng = rng
        self._led = rng.random(n) < student_share
        self._upset = np.zeros(n, dtype=int)
        self._burst = np.zeros((n, 3))

    @property
    def live(self) -> int:
        """Worlds that are still flying."""
        return int((~self.flights.world.over).sum())

    def collect(self, decisions: int, student: Policy | None) -> list[FlightSample]:
        """Fly on for up to `decisions`; return a sample of each decision of each live world.

        A time rule is drawn for them all.
        """
        self.flights.rule = draw_rule(self.rng)
        samples: list[FlightSample] = []
        for _ in range(decisions):
            live = np.flatnonzero(~self.flights.world.over)
            if not live.size:
                break
            taught = self.flights.teach()
            seen = [self.flights.look(int(i)) for i in live]
            asked = [prompt("command", self.flights.timing(int(i))) for i in live]
            samples += [
                FlightSample(pictures, state, taught[i], question)
                for i, (pictures, state), question in zip(live, seen, asked, strict=True)
            ]
            flown = self._disturbed(nearest_levels(taught))
            at = np.flatnonzero(self._led[live])
            if student and at.size:
                views_led, asked_led = [seen[k][0] for k in at], [asked[k] for k in at]
                flown[live[at]] = student(np.stack(views_led), asked_led)
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
