"""Controls: inputs that are clamped and let go, switches, SAS, staging."""

from __future__ import annotations

import numpy as np
import pytest

from helmsight.envs.orbital.attitude import SAS
from helmsight.envs.orbital.fleet import ADRIFT
from helmsight.envs.orbital.krpc.errors import ArgumentException, InvalidOperationException
from helmsight.envs.orbital.krpc.simulation import Simulation
from helmsight.envs.orbital.krpc.space_center import procedures
from helmsight.envs.orbital.krpc.space_center.control import (
    ControlInputMode,
    ControlSource,
    ControlState,
)
from helmsight.envs.orbital.krpc.space_center.sas import SASMode, SpeedMode

STICKS = ("forward", "right", "up", "pitch", "yaw", "roll")
AXES = (
    "wheel_throttle", "wheel_steering",
    "custom_axis01", "custom_axis02", "custom_axis03", "custom_axis04",
)  # fmt: skip


@pytest.fixture
def control(pursuer):
    return pursuer.control


@pytest.mark.parametrize("name", STICKS + AXES)
@pytest.mark.parametrize(
    ("given", "kept"), [(0.25, 0.25), (7.0, 1.0), (-7.0, -1.0), (float("inf"), 1.0), (0.0, 0.0)]
)
def test_inputs_are_clamped_as_the_game_does(control, put, name, given, kept):
    put(control, **{name: given})
    assert getattr(control, name) == kept


@pytest.mark.parametrize("name", [*STICKS, *AXES, "throttle"])
def test_an_input_that_is_no_number_is_refused_and_changes_nothing(control, put, name):
    put(control, **{name: 0.5})
    with pytest.raises(ArgumentException, match="NaN"):
        put(control, **{name: float("nan")})
    assert getattr(control, name) == 0.5


def test_the_throttle_goes_from_0_to_1(control, put):
    put(control, throttle=3.0)
    assert control.throttle == 1.0
    put(control, throttle=-3.0)
    assert control.throttle == 0.0


def test_translation_pushes_forward_right_and_up(game, pursuer, put):
    frame = pursuer.reference_frame
    put(pursuer.control, rcs=True, sas=True)
    for name, axis, force in (("forward", (0, 1, 0), 8e3), ("right", (1, 0, 0), 4e3),
                              ("up", (0, 0, -1), 4e3)):  # fmt: skip
        still = game.fleet.velocity[0, 1] - game.fleet.velocity[0, 0]
        put(pursuer.control, **{name: 1.0})
        game.step(1.0)
        put(pursuer.control, **{name: 0.0})
        gained = game.fleet.velocity[0, 1] - game.fleet.velocity[0, 0] - still
        direction = procedures.transform_direction(
            game, tuple(gained[[0, 2, 1]]),
            procedures.bodies(game)["Kerbin"].non_rotating_reference_frame, frame,
        )  # fmt: skip
        assert direction == pytest.approx(np.array(axis) * force / pursuer.mass, abs=0.03)


@pytest.mark.usefixtures("level")
def test_the_stick_turns_the_craft_its_own_way(game, pursuer, put):
    surface = pursuer.surface_reference_frame
    put(pursuer.control, pitch=1.0)
    game.step(0.3)
    put(pursuer.control, pitch=0.0)
    assert pursuer.flight(surface).pitch > 3.0


def test_inputs_of_a_client_go_to_rest_when_it_is_gone_and_the_throttle_stays(
    game, vessels, put, make_caller
):
    game.caller = make_caller()
    for vessel in vessels:
        put(vessel.control, forward=1.0, pitch=0.5, wheel_throttle=0.5, throttle=0.7, rcs=True)
    game.caller.leave()
    for vessel in vessels:
        control = vessel.control
        assert control.forward == control.pitch == control.wheel_throttle == 0.0
        assert control.throttle == 0.7
        assert control.rcs


def test_inputs_stay_as_long_as_one_of_the_clients_that_moved_them_is_there(
    game, vessels, put, make_caller
):
    first, other = make_caller("one"), make_caller("other")
    game.caller = first
    put(vessels[0].control, forward=1.0)
    game.caller = other
    put(vessels[1].control, right=1.0)
    first.leave()
    assert vessels[0].control.forward == 1.0
    other.leave()
    assert vessels[0].control.forward == vessels[1].control.right == 0.0


def test_a_client_that_moved_nothing_takes_nothing_with_it(game, pursuer, put, make_caller):
    put(pursuer.control, forward=1.0)
    reader = game.caller = make_caller()
    assert pursuer.control.forward == 1.0
    reader.leave()
    assert pursuer.control.forward == 1.0


def test_a_load_puts_every_control_to_rest(game, pursuer, put):
    put(pursuer.control, forward=1.0, pitch=1.0, throttle=1.0, sas=True, rcs=True, lights=True)
    game.load("pe1_i4_init")
    control = pursuer.control
    assert control.forward == control.pitch == control.throttle == 0.0
    assert [control.sas, control.rcs, control.lights] == [False] * 3


def test_switches_and_groups_are_kept_for_each_vessel(vessels, put):
    first, other = (vessel.control for vessel in vessels)
    for name in ("gear", "lights", "brakes", "abort", "stage_lock"):
        put(first, **{name: True})
        assert getattr(first, name)
        assert not getattr(other, name)
    first.set_action_group(3, True)
    first.toggle_action_group(4)
    first.toggle_action_group(3)
    assert [first.get_action_group(n) for n in (3, 4)] == [False, True]
    assert not other.get_action_group(4)


