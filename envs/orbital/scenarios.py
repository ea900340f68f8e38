"""The public KSPDG pursuit-evasion scenarios: names, orbits, evader bots."""

from __future__ import annotations

import difflib
import re
from dataclasses import dataclass
from typing import Protocol

import numpy as np

from helmsight.envs.errors import UnknownScenario
from helmsight.envs.orbital.dynamics import Array
from helmsight.envs.orbital.saves import Save, find_save

BOTS = {
    1: "passive evader",
    2: "evader that burns at random within 2,200 m",
    3: "evader that burns along its orbit normal within 200 m",
    4: "evader that burns prograde all the time at a fifth of its thrust",
}
EVADER, PURSUER = 0, 1
"""Indices of the vessels in every PE1 world: the order in which kRPC lists them."""

POSITION_SIGMA = 50.0
"""Spread of the pursuer's initial position over seeds, m an axis."""
VELOCITY_SIGMA = 0.5
"""Spread of the pursuer's initial velocity over seeds, m/s an axis."""


class Start(Protocol):
    """What a world needs to begin: an evader bot, a time and a state."""

    @property
    def evader(self) -> int:
        """The evader bot, 1..4."""
        ...

    @property
    def load_time(self) -> float:
        """Mission elapsed time at the start, s."""
        ...

    @property
    def initial_axes(self) -> Array:
        """Body axes (forward, right, down) as rows, (2, 3, 3): evader, then pursuer."""
        ...

    def initial_state(self, seed: int = 0) -> tuple[Array, Array]:
        """Positions and velocities, each (2, 3): evader, then pursuer."""
        ...


@dataclass(frozen=True)
class Scenario:
    """One PE1 scenario: `evader` is the bot (1..4), `initial` the set of orbits (1..4)."""

    evader: int
    initial: int

    @property
    def name(self) -> str:
        """Helmsight's name, for example PE1-E3-I3."""
        return f"PE1-E{self.evader}-I{self.initial}"

    @property
    def environment_id(self) -> str:
        """The gymnasium id, for example helmsight/PE1-E3-I3-v0."""
        return f"helmsight/{self.name}-v0"

    @property
    def summary(self) -> str:
        """One line for lists."""
        return f"pursuit, {BOTS[self.evader]}, initial orbits {self.initial}"

    @property
    def save(self) -> Save:
        """The save that KSPDG loads for it."""
        return find_save(f"pe1_i{self.initial}_init")

    @property
    def load_time(self) -> float:
        """Universal time, and so mission elapsed time, when the save is loaded, s."""
        return self.save.ut

    @property
    def initial_axes(self) -> Array:
        """Body axes at load, (2, 3, 3): the noses point north."""
        return self.save.axes

    def initial_state(self, seed: int = 0) -> tuple[Array, Array]:
        """Return positions and velocities at load, each (2, 3): evader, then pursuer.

        Seed 0 is the public state; other seeds move the pursuer by 50 m and 0.5 m/s (one sigma
        an axis).
        """
        position, velocity = self.save.position.copy(), self.save.velocity.copy()
        if seed:
            rng = np.random.default_rng([seed, self.initial])
            position[PURSUER] += rng.normal(0.0, POSITION_SIGMA, 3)
            velocity[PURSUER] += rng.normal(0.0, VELOCITY_SIGMA, 3)
        return position, velocity


SCENARIOS = {s.name: s for s in (Scenario(e, i) for e in range(1, 5) for i in range(1, 5))}


def find_scenario(name: str) -> Scenario:
    """Return the scenario called `name`: PE1-E3-I3, pe1_e3_i3, PE1_E3_I3_V1 or its environment id.

    Raises:
        UnknownScenario: with the nearest name there is.
    """
    key = re.sub(r"^HELMSIGHT/|[-_]V\d+$", "", name.strip().upper()).replace("_", "-")
    if key in SCENARIOS:
        return SCENARIOS[key]
    near = difflib.get_close_matches(key, SCENARIOS, n=1, cutoff=0.0)
    raise UnknownScenario(
        f"unknown scenario {name!r}. Did you mean {near[0]}? "
        "`helmsight list scenarios` shows all of them"
    )
