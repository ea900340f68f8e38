"""Where training flights begin: near a public scenario, or anywhere that a flight may lead."""

from __future__ import annotations

from collections.abc import Callable, Collection, Mapping
from dataclasses import dataclass

import numpy as np

from helmsight.envs.orbital.attitude import rotate
from helmsight.envs.orbital.dynamics import MU, Array, cross, sun_direction, unit
from helmsight.envs.orbital.lady_bandit_guard.scenario import Guarding
from helmsight.envs.orbital.scenarios import PURSUER, Scenario
from helmsight.envs.orbital.starts import DRAWN
from helmsight.envs.orbital.sun_blocking.scenario import Blocking
from helmsight.envs.orbital.sun_blocking.scoring import VIEWING_DISTANCE

BOTS: Mapping[str, tuple[int, ...]] = {"PE1": (1, 2, 3, 4), "LBG1": (0, 1, 2), "SB1": (1,)}
BOT_SHARES: Mapping[str, tuple[float, ...]] = {
    "PE1": (0.28, 0.06, 0.42, 0.24), "LBG1": (0.3, 0.4, 0.3), "SB1": (1.0,)
}  # fmt: skip
CODES: Mapping[str, Mapping[int, str]] = {
    "PE1": Scenario.codes, "LBG1": Guarding.codes, "SB1": Blocking.codes
}  # fmt: skip
ROLL_SPREAD = np.radians(10.0)
"""How well the roll at the start is known, one sigma: more than docs/twin.md leaves open."""


@dataclass(frozen=True)
class RandomStart:
    """A start drawn for training: bot, time on the clock s, state (k, 3) m and m/s, axes."""

    evader: int
    load_time: float
    position: Array
    velocity: Array
    initial_axes: Array
    family: str = "PE1"

    @property
    def midway(self) -> bool:
        """Whether the flight has gone on for a while: it begins at no public scenario."""
        return self.load_time > 5.0

    @property
    def bot(self) -> int:
        """Who steers the others, by the number that it has in its family."""
        return self.evader

    @property
    def kind(self) -> str:
        """What it is in words."""
        return "training flight"

    @property
    def name(self) -> str:
        """What a task is called whose orbits are drawn, for example PE1-E3-R."""
        return f"{self.family}-{CODES[self.family][self.evader]}-R"

    def initial_state(self, seed: int = 0) -> tuple[Array, Array]:
        """Return the drawn state, whatever the seed."""
        return self.position.copy(), self.velocity.copy()


def bots(family: str, codes: Collection[str] = ()) -> dict[int, float]:
    """Return the bots of a family with their shares: those with `codes`, or all without any."""
    drawn = zip(BOTS[family], BOT_SHARES[family], strict=True)
    chosen = {bot: share for bot, share in drawn if not codes or CODES[family][bot] in codes}
    whole = sum(chosen.values())
    return {bot: share / whole for bot, share in chosen.items()}


def draw_start(
    rng: np.random.Generator, family: str = "PE1", codes: Collection[str] = ()
) -> RandomStart:
    """Return a start near a public scenario (about half of them) or anywhere a flight may lead.

    Its bot is one of those with `codes`, or any of the family without.
    """
    shares = bots(family, codes)
    return _DRAWERS[family](int(rng.choice(list(shares), p=list(shares.values()))), rng)


def _pursuit(bot: int, rng: np.random.Generator) -> RandomStart:
    if rng.random() < 0.5:
        return _near(Scenario(bot, int(rng.integers(1, 5))), rng, 120.0, 1.2)
    return _chasing(bot, rng)


def _guarding(bot: int, rng: np.random.Generator) -> RandomStart:
    public = rng.random() < 0.85
    initial = int(rng.integers(1, 3)) if public else DRAWN
    return _near(Guarding(bot, initial), rng, 80.0, 0.8)


