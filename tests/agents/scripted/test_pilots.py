"""The scripted pilots answer a valid command whatever they see, and follow their rules."""

from __future__ import annotations

import math

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from helmsight.agents.scripted import EXPERTS, make
from helmsight.agents.scripted.telemetry import Chase, burn
from helmsight.contract.pilot import Pilot, Sighting
from helmsight.envs.orbital.command import BurnCommand
from helmsight.envs.orbital.env import PursuitEnv

PURSUERS = sorted(EXPERTS.keys() - {"bandit", "shade"})
"""Those that fly a pursuit; the others have tests of their own."""
VECTOR = st.tuples(*[st.floats(-1.0, 1.0)] * 3)
STATE = st.fixed_dictionaries(
    {
        "gap": st.builds(lambda v, r: tuple(np.multiply(v, r)), VECTOR, st.floats(0.0, 10_000.0)),
        "velocity": st.builds(lambda v, s: tuple(np.multiply(v, s)), VECTOR, st.floats(0.0, 80.0)),
        "longitude": st.floats(-math.pi, math.pi),
        "met": st.floats(0.0, 245.0),
        "propellant": st.floats(0.0, 1200.0),
    }
)


def task(scenario="PE1-E1-I3"):
    return PursuitEnv(scenario).task


def ready(name, scenario="PE1-E1-I3"):
    pilot = make(name)
    pilot.reset(task(scenario), seed=0)
    return pilot


def decided(pilot, telemetry):
    sighting = Sighting({"telemetry": telemetry}, stamp=float(telemetry[0]))
    return pilot.decide(sighting).command


@pytest.mark.parametrize("name", EXPERTS)
def test_a_scripted_pilot_is_a_pilot(name):
    pilot = make(name)
    assert isinstance(pilot, Pilot)
    assert (pilot.name, pilot.needs) == (name, "frame" if name == "relations" else "telemetry")


def test_an_unknown_name_is_a_key_error():
    with pytest.raises(KeyError):
        make("autopilot")


@pytest.mark.slow
@pytest.mark.parametrize("name", PURSUERS)
@given(states=st.lists(STATE, min_size=1, max_size=3))
@settings(max_examples=40, deadline=None)
def test_any_telemetry_is_answered_with_a_valid_command(make_telemetry, name, states):
    commands = answers(ready(name), make_telemetry, states)
    assert {command.duration for command in commands} == {0.5}


@pytest.mark.slow
@pytest.mark.parametrize("scenario", ["PE1-E3-I3", "PE1-E4-I1"])
@given(states=st.lists(STATE, min_size=1, max_size=2))
@settings(max_examples=4, deadline=None)
def test_plans_are_answered_whatever_is_seen(make_telemetry, scenario, states):
    commands = answers(ready("rendezvous", scenario), make_telemetry, states)
    assert {command.duration for command in commands} == {0.5}


def answers(pilot, make_telemetry, states):
    """Return the command that every state is answered with, as it is read back from its text."""
    commands = [decided(pilot, make_telemetry(**state)) for state in states]
    read = [BurnCommand.model_validate_json(command.text()) for command in commands]
    assert read == commands
    return read


@pytest.mark.parametrize("name", PURSUERS)
@pytest.mark.parametrize(
    "state",
    [
        {"gap": (0.0, 0.0, 0.0), "velocity": (0.0, 0.0, 0.0)},
        {"gap": (500.0, 0.0, 0.0)},  # straight above: no sideways axis is preferred
        {"gap": (0.0, 0.0, -500.0), "velocity": (0.0, 0.0, 0.0)},
        {"propellant": 0.0},
        {"met": 240.0},
        {"met": 400.0},
    ],
)
def test_degenerate_telemetry_is_answered_too(make_telemetry, name, state):
    command = decided(ready(name), make_telemetry(**state))
    assert np.isfinite(command.action()["burn"]).all()


def test_a_reading_of_more_mass_than_at_the_start_is_no_trouble(make_telemetry):
    pilot = ready("rendezvous")
    decided(pilot, make_telemetry(propellant=900.0))
    command = decided(pilot, make_telemetry(propellant=901.0))  # readings are noisy
    assert command == decided(ready("rendezvous"), make_telemetry(propellant=901.0))


