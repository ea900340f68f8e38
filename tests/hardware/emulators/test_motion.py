"""Emulated joints: they arrive, never faster than they may, and brake where they say."""

from __future__ import annotations

import itertools

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from helmsight.hardware.emulators.motion import EmulatedAxis

places = st.floats(-1.0, 1.0)
speeds = st.floats(0.5, 5.0)
accelerations = st.floats(0.5, 50.0)


@settings(deadline=None)
@given(places, places, speeds, accelerations)
def test_a_joint_arrives_and_keeps_its_limits(
    start: float, target: float, speed: float, acceleration: float
) -> None:
    axis = EmulatedAxis(start, 0.0, target, speed, acceleration)
    before = 0.0
    low, high = min(start, target), max(start, target)
    for _ in range(10_000):
        axis.advance(0.001)
        assert abs(axis.velocity) <= speed + 1e-9
        if axis.moving:
            assert abs(axis.velocity - before) <= acceleration * 0.001 + 1e-9
        before = axis.velocity
        assert low - 0.01 * speed <= axis.position <= high + 0.01 * speed
        if not axis.moving:
            break
    assert axis.position == target


@pytest.mark.slow
@settings(deadline=None)
@given(speeds, accelerations)
def test_braking_ends_where_physics_says(speed: float, acceleration: float) -> None:
    axis = EmulatedAxis(0.0, 0.0, 1000.0, speed, acceleration)
    axis.advance(12.0)
    assert axis.velocity == pytest.approx(speed)
    where = axis.position
    axis.brake()
    axis.advance(speed / acceleration + 1.0)
    assert not axis.moving
    assert axis.position - where == pytest.approx(speed**2 / (2 * acceleration), abs=0.01 * speed)


def test_time_cut_in_pieces_is_the_same_time() -> None:
    one, many = EmulatedAxis(target=1.0), EmulatedAxis(target=1.0)
    one.advance(0.5)
    for _ in range(250):
        many.advance(0.002)
    assert many.position == pytest.approx(one.position)


@pytest.mark.slow
@settings(deadline=None, max_examples=40)
@given(
    st.lists(st.floats(0.0001, 0.003), min_size=20, max_size=60),
    st.floats(0.02, 0.4),
    st.sampled_from([4.0, 12.0, 24.0]),
)
def test_an_arrival_is_final_however_often_it_is_looked_at(
    steps: list[float], way: float, acceleration: float
) -> None:
    axis = EmulatedAxis(0.0, 0.0, way, speed=1.5, acceleration=acceleration)
    for step in itertools.islice(itertools.cycle(steps), 20_000):
        axis.advance(step)
        assert axis.velocity >= 0.0
        assert axis.position <= way
        if not axis.moving:
            break
    assert axis.position == way