def _blocking(bot: int, rng: np.random.Generator) -> RandomStart:
    if rng.random() < 0.5:
        return _near(Blocking(int(rng.integers(1, 6))), rng, 80.0, 0.8)
    return _round_the_spot(bot, rng)


_DRAWERS: Mapping[str, Callable[[int, np.random.Generator], RandomStart]] = {
    "PE1": _pursuit, "LBG1": _guarding, "SB1": _blocking
}  # fmt: skip


def _near(
    scenario: Scenario | Guarding | Blocking, rng: np.random.Generator, metres: float, speed: float
) -> RandomStart:
    """Return the scenario's start, the agent moved by `metres` and m/s of `speed`, one sigma."""
    position, velocity = scenario.initial_state(int(rng.integers(1, 2**31)))
    position[PURSUER] += rng.normal(0.0, metres, 3)
    velocity[PURSUER] += rng.normal(0.0, speed, 3)
    axes = scenario.initial_axes
    rolled = rotate(axes, axes[:, 0], rng.normal(0.0, ROLL_SPREAD, len(axes)))
    return RandomStart(
        scenario.bot, scenario.load_time, position, velocity, rolled, scenario.family
    )


def _orbit(rng: np.random.Generator) -> tuple[Array, Array]:
    """Return a place, m, and a velocity, m/s, of a target on its circle."""
    angle, tilt = rng.uniform(0.0, 2 * np.pi), rng.normal(0.0, 0.02)
    radial = np.array([np.cos(angle), np.sin(angle), 0.0])
    along = np.array([-np.sin(angle) * np.cos(tilt), np.cos(angle) * np.cos(tilt), np.sin(tilt)])
    return 750_000.0 * radial, np.sqrt(MU / 750_000.0) * along


def _moving(
    target: Array, speed: Array, gap: Array, moving: Array, bot: int, family: str,
    rng: np.random.Generator,
) -> RandomStart:  # fmt: skip
    """Return a start in mid-flight; `gap` leads from agent to target, `moving` is in its axes."""
    spin = cross(unit(cross(target, speed)), -gap) * np.sqrt(MU / 750_000.0**3)
    position = np.stack([target, target - gap])
    velocity = np.stack([speed, speed + spin + moving])
    axes = Scenario(1, 3).initial_axes  # the same in every save
    return RandomStart(bot, float(rng.uniform(0.1, 215.0)), position, velocity, axes, family)


def _chasing(bot: int, rng: np.random.Generator) -> RandomStart:
    target, speed = _orbit(rng)
    distance = float(np.exp(rng.uniform(np.log(8.0), np.log(6000.0))))
    # Chases lie mostly in the orbital plane, along the track.
    sight = unit(rng.normal(size=3) * np.array([1.0, 1.0, 0.7]))
    braked = np.sqrt(6.0 + 1.8 * distance)
    closing = rng.uniform(-0.4, 1.2) * min(braked, 45.0)
    side = unit(cross(sight, rng.normal(size=3)))
    slip = abs(closing) * np.tan(rng.normal(0.0, 0.2)) + rng.normal(0.0, 0.4)
    return _moving(target, speed, distance * sight, closing * sight + slip * side, bot, "PE1", rng)


def _round_the_spot(bot: int, rng: np.random.Generator) -> RandomStart:
    """Return a start on the way to the place sunward of the target, or beside it."""
    target, speed = _orbit(rng)
    spot = VIEWING_DISTANCE * sun_direction()
    way = unit(rng.normal(size=3))
    distance = float(np.exp(rng.uniform(np.log(1.0), np.log(4000.0))))
    # up to about the speed that the teacher has there
    closing = rng.uniform(-0.2, 1.2) * min(np.sqrt(1.3 * distance), 0.18 * distance + 0.3)
    slip = rng.normal(0.0, 0.05 + 0.15 * abs(closing), 3)
    return _moving(target, speed, -(spot - distance * way), closing * way + slip, bot, "SB1", rng)
