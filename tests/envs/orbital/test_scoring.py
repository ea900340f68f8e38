"""The PE1 score: the formula, and that it sees only the ends of commands."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from helmsight.envs.orbital.scenarios import PURSUER
from helmsight.envs.orbital.scoring import ScoreKeeper, pursuit_score

AMOUNT = st.floats(0.0, 1e4)


@pytest.mark.parametrize(
    ("d", "v", "f", "t", "score"),
    [
        (0.0, 0.0, 0.0, 0.0, 0.0),
        (10.0, 0.0, 0.0, 0.0, 1.0),
        (0.0, 8.0, 0.0, 0.0, 8.0),
        (0.0, 0.0, 160.0, 0.0, 32.0),
        (0.0, 0.0, 0.0, 240.0, 2.4),
        (50.0, 18.0, 2560.0, 100.0, 25.0 + 27.0 + 1024.0 + 1.0),
    ],
)
def test_the_score_by_hand(d, v, f, t, score):
    assert pursuit_score(*map(np.array, (d, v, f, t))) == pytest.approx(score)


@given(AMOUNT, AMOUNT, AMOUNT, AMOUNT, st.integers(0, 3), st.floats(1.0, 100.0))
def test_more_of_anything_is_never_better(d, v, f, t, which, more):
    worse = [d, v, f, t]
    worse[which] += more
    assert pursuit_score(*map(np.array, worse)) > pursuit_score(*map(np.array, (d, v, f, t)))


def test_the_first_sample_is_taken_at_once(make_world):
    flight = make_world(offset=(0.0, -300.0, 40.0), speed=(0.0, -3.0, 4.0), load_time=7.0)
    closest = ScoreKeeper(flight)
    assert closest.distance[0] == pytest.approx(np.hypot(300.0, 40.0), abs=0.01)
    assert closest.speed[0] == pytest.approx(5.0)
    assert (closest.time[0], closest.fuel[0]) == (7.0, 0.0)


def flyby(make_world, every):
    """Fly past at 20 m distance and 30 m/s for 20 s, looking every so many seconds."""
    flight = make_world(offset=(0.0, -300.0, 20.0), speed=(0.0, 30.0, 0.0))
    closest = ScoreKeeper(flight)
    for _ in range(round(20.0 / every)):
        flight.advance(round(every / 0.02))
        closest.sample(flight)
    return closest


@pytest.mark.slow
def test_long_commands_miss_the_true_minimum(make_world):
    assert flyby(make_world, 0.5).distance[0] < 25.0
    # At 8 s it is 60 m short of the target, at 16 s 180 m past it.
    assert flyby(make_world, 8.0).distance[0] == pytest.approx(np.hypot(60.0, 20.0), rel=0.05)


def figures(closest):
    parts = (closest.distance, closest.speed, closest.fuel, closest.time, closest.score())
    return [float(part[0]) for part in parts]


@pytest.mark.slow
def test_the_minimum_keeps_its_own_speed_fuel_and_time(make_world):
    flight = make_world(offset=(0.0, -300.0, 20.0), speed=(0.0, 30.0, 0.0))
    closest = ScoreKeeper(flight)
    flight.burn(np.array([[1.0, 0.0, 0.0]]))
    flight.advance(500)
    closest.sample(flight)
    kept = figures(closest)
    flight.advance(500)  # away again
    closest.sample(flight)
    assert figures(closest) == kept
    assert closest.time[0] == pytest.approx(10.0)
    assert closest.fuel[0] == pytest.approx(33.99, abs=0.01)
    assert closest.fuel_used(flight)[0] == pytest.approx(67.98, abs=0.02)


def test_a_capture_is_sampled_where_the_world_stopped(make_world):
    flight = make_world(offset=(0.0, -20.0, 0.0), speed=(0.0, 4.0, 0.0))
    closest = ScoreKeeper(flight)
    flight.advance(500)
    closest.sample(flight)
    assert flight.captured[0]
    assert 4.8 < closest.distance[0] <= 5.0
    assert closest.time[0] == pytest.approx(15.0 / 4.0, abs=0.05)
    wanted = (0.1 * 5.0) ** 2 + (0.5 * 4.0) ** 1.5 + 0.01 * 3.75
    assert closest.score()[0] == pytest.approx(wanted, rel=0.02)


def test_fuel_counts_from_the_first_sample(make_world):
    flight = make_world(offset=(0.0, -4000.0, 0.0))
    flight.propellant[:, PURSUER] = 700.0
    assert ScoreKeeper(flight).fuel_used(flight)[0] == 0.0
