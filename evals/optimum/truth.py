"""What no pilot is told: the evader's burns to come, and the attitude of the craft."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from helmsight.agents.scripted.course import Path
from helmsight.agents.scripted.evaders import cruising, fleeing, still
from helmsight.agents.scripted.hill import Hill
from helmsight.agents.scripted.voyage import Place
from helmsight.envs.orbital.dynamics import Array, orbital_axes, propagate
from helmsight.envs.orbital.scenarios import EVADER, PURSUER
from helmsight.envs.orbital.world import World


def place(world: World, i: int, full: float) -> Place:
    """Return where the craft of world `i` are, attitude included; `full` kg were aboard first."""
    position, velocity = world.position[i], world.velocity[i]
    mass = float(world.mass[i, PURSUER])
    return Place(
        float(world.met[i]), position[PURSUER] - position[EVADER],
        velocity[PURSUER] - velocity[EVADER], position[EVADER], velocity[EVADER],
        world.axes[i, PURSUER], mass, full - mass,
    )  # fmt: skip


class Foreknown:
    """The evader's path from any place on: E1 to E4 by their rules, E2 by its last flight.

    `seen` are the evader's states of that flight, (time, position, velocity) in order of time.
    """

    def __init__(self, evader: int, seen: Sequence[tuple[float, Array, Array]] = ()) -> None:
        self._evader, self._seen = evader, list(seen)

    def __call__(self, where: Place, motion: float, waking: float | None) -> Path:
        """Return the path; see `agents.scripted.voyage.Voyage`."""
        if self._evader == 3:
            return fleeing(motion, waking or 0.0)
        if self._evader == 4:
            return cruising(motion, where.met)
        if self._evader == 2 and self._seen:
            return lambda times: self._as_flown(where.met, motion, times)
        return still

    def _as_flown(self, met: float, motion: float, times: Array) -> Array:
        """Return what the burns of the last flight from `met` on did, (..., 6)."""
        _, start, speed = self._at(met)
        out = np.zeros((len(times), 6))
        for k, since in enumerate(times):
            _, position, velocity = self._at(met + float(since))
            there, going = propagate(start, speed, float(since))
            hill = Hill(orbital_axes(there, going), motion)
            out[k] = np.concatenate(hill.enter(position - there, velocity - going))
        return out

    def _at(self, met: float) -> tuple[float, Array, Array]:
        """Return the state that was seen nearest to a time, coasted to it."""
        marks = np.array([entry[0] for entry in self._seen])
        time, position, velocity = self._seen[int(np.argmin(np.abs(marks - met)))]
        return met, *propagate(position, velocity, met - time)
