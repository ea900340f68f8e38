"""The calm shade: what it leaves alone, and that it gets between sun and target all the same."""

from __future__ import annotations

import numpy as np
import pytest

from helmsight.agents.training.calm import NEAR_ENOUGH, CalmShade
from helmsight.contract.pilot import Sighting
from helmsight.contract.timing import Timing
from helmsight.envs.orbital.command import BurnCommand
from helmsight.envs.orbital.dynamics import MU, norm, sun_direction
from helmsight.envs.orbital.sun_blocking.scoring import VIEWING_DISTANCE

RADIUS = 750_000.0
SUN = sun_direction()
SIDE = np.array([-SUN[1], SUN[0], 0.0])


def answered(away, velocity) -> BurnCommand:
    """Return what is answered `away` (3,) m from the point, at `velocity` (3,) m/s."""
    target, speed = RADIUS * SUN, np.sqrt(MU / RADIUS) * SIDE
    place = target + VIEWING_DISTANCE * SUN + away
    told = np.concatenate([[10.0, 6685.0, 4800.0], place, speed + velocity, target, speed, SUN])
    command = CalmShade().decide(Sighting({"telemetry": told}, 10.0, timing=Timing())).command
    assert isinstance(command, BurnCommand)
    return command


def thrusts(command: BurnCommand) -> bool:
    return bool(command.forward or command.right or command.down)


@pytest.mark.parametrize("way", [SUN, SIDE, -SUN])
def test_near_the_point_and_slow_it_coasts(way):
    assert not thrusts(answered(0.8 * NEAR_ENOUGH * way, 0.3 * SIDE))
    assert thrusts(answered(0.8 * NEAR_ENOUGH * way, 3.0 * SIDE))
    assert thrusts(answered(80.0 * way, 0.0 * SIDE))


def test_what_is_left_alone_grows_with_the_speed():
    """0.8 m/s to the side: no picture shows them beside 40 m/s, and any beside none."""
    away, aside = 1500.0 * SUN, 0.8 * np.array([0.0, 0.0, 1.0])
    fast, slow = answered(away, -40.0 * SUN + aside), answered(5.0 * SUN, aside)
    assert fast.down == 0.0  # the inertial axes: the third is across the line to the sun
    assert slow.down < 0.0


def test_a_burn_across_the_nose_is_the_gentler_the_longer_there_is_for_it():
    aside = 2.0 * np.array([0.0, 0.0, 1.0])
    far, near = (answered(d * SUN, -20.0 * SUN + aside).down for d in (1200.0, 150.0))
    assert near < far < 0.0


@pytest.mark.slow
def test_at_the_nearest_levels_it_gets_there_and_stays():
    from helmsight.agents.training.flights import FlightBatch
    from helmsight.agents.training.questions import nearest_levels
    from helmsight.agents.training.starts import draw_start

    rng = np.random.default_rng(8)
    starts = [draw_start(rng, "SB1") for _ in range(4)]
    flights = FlightBatch(0, rng, starts, plain=True, family="SB1")
    while not flights.world.over.all():
        flights.fly(nearest_levels(flights.teach()))
    gap = flights.world.position[:, 1] - flights.world.position[:, 0]
    assert norm(gap - VIEWING_DISTANCE * SUN).max() < 4.0 * NEAR_ENOUGH
