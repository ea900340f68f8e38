"""Kinematics against products of homogeneous matrices, and motion that follows its twist."""

from __future__ import annotations

import math
from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from numpy.typing import NDArray

from helmsight.hardware.kinematics import Kinematics
from helmsight.hardware.spec import RobotSpec, parse_spec

Array = NDArray[np.float64]
SHARES = st.lists(st.floats(0.0, 1.0), min_size=6, max_size=6)


def rotation(axis: Any, angle: float) -> Array:
    """Rodrigues' formula."""
    x, y, z = axis
    K = np.array([[0, -z, y], [z, 0, -x], [-y, x, 0]])
    return np.eye(3) + math.sin(angle) * K + (1 - math.cos(angle)) * K @ K


def reference_pose(spec: RobotSpec, positions: Any) -> tuple[Array, Array]:
    """The tool point and rotation by plain matrices, as URDF defines origin, rpy and axis."""
    point, turned = np.zeros(3), np.eye(3)
    for index in spec.chain:
        joint = spec.joint[index]
        point = point + turned @ np.array(joint.origin)
        roll, pitch, yaw = joint.rpy
        turned = turned @ rotation((0, 0, 1), yaw) @ rotation((0, 1, 0), pitch)
        turned = turned @ rotation((1, 0, 0), roll)
        if joint.kind == "revolute":
            turned = turned @ rotation(joint.axis, positions[index])
        else:
            point = point + turned @ (np.array(joint.axis) * positions[index])
    return point + turned @ np.array(spec.tool.offset), turned


def placed(spec: RobotSpec, shares: list[float]) -> list[float]:
    """Positions within the limits, by shares of each range."""
    pairs = zip(spec.joint, shares, strict=False)
    return [joint.lower + share * (joint.upper - joint.lower) for joint, share in pairs]


@pytest.mark.slow
@given(shares=SHARES)
def test_the_tool_stands_where_matrices_put_it(arm_spec: RobotSpec, shares: list[float]) -> None:
    positions = placed(arm_spec, shares)
    point, turned = Kinematics(arm_spec).pose(positions)
    expected, orientation = reference_pose(arm_spec, positions)
    assert point == pytest.approx(expected, abs=1e-9)
    assert turned == pytest.approx(orientation, abs=1e-9)


def test_a_gantry_stands_at_its_own_coordinates(gantry_spec: RobotSpec) -> None:
    point, turned = Kinematics(gantry_spec).pose((0.1, 0.05, 0.02))
    assert point == pytest.approx([0.1, 0.05, 0.02])
    assert turned == pytest.approx(np.eye(3))


@pytest.mark.slow
@settings(max_examples=30)
@given(shares=SHARES)
def test_the_jacobian_is_the_derivative_of_the_pose(
    arm_spec: RobotSpec, shares: list[float]
) -> None:
    kinematics, positions = Kinematics(arm_spec), placed(arm_spec, shares)
    point, J = kinematics.point(positions)
    assert point == pytest.approx(kinematics.pose(positions)[0])
    for column, index in enumerate(arm_spec.chain):
        high, low = list(positions), list(positions)
        high[index] += 1e-6
        low[index] -= 1e-6
        (p1, R1), (p0, R0) = reference_pose(arm_spec, high), reference_pose(arm_spec, low)
        assert J[:3, column] == pytest.approx((p1 - p0) / 2e-6, abs=1e-6)
        spin = (R1 - R0) / 2e-6 @ reference_pose(arm_spec, positions)[1].T
        assert J[3:, column] == pytest.approx([spin[2, 1], spin[0, 2], spin[1, 0]], abs=1e-6)


@pytest.mark.parametrize("axis", [0, 1, 2])
@pytest.mark.parametrize("speed", [-0.08, 0.08])
def test_a_twist_moves_the_tool_straight_and_as_far_as_it_says(
    arm_spec: RobotSpec, axis: int, speed: float
) -> None:
    kinematics, linear = Kinematics(arm_spec), np.zeros(3)
    linear[axis] = speed
    start, _ = kinematics.pose(arm_spec.home)
    after = kinematics.after(arm_spec.home, linear.tolist(), (0, 0, 0), 0.5)
    end, _ = kinematics.pose(after)
    assert end - start == pytest.approx(linear * 0.5, abs=0.0005)
    assert after[5] == arm_spec.home[5], "the jaw is no part of the arm"


def test_turning_keeps_the_tool_point(arm_spec: RobotSpec) -> None:
    kinematics = Kinematics(arm_spec)
    start, before = kinematics.pose(arm_spec.home)
    end, turned = kinematics.pose(kinematics.after(arm_spec.home, (0, 0, 0), (0, 0.4, 0), 0.5))
    assert end == pytest.approx(start, abs=0.002)
    assert math.acos((np.trace(turned @ before.T) - 1) / 2) == pytest.approx(0.2, abs=0.05)


def test_a_gantry_moves_and_leaves_turning_undone(gantry_spec: RobotSpec) -> None:
    after = Kinematics(gantry_spec).after((0.1, 0.1, 0.02), (0.02, 0, 0), (0, 0, 1.0), 0.5)
    assert after == pytest.approx((0.11, 0.1, 0.02), abs=1e-9)


@pytest.mark.slow
@given(
    shares=SHARES,
    twist=st.lists(st.floats(-5.0, 5.0), min_size=6, max_size=6),
    seconds=st.floats(0.001, 1.0),
)
@settings(max_examples=50)
def test_no_twist_leads_beyond_the_joint_limits(
    arm_spec: RobotSpec, shares: list[float], twist: list[float], seconds: float
) -> None:
    start = placed(arm_spec, shares)
    after = Kinematics(arm_spec).after(start, twist[:3], twist[3:], seconds)
    for joint, value in zip(arm_spec.joint, after, strict=True):
        assert joint.lower - 1e-12 <= value <= joint.upper + 1e-12


def test_a_stretched_arm_does_not_explode() -> None:
    """Two links in a line: along the line is singular; the answer stays small and finite."""
    link = (
        '[[joint]]\nname = "{}"\nkind = "revolute"\nlower = -3.0\nupper = 3.0\nspeed = 1.0\n'
        "acceleration = 5.0\norigin = [{}, 0, 0]\n"
    )
    spec = parse_spec(
        'name = "stretched"\ndriver = "memory"\n[port]\nbaud = 9600\n'
        "[workspace]\nlower = [-1, -1, -1]\nupper = [1, 1, 1]\n[tool]\noffset = [0.2, 0, 0]\n"
        + link.format("a", 0)
        + link.format("b", 0.2)
    )
    after = Kinematics(spec).after((0.0, 0.0), (0.1, 0.0, 0.0), (0.0, 0.0, 0.0), 0.5)
    assert after == pytest.approx((0.0, 0.0), abs=1e-6)
    sideways = Kinematics(spec).after((0.0, 1e-3), (-0.1, 0.0, 0.0), (0.0, 0.0, 0.0), 0.02)
    assert max(map(abs, sideways)) < 1.0
