"""The autopilot: where it points, who engaged it, and how one waits for it."""

from __future__ import annotations

from math import isnan, nan

import numpy as np
import pytest

from helmsight.envs.orbital.attitude import SAS
from helmsight.envs.orbital.fleet import ADRIFT
from helmsight.envs.orbital.krpc.errors import ArgumentException, InvalidOperationException
from helmsight.envs.orbital.krpc.space_center import procedures
from helmsight.envs.orbital.krpc.space_center.frames import ReferenceFrame
from helmsight.envs.orbital.krpc.space_center.sas import SASMode


@pytest.fixture
def pilot(pursuer, put):
    """The pursuer's autopilot, in its orbital frame."""
    pilot = pursuer.auto_pilot
    put(pilot, reference_frame=pursuer.orbital_reference_frame)
    return pilot


@pytest.mark.parametrize(
    ("pitch", "heading", "wanted"),
    [(0, 0, "prograde"), (0, 90, "normal"), (0, 270, "anti_normal"), (0, 180, "retrograde"),
     (90, 0, "anti_radial")],
)  # fmt: skip
def test_in_the_orbital_frame_headings_are_directions_of_the_orbit(
    game, pursuer, pilot, pitch, heading, wanted
):
    pilot.target_pitch_and_heading(pitch, heading)
    pilot.engage()
    game.step(4.0)
    frame = pursuer.orbital_reference_frame
    direction = getattr(pursuer.flight(frame), wanted)
    assert pursuer.direction(frame) == pytest.approx(direction, abs=1e-3)
    assert pilot.error < 0.1


def test_it_points_prograde_in_kspdgs_way_before_any_target_is_set(game, pursuer, pilot):
    pilot.engage()
    game.step(2.0)
    assert pursuer.direction(pursuer.orbital_reference_frame)[1] == pytest.approx(1.0)


@pytest.mark.parametrize("size", [1e-3, 1.0, 8000.0])
def test_a_target_direction_may_have_any_length(game, pursuer, pilot, put, size):
    put(pilot, target_direction=(-0.6 * size, 0.0, 0.8 * size))
    assert pilot.target_direction == pytest.approx((-0.6, 0.0, 0.8))
    pilot.engage()
    game.step(4.0)
    nose = pursuer.direction(pursuer.orbital_reference_frame)
    assert nose == pytest.approx((-0.6, 0.0, 0.8), abs=1e-3)


@pytest.mark.parametrize("direction", [(0.0, 0.0, 0.0), (nan, 1.0, 0.0), (float("inf"), 0.0, 0.0)])
def test_what_is_no_direction_is_refused(pilot, put, direction):
    with pytest.raises(ArgumentException, match="no direction"):
        put(pilot, target_direction=direction)


@pytest.mark.usefixtures("level")
def test_a_roll_is_held_when_one_is_wanted_and_left_otherwise(game, pursuer, pilot, put):
    pilot.engage()
    assert isnan(pilot.target_roll)
    before = pursuer.flight(pursuer.orbital_reference_frame).roll
    game.step(1.0)
    assert pursuer.flight(pursuer.orbital_reference_frame).roll == pytest.approx(before, abs=0.5)
    put(pilot, target_roll=30.0)
    game.step(3.0)
    assert pursuer.flight(pursuer.orbital_reference_frame).roll == pytest.approx(30.0, abs=0.1)
    assert pilot.roll_error < 0.1


@pytest.mark.usefixtures("level")
def test_errors_are_degrees_to_what_is_wanted(pilot):
    pilot.target_pitch_and_heading(20.0, 70.0)
    pilot.engage()
    assert pilot.pitch_error == pytest.approx(20.0, abs=0.5)
    assert pilot.heading_error == pytest.approx(70.0, abs=0.5)
    wanted = np.degrees(np.arccos(np.cos(np.radians(20)) * np.cos(np.radians(70))))
    assert pilot.error == pytest.approx(wanted, abs=0.5)


def test_errors_are_there_only_while_something_steers(game, pursuer, pilot, put):
    for name in ("error", "pitch_error", "heading_error", "roll_error"):
        with pytest.raises(InvalidOperationException):
            getattr(pilot, name)
    put(pursuer.control, sas=True, sas_mode=SASMode.TARGET)
    assert pilot.error > 10.0
    game.step(4.0)
    assert pilot.error < 0.1  # that of SAS
    with pytest.raises(InvalidOperationException, match="not engaged"):
        assert pilot.pitch_error


def test_it_keeps_sas_off_and_leaves_it_off(game, pursuer, pilot, put):
    put(pursuer.control, sas=True, sas_mode=SASMode.TARGET)
    pilot.engage()
    game.step(0.1)
    assert not pursuer.control.sas
    assert game.fleet.sas[0, 1] == SAS.AIM
    put(pursuer.control, sas=True)  # kRPC 0.5.4 says nothing and keeps it off
    assert not pursuer.control.sas
    pilot.disengage()
    assert game.fleet.sas[0, 1] == ADRIFT
    assert game.aims == {}


def test_the_servers_own_evader_under_its_autopilot_keeps_sas_off_too(game):
    game.start("PE1-E4-I3")
    evader, pursuer = procedures.vessels(game)
    game.step(0.1)
    assert game.fleet.sas[0, 0] == SAS.AIM
    assert not evader.control.sas
    assert pursuer.control.sas


