"""KSPDG's public evaders E1..E4, and one of our own, for a batch of worlds, over the wire, too."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any, ClassVar, Protocol

import numpy as np
from numpy.typing import NDArray

from helmsight.envs.orbital.attitude import SAS
from helmsight.envs.orbital.dynamics import Array, dot, norm, track_axes, unit
from helmsight.envs.orbital.scenarios import EVADER, PURSUER

ACTIVATION_RANGE = 2200.0
"""E2 and E3 act while the pursuer is closer than this, m; beyond it they leave all as it is."""
EVADE_RANGE = 200.0
"""E3 burns while the pursuer is closer than this, m."""
CRUISE_THROTTLE = 0.2
"""E4's constant prograde throttle; also what PN flees with."""
TURNING = 0.5
"""Seconds that E4 gives its autopilot before it burns."""
MAX_HOLD = 2.0
"""E2 keeps each random input for a time uniform between 0 and this, s."""
EXACT = 1e-6
"""Seconds by which a moment may fall short of a whole number of physics steps: rounding."""


class Steered(Protocol):
    """What the bots read and set: arrays of `n` worlds with vessels (evader, pursuer); see `Fleet`.

    A game over the wire stands for such arrays, too, and is told what was changed in them.
    """

    met: Array
    position: Array
    velocity: Array
    throttle: Array
    rotation: Array
    rcs: NDArray[np.bool_]
    sas: NDArray[np.int64]
    aim: Array

    @property
    def range(self) -> Array:
        """Distances between the vessels, (n,) m."""
        ...


