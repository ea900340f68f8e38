"""KSPDG's load files: names, vessels, states."""

from __future__ import annotations

import numpy as np
import pytest

from helmsight.envs.errors import SaveBroken, UnknownScenario
from helmsight.envs.orbital.attitude import rotate
from helmsight.envs.orbital.dynamics import norm, orbital_axes, unit
from helmsight.envs.orbital.saves import axes_at_load, find_save, save_names
from helmsight.envs.orbital.scenarios import PURSUER, Scenario
from helmsight.envs.orbital.vehicles import DRONE, SCISAT
from helmsight.envs.orbital.world import World

# (universal time s; name, position m, velocity m/s of each vessel), Kerbin-centred inertial.
# Source: mission saves of spacegym-kspdg v0.14.0, at load. The saves of PE1: test_scenarios.py.
STATES = {
    "lbg1_i1_init": (0.90, (
        ("Lady", (705435.0337, -254679.0397, -0.4445), (736.863531, 2041.037025, 0.003562)),
        ("Bandit", (705404.1169, -250201.5207, -0.4367), (738.235919, 2005.18909, 0.0035)),
        ("Bodyguard", (705657.0144, -254063.3346, -0.4434), (735.082109, 2041.679282, 0.003563)),
    )),
    "lbg1_i2_init": (1.54, (
        ("Lady", (705905.4154, -253372.3386, -0.5134), (733.082853, 2042.397985, 0.003565)),
        ("Bandit", (705016.6822, -255834.8648, -0.447), (740.207687, 2039.826606, 0.00356)),
        ("Guard", (705684.0386, -253988.2624, -0.4438), (734.864902, 2041.757472, 0.003564)),
    )),
    "sb1_i5_init": (0.64, (
        ("Evader", (749998.7142, 1388.7845, 0.0024), (-4.018174, 2169.973238, 0.003787)),
        ("Pursuer", (750098.3428, 1388.6464, 0.0), (-4.017106, 2169.757521, 0.0)),
    )),
}  # fmt: skip


def test_the_eleven_public_saves_have_kspdgs_names():
    wanted = [f"pe1_i{n}_init" for n in range(1, 5)]
    wanted += [f"lbg1_i{n}_init" for n in range(1, 3)] + [f"sb1_i{n}_init" for n in range(1, 6)]
    assert sorted(save_names()) == sorted(wanted)


@pytest.mark.parametrize("name", STATES)
def test_states_at_load_are_those_of_the_mission_saves(name):
    save, (ut, vessels) = find_save(name), STATES[name]
    assert save.ut == pytest.approx(ut)
    assert save.names == tuple(vessel[0] for vessel in vessels)
    np.testing.assert_allclose(save.position, [vessel[1] for vessel in vessels], atol=0.01)
    np.testing.assert_allclose(save.velocity, [vessel[2] for vessel in vessels], atol=1e-4)


@pytest.mark.parametrize("number", range(1, 5))
def test_sun_blocking_begins_where_the_pursuit_does(number):
    one, other = find_save(f"sb1_i{number}_init"), find_save(f"pe1_i{number}_init")
    assert one.names == other.names == ("Evader", "Pursuer")
    np.testing.assert_array_equal(one.position, other.position)


def test_the_lady_is_the_only_one_that_is_no_drone():
    for name in save_names():
        for called, vehicle in zip(find_save(name).names, find_save(name).vehicles, strict=True):
            assert vehicle is (SCISAT if called == "Lady" else DRONE)


@pytest.mark.parametrize("wrong", ["pe1_i3", "pe1_i3_init.sfs", "PE1_I3_INIT", "", "x" * 10_000])
def test_a_wrong_name_is_answered_with_those_there_are(wrong):
    with pytest.raises(UnknownScenario, match=r"there are .*pe1_i3_init.*sb1_i5_init") as told:
        find_save(wrong)
    assert len(str(told.value)) < 400


@pytest.mark.parametrize("name", save_names())
def test_at_load_every_nose_points_north_and_every_right_wing_130_degrees_back(name):
    """The saves' rotations grow with Kerbin's own turn, so the attitude is the same in all.

    But in lbg1_i1, whose rotation is a degree off.
    """
    angle = np.radians(128.8941 if name == "lbg1_i1_init" else 130.0)
    wing = np.array([np.cos(angle), -np.sin(angle), 0.0])
    for axes in find_save(name).axes:
        np.testing.assert_allclose(axes[0], [0.0, 0.0, 1.0], atol=1e-6)
        np.testing.assert_allclose(axes[1], wing, atol=2e-5)
        np.testing.assert_allclose(axes @ axes.T, np.eye(3), atol=1e-12)
        assert np.linalg.det(axes) > 0


# right wing (radial, along-track, normal) after the shortest turn of the nose to the target
WINGS = {
    1: (-0.61, -0.22, -0.76),
    2: (-0.61, 0.79, 0.0),
    3: (-0.34, 0.0, 0.94),
    4: (-0.25, -0.84, 0.48),
}


@pytest.mark.parametrize("initial", WINGS)
def test_after_reset_the_right_wing_lies_where_the_saves_attitude_brings_it(initial):
    """SAS saturates pitch and yaw alike, which rolls the craft by up to 20 degrees more."""
    flight = World([Scenario(1, initial)])
    start = flight.axes[:, PURSUER].copy()
    flight.settle()
    frame = orbital_axes(flight.position[0, PURSUER], flight.velocity[0, PURSUER])
    around = np.cross(start[0, 0], unit(flight.line_of_sight)[0])
    angle = np.arctan2(norm(around), start[0, 0] @ unit(flight.line_of_sight)[0])
    shortest = rotate(start, unit(around)[None], angle[None])[0, 1]
    np.testing.assert_allclose(frame @ shortest, WINGS[initial], atol=0.015)
    rolled = np.degrees(np.arccos(flight.axes[0, PURSUER, 1] @ shortest))
    assert rolled < 20.0


@pytest.mark.parametrize(
    "rotation",
    [(0.0, 0.0, 0.0, 0.0), (0.0, 0.9, 0.0, -0.3), (1.0, 0.0, 0.0), (float("nan"), 0.0, 0.0, 1.0)],
)
def test_a_rotation_that_is_no_unit_quaternion_is_refused(rotation):
    with pytest.raises(SaveBroken, match=r"rotation=\[.*add up to 1"):
        axes_at_load(rotation, 0.0)