@pytest.mark.slow
@pytest.mark.parametrize("name", PURSUERS)
@given(states=st.lists(STATE, min_size=2, max_size=2))
@settings(max_examples=15, deadline=None)
def test_a_reset_forgets_the_last_flight(make_telemetry, name, states):
    first, second = (make_telemetry(**state) for state in states)
    used = ready(name)
    decided(used, first)
    used.reset(task(), seed=0)
    assert decided(used, second) == decided(ready(name), second)


@given(gap=VECTOR.filter(lambda v: np.linalg.norm(v) > 0.01))
def test_axes_are_perpendicular_and_begin_with_the_line_of_sight(make_telemetry, gap):
    chase = Chase.read({"telemetry": make_telemetry(gap=tuple(np.multiply(gap, 1000.0)))})
    axes = chase.axes()
    np.testing.assert_allclose(axes[0], chase.gap / np.linalg.norm(chase.gap), atol=1e-9)
    if np.linalg.norm(gap[1:]) > 0.01:  # not straight up or down
        np.testing.assert_allclose(axes @ axes.T, np.eye(3), atol=1e-9)


@given(throttle=st.tuples(*[st.floats(-1.0, 1.0)] * 3))
def test_a_burn_keeps_its_sideways_direction_and_gives_way_along_the_nose(make_telemetry, throttle):
    chase = Chase.read({"telemetry": make_telemetry(gap=(300.0, 900.0, -200.0))})
    axes, wanted = chase.axes(), np.array(throttle)
    command = burn(wanted, axes)
    assert command.frame == "inertial"
    got = axes @ np.asarray(command.action()["burn"])[:3]
    if np.linalg.norm(wanted) < 1.0:
        np.testing.assert_allclose(got, wanted, atol=1e-9)
    assert got[1:] @ wanted[1:] == pytest.approx(
        np.linalg.norm(got[1:]) * np.linalg.norm(wanted[1:]), abs=1e-9
    )
    assert -1e-9 <= got[0] * np.sign(wanted[0]) <= abs(wanted[0]) + 1e-9


def test_naive_burns_forward_always(make_telemetry):
    assert decided(ready("naive"), make_telemetry()).text() == (
        '{"forward": 1, "right": 0, "down": 0, "duration": 0.5}'
    )


@pytest.mark.parametrize(
    ("distance", "closing", "forward"),
    [
        (1000.0, 5.0, 1.0),  # 200 s to go, 20 m/s could be braked
        (1000.0, -5.0, 1.0),  # moving away
        (100.0, 5.0, 0.0),  # 20 s to go: only 2 m/s could be braked
        (1000.0, 41.0, -1.0),  # too fast
    ],
)
def test_navball_speeds_up_coasts_and_brakes_by_its_rule(
    make_telemetry, distance, closing, forward
):
    telemetry = make_telemetry(gap=(0.0, distance, 0.0), velocity=(0.0, closing, 0.0))
    command = decided(ready("navball"), telemetry)
    axes = Chase.read({"telemetry": telemetry}).axes()
    np.testing.assert_allclose(axes @ command.action()["burn"][:3], [forward, 0, 0], atol=1e-9)


def test_navball_pushes_the_sideways_drift_out(make_telemetry):
    telemetry = make_telemetry(gap=(0.0, 1000.0, 0.0), velocity=(0.0, 4.0, 1.0))
    chase = Chase.read({"telemetry": telemetry})
    vector = decided(ready("navball"), telemetry).action()["burn"][:3]
    sideways = chase.velocity - (chase.velocity @ chase.axes()[0]) * chase.axes()[0]
    assert vector @ sideways < -0.5
    small = make_telemetry(gap=(0.0, 1000.0, 0.0), velocity=(0.0, 4.0, 0.1))
    vector = decided(ready("navball"), small).action()["burn"][:3]
    np.testing.assert_allclose(np.cross(vector, chase.axes()[0]), 0.0, atol=1e-9)


@pytest.mark.slow
def test_rendezvous_aims_beside_an_evader_that_flees_along_its_normal(make_telemetry):
    telemetry = make_telemetry(gap=(0.0, 600.0, 0.0), velocity=(0.0, 0.0, 0.0))
    normal = np.array([0.0, 0.0, 1.0])  # of an equatorial orbit
    away, straight = (
        decided(ready("rendezvous", name), telemetry).action()["burn"][:3] @ normal
        for name in ("PE1-E3-I3", "PE1-E1-I3")
    )
    assert away > 0.1
    assert abs(straight) < 0.05
