"""The bodies of the sky: KSP's constants, the sun where KSPDG sees it, places on Kerbin."""

from __future__ import annotations

import numpy as np
import pytest

from helmsight.envs.orbital.dynamics import sun_direction
from helmsight.envs.orbital.krpc.errors import ArgumentException, InvalidOperationException
from helmsight.envs.orbital.krpc.simulation import Simulation
from helmsight.envs.orbital.krpc.space_center import procedures
from helmsight.envs.orbital.krpc.space_center.celestial_body import coordinates, outward
from helmsight.envs.orbital.krpc.space_center.vectors import length, swap


@pytest.fixture
def bodies(game):
    return procedures.bodies(game)


def test_kerbins_constants_are_ksps(bodies):
    kerbin = bodies["Kerbin"]
    assert kerbin.gravitational_parameter == 3.5316e12
    assert kerbin.equatorial_radius == 600_000.0
    assert kerbin.surface_gravity == pytest.approx(9.81)
    assert kerbin.mass == pytest.approx(5.2915e22, rel=1e-4)
    assert kerbin.rotational_period == pytest.approx(21_549.425)
    assert kerbin.rotational_speed * kerbin.rotational_period == pytest.approx(2 * np.pi)
    assert kerbin.initial_rotation == pytest.approx(np.pi / 2)
    assert kerbin.sphere_of_influence == pytest.approx(84_159_286.5)
    assert kerbin.atmosphere_depth == 70_000.0
    assert kerbin.has_atmosphere
    assert kerbin.has_atmospheric_oxygen
    assert kerbin.has_solid_surface
    assert not kerbin.is_star


def test_moons_go_round_kerbin_and_kerbin_round_the_sun(bodies):
    assert {moon.name for moon in bodies["Kerbin"].satellites} == {"Mun", "Minmus"}
    assert "Kerbin" in [planet.name for planet in bodies["Sun"].satellites]
    assert bodies["Sun"].is_star
    distance = length(bodies["Mun"].position(bodies["Kerbin"].non_rotating_reference_frame))
    assert distance == pytest.approx(12_000_000.0)


def test_the_sun_stands_where_the_cockpit_shows_it(bodies):
    place = bodies["Sun"].position(bodies["Kerbin"].non_rotating_reference_frame)
    assert length(place) == pytest.approx(13_599_840_256.0)
    assert np.array(swap(place)) / length(place) == pytest.approx(sun_direction(), abs=2e-5)


def test_the_sun_is_behind_the_pursuer_of_sb1_i5_as_seen_from_the_evader():
    game = Simulation("sb1_i5_init")
    evader, pursuer = procedures.vessels(game)
    frame = pursuer.reference_frame
    sun = np.array(procedures.bodies(game)["Sun"].position(frame))
    there = np.array(evader.position(frame))
    assert np.linalg.norm(there) == pytest.approx(100.0, abs=0.5)
    cosine = sun @ there / np.linalg.norm(sun) / np.linalg.norm(there)
    assert -cosine == pytest.approx(1.0, abs=1e-3)  # KSPDG's own test of its reward


@pytest.mark.slow
def test_a_body_moves_as_its_places_change(game, bodies):
    frame = bodies["Kerbin"].non_rotating_reference_frame
    for name in ("Sun", "Mun", "Minmus", "Ike", "Moho", "Tylo"):
        before, velocity = bodies[name].position(frame), bodies[name].velocity(frame)
        game.step(2.0)
        moved = np.subtract(bodies[name].position(frame), before) / 2.0
        halfway = np.add(velocity, bodies[name].velocity(frame)) / 2.0
        np.testing.assert_allclose(moved, halfway, atol=0.03)


def test_kerbin_turns_about_its_north_pole_and_is_still_in_its_own_frame(bodies):
    kerbin = bodies["Kerbin"]
    spin = kerbin.angular_velocity(kerbin.non_rotating_reference_frame)
    assert spin == pytest.approx((0.0, -kerbin.rotational_speed, 0.0))  # by the left hand
    assert kerbin.angular_velocity(kerbin.reference_frame) == (0.0, 0.0, 0.0)
    assert kerbin.direction(kerbin.non_rotating_reference_frame) == (0.0, 1.0, 0.0)
    assert kerbin.rotation(kerbin.reference_frame) == pytest.approx((0.0, 0.0, 0.0, 1.0))


def test_all_seventeen_bodies_have_their_parents(bodies):
    satellites = {
        "Sun": {"Moho", "Eve", "Kerbin", "Duna", "Dres", "Jool", "Eeloo"},
        "Eve": {"Gilly"},
        "Kerbin": {"Mun", "Minmus"},
        "Duna": {"Ike"},
        "Jool": {"Laythe", "Vall", "Tylo", "Bop", "Pol"},
    }
    assert len(bodies) == 17
    for name, body in bodies.items():
        assert {moon.name for moon in body.satellites} == satellites.get(name, set())
        for moon in body.satellites:
            assert moon.orbit.body == body
            assert moon.orbit.apoapsis < body.sphere_of_influence