@pytest.mark.parametrize("version", [(0, 5, 4), (0, 7, 0)])
def test_its_own_sas_property_refuses_in_every_version(game, pursuer, pilot, put, version):
    game.version = version
    pilot.engage()
    with pytest.raises(InvalidOperationException, match="while the autopilot is engaged"):
        put(pilot, sas=True)
    put(pilot, sas=False)
    assert pilot.engaged
    pilot.disengage()
    put(pilot, sas=True)
    assert pilot.sas


def test_from_0_7_on_sas_cannot_be_switched_on_under_it(game, pursuer, pilot, put):
    game.version = (0, 7, 0)
    put(pilot, engaged=True)
    with pytest.raises(InvalidOperationException, match="engaged"):
        put(pursuer.control, sas=True)
    put(pilot, engaged=False)
    assert not pilot.engaged


def test_a_frame_that_turns_with_the_vessel_is_refused(pursuer, vessels, pilot, put):
    own = pursuer.reference_frame
    hybrid = ReferenceFrame.create_hybrid(pursuer.orbital_reference_frame, rotation=own)
    for frame in (own, ReferenceFrame.create_relative(own, (1.0, 0.0, 0.0)), hybrid):
        with pytest.raises(InvalidOperationException, match="turns with Pursuer"):
            put(pilot, reference_frame=frame)
    put(pilot, reference_frame=vessels[0].reference_frame)


@pytest.mark.parametrize("version", [(0, 5, 4), (0, 7, 0)])
def test_it_lets_go_when_the_client_that_engaged_it_is_gone(
    game, pursuer, pilot, put, make_caller, version
):
    game.version = version
    put(pilot, target_heading=90.0)
    owner, other = make_caller("owner"), make_caller("other")
    game.caller = owner
    pilot.engage()
    other.leave()
    assert pilot.engaged
    owner.leave()
    assert not pilot.engaged
    assert game.aims == {}
    kept = version >= (0, 7)  # before, its target went too
    assert pilot.target_heading == (90.0 if kept else 0.0)
    wanted = pursuer.orbital_reference_frame if kept else pursuer.surface_reference_frame
    assert pilot.reference_frame == wanted


def test_who_engages_it_last_owns_it(game, pilot, make_caller):
    first, other = make_caller("one"), make_caller("other")
    for caller in (first, other):
        game.caller = caller
        pilot.engage()
    first.leave()
    assert pilot.engaged


def test_a_load_ends_it_and_a_client_that_leaves_later_harms_nothing(game, pilot, make_caller):
    owner = game.caller = make_caller()
    pilot.engage()
    game.load("pe1_i3_init")
    assert game.aims == {}
    owner.leave()
    game.load("pe1_i4_init")
    assert not pilot.engaged


def wait(pilot, game, run, **options):
    """Return the seconds until the pilot's Wait returns."""
    started, waiting = game.ut, pilot.wait(**options)
    for _ in range(1000):
        try:
            next(waiting)
        except StopIteration:
            return game.ut - started
        run(game, 0.02)
    raise AssertionError("it waits for ever")


def test_waiting_ends_when_the_craft_points_there_and_is_still(game, pilot, put, run):
    put(pilot, target_heading=180.0, target_roll=0.0)
    pilot.engage()
    assert 1.0 < wait(pilot, game, run) < 6.0
    assert pilot.error <= 0.5
    assert pilot.roll_error <= 0.5


def test_waiting_ends_after_its_time(game, pilot, put, run):
    put(pilot, target_heading=180.0)
    pilot.engage()
    assert wait(pilot, game, run, timeout=0.2) == pytest.approx(0.2, abs=0.03)


def test_waiting_is_refused_in_lockstep_and_while_nothing_steers(game, pilot, put):
    with pytest.raises(InvalidOperationException, match="not engaged"):
        next(pilot.wait())
    put(pilot, target_heading=180.0)
    pilot.engage()
    game.lockstep = True
    with pytest.raises(InvalidOperationException, match="lockstep"):
        next(pilot.wait())


@pytest.mark.parametrize(
    ("name", "value"),
    [("stopping_time", (1.0, 2.0, 3.0)), ("deceleration_time", (1.0, 2.0, 3.0)),
     ("attenuation_angle", (1.0, 2.0, 3.0)), ("time_to_peak", (1.0, 2.0, 3.0)),
     ("overshoot", (0.1, 0.2, 0.3)), ("pitch_pid_gains", (1.0, 2.0, 3.0)),
     ("roll_pid_gains", (1.0, 2.0, 3.0)), ("yaw_pid_gains", (1.0, 2.0, 3.0)),
     ("roll_threshold", 7.0), ("auto_tune", False)],
)  # fmt: skip
def test_tuning_is_kept_and_forgotten_by_reset(pilot, put, name, value):
    before = getattr(pilot, name)
    put(pilot, **{name: value})
    assert getattr(pilot, name) == value != before
    pilot.reset()
    assert getattr(pilot, name) == before


def test_it_steers_a_vessel_that_is_not_the_active_one(game, vessels, pursuer, put):
    evader = vessels[0]
    put(evader.auto_pilot, reference_frame=evader.orbital_reference_frame, target_heading=90.0)
    evader.auto_pilot.engage()
    game.step(3.0)
    assert evader.direction(evader.orbital_reference_frame)[2] == pytest.approx(1.0, abs=1e-4)
    assert procedures.active_vessel(game) == pursuer
