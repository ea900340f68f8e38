"""The grbl driver moves: targets, twists, the tool, streams of lines, courses."""

from __future__ import annotations

import math
import time
from typing import TYPE_CHECKING

import pytest

from helmsight.hardware.drivers.grbl_jog import AxisLimits, PlannedJog, distance_to
from helmsight.hardware.errors import CommandRefused, TargetRefused
from helmsight.hardware.robot import JointTargets, Twist

if TYPE_CHECKING:
    from tests.hardware.drivers.grbl.conftest import Benches

pytestmark = pytest.mark.serial


# -- moving -----------------------------------------------------------------------------------


def test_a_move_arrives_in_the_time_it_was_given(bench: Benches) -> None:
    robot, device, _ = bench()
    robot.connect()
    goal = (0.145, 0.087, 0.021)
    sent = robot.move(JointTargets(goal, duration_s=0.4))
    assert sent.positions == bench.near(goal, 1e-6)
    assert (sent.duration_s, sent.notes) == (0.4, ())
    bench.until(lambda: robot.state().standing)
    assert device.positions == bench.near(goal)


def test_a_far_target_is_cut_to_what_the_horizon_allows(bench: Benches) -> None:
    robot, device, _ = bench()
    robot.connect()
    sent = robot.move(JointTargets((0.28, 0.085, 0.02), duration_s=5.0))
    assert sent.duration_s == robot.spec.limits.horizon_s
    # rest to rest in 0.5 s at 0.03 m/s with 0.6 m/s^2: 0.03 * (0.5 - 0.05) m
    assert sent.positions[0] == pytest.approx(0.14 + 0.0135, abs=1e-5)
    assert "cut by" in sent.notes[0]
    bench.until(lambda: robot.state().standing)
    assert device.positions == bench.near(sent.positions)


def test_a_stream_of_twists_never_stops_on_its_way_and_ends_within_the_horizon(
    bench: Benches,
) -> None:
    robot, device, _ = bench()
    robot.connect()
    for _ in range(8):
        robot.move(Twist((0.01, 0.0, 0.0), duration_s=0.4))
        time.sleep(0.1)
    kinds = [entry.kind for entry in device.journal]
    assert kinds == ["move"] * len(kinds)
    assert len(kinds) >= 6
    assert device.planner.blocks <= 7
    assert robot.state().velocities[0] == pytest.approx(0.01, rel=0.2)
    bench.until(lambda: robot.state().standing)
    assert device.positions[1:] == bench.near(bench.here[1:])


def test_a_move_elsewhere_cancels_the_jog_under_way_so_that_nothing_queues_up(
    bench: Benches,
) -> None:
    robot, device, _ = bench()
    robot.connect()
    robot.move(JointTargets((0.15, 0.085, 0.02)))
    time.sleep(0.1)
    robot.move(JointTargets((0.14, 0.09, 0.02)))
    assert [entry.kind for entry in device.journal] == ["move", "hold", "move"]
    assert device.planner.blocks == 1
    bench.until(lambda: robot.state().standing)
    assert max(entry.positions[0] for entry in device.journal) < 0.151


def test_the_same_target_again_moves_nothing_twice(bench: Benches) -> None:
    robot, device, _ = bench()
    robot.connect()
    for _ in range(3):
        robot.move(JointTargets((0.142, 0.085, 0.02)))
    bench.until(lambda: robot.state().standing)
    assert [entry.kind for entry in device.journal] == ["move"]


@pytest.mark.parametrize("bad", [math.nan, math.inf, 0.281, -0.001])
def test_impossible_targets_are_refused_before_the_wire(bench: Benches, bad: float) -> None:
    robot, device, _ = bench()
    robot.connect()
    before = robot.link.counters.bytes_out
    with pytest.raises(TargetRefused):
        robot.move(JointTargets((bad, 0.085, 0.02)))
    assert robot.link.counters.bytes_out == before
    assert device.journal == []


def test_the_tool_is_switched_and_read_back(bench: Benches) -> None:
    robot, device, _ = bench()
    robot.connect()
    for bit in (True, True, False):
        robot.move(JointTargets((0.141, 0.085, 0.02), tool=bit))
        assert robot.state().tool is bit
        assert (device.spindle[0] == 3) is bit
    assert [entry.kind for entry in device.journal].count("tool") == 2


def test_hold_ends_a_move_and_a_move_works_again(bench: Benches) -> None:
    robot, device, _ = bench()
    robot.connect()
    robot.move(JointTargets((0.153, 0.085, 0.02)))
    time.sleep(0.1)
    robot.hold()
    assert device.standing
    assert device.positions[0] < 0.15
    robot.move(JointTargets((0.139, 0.085, 0.02)))
    bench.until(lambda: robot.state().standing)
    assert device.positions == bench.near((0.139, 0.085, 0.02))


# -- lines ------------------------------------------------------------------------------------
@pytest.mark.parametrize("line", ["G1X1\nG1X2", "G1 X1 é", "X" * 80, "G1\x85"])
def test_lines_that_are_not_plain_ascii_or_too_long_are_not_sent(bench: Benches, line: str) -> None:
    robot, _, _ = bench()
    robot.connect()
    before = robot.link.counters.bytes_out
    with pytest.raises(CommandRefused, match="was not sent"):
        robot.channel.ask(line)
    assert robot.link.counters.bytes_out == before


# -- courses ----------------------------------------------------------------------------------


def test_feeds_are_chosen_so_that_a_way_takes_its_time() -> None:
    axes = AxisLimits((30.0, 30.0, 12.0), (600.0, 600.0, 240.0))
    for way in ((3.0, 0.0, 0.0), (2.0, -2.0, 0.5), (0.0, 0.0, 1.0)):
        speed = axes.speed_for(way, 0.4)
        assert axes.takes(way, speed) == pytest.approx(0.4)
        for part, limit in zip(way, axes.speeds, strict=True):
            assert speed * abs(part) / math.hypot(*way) <= limit
    reach = axes.reach((1.0, 0.0, 0.0), 0.5)
    assert axes.takes((reach, 0.0, 0.0), 30.0) == pytest.approx(0.5)
    assert axes.reach((1.0, 0.0, 0.0), 0.05) == pytest.approx(600.0 * 0.05**2 / 4.0)


def test_a_course_knows_what_lies_on_it() -> None:
    course = PlannedJog((0.0, 0.0), (10.0, 0.0), 10.0, time.monotonic() + 1.0)
    bounds = {"tolerance": 0.1, "blend": 0.5, "slack_s": 0.5}
    assert course.fault((5.0, 0.3), at_rest=False, **bounds) == ""
    assert "off course" in course.fault((5.0, 1.0), at_rest=False, **bounds)
    assert "off course" in course.fault((11.0, 0.0), at_rest=False, **bounds)
    assert "before its target" in course.fault((9.0, 0.0), at_rest=True, **bounds)
    late = PlannedJog((0.0, 0.0), (10.0, 0.0), 10.0, time.monotonic() - 1.0)
    assert "still under way" in late.fault((5.0, 0.0), at_rest=False, **bounds)
    assert distance_to((3.0, 4.0), (0.0, 0.0), (0.0, 0.0)) == 5.0
