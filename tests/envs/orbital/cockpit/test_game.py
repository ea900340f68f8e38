"""The cockpit with every figure where KSP has it."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import cv2
import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from helmsight.contract.errors import InvalidOption
from helmsight.envs.orbital.cockpit import game
from helmsight.envs.orbital.cockpit.craft import BRACKET
from helmsight.envs.orbital.cockpit.layout import Layout
from helmsight.envs.orbital.cockpit.lettering import figures
from helmsight.envs.orbital.cockpit.picture import render
from helmsight.envs.orbital.env import TwinEnv

AHEAD = np.array([1.0, 0.0, 0.0])
GAME = Layout().as_game()


def test_nothing_of_our_own_readouts_is_left(make_state):
    state = make_state(1, target=900.0 * AHEAD)
    other = replace(state, mass=0.5 * state.mass, throttle=-state.throttle)
    box = np.s_[470:, 800:]
    np.testing.assert_array_equal(render(state, GAME)[box], render(other, GAME)[box])
    assert (render(state)[box] != render(other)[box]).any()


@pytest.mark.parametrize(("metres", "digits"), [(2618.2, "2.6"), (462.08, "462.1"), (6.3, "6.3")])
def test_the_distance_stands_with_the_target_in_the_region_that_is_called_readouts(
    make_state, metres, digits
):
    picture = render(make_state(1, target=metres * AHEAD, sun=-AHEAD), GAME)
    x0, y0, x1, y1 = GAME.regions()["readouts"]
    again = np.zeros_like(picture)
    wide = game.PITCH * (len(digits) - 0.55) + 26
    end = 640 + wide / 2 - 26
    figures(again, digits, (end, 430), BRACKET, game.PITCH)
    written = (again == BRACKET).all(axis=2)
    assert written.sum() > 60
    assert (picture[written] == BRACKET).all()
    inside = np.zeros_like(written)
    inside[y0:y1, x0:x1] = True
    assert inside[written].all()


def test_distance_and_speed_have_eight_rows_in_a_small_view(make_state):
    picture = render(make_state(1, target=888.8 * AHEAD, velocity=88.88 * AHEAD), GAME)
    for name, low, high, bright in (("readouts", 78, 102, BRACKET), ("navball", 0, 14, GAME.text)):
        x0, y0, x1, y1 = GAME.regions()[name]
        small = cv2.resize(picture[y0:y1, x0:x1], (128, 128), interpolation=cv2.INTER_AREA)
        near = np.abs(small[low:high].astype(int) - bright).max(axis=2) < 90
        assert int(near.any(axis=1).sum()) >= 8


@given(metres=st.floats(0.0, 1e9))
def test_a_distance_never_outgrows_its_place(metres):
    digits, unit = game.distance_label(metres)
    assert len(digits) <= 6
    assert unit == ("m" if metres < 999.95 else "km")
    assert float(digits) * (1 if unit == "m" else 1000) == pytest.approx(
        min(metres, 9_999_900.0), abs=0.051 if unit == "m" else 51
    )


def test_the_mode_of_sas_is_lit_and_the_needle_follows_the_push(make_state):
    state = make_state(1, target=900.0 * AHEAD, sas="target", felt=0.0)
    assert (render(state, GAME) != render(replace(state, sas="prograde"), GAME)).any()
    low, high = (render(replace(state, felt=g), GAME) for g in (0.0, 2.0))
    rows, columns = np.nonzero((low != high).any(axis=2))
    assert columns.min() > 640 + 60
    assert rows.min() < 600 < rows.max()


def test_the_environment_draws_it_where_it_is_asked_to():
    env = TwinEnv("PE1-E1-I3", observation="frame", cockpit="game", randomize=True)
    shown, _ = env.reset(seed=3)
    assert env.layout.game
    assert env.task.regions["readouts"] == (512, 232, 768, 488)
    again = TwinEnv("PE1-E1-I3", observation="frame", randomize=True)
    plain, _ = again.reset(seed=3)
    assert again.layout.as_game() == env.layout
    assert (plain["frame"] != shown["frame"]).any()
    with pytest.raises(InvalidOption, match="choose helmsight or game"):
        TwinEnv("PE1-E1-I3", cockpit="ksp")


def test_what_is_felt_is_thrust_over_mass():
    env: Any = TwinEnv("PE1-E1-I3", observation="telemetry")
    env.reset(seed=0)
    env.step(env.task.command(forward=1.0, right=0.0, down=0.0).action())
    state = env.family.cockpit(env._world, 0)
    assert state.felt == pytest.approx(8000.0 / state.mass / 9.80665)
