"""Stages, delta-v and accelerations, as kRPC 0.7 tells them."""

from __future__ import annotations

from math import log

import pytest

from helmsight.envs.orbital.krpc.errors import ArgumentException, InvalidOperationException
from helmsight.envs.orbital.krpc.simulation import Simulation
from helmsight.envs.orbital.krpc.space_center import procedures


@pytest.fixture
def lady():
    return procedures.vessels(Simulation("lbg1_i2_init"))[0]


def test_the_lady_has_one_stage_which_burns_all_her_fuel(lady):
    (stage,) = lady.stages
    assert (stage.number, [part.title for part in stage.parts]) == (
        0, ['LV-T91 "Cheetah" Liquid Fuel Engine'],
    )  # fmt: skip
    assert stage.delta_v == pytest.approx(355.0 * 9.80665 * log(4210.0 / 2010.0))
    assert lady.delta_v == lady.vacuum_delta_v == stage.delta_v
    assert stage.burn_time == pytest.approx(2200.0 * 355.0 * 9.80665 / 125_000.0)
    assert (stage.start_mass, stage.end_mass, stage.fuel_mass) == (4210.0, 2010.0, 2200.0)
    assert stage.sea_level_delta_v == pytest.approx(stage.delta_v * 150.0 / 355.0)
    assert stage.twr == pytest.approx(125_000.0 / (4210.0 * 9.80665))


def test_thrusters_are_no_stage(pursuer):
    assert pursuer.stages == []
    assert pursuer.delta_v == pursuer.burn_time == 0.0
    assert pursuer.stage_at(-1).parts == pursuer.parts.all
    with pytest.raises(ArgumentException, match="no stage 3"):
        pursuer.stage_at(3)


def test_nothing_comes_off(pursuer, lady):
    for vessel in (pursuer, lady):
        (stage,) = vessel.decouple_stages
        assert stage == vessel.decouple_stage_at(-1)
        assert stage.parts == vessel.parts.all
        assert stage.resources().names == vessel.resources.names
        with pytest.raises(InvalidOperationException, match="burns nothing"):
            _ = stage.delta_v
        with pytest.raises(ArgumentException, match="comes off"):
            vessel.decouple_stage_at(0)


def test_accelerations_are_forces_and_torques_over_mass_and_inertia(pursuer, lady, put):
    put(pursuer.control, rcs=True)
    assert pursuer.available_rcs_acceleration.positive[1] == pytest.approx(8000.0 / 6685.0)
    torque, turning = pursuer.available_torque, pursuer.available_angular_acceleration
    for axis, inertia in enumerate(pursuer.moment_of_inertia):
        assert turning.positive[axis] == pytest.approx(torque.positive[axis] / inertia)
        assert turning.negative[axis] == pytest.approx(-turning.positive[axis])
    put(lady.parts.engines[0], active=True)
    assert lady.max_acceleration_at(0.0) == lady.max_vacuum_acceleration == lady.max_acceleration
    assert lady.available_acceleration_at(1.0) == pytest.approx(52_816.9 / 4210.0, rel=1e-5)
