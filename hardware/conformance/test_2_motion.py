"""Small ways there and back: what is asked is what is sent, and what is sent is where it goes."""

from __future__ import annotations

import math
import time
from dataclasses import replace

import numpy as np
import pytest

from helmsight.hardware.conformance.ways import way
from helmsight.hardware.errors import TargetRefused
from helmsight.hardware.robot import JointTargets, Motion, Robot, Twist
from helmsight.hardware.trial import (
    ARRIVED,
    PATIENCE_S,
    ROUNDING,
    far,
    go,
    outside,
    plan,
    rest,
    watch,
    within,
)

TWIST_M = 0.005


def test_each_joint_goes_where_it_is_told_and_no_other_does(robot: Robot) -> None:
    spec = robot.spec
    skipped = []
    for index in spec.chain:
        planned = plan(spec, robot.kinematics, robot.state(), [index])
        if planned is None:
            skipped.append(spec.joint[index].name)
            continue
        for targets in (planned.there, planned.back):
            sent, states = go(robot, robot.spec, targets)
            assert far(spec, states[-1].positions, targets.positions) == (), (
                f"moving {spec.joint[index].name}: asked {targets.positions}, "
                f"sent {sent.positions}, there {states[-1].positions}"
            )
            for state in states:
                for i, joint in enumerate(spec.joint):
                    low, high = sorted((planned.start[i], planned.goal[i]))
                    room = ARRIVED[joint.kind]
                    assert low - room <= state.positions[i] <= high + room, (
                        f"{joint.name} went further than asked"
                    )
    assert len(skipped) < len(spec.chain), f"nothing could be moved: {skipped}"


def test_what_was_sent_is_what_was_asked_to_rounding(robot: Robot) -> None:
    planned = way(robot)
    for targets in (planned.there, planned.back):
        before = time.monotonic()
        sent, _ = go(robot, robot.spec, targets)
        assert before <= sent.stamp_s <= time.monotonic()
        assert sent.attempts >= 1
        assert sent.duration_s == pytest.approx(planned.seconds, rel=0.5)
        for joint, wanted, got in zip(
            robot.spec.joint, targets.positions, sent.positions, strict=True
        ):
            assert abs(wanted - got) <= ROUNDING[joint.kind], joint.name
            assert joint.lower - 1e-6 <= got <= joint.upper + 1e-6, joint.name


def test_the_same_target_again_leads_to_the_same_place(robot: Robot) -> None:
    planned = way(robot)
    robot.move(planned.there)
    robot.move(planned.there)
    _, states = go(robot, robot.spec, planned.there)
    _, again = go(robot, robot.spec, planned.there)
    assert far(robot.spec, again[-1].positions, planned.goal) == ()
    assert far(robot.spec, states[-1].positions, again[-1].positions) == ()
    assert go(robot, robot.spec, planned.back)[1][-1].standing


def test_what_may_not_be_sent_is_refused_before_the_wire(robot: Robot) -> None:
    spec = robot.spec
    here = within(spec, robot.state().positions)
    above = tuple(joint.upper + 0.1 * (joint.upper - joint.lower) for joint in spec.joint)
    below = tuple(joint.lower - 0.1 * (joint.upper - joint.lower) for joint in spec.joint)
    wrong: dict[str, Motion] = {
        "not a number": JointTargets((math.nan, *here[1:])),
        "infinite": JointTargets((*here[:-1], math.inf)),
        "minus infinite": JointTargets((-math.inf, *here[1:])),
        "all above": JointTargets(above),
        "all below": JointTargets(below),
        "too few": JointTargets(here[:-1]),
        "too many": JointTargets((*here, 0.0)),
        "none": JointTargets(()),
        "no time": JointTargets(here, 0.0),
        "endless": JointTargets(here, math.inf),
        "no number of seconds": JointTargets(here, math.nan),
        "turning without number": Twist((0.0, 0.0, 0.0), (math.nan, 0.0, 0.0)),
        "infinitely fast": Twist((math.inf, 0.0, 0.0)),
    }  # fmt: skip
    for index, joint in enumerate(spec.joint):
        beyond = joint.upper + 0.01 * (joint.upper - joint.lower)
        wrong[f"{joint.name} above"] = JointTargets((*here[:index], beyond, *here[index + 1 :]))
    for name, motion in wrong.items():
        sent = robot.link.counters.bytes_out
        try:
            robot.move(motion)
        except TargetRefused:
            pass
        else:
            pytest.fail(f"{name} was not refused")
        assert robot.link.counters.bytes_out == sent, f"{name} reached the wire"
    assert far(spec, robot.state().positions, here) == ()


def test_a_twist_moves_the_tool_point_its_way(robot: Robot) -> None:
    state = robot.state()
    start, _ = robot.kinematics.pose(state.positions)
    seconds = robot.spec.limits.horizon_s
    for axis in np.vstack([np.eye(3), -np.eye(3)]):
        twist = Twist(tuple(axis * TWIST_M / seconds), duration_s=seconds)
        goal = robot.resolve(twist, state)
        planned, _ = robot.kinematics.pose(goal.positions)
        able = (planned - start) @ axis > 0.8 * TWIST_M
        inside = outside(robot.spec, robot.kinematics, goal.positions)
        if able and inside <= outside(robot.spec, robot.kinematics, state.positions) + 1e-9:
            break
    else:
        pytest.skip("no axis along which the tool can move by 5 mm from here")
    sent = robot.move(twist)
    last = watch(robot, lambda s: s.standing and not far(robot.spec, s.positions, sent.positions))
    point, _ = robot.kinematics.pose(last[-1].positions)
    moved = point - start
    # Joints may hang back or round by ARRIVED: 2 mm is that at a hand's breadth.
    assert moved @ axis == pytest.approx(TWIST_M, abs=0.003)
    assert np.linalg.norm(moved - (moved @ axis) * axis) < 0.003
    go(robot, robot.spec, JointTargets(within(robot.spec, state.positions), seconds))


def test_the_tool_does_as_its_bit_says(robot: Robot, pytestconfig: pytest.Config) -> None:
    spec = robot.spec
    if spec.tool.kind == "none":
        pytest.skip("this robot has no tool")
    if not pytestconfig.getoption("--tool"):
        pytest.skip("the tool is switched with --tool only: it may be a spindle")
    before = robot.state()
    here = JointTargets(within(spec, before.positions))
    for closed in (True, False):
        deadline = time.monotonic() + PATIENCE_S
        place = spec.tool_target(closed)
        while True:
            sent = robot.move(replace(here, tool=closed))
            assert sent.tool is closed
            state = watch(robot, lambda s: s.standing)[-1]
            there = place is None or not far(
                spec, state.positions, robot.resolve(replace(here, tool=closed)).positions
            )
            if (there and state.tool in (None, closed)) or time.monotonic() > deadline:
                break
        assert there, f"the tool joint is not at {place}"
        assert state.tool in (None, closed)
        chain = [state.positions[i] for i in spec.chain]
        assert chain == pytest.approx([before.positions[i] for i in spec.chain], abs=0.02)
    if spec.tool.kind == "joint":
        go(robot, robot.spec, here)
    elif before.tool:
        robot.move(replace(here, tool=True))
    rest(robot)
