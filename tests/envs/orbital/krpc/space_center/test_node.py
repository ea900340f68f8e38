"""Manoeuvre nodes: planned, changed, removed, flown by SAS and by the autopilot."""

from __future__ import annotations

import numpy as np
import pytest

from helmsight.envs.orbital.krpc.errors import (
    ArgumentOutOfRangeException,
    InvalidOperationException,
)
from helmsight.envs.orbital.krpc.simulation import Simulation
from helmsight.envs.orbital.krpc.space_center import procedures
from helmsight.envs.orbital.krpc.space_center.sas import SASMode
from helmsight.envs.orbital.krpc.space_center.vectors import length


@pytest.fixture
def lady(put):
    """The Lady, active, with her engine lit and the throttle shut."""
    game = Simulation("lbg1_i1_init")
    vessel = procedures.vessels(game)[0]
    put(vessel.parts.engines[0], active=True)
    return vessel


def test_a_node_is_read_back_as_it_was_added(game, pursuer):
    node = pursuer.control.add_node(game.ut + 60.0, 100.0, 200.0, -350.0)
    assert (node.prograde, node.normal, node.radial) == (100.0, 200.0, -350.0)
    assert node.ut == game.ut + 60.0
    assert node.time_to == pytest.approx(60.0)
    speed = np.linalg.norm([100.0, 200.0, 350.0])
    assert node.delta_v == pytest.approx(speed)
    assert node.remaining_delta_v == pytest.approx(speed)
    for vector in (node.burn_vector, node.remaining_burn_vector):
        assert vector(node.orbital_reference_frame) == pytest.approx((350.0, 100.0, 200.0))
        assert vector(node.reference_frame) == pytest.approx((0.0, speed, 0.0), abs=1e-6)
    assert node.direction(node.reference_frame) == pytest.approx((0.0, 1.0, 0.0), abs=1e-9)
    assert node.position(node.reference_frame) == pytest.approx((0.0, 0.0, 0.0), abs=1e-6)
    turned = node.rotation(node.reference_frame)
    assert turned == pytest.approx((0.0, 0.0, 0.0, 1.0), abs=1e-9)


def test_the_burn_is_told_along_the_vessels_orbit_if_no_frame_is_given(game, pursuer):
    node = pursuer.control.add_node(game.ut, 1.0, 2.0, 3.0)
    assert node.burn_vector() == pytest.approx((-3.0, 1.0, 2.0), abs=1e-6)
    assert node.remaining_burn_vector() == pytest.approx((-3.0, 1.0, 2.0), abs=1e-6)


@pytest.mark.slow
def test_a_node_lies_where_the_vessel_will_be(game, pursuer):
    node = pursuer.control.add_node(game.ut + 300.0, 10.0)
    still = procedures.bodies(game)["Kerbin"].non_rotating_reference_frame
    planned = node.position(still)
    game.step(300.0)
    assert np.linalg.norm(np.subtract(pursuer.position(still), planned)) < 1.0
    assert node.time_to == pytest.approx(0.0, abs=0.03)


def test_the_planned_orbit_is_the_one_after_the_burn(game, pursuer):
    before = pursuer.orbit
    node = pursuer.control.add_node(game.ut + 60.0, 100.0)
    radius, speed = before.radius_at(node.ut), length(before.owner.conic().state_at(node.ut)[1])
    mu = before.body.gravitational_parameter
    wanted = mu / (2.0 * mu / radius - (speed + 100.0) ** 2)
    assert node.orbit.semi_major_axis == pytest.approx(wanted)
    assert node.orbit.inclination == pytest.approx(before.inclination)
    assert node.orbit.body == before.body


@pytest.mark.parametrize(
    ("name", "value"), [("prograde", -50.0), ("normal", 500.0), ("radial", -150.0), ("ut", 900.0)]
)
def test_what_is_changed_is_planned_anew(game, pursuer, put, name, value):
    node = pursuer.control.add_node(game.ut + 60.0, 10.0)
    shape = node.orbit.eccentricity, node.orbit.inclination, node.orbit.argument_of_periapsis
    put(node, **{name: value})
    assert getattr(node, name) == value
    assert node.remaining_delta_v == pytest.approx(node.delta_v)
    again = node.orbit.eccentricity, node.orbit.inclination, node.orbit.argument_of_periapsis
    assert again != pytest.approx(shape, abs=1e-9)


