"""Where an episode begins: a public save of KSPDG, or orbits that its seed draws."""

from __future__ import annotations

from collections.abc import Hashable, Mapping
from typing import ClassVar, Protocol

import numpy as np

from helmsight.envs.orbital.dynamics import Array
from helmsight.envs.orbital.random_orbits import draw_orbits
from helmsight.envs.orbital.saves import Save, find_save

TARGET, AGENT = 0, 1
"""Indices of two vessels in the worlds of every family: who is flown, and what its nose is held on.
KSPDG's saves list them so."""
POSITION_SIGMA = 50.0
"""Spread of the agent's initial position over seeds, m an axis."""
VELOCITY_SIGMA = 0.5
"""Spread of the agent's initial velocity over seeds, m/s an axis."""
DRAWN = 0
"""The `initial` of a scenario whose orbits are drawn by the seed; its name ends with R."""


class Beginning(Protocol):
    """What a world needs to begin, whoever steers in it."""

    @property
    def load_time(self) -> float:
        """Mission elapsed time at the start, s."""
        ...

    @property
    def initial_axes(self) -> Array:
        """Body axes (forward, right, down) as rows, (k, 3, 3), in the order of the vessels."""
        ...

    def initial_state(self, seed: int = 0) -> tuple[Array, Array]:
        """Positions and velocities, each (k, 3), m and m/s, in the order of the vessels."""
        ...


class Flown(Beginning, Hashable, Protocol):
    """What an environment flies: a beginning with a name, of a family."""

    @property
    def name(self) -> str:
        """What it is called in tables."""
        ...

    @property
    def family(self) -> str:
        """The family, a key of `envs.orbital.families.FAMILIES`."""
        ...

    @property
    def kind(self) -> str:
        """The family in words."""
        ...


class SavedStart:
    """A scenario of one family: `initial` is the number of its save, or DRAWN.

    `kind` is the family in words, `bots` and `codes` say and name the bots by their numbers.
    """

    initial: int
    family: ClassVar[str]
    kind: ClassVar[str]
    bots: ClassVar[Mapping[int, str]]
    codes: ClassVar[Mapping[int, str]]

    @property
    def bot(self) -> int:
        """The bot, a key of `bots` and of `codes`."""
        raise NotImplementedError

    @property
    def name(self) -> str:
        """Helmsight's name, for example PE1-E3-I3."""
        orbits = "R" if self.initial == DRAWN else f"I{self.initial}"
        return f"{self.family}-{self.codes[self.bot]}-{orbits}"

    @property
    def public(self) -> bool:
        """Whether KSPDG has it, too."""
        return self.initial != DRAWN and self.codes[self.bot] != "PN"

    @property
    def environment_id(self) -> str:
        """The gymnasium id, for example helmsight/PE1-E3-I3-v0."""
        return f"helmsight/{self.name}-v0"

    @property
    def summary(self) -> str:
        """One line for lists."""
        drawn = self.initial == DRAWN
        orbits = "orbits drawn by the seed" if drawn else f"initial orbits {self.initial}"
        beyond = "" if self.public else " (not one of KSPDG's)"
        return f"{self.kind}, {self.bots[self.bot]}, {orbits}{beyond}"

    @property
    def save(self) -> Save:
        """The save that KSPDG loads for it; of one that is drawn that with vessels and attitude."""
        return find_save(f"{self.family.lower()}_i{self.initial or 1}_init")

    @property
    def load_time(self) -> float:
        """Universal time, and so mission elapsed time, when the save is loaded, s."""
        return self.save.ut

    @property
    def initial_axes(self) -> Array:
        """Body axes at load, (k, 3, 3): the noses point north."""
        return self.save.axes

    def initial_state(self, seed: int = 0) -> tuple[Array, Array]:
        """Return positions and velocities at load, each (k, 3), in the order of the save.

        Seed 0 is the public state; other seeds move the agent by 50 m and 0.5 m/s (one sigma an
        axis). Where the orbits are drawn, every seed draws its own, 0 included.
        """
        if self.initial == DRAWN:
            return draw_orbits(np.random.default_rng([seed, DRAWN]), len(self.save.names))
        position, velocity = self.save.position.copy(), self.save.velocity.copy()
        if seed:
            rng = np.random.default_rng([seed, self.initial])
            position[AGENT] += rng.normal(0.0, POSITION_SIGMA, 3)
            velocity[AGENT] += rng.normal(0.0, VELOCITY_SIGMA, 3)
        return position, velocity
