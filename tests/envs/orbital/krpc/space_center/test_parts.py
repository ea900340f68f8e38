"""The tree of parts as scripts walk it: where parts are, what they weigh, what they are."""

from __future__ import annotations

import pytest

from helmsight.envs.orbital.krpc.errors import ArgumentException, InvalidOperationException
from helmsight.envs.orbital.krpc.simulation import Simulation
from helmsight.envs.orbital.krpc.space_center import absent, procedures
from helmsight.envs.orbital.krpc.space_center.part import Part
from helmsight.envs.orbital.krpc.space_center.vectors import ZERO, length, subtract

SAVES = ("pe1_i1_init", "pe1_i3_init", "lbg1_i1_init", "lbg1_i2_init", "sb1_i5_init")


@pytest.fixture
def lady():
    return procedures.vessels(Simulation("lbg1_i2_init"))[0]


@pytest.mark.parametrize("save", SAVES)
def test_every_craft_has_as_many_parts_as_in_the_game_and_they_add_up_to_its_mass(save):
    for vessel in procedures.vessels(Simulation(save)):
        parts = vessel.parts.all
        assert len(parts) == (14 if vessel.name == "Lady" else 31)
        assert sum(part.mass for part in parts) == pytest.approx(vessel.mass, rel=1e-12)
        assert sum(part.dry_mass for part in parts) == vessel.dry_mass


@pytest.mark.slow
def test_tanks_drain_by_their_share_and_the_mass_still_adds_up(pursuer, put):
    put(pursuer.control, rcs=True, forward=1.0, right=-1.0)
    pursuer.game.step(20.0)
    tanks = pursuer.parts.with_name("Size1p5.Monoprop")
    left = [tank.resources.amount("MonoPropellant") for tank in tanks]
    assert left == [pytest.approx(pursuer.resources.amount("MonoPropellant") / 3)] * 3
    assert left[0] < 392.0
    assert sum(part.mass for part in pursuer.parts.all) == pytest.approx(pursuer.mass, rel=1e-12)


def test_an_engines_tank_drains_both_of_what_it_holds(lady, put):
    put(lady.parts.engines[0], active=True)
    put(lady.control, throttle=1.0)
    lady.game.step(5.0)
    (tank,) = lady.parts.with_title("FL-TX440 Fuel Tank")
    assert tank.resources.names == ["LiquidFuel", "Oxidizer"]
    assert tank.mass == pytest.approx(275.0 + lady.mass - lady.dry_mass)
    assert sum(part.mass for part in lady.parts.all) == pytest.approx(lady.mass, rel=1e-12)


def test_parts_stand_about_the_centre_of_mass_where_the_saves_have_them(pursuer):
    own = pursuer.reference_frame
    places = {part.number: part.position(own) for part in pursuer.parts.all}
    parts = pursuer.parts.all
    for axis in range(3):
        moment = sum(part.mass * places[part.number][axis] for part in parts)
        assert moment == pytest.approx(0.0, abs=1e-2)
    claw = pursuer.parts.with_title("Advanced Grabbing Unit")[0]
    assert subtract(claw.position(own), parts[0].position(own)) == pytest.approx(
        (0, 1.038881, 0), abs=1e-6
    )
    assert claw.position(own)[1] == pytest.approx(2.65337, abs=1e-4)
    assert length(subtract(claw.position(pursuer.orbit.body.reference_frame),
                           pursuer.position(pursuer.orbit.body.reference_frame))) == pytest.approx(
        claw.position(own)[1], abs=1e-6
    )  # fmt: skip


def test_a_parts_frame_lies_as_the_part_does(pursuer):
    own = pursuer.reference_frame
    for part in pursuer.parts.all:
        assert part.position(part.reference_frame) == pytest.approx(ZERO, abs=1e-6)
        assert part.direction(part.reference_frame) == pytest.approx((0, 1, 0), abs=1e-9)
        assert part.rotation(part.center_of_mass_reference_frame) == pytest.approx((0, 0, 0, 1))
    assert pursuer.parts.root.rotation(own) == pytest.approx((0, 0, 0, 1))
    light = pursuer.parts.lights[0].of
    assert light.direction(own) == pytest.approx((0, -1, 0), abs=1e-6)
    assert length(light.velocity(own)) < 1e-6


