"""KSPDG's lady and guard (LG0 to LG2) for a batch of worlds: state machines on the world's time.

Source of the manoeuvres: facts of spacegym-kspdg v0.14.0. Its scripts look at the wall clock and
ask as fast as the game answers; here everything is asked once in a physics step.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from enum import IntEnum
from typing import Any, ClassVar, Protocol

import numpy as np
from numpy.typing import NDArray

from helmsight.envs.orbital.attitude import SAS
from helmsight.envs.orbital.dynamics import Array, cross, dot, norm, track_axes, unit
from helmsight.envs.orbital.lady_bandit_guard.scenario import (
    BANDIT,
    EVASIVE,
    GUARD,
    HEURISTIC,
    LADY,
    PROPORTIONAL,
)
from helmsight.envs.orbital.vehicles import DRONE

EXACT = 1e-6
"""Seconds by which a moment may fall short of a whole number of physics steps: rounding."""
TURNING = 1.0
"""Seconds that the guard gives its autopilot before it burns, and the lady hers."""
STILL, FAST = 0.2, 10.0
"""Speeds relative to the bandit, m/s: below the first the guard has stopped, above the second it
coasts."""
LONGEST = 30.0
"""Seconds after which the guard gives up braking, and burning."""
POINTED = np.radians(30.0)
"""While the nose is further off the guard does not brake, rad."""
ASTRAY = np.radians(15.0)
"""Once its way is so far off the way to the bandit, the guard starts again, rad."""
ALARM_RANGE = 500.0
"""The lady of LG2 acts when the bandit is closer than this to her or to her guard, m."""
LOOKS = 0.1
"""Seconds between two looks of LG2's lady."""
ALARM_TO_BURN, BURN = 10.0, 0.5
"""Seconds from LG2's alarm to the lady's burn, and how long it lasts at full throttle."""
CRUISE = 20.0
"""Closing speed that the guard of PN keeps, m/s."""
NAVIGATION = 3.0
"""Navigation constant of PN; 3 to 5 is usual (Zarchan, Tactical and Strategic Missile Guidance)."""

Flags = NDArray[np.bool_]


class Steered(Protocol):
    """What the bots read and set: arrays of `n` worlds with (lady, bandit, guard); see `Fleet`."""

    met: Array
    position: Array
    velocity: Array
    axes: Array
    throttle: Array
    main: Array
    ignited: Flags
    rcs: Flags
    sas: NDArray[np.int64]
    aim: Array

    @property
    def mass(self) -> Array:
        """Masses, (n, 3) kg."""
        ...

    @property
    def lady_range(self) -> Array:
        """Distances between lady and bandit, (n,) m."""
        ...

    @property
    def guard_range(self) -> Array:
        """Distances between bandit and guard, (n,) m."""
        ...


class Phase(IntEnum):
    """What guard and lady are doing; KSPDG's script runs in one thread for both."""

    IDLE = 0
    WATCH = 1  # LG2: until the bandit is near
    LADY_WAKES = 2
    LADY_TURNS = 3
    LADY_BURNS = 4
    GUARD_WAKES = 5
    BRAKE = 6
    TURN = 7
    CHASE = 8
    COAST = 9
    NAVIGATE = 10  # PN