def test_setting_the_delta_v_keeps_the_direction(game, pursuer, put):
    node = pursuer.control.add_node(game.ut + 5.0, 1.0, -2.0, 2.0)
    put(node, delta_v=30.0)
    assert (node.prograde, node.normal, node.radial) == pytest.approx((10.0, -20.0, 20.0))


def test_nodes_are_told_in_the_order_of_their_times_and_removed(game, pursuer):
    control = pursuer.control
    late, early = control.add_node(game.ut + 60.0, 1.0), control.add_node(game.ut + 15.0, 2.0)
    assert control.nodes == [early, late]
    early.remove()
    assert control.nodes == [late]
    for use in (lambda: early.prograde, early.remove, lambda: early.orbit, early.burn_vector):
        with pytest.raises(InvalidOperationException, match="no longer in the flight plan"):
            use()
    control.remove_nodes()
    assert control.nodes == []
    with pytest.raises(InvalidOperationException, match="no longer in the flight plan"):
        assert late.ut


def test_a_second_burn_is_planned_on_the_orbit_that_the_first_leads_to(game, pursuer, put):
    control = pursuer.control
    first = control.add_node(game.ut + 100.0, 50.0)
    second = control.add_node(game.ut + 900.0, -50.0)
    still = procedures.bodies(game)["Kerbin"].non_rotating_reference_frame
    assert second.position(still) == pytest.approx(first.orbit.position_at(second.ut, still))
    assert second.remaining_delta_v == pytest.approx(50.0)
    put(first, prograde=0.0)
    assert second.position(still) == pytest.approx(pursuer.orbit.position_at(second.ut, still))


@pytest.mark.parametrize("ago", [1.0, 1000.0, float("inf"), float("nan"), -1e13])
def test_a_node_in_the_past_is_refused(game, pursuer, put, ago):
    told = r"ut is .*cannot lie in the past; give .* \(now\) to 1e\+12"
    with pytest.raises(ArgumentOutOfRangeException, match=told):
        pursuer.control.add_node(game.ut - ago, 10.0)
    assert pursuer.control.nodes == []
    node = pursuer.control.add_node(game.ut + 10.0, 10.0)
    with pytest.raises(ArgumentOutOfRangeException, match=told):
        put(node, ut=game.ut - ago)
    assert node.ut == game.ut + 10.0


def test_a_node_that_has_passed_can_still_be_changed(game, pursuer, put):
    node = pursuer.control.add_node(game.ut + 1.0, 10.0)
    game.step(5.0)
    put(node, prograde=12.0)
    assert node.remaining_delta_v == pytest.approx(12.0)
    assert node.time_to == pytest.approx(-4.0, abs=0.03)


@pytest.mark.parametrize("name", ["prograde", "normal", "radial"])
@pytest.mark.parametrize("value", [float("nan"), float("inf"), -2e6])
def test_speeds_that_are_none_are_refused_by_name(game, pursuer, name, value):
    with pytest.raises(ArgumentOutOfRangeException, match=rf"{name} is .* give -1e\+06 to 1e\+06"):
        pursuer.control.add_node(game.ut + 10.0, **{name: value})


def test_a_burn_that_stops_the_craft_is_refused(game, pursuer):
    speed = pursuer.orbit.speed
    with pytest.raises(ArgumentOutOfRangeException, match="no speed to orbit with"):
        pursuer.control.add_node(game.ut, -speed)


@pytest.mark.slow
def test_a_vessel_plans_a_hundred_nodes_at_most(game, pursuer):
    for _ in range(100):
        pursuer.control.add_node(game.ut + 10.0)
    with pytest.raises(InvalidOperationException, match="100 nodes already"):
        pursuer.control.add_node(game.ut + 10.0)


def test_a_node_without_a_burn_has_no_frame_along_it(game, pursuer):
    node = pursuer.control.add_node(game.ut + 10.0)
    with pytest.raises(InvalidOperationException, match="delta-v of 0"):
        node.position(node.reference_frame)
    assert node.burn_vector(node.orbital_reference_frame) == (0.0, 0.0, 0.0)


