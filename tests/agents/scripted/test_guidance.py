"""The guidance law: it meets the target, brakes in time, and leaves small errors alone."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest
from hypothesis import assume, given, settings
from hypothesis import strategies as st

from helmsight.agents.scripted import guidance
from helmsight.agents.scripted.guidance import Law, Situation, throttle
from helmsight.agents.scripted.telemetry import Chase
from helmsight.envs.orbital.dynamics import gravity, norm, propagate, verlet
from helmsight.envs.orbital.scenarios import EVADER, PURSUER, Scenario

FULL = 8000.0 / 6685.0
"""Fore-aft acceleration of a full craft, m/s^2."""


def situation(telemetry, acceleration=(0.0, 0.0, 0.0), waking_range=np.inf):
    chase = Chase.read({"telemetry": telemetry})
    return Situation(
        gap=chase.gap[None],
        velocity=chase.velocity[None],
        axes=chase.axes()[None],
        target_position=chase.target_position[None],
        target_velocity=chase.target_velocity[None],
        target_acceleration=np.array([acceleration]),
        mass=np.array([chase.mass]),
        fuel_used=np.array([6685.0 - chase.mass]),
        met=np.array([chase.met]),
        waking_range=np.array([waking_range]),
    )


def ahead(make_telemetry, distance, closing, across=0.0, **rest):
    """Return the situation of a target `distance` m ahead on the same circle."""
    return situation(
        make_telemetry(gap=(0.0, distance, 0.0), velocity=(0.0, closing, across), **rest)
    )


def fastest(distance, law):
    """Return the speed from which the law can still brake, as its docstring says."""
    room = max(distance - 4.0, 0.0)
    return np.sqrt(law.arrival_speed**2 + 2.0 * law.braking * FULL * room)


@pytest.mark.parametrize("seconds", [40.0, 90.0, 150.0, 230.0])
@pytest.mark.parametrize("initial", [1, 2, 3, 4])
def test_the_required_velocity_meets_the_target(initial, seconds):
    position, velocity = Scenario(1, initial).initial_state()
    telemetry = np.concatenate(
        [[3.0, 6685.0, 1200.0], position[PURSUER], velocity[PURSUER],
         position[EVADER], velocity[EVADER]]
    )  # fmt: skip
    now = situation(telemetry)
    change = guidance._intercept_change(now, np.array([seconds]))[0]
    target, _ = propagate(position[EVADER], velocity[EVADER], seconds)
    craft, _ = propagate(position[PURSUER], velocity[PURSUER] + change, seconds)
    # The equations are linear: they miss by the order of the range over the orbit's radius.
    assert norm(target - craft) < 0.01 * float(norm(now.gap)[0])


def test_the_required_velocity_meets_a_target_that_accelerates(make_telemetry):
    push = np.array([0.0, 0.0, 0.25])
    telemetry = make_telemetry(gap=(200.0, 900.0, -300.0))
    now = situation(telemetry, tuple(push))
    change = guidance._intercept_change(now, np.array([40.0]))[0]
    states = [(telemetry[9:12], telemetry[12:15], push)]
    states += [(telemetry[3:6], telemetry[6:9] + change, np.zeros(3))]
    ends = []
    for position, velocity, thrust in states:
        pull = gravity(position)
        for _ in range(2000):
            position, velocity, pull = verlet(position, velocity, thrust, pull, 0.02)
        ends.append(position)
    displaced = 0.5 * 0.25 * 40.0**2
    assert norm(ends[0] - ends[1]) < 0.05 * displaced


def test_a_target_that_wakes_on_the_way_is_met_where_it_goes_from_there(make_telemetry):
    push = np.array([0.0, 0.0, 1.2])
    telemetry = make_telemetry(gap=(0.0, 600.0, 0.0), velocity=(0.0, 20.0, 0.0))
    sleeping = situation(telemetry, tuple(push), waking_range=200.0)
    change = guidance._intercept_change(sleeping, np.array([30.0]))[0]
    target, craft = telemetry[9:15].reshape(2, 3), telemetry[3:9].reshape(2, 3).copy()
    craft[1] += change
    nearest = np.inf
    for _ in range(1600):
        gap = float(norm(target[0] - craft[0]))
        nearest = min(nearest, gap)
        thrust = push if gap < 200.0 else np.zeros(3)
        target, craft = (
            np.array(verlet(body[0], body[1], own, gravity(body[0]), 0.02)[:2])
            for body, own in ((target, thrust), (craft, np.zeros(3)))
        )
    assert nearest < 10.0  # of 60 m that it would be missed by where it was


@pytest.mark.parametrize("closing", [4.25, 4.35, 4.45])
def test_within_its_dead_bands_the_law_coasts(make_telemetry, closing):
    now = ahead(make_telemetry, 10.0, closing, across=0.03)
    assert 0.0 < closing - fastest(10.0, Law()) < Law().forward_band
    np.testing.assert_array_equal(throttle(now, Law()), np.zeros((1, 3)))


def test_a_sideways_drift_beyond_its_dead_band_is_pushed_out(make_telemetry):
    now = ahead(make_telemetry, 10.0, 4.4, across=0.5)
    pushed = throttle(now, Law())[0] @ now.axes[0]
    assert pushed[2] < -0.5
    noisy = throttle(now, Law(noise_band=0.2))
    np.testing.assert_array_equal(noisy, np.zeros((1, 3)))


@given(distance=st.floats(6.0, 4000.0), excess=st.floats(0.4, 30.0), met=st.floats(3.0, 235.0))
@settings(deadline=None)
def test_above_the_braking_curve_the_law_brakes(make_telemetry, distance, excess, met):
    closing = fastest(distance, Law()) + excess
    now = ahead(make_telemetry, distance, closing, met=met)
    wanted = -min(excess / (FULL * 0.5), 1.0)
    assert throttle(now, Law())[0, 0] == pytest.approx(wanted, abs=1e-6)


def test_who_is_late_brakes_no_further_than_to_be_there_in_time(make_telemetry):
    now = ahead(make_telemetry, 60.0, 14.0, met=234.0)  # 56 m to the capture in 4 of 6 s
    soft = Law(arrival_speed=6.0, margin=8.0)
    assert throttle(now, soft)[0, 0] < 0.0
    assert throttle(now, replace(soft, reserve=2.0))[0, 0] == 0.0
    assert throttle(now, replace(soft, reserve=1.0))[0, 0] < 0.0


@given(distance=st.floats(6.0, 4000.0), share=st.floats(0.0, 0.99), met=st.floats(3.0, 235.0))
@settings(deadline=None)
def test_the_law_never_speeds_up_beyond_the_braking_curve(make_telemetry, distance, share, met):
    allowed = fastest(distance, Law())
    now = ahead(make_telemetry, distance, share * allowed, met=met)
    forward = throttle(now, Law())[0, 0]
    assert share * allowed + forward * FULL * 0.5 <= allowed + 1e-6


@pytest.mark.slow
@given(distance=st.floats(20.0, 3000.0), law=st.builds(Law, braking=st.floats(0.3, 0.8)))
@settings(max_examples=20, deadline=None)
def test_the_braking_curve_can_be_flown(distance, law):
    speed = fastest(distance, law)
    while distance > 4.0:
        slower = max(fastest(distance, law), law.arrival_speed)
        assert speed - slower <= FULL * 0.02 + 1e-9  # full thrust keeps up with the curve
        speed = slower
        distance -= speed * 0.02
    assert speed == pytest.approx(law.arrival_speed, abs=0.1)


@given(
    gap=st.tuples(*[st.floats(-3000.0, 3000.0)] * 3),
    velocity=st.tuples(*[st.floats(-40.0, 40.0)] * 3),
    met=st.floats(3.0, 240.0),
)
@settings(deadline=None)
def test_throttles_are_throttles(make_telemetry, gap, velocity, met):
    assume(np.linalg.norm(gap) > 1.0)
    answer = throttle(situation(make_telemetry(gap=gap, velocity=velocity, met=met)), Law())
    assert answer.shape == (1, 3)
    assert (np.abs(answer) <= 1.0).all()


def test_a_batch_is_decided_as_its_situations_alone(make_telemetry):
    rng = np.random.default_rng(2)
    alone = [
        situation(make_telemetry(gap=tuple(rng.uniform(-2000, 2000, 3)),
                                 velocity=tuple(rng.uniform(-20, 20, 3)), met=met))
        for met in (3.0, 60.0, 200.0)
    ]  # fmt: skip
    together = Situation(
        *(np.concatenate(parts) for parts in zip(*map(fields, alone), strict=True))
    )
    wanted = np.concatenate([throttle(now, Law()) for now in alone])
    np.testing.assert_allclose(throttle(together, Law()), wanted, atol=1e-9)


def fields(now):
    return [getattr(now, name) for name in Situation.__dataclass_fields__]


def test_a_far_target_at_rest_is_approached(make_telemetry):
    now = ahead(make_telemetry, 1500.0, 0.0)
    assert throttle(now, Law())[0, 0] > 0.5
