"""Fleets: craft of any number and kind, whoever controls them."""

from __future__ import annotations

import numpy as np
import pytest

from helmsight.envs.orbital.attitude import SAS
from helmsight.envs.orbital.dynamics import G0, norm, orbital_axes, propagate
from helmsight.envs.orbital.fleet import ADRIFT, Fleet
from helmsight.envs.orbital.saves import find_save
from helmsight.envs.orbital.vehicles import SCISAT

LADY, BANDIT, GUARD = 0, 1, 2


@pytest.fixture
def fleet():
    """The Lady, the bandit and the guard, SAS off."""
    save = find_save("lbg1_i2_init")
    made = Fleet(
        save.position[None].copy(),
        save.velocity[None].copy(),
        save.vehicles,
        np.array([save.ut]),
        save.axes[None].copy(),
    )
    made.sas[:] = ADRIFT
    return made


def test_every_craft_has_its_own_mass(fleet):
    np.testing.assert_allclose(fleet.mass, [[4210.0, 6685.0, 6685.0]])


def test_a_main_engine_burns_only_when_it_is_lit_and_obeys_the_rocket_equation(fleet):
    fleet.sas[0, LADY] = SAS.PROGRADE
    fleet.main[0] = 1.0
    fleet.advance(150)  # from north to prograde
    assert fleet.mass[0, LADY] == pytest.approx(4210.0)
    fleet.ignited[0, LADY] = True
    coasting = propagate(fleet.position[0, LADY], fleet.velocity[0, LADY], 1.0)[1]
    fleet.advance(50)
    mass = fleet.mass[0, LADY]
    assert 4210.0 - mass == pytest.approx(125_000.0 / (355.0 * G0), rel=1e-9)
    gained = norm(fleet.velocity[0, LADY] - coasting)
    assert gained == pytest.approx(355.0 * G0 * np.log(4210.0 / mass), rel=1e-3)
    np.testing.assert_allclose(fleet.mass[0, BANDIT:], 6685.0)


def test_half_the_throttle_is_half_the_thrust(fleet):
    fleet.main[0, LADY], fleet.ignited[0, LADY] = 0.5, True
    fleet.advance(50)
    assert 4210.0 - fleet.mass[0, LADY] == pytest.approx(62_500.0 / (355.0 * G0), rel=1e-9)


def test_an_engine_without_fuel_pushes_no_more(fleet):
    fleet.main[0, LADY], fleet.ignited[0, LADY], fleet.fuel[0, LADY] = 1.0, True, 0.5
    fleet.advance(10)
    assert fleet.mass[0, LADY] == SCISAT.dry_mass
    before = fleet.energy()[0, LADY]
    fleet.advance(50)
    assert fleet.energy()[0, LADY] == pytest.approx(before, rel=1e-9)


def test_thrusters_do_not_move_the_lady(fleet):
    fleet.rcs[:], fleet.throttle[:] = True, 1.0
    before = fleet.energy().copy()
    fleet.advance(100)
    assert fleet.energy()[0, LADY] == pytest.approx(before[0, LADY], rel=1e-9)
    assert (np.abs(fleet.energy()[0, BANDIT:] - before[0, BANDIT:]) > 100.0).all()


def test_a_coast_is_the_same_motion_in_one_jump(fleet):
    start = fleet.position.copy(), fleet.velocity.copy()
    fleet.rcs[:], fleet.throttle[:] = True, 1.0
    fleet.coast(1000.0)
    for vessel in range(3):
        wanted = propagate(start[0][0, vessel], start[1][0, vessel], 1000.0)
        np.testing.assert_allclose(fleet.position[0, vessel], wanted[0], atol=1e-6)
        np.testing.assert_allclose(fleet.velocity[0, vessel], wanted[1], atol=1e-9)
    assert fleet.met[0] == pytest.approx(1001.54)
    assert fleet.propellant[0, BANDIT] == 1200.0
    before = fleet.energy().copy()
    fleet.rcs[:] = False
    fleet.advance(50)  # gravity is that of the new place
    np.testing.assert_allclose(fleet.energy(), before, rtol=1e-9)


