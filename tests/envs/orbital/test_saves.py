"""KSPDG's load files: names, vessels, states."""

from __future__ import annotations

import numpy as np
import pytest

from helmsight.envs.errors import UnknownScenario
from helmsight.envs.orbital.saves import find_save, save_names
from helmsight.envs.orbital.vehicles import DRONE, SCISAT

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
