"""The game behind the server: vessels with names, saves, a clock, and who is at the controls."""

from __future__ import annotations

import copy
import math
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import Any

import numpy as np

from helmsight.contract.errors import InvalidOption
from helmsight.envs.orbital.attitude import SAS
from helmsight.envs.orbital.dynamics import Array
from helmsight.envs.orbital.fleet import ADRIFT, Fleet
from helmsight.envs.orbital.krpc.caller import Caller
from helmsight.envs.orbital.krpc.craft import Craft
from helmsight.envs.orbital.krpc.view import View
from helmsight.envs.orbital.saves import find_save, save_names
from helmsight.envs.orbital.scenarios import PURSUER, find_pursuit
from helmsight.envs.orbital.scoring import ScoreKeeper
from helmsight.envs.orbital.stepping import DT
from helmsight.envs.orbital.world import World

MAX_RATE = 1000.0
"""Fastest clock, world seconds a wall second."""
BEHIND = 0.25
"""Wall seconds that a clock catches up after a stall; what lies further back is given up, s."""
BUSY = 0.05
"""Wall seconds that a clock may reckon at once; what takes longer is given up, s."""
PIECE = 50
"""Physics steps after which whoever else waits gets a turn."""
MAX_SAVES = 200
"""Saves that are kept in memory."""

ORBIT, TARGET = 0, 2
"""Modes of the navball that the simulation sets by itself."""
Aim = Callable[[], tuple[Array, Array]]
"""Tells the nose and the right wing that are wanted now, unit vectors in the inertial frame; a wing
of NaN leaves the roll."""


@dataclass
class _Game:
    """What a save holds. `origin` is the public save that the vessels come from."""

    scenario: str
    origin: str
    fleet: Fleet
    crafts: list[Craft]
    active: int
    seed: int = 0
    closest: ScoreKeeper | None = None

    def copy(self) -> _Game:
        fleet = copy.deepcopy(self.fleet)
        fleet.throttle[:], fleet.rotation[:] = 0.0, 0.0
        crafts = [craft.saved() for craft in self.crafts]
        closest = copy.deepcopy(self.closest)
        return _Game(self.scenario, self.origin, fleet, crafts, self.active, self.seed, closest)