def test_there_are_ten_action_groups(control):
    with pytest.raises(ArgumentException, match="0 to 9"):
        control.get_action_group(10)


def test_parts_that_no_craft_has_answer_as_krpc_does_for_none(control, put):
    assert control.legs
    assert control.intakes
    assert not control.cargo_bays
    put(control, legs=False, cargo_bays=True)
    assert control.legs
    assert not control.cargo_bays
    with pytest.raises(ArgumentException):
        put(control, parachutes=False)


def test_a_probe_is_fully_controlled(control, put):
    assert control.state is ControlState.FULL
    assert control.source is ControlSource.PROBE
    assert control.input_mode is ControlInputMode.ADDITIVE
    put(control, input_mode=ControlInputMode.OVERRIDE)
    assert control.input_mode is ControlInputMode.OVERRIDE


def test_sas_begins_with_stability_assist_and_keeps_its_mode_while_it_is_on(game, pursuer, put):
    control = pursuer.control
    assert not control.sas
    put(control, sas=True)
    assert control.sas_mode is SASMode.STABILITY_ASSIST
    put(control, sas_mode=SASMode.TARGET)
    put(control, sas=True)  # already on
    assert control.sas_mode is SASMode.TARGET
    assert game.fleet.sas[0, 1] == SAS.TARGET
    put(control, sas=False)
    assert game.fleet.sas[0, 1] == ADRIFT


def test_a_mode_without_what_it_points_at_is_refused(game, pursuer, put):
    put(pursuer.control, sas=True)
    with pytest.raises(InvalidOperationException, match="node"):
        put(pursuer.control, sas_mode=SASMode.MANEUVER)
    procedures.set_target_vessel(game, None)
    with pytest.raises(InvalidOperationException, match="TargetVessel"):
        put(pursuer.control, sas_mode=SASMode.ANTI_TARGET)
    assert pursuer.control.sas_mode is SASMode.STABILITY_ASSIST


def test_sas_holds_still_when_its_target_is_gone(game, pursuer, put):
    put(pursuer.control, sas=True, sas_mode=SASMode.TARGET)
    procedures.set_target_vessel(game, None)
    assert pursuer.control.sas_mode is SASMode.STABILITY_ASSIST
    before = game.fleet.axes[0, 1].copy()
    game.step(0.1)
    np.testing.assert_allclose(game.fleet.axes[0, 1], before, atol=1e-9)


def test_a_target_turns_the_navball_to_it_and_none_back_to_the_orbit(game, pursuer):
    assert pursuer.control.speed_mode is SpeedMode.TARGET
    procedures.set_target_vessel(game, None)
    assert pursuer.control.speed_mode is SpeedMode.ORBIT


@pytest.mark.parametrize("speed_mode", list(SpeedMode))
def test_prograde_is_along_the_speed_that_the_navball_shows(
    game, vessels, pursuer, put, speed_mode
):
    put(pursuer.control, speed_mode=speed_mode, sas=True, sas_mode=SASMode.PROGRADE)
    game.step(4.0)
    kerbin = procedures.bodies(game)["Kerbin"]
    frame = {
        SpeedMode.ORBIT: kerbin.non_rotating_reference_frame,
        SpeedMode.SURFACE: kerbin.reference_frame,
    }.get(speed_mode)
    if frame is None:
        still = kerbin.non_rotating_reference_frame
        wanted = np.subtract(pursuer.velocity(still), vessels[0].velocity(still))
        nose = pursuer.direction(still)
    else:
        wanted, nose = np.array(pursuer.velocity(frame)), pursuer.direction(frame)
    assert wanted @ nose / np.linalg.norm(wanted) > np.cos(np.radians(0.2))
    assert pursuer.control.sas_mode is SASMode.PROGRADE


def test_the_navball_shows_no_speed_to_a_target_that_is_not_there(vessels, put):
    with pytest.raises(InvalidOperationException, match="none is set"):
        put(vessels[0].control, speed_mode=SpeedMode.TARGET)


def test_the_next_stage_lights_the_ladys_engine(put):
    game = Simulation("lbg1_i1_init")
    lady = procedures.vessels(game)[0]
    put(lady.control, throttle=1.0, stage_lock=True)
    assert lady.control.current_stage == 1
    with pytest.raises(InvalidOperationException, match="locked"):
        lady.control.activate_next_stage()
    put(lady.control, stage_lock=False)
    assert lady.control.activate_next_stage() == []
    assert lady.control.current_stage == 0
    game.step(0.5)
    assert lady.thrust == 125_000.0
    assert lady.mass < 4210.0 - 0.4 * 125_000 / (355 * 9.80665)


def test_stages_and_nodes_are_the_active_vessels(vessels, pursuer):
    for use in (lambda c: c.activate_next_stage(), lambda c: c.nodes, lambda c: c.remove_nodes(),
                lambda c: c.add_node(100.0)):  # fmt: skip
        with pytest.raises(InvalidOperationException, match="not the active vessel"):
            use(vessels[0].control)
    assert pursuer.control.nodes == []