def test_steps_that_are_owed_come_due_later(fleet):
    assert [fleet.steps_due(0.03) for _ in range(4)] == [1, 2, 1, 2]
    assert fleet.steps_due(0.0) == 0


def test_without_sas_a_craft_keeps_its_spin_and_with_it_the_spin_is_taken_out(fleet):
    fleet.rotation[0, BANDIT] = (0.0, 0.0, 1.0)
    fleet.advance(50)
    fleet.rotation[:] = 0.0
    fleet.advance(10)
    rolling = norm(fleet.angular_velocity)[0]
    fleet.advance(50)
    assert norm(fleet.angular_velocity)[0, BANDIT] == pytest.approx(rolling[BANDIT])
    assert rolling[BANDIT] == pytest.approx(2.5)
    assert rolling[[LADY, GUARD]] == pytest.approx(0.0, abs=1e-12)  # by processor, 1e-21
    fleet.sas[0, BANDIT] = SAS.STABILITY
    fleet.advance(50)
    assert norm(fleet.angular_velocity)[0, BANDIT] == pytest.approx(0.0, abs=1e-9)


@pytest.mark.parametrize("size", [-1.0, -0.3, 0.3, 1.0])
@pytest.mark.parametrize("column", [0, 1, 2])
def test_inputs_turn_the_nose_up_the_nose_right_and_the_right_wing_down(fleet, column, size):
    _, right, down = fleet.axes[0, GUARD].copy()
    fleet.rotation[0, GUARD, column] = size
    fleet.advance(20)
    after = fleet.axes[0, GUARD]
    moved = (-after[0] @ down, after[0] @ right, after[1] @ down)[column]
    assert np.sign(moved) == np.sign(size)
    assert abs(moved) > 0.05


def test_a_craft_under_aim_holds_nose_and_wing(fleet):
    fleet.sas[0, GUARD] = SAS.AIM
    fleet.aim[0, GUARD] = [[0.0, 0.0, 1.0], [0.6, 0.8, 0.0]]
    fleet.advance(200)
    np.testing.assert_allclose(fleet.axes[0, GUARD, :2], fleet.aim[0, GUARD], atol=1e-6)


def test_a_wing_of_nan_leaves_the_roll(fleet):
    fleet.sas[0, GUARD] = SAS.AIM
    nose, right, _ = fleet.axes[0, GUARD].copy()
    fleet.aim[0, GUARD] = [nose, np.full(3, np.nan)]
    fleet.advance(100)
    np.testing.assert_allclose(fleet.axes[0, GUARD, 1], right, atol=1e-9)


def test_each_craft_points_at_its_own_target(fleet):
    fleet.target[0] = (GUARD, LADY, ADRIFT)
    fleet.sas[0] = (SAS.TARGET, SAS.ANTITARGET, SAS.NORMAL)
    fleet.advance(250)
    towards = [
        fleet.position[0, GUARD] - fleet.position[0, LADY],
        fleet.position[0, BANDIT] - fleet.position[0, LADY],
        orbital_axes(fleet.position[0, GUARD], fleet.velocity[0, GUARD])[2],
    ]
    for vessel, direction in enumerate(towards):
        cosine = fleet.axes[0, vessel, 0] @ direction / norm(direction)
        assert cosine > np.cos(np.radians(0.2))


def test_angular_velocity_is_that_of_the_last_step(fleet):
    fleet.rotation[0, BANDIT] = (0.0, 1.0, 0.0)
    fleet.advance(100)
    down = fleet.axes[0, BANDIT, 2]
    np.testing.assert_allclose(fleet.angular_velocity[0, BANDIT], 2.5 * down, atol=1e-6)
