"""The game behind the server: vessels with names, saves, a clock, and who is at the controls."""

from __future__ import annotations

import copy
import math
from collections.abc import Callable
from dataclasses import dataclass

import numpy as np

from envs.errors import InvalidOption
from envs.orbital.fleet import ADRIFT, DT, Fleet
from envs.orbital.saves import find_save, save_names
from envs.orbital.scenarios import PURSUER, find_scenario
from envs.orbital.scoring import ClosestApproach
from envs.orbital.world import World

MAX_RATE = 1000.0
"""Fastest clock, world seconds a wall second."""
BEHIND = 0.25
"""Wall seconds that a clock catches up after a stall; what lies further back is given up, s."""


@dataclass
class _Game:
    """What a save holds."""

    scenario: str
    fleet: Fleet
    names: tuple[str, ...]
    active: int


class Simulation:
    """One world, n = 1, that KSP's own words can be used on: load, save, switch, warp, step.

    A save (pe1_i3_init) is loaded as in KSP: nobody at the controls, the first vessel active,
    and no end. A scenario (PE1-E3-I3) brings its evader bot, with the pursuer active, its target
    set and its nose on it, as KSPDG's reset leaves it; `reset` also lets it end at the capture or
    the time limit, as the native environment does.

    Attributes:
        fleet: the vessels; all arrays have one world in front.
        names: the vessels' names, in kRPC's order. active: the index of the active one.
        load_count: rises with every load; vessels of an earlier one are gone.
        rate: world seconds a wall second. warp: a further factor on it (1 is none).
        paused: the clock stands. lockstep: only `step` moves the world.
        before_step: called before every physics step: autopilots.
        on_load: called after every load: what belonged to the old vessels is let go.
        dropped_s: world seconds given up after stalls.
    """

    def __init__(self, scenario: str = "PE1-E1-I3", seed: int = 0, rate: float = 1.0) -> None:
        self.before_step: list[Callable[[], None]] = []
        self.on_load: list[Callable[[], None]] = []
        self.load_count = 0
        self.set_rate(rate)
        self.warp = 1.0
        self.paused = self.lockstep = False
        self.dropped_s = 0.0
        self._told: float | None = None
        self._saves: dict[str, _Game] = {}
        if scenario in save_names():
            self.load(scenario)
        else:
            self.start(scenario, seed)

    @property
    def ut(self) -> float:
        """Universal time, s; the vessels were launched at zero, so also their elapsed time."""
        return float(self.fleet.met[0])

    @property
    def closest(self) -> ClosestApproach | None:
        """The score keeper of a scenario, sampled at `reset` and after every `step`."""
        return self._closest

    def load(self, name: str) -> None:
        """Load a game that was saved here, or else one of KSPDG's.

        Raises:
            UnknownScenario: there is no such save.
        """
        if name in self._saves:
            self._take(copy.deepcopy(self._saves[name]))
            return
        save = find_save(name)
        fleet = Fleet(
            save.position[None].copy(), save.velocity[None].copy(), save.vehicles,
            np.array([save.ut]),
        )  # fmt: skip
        fleet.sas[:] = ADRIFT
        self._take(_Game(name, fleet, save.names, active=0))

    def save(self, name: str) -> None:
        """Keep the game as it is under `name`, in memory."""
        game = _Game(self.scenario, self.fleet, self.names, self.active)
        self._saves[name] = copy.deepcopy(game)

    def has_save(self, name: str) -> bool:
        """Whether `load(name)` would find something."""
        return name in self._saves or name in save_names()

    def start(self, scenario: str, seed: int = 0, *, ends: bool = False) -> None:
        """Begin a scenario with its evader bot, settled as after KSPDG's reset.

        Raises:
            UnknownScenario: with the nearest name there is.
        """
        found = find_scenario(scenario)
        world = World([found], [seed], ends=ends)
        world.settle()
        self._take(_Game(found.name, world, found.save.names, active=PURSUER))

    def reset(self, scenario: str, seed: int = 0) -> None:
        """Begin an episode that only `step` moves on: the native environment's, step for step.

        Raises:
            UnknownScenario: with the nearest name there is.
        """
        self.start(scenario, seed, ends=True)
        self.lockstep = True

    def step(self, seconds: float) -> None:
        """Move the world on by `seconds` of its time, in whole physics steps.

        Raises:
            InvalidOption: for a time that is negative, not finite or above an hour.
        """
        if not (math.isfinite(seconds) and 0.0 <= seconds <= 3600.0):
            raise InvalidOption(f"step of {seconds} s is not possible; give 0 to 3600 s")
        self.lockstep = True
        self._advance(seconds)
        if self._closest is not None and isinstance(self.fleet, World):
            self._closest.sample(self.fleet)

    def set_rate(self, rate: float) -> None:
        """Set how fast the world runs, world seconds a wall second.

        Raises:
            InvalidOption: for a rate that is not above 0 and at most 1000.
        """
        if not (math.isfinite(rate) and 0.0 < rate <= MAX_RATE):
            raise InvalidOption(f"rate={rate} is not possible; give more than 0, at most 1000")
        self.rate = float(rate)

    def catch_up(self, now: float) -> int:
        """Move the world on to the wall time `now` (s, any monotonic clock); return the steps.

        After a stall of more than a quarter of a second the rest is given up and counted in
        `dropped_s`: a world that raced to catch up would be worse than one that is late.
        """
        told, self._told = self._told, now
        if told is None or self.paused or self.lockstep:
            return 0
        pace = self.rate * self.warp
        passed = max(0.0, now - told)
        if passed > BEHIND:
            self.dropped_s += (passed - BEHIND) * pace
        before = self.ut
        self._advance(min(passed, BEHIND) * pace)
        return round((self.ut - before) / DT)

    def jump(self, seconds: float) -> None:
        """Coast ahead by `seconds` on the present orbits, exactly, whatever the thrusters say."""
        self.fleet.coast(seconds)

    def _advance(self, seconds: float) -> None:
        if not self.before_step:
            self.fleet.run(seconds)
            return
        for _ in range(self.fleet.steps_due(seconds)):
            for hook in self.before_step:
                hook()
            self.fleet.advance()

    def _take(self, game: _Game) -> None:
        self.scenario, self.fleet = game.scenario, game.fleet
        self.names, self.active = game.names, game.active
        self.load_count += 1
        self.lockstep, self.warp = False, 1.0
        world = self.fleet if isinstance(self.fleet, World) else None
        self._closest = ClosestApproach(world) if world is not None else None
        for hook in self.on_load:
            hook()