class Escort:
    """The minds of ladies and guards. `kinds` are bots of `Guarding` per world.

    They act from `start` (mission elapsed time, s). The lady of LG2 flees to a side that she draws
    from a generator of her own, so that a seed's manoeuvres are the same in every batch.
    """

    def __init__(self, kinds: Sequence[int], seeds: Sequence[int], start: Array) -> None:
        n = len(kinds)
        self.kinds = np.asarray(kinds)
        self.start = start
        self._side = np.array([np.random.default_rng([s, 3]).choice([1.0, -1.0]) for s in seeds])
        first = {HEURISTIC: Phase.GUARD_WAKES, EVASIVE: Phase.WATCH, PROPORTIONAL: Phase.NAVIGATE}
        self._phase = np.array([first.get(kind, Phase.IDLE) for kind in kinds], dtype=np.int64)
        self._since = np.full(n, np.nan)  # when the phase began, NaN before the first step
        self._toward = np.tile([0.0, 1.0, 0.0], (n, 1))  # the guard's nose, in its orbit's axes
        self._active = bool((self._phase != Phase.IDLE).any())

    figures: ClassVar[Mapping[str, float]] = {
        "exact": EXACT, "turning": TURNING, "still": STILL, "fast": FAST, "longest": LONGEST,
        "pointed": float(POINTED), "astray": float(ASTRAY), "alarm_range": ALARM_RANGE,
        "looks": LOOKS, "alarm_to_burn": ALARM_TO_BURN, "burn": BURN, "cruise": CRUISE,
        "navigation": NAVIGATION,
    }  # fmt: skip

    @property
    def code(self) -> int:
        """See `stepping.Mind`."""
        return 2 * self._active

    def arrays(self) -> Mapping[str, NDArray[Any]]:
        """See `stepping.Mind`."""
        return {
            "kinds": self.kinds, "start": self.start, "side": self._side, "phase": self._phase,
            "since": self._since, "toward": self._toward,
        }  # fmt: skip

    def draw(self, craft: Steered, worlds: Flags) -> None:
        """Nothing is left to chance on the way."""

    def take_row(self, row: int, bots: Escort) -> None:
        """Have those of world `row` go on from where those of `bots`, a single world, are."""
        for name in ("kinds", "start", "_side", "_phase", "_since", "_toward"):
            values = getattr(self, name).copy()  # `start` may be an array of the caller's
            values[row] = getattr(bots, name)[0]
            setattr(self, name, values)
        self._active = bool((self._phase != Phase.IDLE).any())

    def act(self, craft: Steered) -> None:
        """Set the controls of ladies and guards for the coming physics step."""
        if not self._active:
            return
        started = craft.met >= self.start - EXACT
        self._since = np.where(np.isnan(self._since) & started, craft.met, self._since)
        if (self.kinds == EVASIVE).any():
            self._flee(craft, started)
        if ((self.kinds == HEURISTIC) | (self.kinds == EVASIVE)).any():
            self._guard(craft, started)
        if (self.kinds == PROPORTIONAL).any():
            self._navigate(craft, started & (self._phase == Phase.NAVIGATE))

    def _enter(self, craft: Steered, which: Flags, phase: Phase) -> None:
        self._phase[which] = phase
        self._since[which] = craft.met[which]

    def _lasted(self, craft: Steered, phase: Phase, seconds: float) -> Flags:
        """Return the worlds that have been in a phase for so long, (n,)."""
        passed = craft.met - self._since >= seconds - EXACT
        return np.asarray((self._phase == phase) & passed)

    def _flee(self, craft: Steered, started: Flags) -> None:
        """LG2: look for the bandit, turn the lady to her orbit's normal or against it, burn."""
        watching = started & (self._phase == Phase.WATCH)
        passed = craft.met - self._since
        due = np.abs(passed - LOOKS * np.round(passed / LOOKS)) < 0.5 * 0.02 - EXACT
        near = np.minimum(craft.lady_range, craft.guard_range) < ALARM_RANGE
        self._enter(craft, watching & due & near, Phase.LADY_WAKES)
        self._enter(craft, self._lasted(craft, Phase.LADY_WAKES, TURNING), Phase.LADY_TURNS)
        burns = self._lasted(craft, Phase.LADY_TURNS, ALARM_TO_BURN - TURNING)
        self._enter(craft, burns, Phase.LADY_BURNS)
        craft.ignited[burns, LADY] = True
        craft.main[burns, LADY] = 1.0
        done = self._lasted(craft, Phase.LADY_BURNS, BURN)
        craft.main[done, LADY] = 0.0
        self._enter(craft, done, Phase.GUARD_WAKES)
        awake = (self.kinds == EVASIVE) & (self._phase >= Phase.LADY_WAKES)
        if awake.any():
            frame = track_axes(craft.position[awake, LADY], craft.velocity[awake, LADY])
            side = (self._side * (self._phase > Phase.LADY_WAKES))[awake, None]
            prograde, normal = frame[:, 1], frame[:, 2]
            level = side == 0.0
            nose = np.where(level, prograde, side * normal)
            wing = np.where(level, normal, -side * prograde)
            craft.sas[awake, LADY] = SAS.AIM
            craft.aim[awake, LADY] = np.stack([nose, wing], axis=1)

    def _guard(self, craft: Steered, started: Flags) -> None:
        """LG1: stop relative to the bandit, burn towards it, coast while that leads to it.

        In a physics step a guard goes through as many phases as end at once, in their order.
        """
        place = craft.position[:, BANDIT] - craft.position[:, GUARD]
        moving = craft.velocity[:, BANDIT] - craft.velocity[:, GUARD]
        speed, astray = norm(moving), _between(-moving, place)
        axes = track_axes(craft.position[:, GUARD], craft.velocity[:, GUARD])
        awake = started & (self._phase >= Phase.GUARD_WAKES) & (self._phase <= Phase.COAST)
        woken = self._lasted(craft, Phase.GUARD_WAKES, TURNING)
        craft.rcs[woken, GUARD] = True
        self._enter(craft, woken, Phase.BRAKE)
        self._enter(craft, self._lasted(craft, Phase.TURN, TURNING), Phase.CHASE)
        chased = craft.met - self._since
        wide = (astray > ASTRAY) & (chased > TURNING + EXACT)
        done = (speed > FAST) | (chased > LONGEST + EXACT) | wide
        self._enter(craft, (self._phase == Phase.CHASE) & done, Phase.COAST)
        self._enter(craft, (self._phase == Phase.COAST) & (astray > ASTRAY), Phase.BRAKE)
        done = (speed < STILL) | (craft.met - self._since > LONGEST + EXACT)
        turns = (self._phase == Phase.BRAKE) & done
        self._enter(craft, turns, Phase.TURN)
        braking, chasing = self._phase == Phase.BRAKE, self._phase == Phase.CHASE
        away = (braking | (self._phase == Phase.COAST))[:, None]
        aims = np.where(away, -moving, place)
        renewed = away[:, 0] | chasing | turns
        wanted = np.einsum("nij,nj->ni", axes, unit(aims))
        self._toward = np.where(renewed[:, None], wanted, self._toward)
        nose = np.einsum("nij,ni->nj", axes, self._toward)
        pointed = _between(craft.axes[:, GUARD, 0], nose) <= POINTED
        thrust = np.where(chasing, 1.0, np.where(braking & pointed, -1.0, 0.0))
        craft.throttle[awake, GUARD, 0] = thrust[awake]
        craft.sas[awake, GUARD] = SAS.AIM
        craft.aim[awake, GUARD, 0] = nose[awake]

    def _navigate(self, craft: Steered, awake: Flags) -> None:
        """PN: keep a closing speed, and push across as fast as the line of sight turns."""
        place = craft.position[:, BANDIT] - craft.position[:, GUARD]
        moving = craft.velocity[:, BANDIT] - craft.velocity[:, GUARD]
        sight, distance = unit(place), np.maximum(norm(place), 1.0)
        closing = -dot(moving, sight)
        turning = cross(place, moving) / (distance * distance)[:, None]
        wanted = NAVIGATION * np.maximum(closing, 1.0)[:, None] * cross(turning, sight)
        wanted += ((CRUISE - closing) / TURNING)[:, None] * sight
        body = np.einsum("nij,nj->ni", craft.axes[:, GUARD], wanted)
        thrust = np.array([DRONE.forward_thrust, DRONE.lateral_thrust, DRONE.lateral_thrust])
        throttle = np.clip(body * craft.mass[:, GUARD, None] / thrust, -1.0, 1.0)
        craft.rcs[awake, GUARD] = True
        craft.sas[awake, GUARD] = SAS.AIM
        craft.aim[awake, GUARD, 0] = sight[awake]
        craft.throttle[awake, GUARD] = throttle[awake]


def _between(a: Array, b: Array) -> Array:
    """Return the angles between (n, 3) vectors, (n,) rad."""
    return np.asarray(np.arccos(np.clip(dot(unit(a), unit(b)), -1.0, 1.0)))
