"""Flights: angles, speeds and directions of a vessel in a frame."""

from __future__ import annotations

import numpy as np
import pytest

from helmsight.envs.orbital.dynamics import G0
from helmsight.envs.orbital.krpc.errors import InvalidOperationException
from helmsight.envs.orbital.krpc.space_center import procedures
from helmsight.envs.orbital.krpc.space_center.sas import SASMode

AIR = (
    "atmosphere_density", "dynamic_pressure", "static_pressure", "equivalent_air_speed", "mach",
    "speed_of_sound",
)  # fmt: skip


@pytest.fixture
def flight(pursuer):
    return pursuer.flight()


@pytest.fixture
def still(game):
    return procedures.bodies(game)["Kerbin"].non_rotating_reference_frame


def test_at_load_the_nose_points_north(game, pursuer, flight):
    """As the game's saves have it: KSPDG's agents see this before SAS takes hold."""
    kerbin = procedures.bodies(game)["Kerbin"]
    assert pursuer.direction(kerbin.reference_frame) == pytest.approx((0.0, 1.0, 0.0), abs=1e-6)
    assert flight.pitch == pytest.approx(0.0, abs=0.5)  # at a latitude of 0.2 degrees
    assert min(flight.heading, 360.0 - flight.heading) == pytest.approx(0.0, abs=0.1)


@pytest.mark.usefixtures("level")
def test_a_level_craft_flies_level_along_its_orbit(flight):
    assert flight.pitch == pytest.approx(0.0, abs=0.5)  # the ellipse climbs a little
    assert flight.heading == pytest.approx(89.0, abs=0.1)  # inclined by a degree
    assert flight.roll == pytest.approx(0.0, abs=0.1)


@pytest.mark.parametrize(
    ("mode", "pitch", "heading"),
    [(SASMode.RADIAL, 90.0, None), (SASMode.ANTI_RADIAL, -90.0, None),
     (SASMode.NORMAL, 0.0, 359.0), (SASMode.ANTI_NORMAL, 0.0, 179.0),
     (SASMode.RETROGRADE, 0.0, 269.0)],
)  # fmt: skip
def test_pitch_and_heading_follow_the_nose(game, vessels, put, mode, pitch, heading):
    vessel = vessels[1]
    procedures.set_active_vessel(game, vessel)
    put(vessel.control, sas=True, sas_mode=mode)
    game.step(4.0)
    assert vessel.flight().pitch == pytest.approx(pitch, abs=0.6)
    if heading is not None:
        assert vessel.flight().heading == pytest.approx(heading, abs=0.1)


def test_directions_of_the_orbit_are_the_axes_of_the_orbital_frame(pursuer):
    flight = pursuer.flight(pursuer.orbital_reference_frame)
    wanted = {"prograde": (0, 1, 0), "normal": (0, 0, 1), "radial": (-1, 0, 0)}
    for name, direction in wanted.items():
        assert getattr(flight, name) == pytest.approx(direction, abs=1e-12)
    for name, opposite in (("retrograde", "prograde"), ("anti_normal", "normal"),
                           ("anti_radial", "radial")):  # fmt: skip
        negative = tuple(-x for x in getattr(flight, opposite))
        assert getattr(flight, name) == pytest.approx(negative)


def test_speed_splits_into_its_level_and_its_climbing_part(game, pursuer, still):
    flight = pursuer.flight(still)
    assert flight.speed == pytest.approx(np.linalg.norm(game.fleet.velocity[0, 1]))
    whole = np.hypot(flight.horizontal_speed, flight.vertical_speed)
    assert whole == pytest.approx(flight.speed)
    before = flight.mean_altitude
    climb = flight.vertical_speed
    game.step(0.02)
    assert (flight.mean_altitude - before) / 0.02 == pytest.approx(climb, abs=0.1)


def test_altitude_latitude_and_longitude_are_those_of_the_place(game, flight, pursuer):
    kerbin = procedures.bodies(game)["Kerbin"]
    frame = kerbin.reference_frame
    place = pursuer.position(frame)
    assert kerbin.latitude_at_position(place, frame) == pytest.approx(flight.latitude)
    assert kerbin.longitude_at_position(place, frame) == pytest.approx(flight.longitude)
    assert kerbin.altitude_at_position(place, frame) == pytest.approx(flight.mean_altitude)
    assert flight.surface_altitude == flight.bedrock_altitude == flight.mean_altitude
    back = kerbin.position_at_altitude(
        flight.latitude, flight.longitude, flight.mean_altitude, frame
    )
    np.testing.assert_allclose(back, place, atol=1e-3)


def test_the_ground_runs_east_below_so_the_air_speed_is_less(game, flight, pursuer):
    frame = procedures.bodies(game)["Kerbin"].reference_frame
    assert flight.true_air_speed == pytest.approx(pursuer.flight(frame).speed)
    assert flight.true_air_speed < pursuer.orbit.speed - 200.0


@pytest.mark.usefixtures("level")
def test_angles_to_the_wind_are_small_along_the_orbit_and_right_when_pitched_up(game, vessels, put):
    vessel = vessels[1]
    assert vessel.flight().sideslip_angle == pytest.approx(0.0, abs=0.2)
    put(vessel.control, sas=True, sas_mode=SASMode.RADIAL)
    game.step(4.0)
    assert vessel.flight().angle_of_attack == pytest.approx(90.0, abs=0.5)


def test_g_force_is_what_the_thrusters_push(game, pursuer, flight, put):
    assert flight.g_force == 0.0
    put(pursuer.control, forward=1.0)
    assert flight.g_force == 0.0  # RCS is off
    put(pursuer.control, rcs=True)
    assert flight.g_force == pytest.approx(8000.0 / 6685.0 / G0)


def test_there_is_no_air_in_orbit_and_below_it_is_not_reckoned(game, flight):
    assert [getattr(flight, name) for name in AIR] == [0.0] * len(AIR)
    assert flight.drag == flight.lift == flight.aerodynamic_force == (0.0, 0.0, 0.0)
    assert flight.static_pressure_at_sea_level == 101_325.0
    game.fleet.position[0, 1] *= 650.0 / 749.0
    for name in AIR:
        with pytest.raises(InvalidOperationException, match="no air below 70000 m"):
            getattr(flight, name)