def test_saves_hold_the_nodes(game, pursuer):
    node = pursuer.control.add_node(game.ut + 10.0, 5.0)
    procedures.quicksave(game)
    node.remove()
    procedures.quickload(game)
    assert pursuer.control.nodes == [node]
    assert node.prograde == 5.0
    procedures.load(game, "pe1_i4_init")
    assert procedures.vessels(game)[0].control.nodes == []


@pytest.mark.slow
@pytest.mark.parametrize("burn", [(40.0, 0.0, 0.0), (0.0, -40.0, 0.0), (0.0, 0.0, 40.0)])
def test_the_lady_flies_a_node_with_sas_and_her_engine(lady, put, burn):
    game, control = lady.game, lady.control
    node = control.add_node(game.ut + 10.0, *burn)
    put(control, sas=True, sas_mode=SASMode.MANEUVER)
    assert control.sas_mode is SASMode.MANEUVER
    game.step(9.0)
    still = procedures.bodies(game)["Kerbin"].non_rotating_reference_frame
    assert np.dot(lady.direction(still), node.direction(still)) > 0.9999
    assert node.remaining_delta_v == pytest.approx(40.0)  # only burning takes from it
    put(control, throttle=0.5)
    left = [node.remaining_delta_v]
    while left[-1] > 1.0 and len(left) < 200:
        game.step(0.1)
        left.append(node.remaining_delta_v)
    put(control, throttle=0.0)
    assert left == sorted(left, reverse=True)
    assert left[-1] <= 1.0
    assert node.delta_v == 40.0
    assert lady.orbit.semi_major_axis == pytest.approx(node.orbit.semi_major_axis, abs=2500.0)
    assert lady.orbit.inclination == pytest.approx(node.orbit.inclination, abs=1e-3)


@pytest.mark.slow
def test_a_drone_flies_a_node_with_the_autopilot_and_its_thrusters(game, pursuer, put):
    node = pursuer.control.add_node(game.ut + 12.0, 8.0)
    pilot = pursuer.auto_pilot
    put(pilot, reference_frame=node.reference_frame, target_direction=(0.0, 1.0, 0.0))
    pilot.engage()
    game.step(8.0)
    assert pilot.error < 1.0
    put(pursuer.control, rcs=True, forward=1.0)
    steps = 0
    while node.remaining_burn_vector(node.reference_frame)[1] > 0.0 and steps < 500:
        game.step(0.02)
        steps += 1
    put(pursuer.control, forward=0.0)
    assert steps * 0.02 == pytest.approx(8.0 * 6685.0 / 8000.0, rel=0.02)
    assert node.remaining_delta_v < 0.1
    assert pursuer.orbit.apoapsis == pytest.approx(node.orbit.apoapsis, abs=100.0)


def test_sas_follows_a_node_only_while_there_is_one(game, pursuer, put):
    with pytest.raises(InvalidOperationException, match="has no node"):
        put(pursuer.control, sas_mode=SASMode.MANEUVER)
    node = pursuer.control.add_node(game.ut + 100.0, 10.0)
    put(pursuer.control, sas=True, sas_mode=SASMode.MANEUVER)
    game.step(4.0)
    assert pursuer.auto_pilot.error < 0.5
    node.remove()
    assert pursuer.control.sas_mode is SASMode.STABILITY_ASSIST
    before = game.fleet.axes[0, 1].copy()
    game.step(0.1)
    np.testing.assert_allclose(game.fleet.axes[0, 1], before, atol=1e-9)


@pytest.mark.slow
def test_a_node_that_is_moved_under_sas_is_followed(game, pursuer, put):
    node = pursuer.control.add_node(game.ut + 100.0, 10.0)
    put(pursuer.control, sas=True, sas_mode=SASMode.MANEUVER)
    game.step(4.0)
    put(node, prograde=0.0, normal=10.0)
    assert pursuer.auto_pilot.error > 45.0
    game.step(4.0)
    assert pursuer.auto_pilot.error < 0.5
