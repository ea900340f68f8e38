"""Joints that arrive together, and in time."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from helmsight.hardware.drivers.move_timing import time_move
from helmsight.hardware.emulators.motion import EmulatedAxis
from helmsight.hardware.spec import load_spec

JOINTS = load_spec("so101").joint
HORIZON_S = 0.5
ways = st.lists(st.floats(-3.0, 3.0), min_size=6, max_size=6)


@pytest.mark.slow
@given(ways, st.floats(0.02, 3.0))
def test_no_joint_is_too_fast_and_none_is_late(ways: list[float], duration: float) -> None:
    pace = time_move(ways, JOINTS, duration, HORIZON_S)
    assert 0.0 < pace.share <= 1.0
    assert pace.seconds <= HORIZON_S + 1e-9
    for way, joint, speed in zip(ways, JOINTS, pace.speeds, strict=True):
        assert 0.0 <= speed <= joint.speed
        axis = EmulatedAxis(
            target=pace.share * way, speed=speed or 1.0, acceleration=joint.acceleration
        )
        axis.advance(pace.seconds + 0.02)  # of rounding to steps of the emulated axis
        assert axis.position == pytest.approx(pace.share * way, abs=0.01)


def test_joints_with_different_ways_arrive_together() -> None:
    ways = [0.3, -0.15, 0.03, 0.0, 0.0, 0.0]
    pace = time_move(ways, JOINTS, 0.45, HORIZON_S)
    assert (pace.share, pace.seconds) == (1.0, 0.45)
    for way, joint, speed in zip(ways[:3], JOINTS, pace.speeds, strict=False):
        assert abs(way) / speed + speed / joint.acceleration == pytest.approx(0.45)


def test_a_way_that_takes_too_long_is_cut_for_all_joints_alike() -> None:
    pace = time_move([3.0, 0.1, 0.0, 0.0, 0.0, 0.0], JOINTS, 0.5, HORIZON_S)
    reach = 1.5 * (0.5 - 1.5 / 12.0)  # at full speed, with both ramps
    assert pace.share == pytest.approx(reach / 3.0)


def test_a_slow_motion_is_cut_to_its_first_part() -> None:
    assert time_move([0.2] * 6, JOINTS, 2.0, HORIZON_S).share == pytest.approx(0.25)
