"""Lady, bandit and guard: who is captured, who steers, what it costs."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
import pytest

from helmsight.envs.orbital.dynamics import G0, MU, Array, norm, orbital_axes, unit
from helmsight.envs.orbital.lady_bandit_guard.bots import CRUISE
from helmsight.envs.orbital.lady_bandit_guard.scenario import (
    BANDIT,
    EVASIVE,
    GUARD,
    GUARDINGS,
    HEURISTIC,
    LADY,
    PROPORTIONAL,
    Guarding,
)
from helmsight.envs.orbital.lady_bandit_guard.world import SETTLE, GuardedWorld
from helmsight.envs.orbital.stepping import DT

TICKS = 50
"""Physics steps a second."""


@dataclass(frozen=True)
class Near:
    """A start with bandit and guard `bandit` and `guard` m from the lady, at rest beside her.

    Both in her (radial, along-track, normal) axes; `moving` is the bandit's velocity there, m/s.
    """

    bot: int = HEURISTIC
    bandit: tuple[float, float, float] = (0.0, -2000.0, 0.0)
    guard: tuple[float, float, float] = (0.0, -600.0, 0.0)
    moving: tuple[float, float, float] = (0.0, 0.0, 0.0)
    load_time: float = 0.0

    @property
    def initial_axes(self) -> Array:
        return Guarding(0, 1).initial_axes

    def initial_state(self, seed: int = 0) -> tuple[Array, Array]:
        position = np.array([450_000.0, 600_000.0, 0.0])
        velocity = np.sqrt(MU / 750_000.0) * np.array([-0.8, 0.6, 0.0])
        axes = orbital_axes(position, velocity)
        offsets = np.array([(0.0, 0.0, 0.0), self.bandit, self.guard]) @ axes
        speeds = np.array([(0.0, 0.0, 0.0), self.moving, (0.0, 0.0, 0.0)]) @ axes
        return position + offsets, velocity + speeds


def world(seed: int = 0, **start: object) -> GuardedWorld:
    return GuardedWorld([Near(**start)], [seed])  # type: ignore[arg-type]


def relative(made: GuardedWorld) -> tuple[Array, Array]:
    """Return the bandit's place and velocity seen from the guard."""
    place = made.position[0, BANDIT] - made.position[0, GUARD]
    return place, made.velocity[0, BANDIT] - made.velocity[0, GUARD]


def test_the_bandit_is_flown_with_its_nose_on_the_lady():
    made = world(bot=0)
    made.settle()
    made.advance(2 * TICKS)
    nose = made.axes[0, BANDIT, 0]
    assert nose @ unit(made.position[0, LADY] - made.position[0, BANDIT]) > 1 - 1e-9
    made.burn(np.array([[1.0, 0.0, 0.0]]))
    made.advance(TICKS)
    assert made.mass[0].tolist() == pytest.approx([4210.0, 6685.0 - 8000 / (240 * G0), 6685.0])


@pytest.mark.parametrize(("near", "flag"), [("bandit", "captured"), ("guard", "caught")])
def test_within_five_metres_somebody_is_captured_and_it_is_over(near, flag):
    places: dict[str, Any] = {"bandit": (0.0, -12.0, 0.0), "guard": (0.0, 30.0, 0.0)}
    if near == "guard":
        places = {"bandit": (0.0, -40.0, 0.0), "guard": (0.0, -28.0, 0.0)}
    made = world(bot=0, moving=(0.0, 4.0, 0.0), **places)
    made.advance(5 * TICKS)
    assert made.over[0]
    assert getattr(made, flag)[0]
    assert made.captured[0] != made.caught[0]
    stood = made.position.copy()
    made.advance(TICKS)
    np.testing.assert_array_equal(made.position, stood)


@pytest.mark.slow
def test_passive_lady_and_guard_only_coast():
    made = GuardedWorld([GUARDINGS["LBG1-LG0-I2"]])
    made.advance(60 * TICKS)
    assert made.mass[0].tolist() == [4210.0, 6685.0, 6685.0]
    # facts of the public save lbg1_i2: nothing changes among three craft on one circle
    assert made.lady_range[0] == pytest.approx(2617.99, abs=0.02)
    assert made.guard_range[0] == pytest.approx(1963.49, abs=0.02)


@pytest.mark.slow
def test_the_passive_minima_of_the_first_orbits_are_kspdgs():
    made = GuardedWorld([GUARDINGS["LBG1-LG0-I1"]], ends=False)
    ranges = []
    for _ in range(122 * TICKS):
        made.advance()
        ranges.append((made.lady_range[0], made.guard_range[0], made.met[0]))
    lady, guard = (min(ranges, key=lambda row: row[k]) for k in (0, 1))
    assert lady[0] < 0.8  # 38 m/s are 0.76 m a step
    assert lady[2] == pytest.approx(120.85 + 0.9, abs=0.1)
    assert (guard[1], guard[2]) == (pytest.approx(28.42, abs=0.2), pytest.approx(104, abs=1))