class Simulation:
    """One world, n = 1, that KSP's own words can be used on: load, save, switch, warp, step.

    A save (pe1_i3_init) is loaded as in KSP: nobody at the controls, the first vessel active,
    and no end. A scenario (PE1-E3-I3) brings its evader bot, with the pursuer active, its target
    set and its nose on it, as KSPDG's reset leaves it; `reset` also lets it end at the capture or
    the time limit, as the native environment does.

    Attributes:
        fleet: the vessels; all arrays have one world in front.
        crafts: the rest of the vessels, in kRPC's order. active: the index of the active one.
        origin: the public save that the vessels come from. The same vessel of the same save is the
            same one after the next load, as in KSP; those of other saves are gone.
        load_count: rises with every load. ticks: rises whenever the world moves on.
        rate: world seconds a wall second. warp: a further factor on it (1 is none). rails: the
            same, but the vessels coast on their orbits and nothing else is reckoned.
        paused: the clock stands. lockstep: only `step` moves the world.
        aims: which vessels are steered to where; asked before every physics step.
        on_load: called after every load: what belonged to the old vessels is let go.
        dropped_s: world seconds given up after stalls.
        caller: the client whose call is being answered. version: the declared one of kRPC.
        speed_mode: of the navball, numbered as in kRPC: orbit, surface, target.
        view: what the player's screen shows; every load sets it back.
        keeper: the client that asked for lockstep. seed: of the scenario.
        scenes: what clients have put on the screen, by the service that they asked for it.
        hands, flown: the clients that moved an input, and the vessels that they moved.
    """

    def __init__(self, scenario: str = "PE1-E1-I3", seed: int = 0, rate: float = 1.0) -> None:
        self.aims: dict[int, Aim] = {}
        self.keeper: Caller | None = None
        self.scenes: dict[str, Any] = {}
        self.hands: set[Caller] = set()
        self.flown: set[int] = set()
        self.on_load: list[Callable[[], None]] = []
        self.caller: Caller | None = None
        self.version: tuple[int, ...] = (0, 5, 4)
        self.load_count = self.ticks = 0
        self.set_rate(rate)
        self.warp = self.rails = 1.0
        self.paused = self.lockstep = False
        self.dropped_s = 0.0
        self._caught_up: float | None = None  # wall time of the last `catch_up`
        self._spins: tuple[int, list[list[float]]] = (-1, [])
        self._saves: dict[str, _Game] = {}
        save = scenario.strip().lower().replace("-", "_")  # names in any spelling, as elsewhere
        if save.endswith("_init"):
            self.load(save)
        else:
            self.start(scenario, seed)

    @property
    def ut(self) -> float:
        """Universal time, s; the vessels were launched at zero, so also their elapsed time."""
        return float(self.fleet.met[0])

    @property
    def names(self) -> tuple[str, ...]:
        """The vessels' names, in kRPC's order."""
        return tuple(craft.name for craft in self.crafts)

    @property
    def closest(self) -> ScoreKeeper | None:
        """The score keeper of a scenario: it looks after every `step` and every `catch_up`."""
        return self._game.closest

    def spins(self) -> list[list[float]]:
        """Return the vessels' angular velocities, inertial, rad/s: reckoned once a tick."""
        if self._spins[0] != self.ticks:
            self._spins = self.ticks, self.fleet.angular_velocity[0].tolist()
        return self._spins[1]

    def load(self, name: str) -> None:
        """Load a game that was saved here, or else one of KSPDG's.

        Raises:
            UnknownScenario: there is no such save.
        """
        if name in self._saves:
            self._take(self._saves[name].copy())
            return
        save = find_save(name)
        fleet = Fleet(
            save.position[None].copy(), save.velocity[None].copy(), save.vehicles,
            np.array([save.ut]), save.axes[None].copy(),
        )  # fmt: skip
        fleet.sas[:] = ADRIFT
        self._take(_Game(name, name, fleet, [Craft(vessel) for vessel in save.names], active=0))

    def save(self, name: str) -> None:
        """Keep the game as it is under `name`, in memory: all but who is at the controls.

        Raises:
            InvalidOption: there are 200 saves already, or `name` is none for a file.
        """
        if not name.strip() or set(name) & set('/\\:*?"<>|\0') or len(name) > 200:
            raise InvalidOption(f"a save cannot be called {name[:80]!r}; give it a file's name")
        if name not in self._saves and len(self._saves) >= MAX_SAVES:
            raise InvalidOption(
                f"there are {MAX_SAVES} saves already; save under one of their names"
            )
        self._game.active = self.active
        self._saves[name] = self._game.copy()

    def has_save(self, name: str) -> bool:
        """Whether `load(name)` would find something."""
        return name in self._saves or name in save_names()

    def start(self, scenario: str, seed: int = 0, *, ends: bool = False) -> None:
        """Begin a scenario with its evader bot, settled as after KSPDG's reset.

        Raises:
            UnknownScenario: with the nearest name there is.
        """
        known = find_pursuit(scenario)
        world = World([known], [seed], ends=ends)
        world.settle()
        crafts = [Craft(name) for name in known.save.names]
        crafts[PURSUER].sas_mode = SAS.TARGET
        closest = ScoreKeeper(world)
        self._take(_Game(known.name, known.save.name, world, crafts, PURSUER, seed, closest))

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
        for _ in self.stepping(seconds):
            pass

    def stepping(self, seconds: float) -> Iterator[None]:
        """Move the world on as `step` does, with a pause now and then for others to have a turn.

        Raises:
            InvalidOption: as `step`, or another game was loaded in a pause.
        """
        if not (math.isfinite(seconds) and 0.0 <= seconds <= 3600.0):
            raise InvalidOption(f"step of {seconds} s is not possible; give 0 to 3600 s")
        self.lockstep = True
        load, due = self.load_count, self.fleet.steps_due(seconds)
        while due > 0:
            self._fly(min(due, PIECE))
            due -= PIECE
            if due > 0:
                yield
                if self.load_count != load:
                    raise InvalidOption("another game was loaded before the step was done")
        self._sample()

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

        After a stall of more than a quarter of a second the rest is given up, and so is what this
        machine cannot reckon in a twentieth; `dropped_s` counts both. A world that raced to catch
        up would be worse than one that is late.

        The first piece is always reckoned, however long it takes, so that a world which is too
        heavy for its rate still goes on. The server asks for less in the first place once it
        knows what a tick costs (`Server._advance`); these bounds are for the call that it did not
        foresee.
        """
        before, self._caught_up = self._caught_up, now
        if before is None or self.paused or self.lockstep:
            return 0
        pace = self.rate * self.warp * self.rails
        passed = max(0.0, now - before)
        if passed > BEHIND:
            self.dropped_s += (passed - BEHIND) * pace
        if self.rails > 1.0:
            self.jump(min(passed, BEHIND) * pace)
            return 1
        steps = due = self.fleet.steps_due(min(passed, BEHIND) * pace)
        started = time.perf_counter()
        while due > 0 and (due == steps or time.perf_counter() - started < BUSY):
            self._fly(min(due, PIECE))
            due = max(0, due - PIECE)
        self.dropped_s += due * DT
        if steps:
            self._sample()
        return steps - due

    def jump(self, seconds: float) -> None:
        """Coast ahead by `seconds` on the present orbits, exactly, whatever the thrusters say."""
        self.fleet.coast(seconds)
        self.ticks += 1

    def _fly(self, steps: int) -> None:
        """Take physics steps, each under the aims that there are."""
        if self.aims:
            for _ in range(steps):
                for vessel, aim in self.aims.items():
                    self.fleet.sas[0, vessel] = SAS.AIM
                    self.fleet.aim[0, vessel] = aim()
                self.fleet.advance()
        else:
            self.fleet.advance(steps)
        self.ticks += steps

    def _sample(self) -> None:
        if self._game.closest is not None and isinstance(self.fleet, World):
            self._game.closest.sample(self.fleet)

    def _take(self, game: _Game) -> None:
        self._game = game
        self.scenario, self.origin, self.seed = game.scenario, game.origin, game.seed
        self.fleet, self.crafts, self.active = game.fleet, game.crafts, game.active
        self.view = View()
        self.load_count += 1
        self.ticks += 1
        self.aims.clear()
        self.flown.clear()
        self.speed_mode = ORBIT if self.fleet.target[0, self.active] == ADRIFT else TARGET
        self.lockstep, self.warp, self.rails = False, 1.0, 1.0
        for hook in self.on_load:
            hook()
