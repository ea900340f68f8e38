"""What is in the tanks, and the parts that do something."""

from __future__ import annotations

import pytest

from helmsight.envs.orbital.krpc.errors import ArgumentException, InvalidOperationException
from helmsight.envs.orbital.krpc.simulation import Simulation
from helmsight.envs.orbital.krpc.space_center import procedures
from helmsight.envs.orbital.krpc.space_center.resources import ResourceFlowMode, Resources


@pytest.fixture
def lady():
    return procedures.vessels(Simulation("lbg1_i2_init"))[0]


def test_a_drone_stores_mono_propellant_in_ksps_units_and_charge(game, pursuer, put):
    resources = pursuer.resources
    assert set(resources.names) == {"MonoPropellant", "ElectricCharge"}
    assert resources.amount("MonoPropellant") == resources.max("MonoPropellant") == 1200.0
    assert resources.amount("ElectricCharge") == 2200.0
    put(pursuer.control, rcs=True, forward=1.0)
    game.step(2.0)
    used = 1200.0 - resources.amount("MonoPropellant")
    assert used * 4.0 == pytest.approx(6685.0 - pursuer.mass)
    assert used * 4.0 == pytest.approx(2.0 * 8000.0 / (240.0 * 9.80665))


def test_the_lady_stores_fuel_and_oxidizer_that_burn_at_their_ratio(lady, put):
    resources = lady.resources
    assert resources.amount("LiquidFuel") == 198.0
    assert resources.amount("Oxidizer") == 242.0
    assert not resources.has_resource("MonoPropellant")
    put(lady.parts.engines[0], active=True)
    put(lady.control, throttle=1.0)
    lady.game.step(1.0)
    left = {name: resources.amount(name) / resources.max(name) for name in resources.names}
    assert left["LiquidFuel"] == pytest.approx(left["Oxidizer"])
    assert left["LiquidFuel"] < 0.99


def test_resources_one_by_one_add_up_to_the_same(pursuer):
    resources = pursuer.resources
    assert [len(resources.with_resource(name)) for name in resources.names] == [4, 3]
    for name in resources.names:
        stores = resources.with_resource(name)
        assert sum(store.amount for store in stores) == resources.amount(name)
        assert sum(store.max for store in stores) == resources.max(name)
    for resource in resources.all:
        assert resource in resources.with_resource(resource.name)
        assert resource.density == Resources.density(resource.name)
        assert resource.flow_mode is Resources.flow_mode(resource.name)
        assert resource.part.resources.all == [resource]
        assert resource.part.resources.amount(resource.name) == resource.amount
    assert Resources.density("MonoPropellant") == 4.0
    assert Resources.flow_mode("SolidFuel") is ResourceFlowMode.NONE


def test_what_has_no_tank_here_is_zero_and_what_does_not_exist_is_refused(pursuer):
    assert pursuer.resources.amount("XenonGas") == pursuer.resources.max("XenonGas") == 0.0
    for ask in (pursuer.resources.amount, pursuer.resources.max, pursuer.resources.has_resource,
                pursuer.resources.with_resource, Resources.density):  # fmt: skip
        with pytest.raises(ArgumentException, match="MonoPropellant"):
            ask("Unobtainium")


def test_tanks_have_no_valves(pursuer, put):
    put(pursuer.resources, enabled=True)
    with pytest.raises(InvalidOperationException, match="valves"):
        put(pursuer.resources, enabled=False)


def test_nothing_comes_off_so_all_is_in_the_last_stage(pursuer):
    assert pursuer.resources_in_decouple_stage(-1).amount("MonoPropellant") == 1200.0
    assert pursuer.resources_in_decouple_stage(0, False).names == []


def test_a_drone_has_eight_thruster_blocks_and_no_engine(pursuer, put):
    parts = pursuer.parts
    assert parts.engines == []
    assert len(parts.rcs) == 8
    put(pursuer.control, rcs=True)
    total = [sum(block.available_force.positive[axis] for block in parts.rcs) for axis in range(3)]
    assert total == pytest.approx([4000.0, 8000.0, 4000.0])
    block = parts.rcs[0]
    assert (block.max_thrust, block.specific_impulse, block.has_fuel) == (1000.0, 240.0, True)
    assert block.part.rcs == block
    assert block.part.name == "RCSBlock.v2"


def test_the_wheels_share_the_crafts_torque(pursuer):
    wheels = pursuer.parts.reaction_wheels
    total = sum(wheel.available_torque.positive[0] for wheel in wheels)
    assert total == pytest.approx(pursuer.available_torque.positive[0])


def test_parts_hang_on_the_probe_core(pursuer, put):
    root = pursuer.parts.root
    assert root.parent is None
    assert root == pursuer.parts.controlling
    assert all(part.parent == root for part in root.children)
    assert all(part in part.parent.children for part in pursuer.parts.all if part != root)
    assert len(pursuer.parts.all) == 1 + sum(len(part.children) for part in pursuer.parts.all)
    assert root.vessel == pursuer
    assert pursuer.parts.with_name(root.name) == [root]
    assert pursuer.parts.with_title(root.title) == [root]
    assert root.resources.names == ["ElectricCharge"]
    assert root.children[0].resources.names == []
    with pytest.raises(InvalidOperationException, match="probe core"):
        put(pursuer.parts, controlling=pursuer.parts.rcs[0].of)


def test_the_engine_burns_only_when_active_and_within_its_limit(lady, put):
    engine = lady.parts.engines[0]
    put(lady.control, throttle=1.0)
    lady.game.step(0.5)
    assert lady.mass == pytest.approx(4210.0)
    put(engine, active=True, thrust_limit=0.5)
    assert engine.thrust == pytest.approx(62_500.0)
    assert engine.throttle == 1.0
    before = lady.mass
    lady.game.step(1.0)
    assert before - lady.mass == pytest.approx(62_500.0 / (355.0 * 9.80665), rel=1e-6)
    put(engine, thrust_limit=1.0)
    assert engine.thrust == pytest.approx(125_000.0)
    assert engine.propellant_ratios == {"LiquidFuel": pytest.approx(9.0 / 11.0), "Oxidizer": 1.0}
    assert engine.part.stage == 0


def test_an_engine_without_fuel_flames_out(lady, put):
    engine = lady.parts.engines[0]
    put(engine, active=True)
    lady.game.fleet.fuel[0, 0] = 0.0
    assert engine.flameout
    assert engine.available_thrust == 0.0
