"""Who answers at the port, and what it says while nothing moves."""

from __future__ import annotations

import math
import time
from collections.abc import Callable

import numpy as np
import pytest

from helmsight.hardware.drivers import make_robot
from helmsight.hardware.errors import PortUnavailable
from helmsight.hardware.robot import Mode, Robot
from helmsight.hardware.spec import RobotSpec
from helmsight.hardware.trial import far

READINGS = 50


def test_connecting_again_changes_nothing(robot: Robot) -> None:
    before = robot.state()
    reconnects = robot.link.counters.reconnects
    after = robot.connect()
    assert far(robot.spec, before.positions, after.positions) == ()
    assert robot.link.counters.reconnects == reconnects


def test_the_port_is_for_one_owner(robot: Robot, spec: RobotSpec, port: str) -> None:
    if "://" in port:
        pytest.skip("an address has no exclusive open")
    with pytest.raises(PortUnavailable, match=r"busy|in use"):
        make_robot(spec, port).connect()
    robot.state()  # and the owner still has it


def test_every_state_is_read_anew(robot: Robot) -> None:
    stamps = []
    for _ in range(5):
        before = time.monotonic()
        received = robot.link.counters.bytes_in
        stamps.append(robot.state().stamp_s)
        assert before <= stamps[-1] <= time.monotonic()
        assert robot.link.counters.bytes_in > received
    assert stamps == sorted(set(stamps))


def test_a_state_is_whole_and_in_si_units(robot: Robot) -> None:
    state = robot.state()
    assert len(state.positions) == len(state.velocities) == len(robot.spec.joint)
    assert all(map(math.isfinite, (*state.positions, *state.velocities, *state.details.values())))
    for joint, position, velocity in zip(
        robot.spec.joint, state.positions, state.velocities, strict=True
    ):
        room = 0.05 * (joint.upper - joint.lower)
        assert joint.lower - room <= position <= joint.upper + room, (
            f"{joint.name} reads {position:g}, limits {joint.lower:g} to {joint.upper:g}: move it "
            "into its limits by hand, or mend zero, sign and scale in the description"
        )
        assert abs(velocity) <= 1.5 * joint.speed


def test_a_robot_that_nobody_moves_stands(robot: Robot) -> None:
    states = [robot.state() for _ in range(10)]
    assert all(state.standing for state in states)
    assert {state.mode for state in states} <= {Mode.ready, Mode.held}
    assert all(not state.faults for state in states), states[-1].faults
    assert far(robot.spec, states[0].positions, states[-1].positions) == ()


def test_states_come_faster_than_the_horizon(
    robot: Robot, record_property: Callable[[str, object], None]
) -> None:
    """A robot that answers later than its commands last cannot be watched."""
    times = []
    for _ in range(READINGS):
        start = time.perf_counter()
        robot.state()
        times.append(time.perf_counter() - start)
    for percent in (50, 95, 99):
        record_property(f"state_ms_p{percent}", round(1000 * np.percentile(times, percent), 2))
    record_property("state_n", READINGS)
    assert np.percentile(times, 99) < robot.spec.limits.horizon_s


def test_counters_count(robot: Robot, record_property: Callable[[str, object], None]) -> None:
    before = robot.link.counters.summary()
    for _ in range(5):
        robot.state()
    after = robot.link.counters.summary()
    for name in ("bytes_in", "bytes_out", "frames_in", "frames_out"):
        assert after[name] > before[name], name
    assert after["bytes_out"] >= after["frames_out"]
    assert after["bytes_in"] >= after["frames_in"]
    assert after["round_trip_ms_p50"] <= after["round_trip_ms_p95"] <= after["round_trip_ms_p99"]
    for name in ("retries", "timeouts", "bad_frames", "reconnects"):
        record_property(name, int(after[name]))
