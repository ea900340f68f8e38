"""Vessels: what they are, weigh and can do, and which of them are gone."""

from __future__ import annotations

import numpy as np
import pytest

from helmsight.envs.orbital.krpc.errors import ArgumentException, InvalidOperationException
from helmsight.envs.orbital.krpc.simulation import Simulation
from helmsight.envs.orbital.krpc.space_center import procedures
from helmsight.envs.orbital.krpc.space_center.vessel import VesselSituation, VesselType


@pytest.fixture
def lady():
    return procedures.vessels(Simulation("lbg1_i2_init"))[0]


def test_a_drone_weighs_and_turns_as_kspdgs_does(pursuer, put):
    assert pursuer.mass == pytest.approx(6685.0)
    assert pursuer.dry_mass == pytest.approx(1885.0)
    assert pursuer.moment_of_inertia == pytest.approx((5456.0, 618.0, 5456.0))
    assert np.array(pursuer.inertia_tensor).reshape(3, 3).trace() == pytest.approx(2 * 5456 + 618)
    assert pursuer.available_torque.positive == pytest.approx((25_000.0,) * 3)  # 10 + 15 kN m
    assert pursuer.thrust == pursuer.max_thrust == pursuer.specific_impulse == 0.0


def test_thrusters_count_only_while_they_are_on_and_fed(game, pursuer, put):
    assert pursuer.available_rcs_force.positive == (0.0, 0.0, 0.0)
    put(pursuer.control, rcs=True)
    assert pursuer.available_rcs_force.positive == (4000.0, 8000.0, 4000.0)
    assert pursuer.available_rcs_force.negative == (-4000.0, -8000.0, -4000.0)
    game.fleet.propellant[:] = 0.0
    assert pursuer.available_rcs_force.positive == (0.0, 0.0, 0.0)


def test_the_lady_has_an_engine_that_counts_once_it_is_lit(lady, put):
    assert lady.mass == pytest.approx(4210.0)
    assert lady.available_thrust == 0.0
    put(lady.parts.engines[0], active=True)
    assert lady.available_thrust == lady.max_thrust == lady.max_vacuum_thrust == 125_000.0
    assert lady.specific_impulse == lady.vacuum_specific_impulse == 355.0
    assert lady.thrust == 0.0
    put(lady.control, throttle=0.5)
    assert lady.thrust == pytest.approx(62_500.0)
    assert lady.acceleration == pytest.approx(62_500.0 / 4210.0)


def test_names_and_types_can_be_changed(pursuer, put):
    assert (pursuer.name, pursuer.type) == ("Pursuer", VesselType.PROBE)
    put(pursuer, name="Chaser", type=VesselType.SHIP)
    assert (pursuer.name, pursuer.type) == ("Chaser", VesselType.SHIP)
    for name in ("", "x" * 201):
        with pytest.raises(ArgumentException, match="1 to 200"):
            put(pursuer, name=name)


def test_a_vessel_orbits_until_its_periapsis_is_underground_or_it_escapes(game, pursuer):
    assert pursuer.situation is VesselSituation.ORBITING
    game.fleet.velocity[0, 1] *= 0.8
    assert pursuer.situation is VesselSituation.SUB_ORBITAL
    game.fleet.velocity[0, 1] *= 2.0
    assert pursuer.situation is VesselSituation.ESCAPING


def test_mission_time_is_universal_time(game, pursuer):
    game.step(1.0)
    assert pursuer.met == game.ut == pytest.approx(1.06)


def test_nothing_is_recovered_from_orbit(pursuer):
    assert not pursuer.recoverable
    with pytest.raises(InvalidOperationException, match="in space"):
        pursuer.recover()


def test_the_box_of_a_vessel_is_its_hull_along_its_axes_and_larger_across_them(pursuer):
    low, high = pursuer.bounding_box(pursuer.reference_frame)
    assert high == pytest.approx((0.95, 2.0, 0.95))
    assert low == pytest.approx((-0.95, -2.0, -0.95))
    body = procedures.bodies(pursuer.game)["Kerbin"]
    low, high = pursuer.bounding_box(body.non_rotating_reference_frame)
    size = np.array(high) - low
    assert np.linalg.norm(size) >= np.linalg.norm([1.9, 4.0, 1.9]) - 1e-6
    middle = (np.array(low) + high) / 2
    np.testing.assert_allclose(middle, pursuer.position(body.non_rotating_reference_frame))


def test_a_vessel_of_another_save_is_gone_and_says_so(game, pursuer):
    game.load("pe1_i3_init")
    for use in (lambda: pursuer.mass, lambda: pursuer.met, lambda: pursuer.flight().speed,
                lambda: pursuer.orbit.apoapsis, lambda: pursuer.control.forward,
                lambda: pursuer.resources.names, lambda: pursuer.parts.all,
                lambda: pursuer.auto_pilot.engaged, lambda: pursuer.control.state):  # fmt: skip
        with pytest.raises(InvalidOperationException, match=r"pe1_i4_init.*pe1_i3_init"):
            use()


def test_a_vessel_of_the_same_save_goes_on_after_a_load(game, pursuer):
    game.step(5.0)
    game.load("pe1_i4_init")
    assert pursuer.met == pytest.approx(0.06)
    assert pursuer == procedures.vessels(game)[1]
