"""A person's seat in a world: it runs at the pace of a wall clock, under the keys that are down."""

from __future__ import annotations

from collections.abc import Callable, Collection
from dataclasses import dataclass
from typing import Any

import numpy as np

from helmsight.envs.orbital.attitude import SAS
from helmsight.envs.orbital.cockpit.keys import AXES, throttle
from helmsight.envs.orbital.cockpit.layout import Layout
from helmsight.envs.orbital.cockpit.state import CockpitState
from helmsight.envs.orbital.command import DURATION
from helmsight.envs.orbital.convoy import ends, make_world
from helmsight.envs.orbital.families import FAMILIES
from helmsight.envs.orbital.fleet import ADRIFT
from helmsight.envs.orbital.scenarios import AnyScenario
from helmsight.envs.orbital.starts import AGENT
from helmsight.envs.orbital.stepping import DT

SAMPLE = round(DURATION / DT)
"""Steps between two samples for the score: those of a command of KSPDG's length."""
CATCH_UP = 0.5
"""World seconds that are caught up at once; a machine that stood still longer has missed them."""


@dataclass(frozen=True)
class Stretch:
    """Half a second of a person's flight: what was known before, and what was then applied.

    before: the report at its start. state: what the instruments showed then. applied: mean
    throttles by axis, and its duration, s.
    """

    scenario: AnyScenario
    before: dict[str, Any]
    state: CockpitState
    applied: dict[str, Any]


class Seat:
    """One scenario from its start to its end, as often as it is restarted.

    `held` worlds wait for `go`; `paused` ones for the person. Neither counts as world time.

    rate: world seconds per wall second. on_stretch: told of every half second that was flown.
    on_end: told the last report of every flight, also of one that is left before its end.
    """

    def __init__(
        self,
        scenario: AnyScenario,
        seed: int = 0,
        rate: float = 1.0,
        on_stretch: Callable[[Stretch], None] | None = None,
        on_end: Callable[[dict[str, Any]], None] | None = None,
    ) -> None:
        self.scenario, self.rate = scenario, rate
        self.family = FAMILIES[scenario.family]
        self.outcome = self.family.told(scenario.name, Layout()).outcome
        self.runs = 0
        self._on_stretch, self._on_end = on_stretch, on_end
        self._told = True
        self.restart(seed)

    def restart(self, seed: int, *, held: bool = False) -> None:
        """Begin again; seed 0 is the public initial state."""
        self.leave()
        self._told = False
        self.seed, self.held, self.paused = seed, held, False
        self.runs += 1
        self.missed = 0.0
        self.world = make_world([(self.scenario, seed)])
        self.world.settle()
        self._score = self.family.keeper(self.world)
        self._then: float | None = None
        self._owed = 0.0
        self._steps = 0
        self._burnt = np.zeros(3)
        self._before = (self.report(), self.state())

    @property
    def captured(self) -> bool:
        """Whether the target was reached."""
        return bool(self.world.captured[0])

    @property
    def over(self) -> bool:
        """Whether the episode has ended, by capture or at the time limit."""
        return bool(self.world.over[0])

    @property
    def rcs(self) -> bool:
        """Whether the thrusters work."""
        return bool(self.world.rcs[0, AGENT])

    @property
    def sas(self) -> bool:
        """Whether the nose is held on the target."""
        return int(self.world.sas[0, AGENT]) == SAS.TARGET

    def switch_rcs(self) -> None:
        """Switch the thrusters on or off."""
        self.world.rcs[0, AGENT] = not self.rcs

    def switch_sas(self) -> None:
        """Have the nose follow the target, or leave it where it points."""
        self.world.sas[0, AGENT] = ADRIFT if self.sas else SAS.TARGET

    def advance(self, now: float, pressed: Collection[str]) -> None:
        """Run the world up to `now`, s of a wall clock, with these keys down."""
        passed = 0.0 if self._then is None else (now - self._then) * self.rate
        self._then = now
        if self.held or self.paused or self.over:
            return
        self._owed += passed
        if self._owed > CATCH_UP * max(1.0, self.rate):
            self.missed += self._owed
            self._owed = 0.0
        wanted = throttle(pressed) if self.rcs else np.zeros(3)
        self.world.burn(wanted[None])
        while self._owed >= DT - 1e-9 and not self.over:  # clocks do not add up exactly
            self._owed -= DT
            self.world.advance()
            self._burnt += self.world.throttle[0, AGENT]
            self._steps += 1
            if self._steps == SAMPLE:
                self._sample()
        if self.world.over.all():
            self.leave()

    def leave(self) -> None:
        """End the flight as it is, and tell of it; once."""
        if self._told:
            return
        self._told = True
        if self._steps:
            self._sample()
        if self._on_end is not None:
            self._on_end(self.report())

    def state(self) -> CockpitState:
        """Return what the instruments show."""
        return self.family.cockpit(self.world, 0)

    def report(self) -> dict[str, Any]:
        """Return the referee's account: the `info` of TwinEnv, and how the seat is."""
        return {
            **self.family.measures(self.world, 0),
            **self._score.figures(self.world, 0),
            **ends(self.world),
            "over": self.over,
            "throttle": [float(part) for part in self.world.throttle[0, AGENT]],
            "rcs": self.rcs,
            "sas": self.sas,
            "paused": self.paused,
            "held": self.held,
            "missed": self.missed,
            "seed": self.seed,
            "run": self.runs,
        }

    def _sample(self) -> None:
        """Take a sample for the score, and tell of the stretch that ends here."""
        self._score.sample(self.world)
        if self._on_stretch is not None:
            means = self._burnt / self._steps
            applied: dict[str, Any] = dict(zip(AXES, map(float, means), strict=True))
            applied |= {"duration": self._steps * DT, "frame": "body"}
            self._on_stretch(Stretch(self.scenario, *self._before, applied))
            self._before = (self.report(), self.state())
        self._steps = 0
        self._burnt = np.zeros(3)
