"""Engine, thruster blocks and their nozzles."""

from __future__ import annotations

import pytest

from helmsight.envs.orbital.krpc.errors import ArgumentException, InvalidOperationException
from helmsight.envs.orbital.krpc.simulation import Simulation
from helmsight.envs.orbital.krpc.space_center import procedures
from helmsight.envs.orbital.krpc.space_center.vectors import add, dot, length


@pytest.fixture
def lady():
    return procedures.vessels(Simulation("lbg1_i2_init"))[0]


def test_propellants_tell_ratios_and_what_there_is(lady, put):
    engine = lady.parts.engines[0]
    fuel, oxidizer = engine.propellants
    assert (fuel.name, oxidizer.name) == ("LiquidFuel", "Oxidizer")
    assert (fuel.ratio, oxidizer.ratio) == pytest.approx((0.9, 1.1))
    assert engine.propellant_ratios == {"LiquidFuel": pytest.approx(0.8182, abs=5e-5),
                                        "Oxidizer": 1.0}  # fmt: skip
    assert (fuel.total_resource_available, fuel.total_resource_capacity) == (198.0, 198.0)
    assert fuel.current_amount == 0.0
    put(engine, active=True)
    put(lady.control, throttle=0.5)
    wanted = fuel.current_requirement, oxidizer.current_requirement
    before = lady.resources.amount("LiquidFuel"), lady.resources.amount("Oxidizer")
    lady.game.step(0.02)
    after = lady.resources.amount("LiquidFuel"), lady.resources.amount("Oxidizer")
    assert (before[0] - after[0], before[1] - after[1]) == pytest.approx(wanted)
    assert not fuel.is_deprived


def test_air_takes_thrust_from_the_engine(lady, put):
    engine = lady.parts.engines[0]
    put(engine, active=True)
    assert lady.available_thrust_at(0.0) == engine.max_thrust_at(0.0) == 125_000.0
    assert engine.kerbin_sea_level_specific_impulse == pytest.approx(150.0)
    assert lady.available_thrust_at(1.0) == pytest.approx(125_000.0 * 150.0 / 355.0)
    assert lady.specific_impulse_at(9.0) == lady.max_thrust_at(9.0) == 0.0
    with pytest.raises(ArgumentException, match="-1"):
        lady.available_thrust_at(-1.0)


def test_a_drone_has_no_thrust_at_any_pressure(pursuer):
    assert pursuer.available_thrust_at(0.0) == pursuer.max_thrust_at(1.0) == 0.0
    assert pursuer.kerbin_sea_level_specific_impulse == 0.0


def test_what_the_engine_does_not_have_is_refused_as_in_the_game(lady, put):
    engine = lady.parts.engines[0]
    assert (engine.has_modes, engine.gimballed, engine.gimbal_range) == (False, False, 0.0)
    for name, word in (("mode", "one mode"), ("modes", "one mode"), ("gimbal_limit", "gimbal")):
        with pytest.raises(InvalidOperationException, match=word):
            getattr(engine, name)
    with pytest.raises(InvalidOperationException, match="one mode"):
        engine.toggle_mode()
    put(engine, independent_throttle=False, throttle=0.3)
    assert engine.throttle == 0.0
    with pytest.raises(InvalidOperationException, match=r"Control\.Throttle"):
        put(engine, independent_throttle=True)


def test_the_nozzles_of_all_blocks_push_every_way_with_what_the_craft_has(pursuer, put):
    put(pursuer.control, rcs=True)
    own = pursuer.reference_frame
    nozzles = [nozzle for block in pursuer.parts.rcs for nozzle in block.thrusters]
    assert len(nozzles) == 32
    assert sum(map(length, (nozzle.thrust_direction(own) for nozzle in nozzles))) == pytest.approx(
        32.0
    )
    for axis, most in ((0, 4000.0), (1, 8000.0), (2, 4000.0)):
        pushes = [nozzle.thrust_direction(own)[axis] * 1000.0 for nozzle in nozzles]
        assert sum(push for push in pushes if push > 0.0) == pytest.approx(most, rel=1e-6)
        assert sum(push for push in pushes if push < 0.0) == pytest.approx(-most, rel=1e-6)


def test_a_block_pushes_along_the_craft_and_across_its_own_arm(pursuer, put):
    put(pursuer.control, rcs=True)
    own = pursuer.reference_frame
    for block in pursuer.parts.rcs:
        force = block.available_force
        x, _, z = block.of.position(own)
        across = (abs(z) > abs(x)) * 1000.0, 1000.0, (abs(x) > abs(z)) * 1000.0
        assert force.positive == pytest.approx(across, abs=1e-3)
        assert add(force.positive, force.negative) == pytest.approx((0.0, 0.0, 0.0), abs=1e-3)


def test_a_nozzles_frame_has_y_where_it_pushes(pursuer, lady):
    for vessel, nozzle in ((pursuer, pursuer.parts.rcs[0].thrusters[2]),
                           (lady, lady.parts.engines[0].thrusters[0])):  # fmt: skip
        frame = nozzle.thrust_reference_frame
        assert nozzle.thrust_direction(frame) == pytest.approx((0.0, 1.0, 0.0))
        assert nozzle.initial_thrust_position(frame) == pytest.approx((0.0, 0.0, 0.0), abs=1e-6)
        assert nozzle.thrust_position(vessel.reference_frame) == pytest.approx(
            nozzle.part.position(vessel.reference_frame)
        )
        with pytest.raises(InvalidOperationException, match="swivel"):
            nozzle.gimbal_position(frame)
    pushed = lady.parts.engines[0].thrusters[0].thrust_direction(lady.reference_frame)
    assert dot(pushed, (0.0, 1.0, 0.0)) == pytest.approx(1.0)


def test_blocks_keep_to_what_the_twin_fires_them_for(pursuer, put):
    block = pursuer.parts.rcs[0]
    put(block, forward_enabled=True, pitch_enabled=False, thrust_limit=1.0, enabled=True)
    for name, value in (("up_enabled", False), ("roll_enabled", True), ("thrust_limit", 0.5)):
        with pytest.raises(InvalidOperationException, match="thruster blocks"):
            put(block, **{name: value})
