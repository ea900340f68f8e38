"""Time warp: factors that can be had, coasting on rails, warping to a time."""

from __future__ import annotations

import numpy as np
import pytest

from helmsight.envs.orbital.dynamics import propagate
from helmsight.envs.orbital.krpc.errors import (
    ArgumentOutOfRangeException,
    InvalidOperationException,
)
from helmsight.envs.orbital.krpc.simulation import Simulation
from helmsight.envs.orbital.krpc.space_center import procedures, warp
from helmsight.envs.orbital.krpc.space_center.warp import WarpMode


def test_there_is_none_at_first(game):
    assert warp.warp_mode(game) is WarpMode.NONE
    assert warp.warp_rate(game) == 1.0
    assert warp.warp_factor(game) == 0.0


def test_rails_warp_is_limited_by_the_height(game, pursuer):
    assert warp.maximum_rails_warp_factor(game) == 4  # 149 km: 100 x from 120 km on
    assert warp.can_rails_warp_at(game, 4)
    assert not warp.can_rails_warp_at(game, 5)
    assert not warp.can_rails_warp_at(game, 8)
    assert warp.can_rails_warp_at(game, 0)
    warp.set_rails_warp_factor(game, 7)
    assert warp.rails_warp_factor(game) == 4
    assert warp.warp_rate(game) == 100.0
    assert warp.warp_mode(game) is WarpMode.RAILS
    assert pursuer.packed


def test_rails_warp_coasts_exactly_whatever_the_thrusters_say(game, pursuer, put, run):
    start = game.ut, game.fleet.position[0, 1].copy(), game.fleet.velocity[0, 1].copy()
    warp.set_rails_warp_factor(game, 3)
    put(pursuer.control, rcs=True, forward=1.0)
    run(game, 2.0)
    assert game.ut - start[0] == pytest.approx(100.0)
    wanted = propagate(start[1], start[2], game.ut - start[0])
    np.testing.assert_allclose(game.fleet.position[0, 1], wanted[0], atol=1e-3)
    assert pursuer.resources.amount("MonoPropellant") == 1200.0


def test_physics_warp_only_hurries(game, run):
    warp.set_physics_warp_factor(game, 9)
    assert warp.physics_warp_factor(game) == 3
    assert warp.warp_mode(game) is WarpMode.PHYSICS
    start = game.ut
    run(game, 1.0)
    assert game.ut - start == pytest.approx(4.0, abs=0.03)
    warp.set_physics_warp_factor(game, -1)
    assert warp.warp_mode(game) is WarpMode.NONE


def test_an_engine_that_burns_keeps_the_active_vessel_off_the_rails(put):
    game = Simulation("lbg1_i1_init")
    lady = procedures.vessels(game)[0]
    put(lady.control, throttle=0.1)
    assert warp.maximum_rails_warp_factor(game) == 4
    put(lady.parts.engines[0], active=True)
    assert warp.maximum_rails_warp_factor(game) == 0


@pytest.mark.parametrize("stick", ["forward", "right", "up"])
def test_thrusters_that_fire_keep_the_active_vessel_off_the_rails(game, pursuer, put, run, stick):
    put(pursuer.control, **{stick: -0.5})
    assert warp.can_rails_warp_at(game, 3)  # RCS is off
    put(pursuer.control, rcs=True)
    warp.set_rails_warp_factor(game, 3)
    assert warp.rails_warp_factor(game) == 0
    assert warp.warp_mode(game) is WarpMode.NONE
    start = game.ut
    run(game, 1.0)
    assert game.ut - start == pytest.approx(1.0)
    put(pursuer.control, **{stick: 0.0})
    warp.set_rails_warp_factor(game, 3)
    assert warp.rails_warp_factor(game) == 3


def test_an_escape_orbit_is_kept_off_the_rails(game, pursuer):
    game.fleet.velocity[0, 0] *= 1.5
    assert warp.maximum_rails_warp_factor(game) == 0


@pytest.mark.slow
@pytest.mark.parametrize("seconds", [30.0, 0.5, 3.0])
@pytest.mark.parametrize("rate", [1.0, 8.0])
def test_warping_to_a_time_ends_there_and_without_warp(game, run, seconds, rate):
    game.set_rate(rate)
    until = game.ut + seconds
    waiting = warp.warp_to(game, until)
    for _ in range(2000):
        try:
            next(waiting)
        except StopIteration:
            break
        run(game, 0.02 * rate)
    assert until <= game.ut < until + 0.02 * rate + 0.021
    assert warp.warp_mode(game) is WarpMode.NONE


def test_warping_stops_when_its_client_is_gone(game, run):
    waiting = warp.warp_to(game, game.ut + 1e6)
    next(waiting)
    assert warp.warp_mode(game) is WarpMode.RAILS
    waiting.close()
    assert warp.warp_mode(game) is WarpMode.NONE


def test_a_load_ends_every_warp(game):
    waiting = warp.warp_to(game, game.ut + 1e6)
    next(waiting)
    game.load("pe1_i3_init")
    assert warp.warp_mode(game) is WarpMode.NONE
    with pytest.raises(StopIteration):
        next(waiting)


def test_a_world_in_lockstep_does_not_warp(game):
    game.step(1.0)
    for use in (lambda: warp.set_rails_warp_factor(game, 2),
                lambda: warp.set_physics_warp_factor(game, 2),
                lambda: next(warp.warp_to(game, 1e4))):  # fmt: skip
        with pytest.raises(InvalidOperationException, match=r"Helmsight\.Step"):
            use()


@pytest.mark.parametrize("ut", [float("nan"), float("inf")])
def test_one_cannot_warp_to_no_time(game, ut):
    with pytest.raises(ArgumentOutOfRangeException):
        next(warp.warp_to(game, ut))