def test_spheres_of_influence_and_gravities_are_those_that_the_figures_give(bodies):
    """KSP reckons both itself: a (m/M)^0.4, and multiples of 9.80665 for what was entered."""
    for body in bodies.values():
        if body.orbit is not None and body.name != "Kerbin":
            ratio = body.gravitational_parameter / body.orbit.body.gravitational_parameter
            wanted = body.orbit.semi_major_axis * ratio**0.4
            assert body.sphere_of_influence == pytest.approx(wanted, rel=1e-3), body.name
    gravities = {
        "Moho": 2.70, "Eve": 16.7, "Gilly": 0.049, "Duna": 2.94, "Ike": 1.10, "Dres": 1.13,
        "Jool": 7.85, "Laythe": 7.85, "Vall": 2.31, "Tylo": 7.85, "Bop": 0.589, "Pol": 0.373,
        "Eeloo": 1.69, "Mun": 1.63, "Minmus": 0.491,
    }  # fmt: skip
    for name, gravity in gravities.items():
        assert bodies[name].surface_gravity == pytest.approx(gravity, rel=5e-3), name


@pytest.mark.parametrize(
    ("name", "period"),
    [("Moho", 2_215_754), ("Gilly", 388_587), ("Duna", 17_315_400), ("Ike", 65_518),
     ("Dres", 47_893_063), ("Laythe", 52_981), ("Pol", 901_903), ("Eeloo", 156_992_048)],
)  # fmt: skip
def test_periods_are_those_that_the_game_shows(bodies, name, period):
    assert bodies[name].orbit.period == pytest.approx(period, abs=1.0)


def test_tidally_locked_moons_turn_once_an_orbit(bodies):
    for name in ("Mun", "Ike", "Laythe", "Vall", "Tylo", "Bop", "Pol"):
        body = bodies[name]
        assert body.rotational_period == pytest.approx(body.orbit.period, rel=1e-6), name


def test_flags_tell_air_oceans_and_gas(bodies):
    flags = {
        "has_atmosphere": {"Sun", "Eve", "Kerbin", "Duna", "Jool", "Laythe"},
        "has_atmospheric_oxygen": {"Kerbin", "Laythe"},
        "has_ocean": {"Eve", "Kerbin", "Laythe"},
        "has_solid_surface": set(bodies) - {"Sun", "Jool"},
    }
    for flag, names in flags.items():
        assert {name for name, body in bodies.items() if getattr(body, flag)} == names, flag


def test_a_moon_is_where_its_planet_is_and_moves_with_it(game, bodies):
    frame = bodies["Kerbin"].non_rotating_reference_frame
    for name, planet in (("Pol", "Jool"), ("Gilly", "Eve"), ("Ike", "Duna"), ("Eeloo", "Sun")):
        body, centre = bodies[name], bodies[planet]
        apart = np.subtract(body.position(frame), centre.position(frame))
        assert np.linalg.norm(apart) == pytest.approx(body.orbit.radius, rel=1e-6)
        moving = np.subtract(body.velocity(frame), centre.velocity(frame))
        assert np.linalg.norm(moving) == pytest.approx(body.orbit.speed, rel=1e-6)
    about_sun = bodies["Sun"].non_rotating_reference_frame
    assert length(bodies["Kerbin"].position(about_sun)) == pytest.approx(13_599_840_256.0)


@pytest.mark.parametrize(
    ("latitude", "longitude", "wanted"),
    [(0, 0, (1, 0, 0)), (90, 0, (0, 1, 0)), (0, 90, (0, 0, 1)), (0, -90, (0, 0, -1))],
)
def test_places_are_told_by_latitude_and_longitude(bodies, latitude, longitude, wanted):
    kerbin = bodies["Kerbin"]
    frame = kerbin.reference_frame
    for place in (kerbin.surface_position, kerbin.sea_level_position, kerbin.bedrock_position):
        position = place(latitude, longitude, frame)
        assert position == pytest.approx(np.array(wanted) * 600_000.0, abs=1e-6)
    assert kerbin.latitude_at_position(wanted, frame) == pytest.approx(latitude)
    if latitude != 90:
        assert kerbin.longitude_at_position(wanted, frame) == pytest.approx(longitude)
    assert coordinates(outward(latitude, longitude))[0] == pytest.approx(latitude)


def test_a_frame_on_the_surface_has_up_north_and_east(bodies):
    kerbin = bodies["Kerbin"]
    frame = kerbin.surface_reference_frame(0.0, 90.0, 100.0)
    fixed = kerbin.reference_frame
    place = procedures.transform_position(kerbin.game, (0.0, 0.0, 0.0), frame, fixed)
    assert place == pytest.approx((0.0, 0.0, 600_100.0), abs=1e-6)
    for axis, wanted in (((1, 0, 0), (0, 0, 1)), ((0, 1, 0), (0, 1, 0)), ((0, 0, 1), (-1, 0, 0))):
        direction = procedures.transform_direction(kerbin.game, axis, frame, fixed)
        assert direction == pytest.approx(wanted, abs=1e-12)
    assert kerbin.position(frame) == pytest.approx((-600_100.0, 0.0, 0.0), abs=1e-6)


def test_the_sun_orbits_nothing(bodies):
    assert bodies["Sun"].orbit is None
    with pytest.raises(ArgumentException, match="orbits nothing"):
        assert bodies["Sun"].orbital_reference_frame


def test_air_is_reckoned_above_the_atmosphere_only(bodies):
    kerbin = bodies["Kerbin"]
    assert kerbin.density_at(70_000.0) == kerbin.pressure_at(1e6) == 0.0
    assert bodies["Mun"].pressure_at(0.0) == 0.0
    with pytest.raises(InvalidOperationException, match="no air"):
        kerbin.pressure_at(69_000.0)
