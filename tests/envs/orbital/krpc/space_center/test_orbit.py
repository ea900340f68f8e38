"""Orbits: elements and times as scripts ask for them."""

from __future__ import annotations

from math import inf, isnan, pi, radians

import numpy as np
import pytest

from helmsight.envs.orbital.dynamics import MU
from helmsight.envs.orbital.krpc.errors import (
    ArgumentException,
    ArgumentOutOfRangeException,
    InvalidOperationException,
)
from helmsight.envs.orbital.krpc.space_center import procedures
from helmsight.envs.orbital.krpc.space_center.orbit import Orbit
from helmsight.envs.orbital.krpc.space_center.vectors import length


@pytest.fixture
def orbit(pursuer):
    return pursuer.orbit


@pytest.fixture
def kerbin(game):
    return procedures.bodies(game)["Kerbin"]


def test_the_elements_are_those_of_the_save(orbit):
    # pe1_i4_init.sfs of spacegym-kspdg v0.14.0
    assert orbit.semi_major_axis == pytest.approx(754_500.1875)
    assert orbit.eccentricity == pytest.approx(0.00729, abs=1e-8)
    assert orbit.inclination == pytest.approx(radians(1.0))
    assert orbit.longitude_of_ascending_node == pytest.approx(radians(350.0))
    assert orbit.argument_of_periapsis == pytest.approx(radians(355.0))
    assert orbit.body.name == "Kerbin"


def test_heights_and_axes_belong_together(orbit):
    assert orbit.apoapsis == pytest.approx(orbit.semi_major_axis * (1 + orbit.eccentricity))
    assert orbit.apoapsis_altitude == pytest.approx(orbit.apoapsis - 600_000.0)
    assert orbit.periapsis_altitude == pytest.approx(orbit.periapsis - 600_000.0)
    assert orbit.semi_minor_axis**2 == pytest.approx(orbit.apoapsis * orbit.periapsis)
    assert orbit.period == pytest.approx(2 * pi * (orbit.semi_major_axis**3 / MU) ** 0.5)


@pytest.mark.slow
def test_the_vessel_is_where_its_orbit_says_it_will_be(game, orbit, pursuer, kerbin):
    frame = kerbin.non_rotating_reference_frame
    ut = game.ut + 10.0
    position, speed, radius = orbit.position_at(ut, frame), orbit.speed_at(ut), orbit.radius_at(ut)
    true, mean = orbit.true_anomaly_at_ut(ut), orbit.mean_anomaly_at_ut(ut)
    ahead = orbit.orbital_speed_at(10.0)
    game.step(10.0)
    np.testing.assert_allclose(pursuer.position(frame), position, atol=0.01)
    assert orbit.speed == orbit.orbital_speed == pytest.approx(speed)
    assert ahead == pytest.approx(speed)
    assert orbit.radius == pytest.approx(radius)
    assert orbit.true_anomaly == pytest.approx(true, abs=1e-6)
    assert orbit.mean_anomaly == pytest.approx(mean, abs=1e-6)
    assert orbit.epoch == game.ut


def test_the_apsides_come_when_they_are_told_to(game, orbit):
    ahead = orbit.time_to_apoapsis
    assert orbit.radius_at(game.ut + ahead) == pytest.approx(orbit.apoapsis)
    low = orbit.time_to_periapsis
    assert orbit.radius_at(game.ut + low) == pytest.approx(orbit.periapsis)
    assert abs(ahead - low) == pytest.approx(orbit.period / 2)
    assert orbit.ut_at_true_anomaly(pi) == pytest.approx(game.ut + ahead)


def test_anomalies_are_radians_from_the_periapsis(game, orbit):
    ut = game.ut + orbit.time_to_periapsis + orbit.period / 4
    mean, eccentric = orbit.mean_anomaly_at_ut(ut), orbit.eccentric_anomaly_at_ut(ut)
    assert mean == pytest.approx(pi / 2)
    assert eccentric - orbit.eccentricity * np.sin(eccentric) == pytest.approx(mean)
    assert orbit.true_anomaly_at_ut(ut) > eccentric > mean
    true = orbit.true_anomaly_at_radius(754_000.0)
    assert orbit.radius_at_true_anomaly(true) == pytest.approx(754_000.0)


def test_closest_approaches_are_found(orbit, vessels):
    target = vessels[0].orbit
    assert orbit.distance_at_closest_approach(target) == pytest.approx(999.54, abs=0.01)
    assert orbit.time_of_closest_approach(target) == pytest.approx(63.0, abs=0.1)
    times, distances = orbit.list_closest_approaches(target, 3)
    assert len(times) == len(distances) == 3
    assert times == sorted(times)


@pytest.mark.parametrize("orbits", [0, -1, 101])
def test_approaches_are_looked_for_in_1_to_100_periods(orbit, vessels, orbits):
    with pytest.raises(ArgumentOutOfRangeException, match="1 to 100"):
        orbit.list_closest_approaches(vessels[0].orbit, orbits)


def test_orbits_about_different_bodies_are_not_compared(orbit, kerbin):
    with pytest.raises(InvalidOperationException, match="about one body"):
        orbit.relative_inclination(kerbin.orbit)