def test_the_root_sits_on_nothing_and_the_rest_on_ends_or_sides(pursuer):
    root, *others = pursuer.parts.all
    assert (root.axially_attached, root.radially_attached) == (False, False)
    assert all(part.axially_attached != part.radially_attached for part in others)
    assert [part.title for part in others if part.axially_attached] == [
        "Advanced Inline Stabilizer", "Advanced Grabbing Unit", *["FL-R5 RCS Fuel Tank"] * 3,
    ]  # fmt: skip


def test_parts_are_found_by_name_title_module_and_tag(pursuer, lady, put):
    parts = pursuer.parts
    assert len(parts.with_name("LgRadialSolarPanel")) == len(parts.solar_panels) == 8
    assert len(parts.with_title("RV-105 RCS Thruster Block")) == len(parts.rcs) == 8
    assert [part.title for part in parts.with_module("ModuleCommand")] == ["Probodobodyne HECS2"]
    assert len(parts.modules_with_name("ModuleReactionWheel")) == 2
    assert parts.modules_with_name("ModuleDockingNode") == parts.with_module("nothing") == []
    assert parts.with_tag("claw") == []
    claw = parts.with_name("GrapplingDevice")[0]
    put(claw, tag="claw")
    assert parts.with_tag("claw") == [claw]
    assert [part.title for part in lady.parts.in_stage(0)] == [lady.parts.engines[0].of.title]
    assert lady.parts.in_decouple_stage(-1) == lady.parts.all


def test_tags_are_saved_and_highlights_are_not(pursuer, put):
    game, part = pursuer.game, pursuer.parts.all[5]
    put(part, tag="last tank", highlighted=True, highlight_color=(2.0, 0.5, -1.0))
    assert part.highlight_color == (1.0, 0.5, 0.0)
    game.save("marked")
    put(part, tag="other")
    game.load("marked")
    assert (part.tag, part.highlighted) == ("last tank", False)
    game.load("pe1_i4_init")
    assert part.tag == ""
    with pytest.raises(ArgumentException, match="letters"):
        put(part, tag="x" * 1001)


def test_a_craft_is_steered_from_parts_that_lie_along_its_nose(pursuer, vessels, put):
    parts = pursuer.parts
    put(parts, controlling=parts.with_name("GrapplingDevice")[0])
    assert parts.controlling.title == "Advanced Grabbing Unit"
    assert parts.controlling.docking_port is None
    for wrong in (parts.lights[0].of, vessels[0].parts.root):
        with pytest.raises(InvalidOperationException, match="along the nose"):
            put(parts, controlling=wrong)


def test_what_no_craft_has_answers_none(pursuer, lady):
    assert procedures.target_docking_port(pursuer.game) is None
    procedures.set_target_docking_port(pursuer.game, None)
    assert procedures.target_vessel(pursuer.game) is None
    for vessel in (pursuer, lady):
        assert vessel.crew == vessel.parts.docking_ports == vessel.parts.parachutes == []
        assert vessel.parts.decouplers == vessel.parts.fairings == vessel.parts.sensors == []
        for part in vessel.parts.all:
            assert part.docking_port is part.parachute is part.decoupler is part.fairing is None
            assert part.experiments == []
    assert {"Parachute", "DockingPort", "CrewMember", "Wheel"} <= set(absent.CLASSES)


def test_modules_show_nothing_and_say_so(pursuer):
    module = pursuer.parts.root.modules[0]
    assert (module.name, module.part) == ("ModuleDataTransmitter", pursuer.parts.root)
    assert module.fields == {}
    assert module.events == module.actions == []
    assert not module.has_event("Extend")
    with pytest.raises(ArgumentException, match=r"ModuleDataTransmitter of .* no event 'Extend'"):
        module.trigger_event("Extend")


def test_parts_of_a_save_that_is_gone_are_refused(pursuer):
    part = pursuer.parts.root
    pursuer.game.load("pe1_i1_init")
    for ask in ("mass", "parachute", "fuel_lines_to", "tag", "modules"):
        with pytest.raises(InvalidOperationException, match="pe1_i1_init is loaded now"):
            getattr(part, ask)


def test_the_same_part_is_equal_through_calls(pursuer):
    assert pursuer.parts.all[3] == pursuer.parts.root.children[1] == Part(pursuer, 3)
