"""The shade: onto the line from the evader to the sun, and there it stays."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

from helmsight.agents.operator import Operator
from helmsight.agents.scripted import make
from helmsight.agents.scripted.shade import curve
from helmsight.agents.scripted.telemetry import Chase
from helmsight.contract.pilot import Sighting
from helmsight.envs.orbital.command import BurnCommand
from helmsight.envs.orbital.dynamics import norm, sun_direction
from helmsight.envs.orbital.env import DescribedEnv


def chase(gap):
    return Chase(10.0, 6685.0, np.array(gap), np.zeros(3), np.array([7.5e5, 0.0, 0.0]), np.zeros(3))


def beside(place, met, **options):
    """Return a world with the pursuer at `place` m; the sun is along the first, the radial axis."""
    vessels = {
        "evader": {"orbit": {"sma": 750_000}},
        "pursuer": {"beside": "evader", "position": place},
    }
    told = {"name": "short", "family": "SB1", "bot": "E1", "met": met, "vessels": vessels}
    return DescribedEnv(told, observation="telemetry", **options)


def test_the_curve_leads_to_the_point_no_faster_than_the_thrust_can_brake():
    ahead = chase([1000.0, 0.0, 0.0])
    for distance in (1.0, 30.0, 900.0):
        wanted = curve(np.array([-distance, 0.0, 0.0]), ahead)
        assert wanted[0] > 0.0
        assert norm(wanted) ** 2 <= 2.0 * distance * 8000.0 / 6685.0
    beside = curve(np.array([0.0, 900.0, 0.0]), ahead)  # the lateral thrusters have to brake
    assert norm(beside) ** 2 <= 2.0 * 900.0 * 4000.0 / 6685.0


@given(
    gap=st.lists(st.floats(-5000.0, 5000.0), min_size=3, max_size=3),
    met=st.floats(0.0, 400.0),
    propellant=st.floats(0.0, 1200.0),
)
@settings(max_examples=20, deadline=None)
@example(gap=[0.0, 0.0, 0.0], met=100.0, propellant=0.0)
def test_whatever_it_sees_it_answers_a_valid_command(make_telemetry, gap, met, propellant):
    seen = make_telemetry(gap=tuple(gap), met=met, propellant=propellant)
    sighting = Sighting({"telemetry": np.concatenate([seen, sun_direction()])}, stamp=met)
    command = make("shade").decide(sighting).command
    assert BurnCommand.model_validate_json(command.text()) == command


@pytest.mark.slow
@pytest.mark.parametrize("rule", ["paused", "fixed:0.5"])
def test_it_stays_where_a_moment_counts_most(rule):
    flight = Operator(beside([100, 0, 0], 225.0, time=rule), make("shade")).fly(seed=0)
    assert flight.summary["score"] > 0.999 * flight.summary["sim_s"]
    assert flight.records[-1].measures["blocking"] > 0.9999


@pytest.mark.slow
@pytest.mark.uncounted
def test_it_gets_there_from_the_wrong_side():
    flight = Operator(beside([-250, 60, 0], 185.0), make("shade")).fly(seed=0)
    assert flight.records[0].measures["blocking"] < -0.7
    assert flight.records[-1].measures["blocking"] > 0.999
    assert flight.records[-1].measures["phase_angle"] < 1.0