def test_planes_and_nodes(orbit, vessels):
    target = vessels[0].orbit
    assert orbit.relative_inclination(target) == pytest.approx(radians(1.0), abs=2e-6)
    rising, sinking = orbit.true_anomaly_at_an(target), orbit.true_anomaly_at_dn(target)
    assert (sinking - rising) % (2 * pi) == pytest.approx(pi)
    # From the node it rises; the target's plane is the equator to within 1e-4 degrees.
    assert (rising + orbit.argument_of_periapsis) % (2 * pi) == pytest.approx(2 * pi, abs=1e-2) or (
        rising + orbit.argument_of_periapsis
    ) % (2 * pi) == pytest.approx(0.0, abs=1e-2)


def test_the_reference_plane_is_the_equator(kerbin):
    frame = kerbin.non_rotating_reference_frame
    assert Orbit.reference_plane_normal(frame) == (0.0, 1.0, 0.0)
    assert Orbit.reference_plane_direction(frame) == (1.0, 0.0, 0.0)


def test_an_escape_orbit_tells_what_it_has_and_no_more(game, orbit, pursuer):
    game.fleet.velocity[0, 1] *= 1.5
    assert orbit.apoapsis == orbit.period == orbit.time_to_apoapsis == inf
    assert orbit.eccentricity > 1.0
    assert orbit.semi_major_axis < 0.0
    assert isnan(orbit.semi_minor_axis)
    assert isnan(orbit.time_to_soi_change)
    assert orbit.next_orbit is None
    assert orbit.radius == pytest.approx(length(pursuer.position(orbit.body.reference_frame)))
    with pytest.raises(ArgumentException, match="leaves the body"):
        orbit.ut_at_true_anomaly(pi)
    assert orbit.radius_at(game.ut + 1000.0) > orbit.radius


@pytest.mark.parametrize("ut", [float("nan"), float("inf"), 1e13])
def test_times_without_end_are_refused(orbit, ut):
    with pytest.raises(ArgumentOutOfRangeException):
        orbit.radius_at(ut)


def test_the_bodies_orbits_are_ksps(game):
    bodies = procedures.bodies(game)
    assert bodies["Sun"].orbit is None
    assert bodies["Kerbin"].orbit.body.name == "Sun"
    assert bodies["Kerbin"].orbit.period == pytest.approx(9_203_545, rel=1e-6)
    assert bodies["Mun"].orbit.period == pytest.approx(138_984.38, rel=1e-6)
    assert bodies["Minmus"].orbit.inclination == pytest.approx(radians(6.0))
    assert bodies["Minmus"].orbit.epoch == 0.0


def test_energy_and_momentum_are_those_of_the_state(game, orbit, pursuer, kerbin):
    frame = kerbin.non_rotating_reference_frame
    position, velocity = np.array(pursuer.position(frame)), np.array(pursuer.velocity(frame))
    energy = velocity @ velocity / 2 - MU / np.linalg.norm(position)
    assert orbit.specific_energy == pytest.approx(energy)
    momentum = np.linalg.norm(np.cross(position, velocity))
    assert orbit.specific_angular_momentum == pytest.approx(momentum)
    assert orbit.semi_latus_rectum == pytest.approx(momentum**2 / MU)
    assert orbit.mean_motion * orbit.period == pytest.approx(2 * pi)
    assert orbit.altitude == pytest.approx(np.linalg.norm(position) - 600_000.0)


def test_an_approach_is_what_happens_then(game, vessels, pursuer, kerbin):
    evader = vessels[0]
    frame = kerbin.non_rotating_reference_frame
    approach = pursuer.orbit.next_closest_approach(evader.orbit)
    assert (approach.vessel, approach.target_vessel) == (pursuer, evader)
    assert approach.body is approach.target_body is None
    predicted = approach.position(frame), approach.target_position(frame)
    moving = approach.velocity(frame), approach.target_velocity(frame)
    gap, closing = approach.relative_position(frame), approach.relative_velocity(frame)
    assert length(gap) == pytest.approx(approach.distance)
    assert length(closing) == pytest.approx(approach.relative_speed)
    assert approach.ut == pytest.approx(game.ut + approach.time_to)
    game.jump(approach.time_to)
    for vessel, place, speed in zip((pursuer, evader), predicted, moving, strict=True):
        np.testing.assert_allclose(vessel.position(frame), place, atol=0.1)
        np.testing.assert_allclose(vessel.velocity(frame), speed, atol=1e-3)
    measured = np.subtract(evader.position(frame), pursuer.position(frame))
    np.testing.assert_allclose(gap, measured, atol=0.1)
    assert np.linalg.norm(measured) == pytest.approx(999.54, abs=0.01)


def test_approaches_come_one_a_period_and_bodies_have_them_too(game, vessels, pursuer):
    approaches = pursuer.orbit.coming_approaches(vessels[0].orbit, 3)
    times = [approach.ut for approach in approaches]
    assert [approach.distance for approach in approaches] == pytest.approx(
        pursuer.orbit.list_closest_approaches(vessels[0].orbit, 3)[1]
    )
    assert times == sorted(times)
    mun = procedures.bodies(game)["Mun"]
    approach = pursuer.orbit.next_closest_approach(mun.orbit)
    assert approach.target_body == mun
    assert approach.distance == pytest.approx(12_000_000 - 755_000, rel=0.01)