class Bots:
    """The evaders' minds. `kinds` are 1..5 per world; E2 draws from its own seeded generator.

    They act from `start` (mission elapsed time, s): KSPDG starts them after its reset. Source of
    the manoeuvres: facts of spacegym-kspdg v0.14.0.
    """

    def __init__(self, kinds: Sequence[int], seeds: Sequence[int], start: Array) -> None:
        self.kinds = np.asarray(kinds)
        self.start = start
        self._reacting = (self.kinds == 2) | (self.kinds == 3)
        self._awake = np.zeros(len(self.kinds), dtype=bool)
        self._cruising = np.zeros(len(self.kinds), dtype=bool)
        self._until = np.zeros(len(self.kinds))
        self._random = {
            i: np.random.default_rng([seed, 2]) for i, seed in enumerate(seeds) if kinds[i] == 2
        }
        self._active = bool((self.kinds != 1).any())

    figures: ClassVar[Mapping[str, float]] = {
        "exact": EXACT, "turning": TURNING, "activation_range": ACTIVATION_RANGE,
        "evade_range": EVADE_RANGE, "cruise_throttle": CRUISE_THROTTLE,
    }  # fmt: skip

    @property
    def code(self) -> int:
        """See `stepping.Mind`."""
        return int(self._active)

    def arrays(self) -> Mapping[str, NDArray[Any]]:
        """See `stepping.Mind`."""
        return {
            "kinds": self.kinds, "start": self.start, "awake": self._awake,
            "cruising": self._cruising, "until": self._until,
        }  # fmt: skip

    def take_row(self, row: int, bots: Bots) -> None:
        """Have the bot of world `row` go on from where that of `bots`, a single one, is."""
        for name in ("kinds", "start", "_reacting", "_awake", "_cruising", "_until"):
            values = getattr(self, name).copy()  # `start` may be an array of the caller's
            values[row] = getattr(bots, name)[0]
            setattr(self, name, values)
        self._random.pop(row, None)
        if 0 in bots._random:
            self._random[row] = bots._random[0]
        self._active = bool((self.kinds != 1).any())

    def act(self, craft: Steered) -> None:
        """Set the evaders' controls for the coming physics step."""
        if not self._active:
            return
        started = craft.met >= self.start - EXACT
        distance = craft.range
        near = started & self._reacting & (distance < ACTIVATION_RANGE)
        self._wake(craft, near & ~self._awake)
        fleeing = near & (self.kinds == 3)
        craft.throttle[fleeing, EVADER, 0] = distance[fleeing] < EVADE_RANGE
        self._fidget(craft, near)
        self._cruise(craft, started & (self.kinds == 4))
        self._shun(craft, started & (self.kinds == 5) & (distance < ACTIVATION_RANGE))

    def _wake(self, craft: Steered, worlds: NDArray[np.bool_]) -> None:
        """Point E2 and E3 under SAS, their thrusters on, when the pursuer first comes near."""
        if worlds.any():
            self._awake |= worlds
            craft.rcs[worlds, EVADER] = True
            modes = np.where(self.kinds == 3, SAS.NORMAL, SAS.PROGRADE)
            craft.sas[worlds, EVADER] = modes[worlds]

    def _fidget(self, craft: Steered, near: NDArray[np.bool_]) -> None:
        """Give E2 new inputs where the old ones' time is up and the pursuer is near."""
        if self._random:
            self.draw(craft, near & (craft.met >= self._until - EXACT))

    def draw(self, craft: Steered, worlds: NDArray[np.bool_]) -> None:
        """Give E2 new inputs, in those of the `worlds` (n,) that have one.

        Each draws from a generator of its own and only when its turn comes, so that the manoeuvres
        of a seed are the same in every batch.
        """
        for i in np.flatnonzero(worlds).tolist():
            if (rng := self._random.get(i)) is not None:
                self._until[i] = craft.met[i] + rng.uniform(0.0, MAX_HOLD)
                burns, turns = rng.random(2) < 0.5
                craft.throttle[i, EVADER] = rng.uniform(-1.0, 1.0, 3) * burns
                craft.rotation[i, EVADER] = rng.uniform(-1.0, 1.0, 3) * turns

    def _cruise(self, craft: Steered, worlds: NDArray[np.bool_]) -> None:
        """Hold E4 prograde by autopilot, and burn from half a second later on."""
        if worlds.any():
            craft.sas[worlds, EVADER] = SAS.AIM
            craft.aim[worlds, EVADER] = level_prograde(
                craft.position[worlds, EVADER], craft.velocity[worlds, EVADER]
            )
            burns = worlds & ~self._cruising & (craft.met >= self.start + TURNING - EXACT)
            self._cruising |= burns
            craft.rcs[burns, EVADER] = True
            craft.throttle[burns, EVADER, 0] = CRUISE_THROTTLE

    def _shun(self, craft: Steered, worlds: NDArray[np.bool_]) -> None:
        """Have PN burn away from where the pursuer would pass it, while that is still to come.

        It undoes what proportional navigation does. Of a pursuer that would hit, it leaves along
        its orbit's normal.
        """
        if not worlds.any():
            return
        gap = craft.position[:, EVADER] - craft.position[:, PURSUER]
        moving = craft.velocity[:, EVADER] - craft.velocity[:, PURSUER]
        left = -dot(gap, moving) / np.maximum(dot(moving, moving), 1e-9)
        miss = gap + moving * np.maximum(left, 0.0)[:, None]
        normal = track_axes(craft.position[:, EVADER], craft.velocity[:, EVADER])[:, 2]
        nose = np.where((norm(miss) < 1.0)[:, None], normal, unit(miss))
        craft.rcs[worlds, EVADER] = True
        craft.sas[worlds, EVADER] = SAS.AIM
        craft.aim[worlds, EVADER, 0] = nose[worlds]
        craft.throttle[worlds, EVADER, 0] = CRUISE_THROTTLE * (left[worlds] > 0.0)


def level_prograde(position: Array, velocity: Array) -> Array:
    """Return nose and right wing, (..., 2, 3) inertial, of pitch, heading and roll zero over orbit.

    That is what kRPC's autopilot makes of three zeros in a vessel's orbital frame, whose axes are
    (anti-radial, prograde, normal): the nose along the velocity, the right wing along the normal.
    """
    return track_axes(position, velocity)[..., 1:, :]