@pytest.mark.slow
def test_the_guard_stops_then_burns_at_the_bandit_then_coasts():
    made = world(moving=(0.0, 3.0, 0.0))
    made.settle()
    speeds, burns = [], []
    for _ in range(25 * TICKS):
        made.advance()
        speeds.append(norm(relative(made)[1]))
        burns.append(float(made.throttle[0, GUARD, 0]))
    stopped = int(np.argmin(speeds))
    assert speeds[stopped] < 0.2
    assert set(burns[:stopped]) == {0.0, -1.0}
    assert burns[:TICKS] == [0.0] * TICKS  # its autopilot turns first
    fast = next(k for k in range(stopped, len(speeds)) if speeds[k] > 10.0)
    assert set(burns[stopped + TICKS + 2 : fast]) == {1.0}
    assert set(burns[fast + 1 :]) == {0.0}
    place, moving = relative(made)
    assert unit(-moving) @ unit(place) > np.cos(np.radians(15.0))


@pytest.mark.slow
def test_a_guard_gives_up_braking_after_thirty_seconds():
    made = world(moving=(0.0, 200.0, 0.0), bandit=(0.0, -9000.0, 3000.0))
    made.settle()
    made.advance(round(31.5 * TICKS))
    assert made.throttle[0, GUARD, 0] == 0.0  # it turns to the bandit, which is still too fast
    assert norm(relative(made)[1]) > 10.0


@pytest.mark.slow
@pytest.mark.parametrize("seed", [0, 1])
def test_the_evasive_lady_leaves_ten_seconds_after_the_bandit_came_near(seed):
    made = world(seed=seed, bot=EVASIVE, bandit=(0.0, 450.0, 100.0), guard=(0.0, -700.0, 0.0))
    made.settle()
    velocity = made.velocity[0, LADY].copy()
    made.advance(10 * TICKS)
    assert made.mass[0, LADY] == 4210.0
    made.advance(TICKS)
    flow = 125_000.0 / (355.0 * G0)
    assert 4210.0 - made.mass[0, LADY] == pytest.approx(0.5 * flow, rel=1e-6)
    normal = orbital_axes(made.position[0, LADY], made.velocity[0, LADY])[2]
    gained = (made.velocity[0, LADY] - velocity) @ normal
    assert gained == pytest.approx(made.bots._side[0] * 62_500.0 / 4201.0, rel=1e-3)
    assert made.throttle[0, GUARD].tolist() == [0.0, 0.0, 0.0]  # it waits for her
    made.advance(4 * TICKS)
    assert made.propellant[0, GUARD] < 1200.0


def test_seeds_send_the_lady_to_either_side():
    made = GuardedWorld([GUARDINGS["LBG1-LG2-I1"]] * 12, list(range(12)))
    assert set(made.bots._side) == {-1.0, 1.0}


@pytest.mark.slow
def test_an_evasive_lady_stays_while_the_bandit_is_far():
    made = world(bot=EVASIVE, bandit=(0.0, -1200.0, 0.0))
    made.advance(20 * TICKS)
    assert made.mass[0].tolist() == [4210.0, 6685.0, 6685.0]


@pytest.mark.slow
def test_a_guard_by_proportional_navigation_catches_a_bandit_that_coasts():
    made = world(bot=PROPORTIONAL, moving=(1.0, 4.0, -2.0))
    made.advance(120 * TICKS)
    assert made.caught[0]
    assert -unit(relative(made)[0]) @ relative(made)[1] == pytest.approx(CRUISE, abs=2.0)


@pytest.mark.slow
def test_a_world_does_in_a_batch_what_it_does_alone():
    starts = [Near(), Near(bot=EVASIVE, bandit=(0.0, 450.0, 0.0)), Near(bot=PROPORTIONAL), Near(0)]
    batch = GuardedWorld(starts, [1, 2, 3, 4])
    batch.advance(13 * TICKS)
    for row, start in enumerate(starts):
        alone = GuardedWorld([start], [row + 1])
        alone.advance(13 * TICKS)
        for name in ("position", "velocity", "axes", "mass", "throttle", "aim"):
            np.testing.assert_array_equal(getattr(batch, name)[row], getattr(alone, name)[0], name)


@pytest.mark.slow
def test_a_row_is_taken_over_with_its_mind():
    batch = GuardedWorld([Near(), Near()], [0, 0])
    other = GuardedWorld([Near(bot=EVASIVE, bandit=(0.0, 450.0, 0.0))], [1])
    other.advance(5 * TICKS)
    batch.take_row(1, other)
    batch.held[0] = True
    batch.advance(12 * TICKS)
    other.advance(12 * TICKS)
    np.testing.assert_array_equal(batch.position[1], other.position[0])
    assert batch.met[0] == 0.0


def test_the_bots_wait_for_the_end_of_the_reset():
    made = world()
    made.advance(round(SETTLE / DT))
    assert made.sas[0, GUARD] == 0
    made.advance()
    assert made.sas[0, GUARD] != 0
