"""A small way for a test, or the reason why there is none."""

from __future__ import annotations

import pytest

from hardware.robot import Robot
from hardware.trial import Way, plan


def way(robot: Robot, joints: list[int] | None = None, *, slow: bool = False) -> Way:
    """Return a small way of all joints of the chain (or of `joints`), or skip the test."""
    found = plan(
        robot.spec, robot.kinematics, robot.state(), joints or list(robot.spec.chain), slow=slow
    )
    if found is None and joints is None:  # together they would leave the workspace: one will do
        for index in robot.spec.chain:
            found = found or plan(robot.spec, robot.kinematics, robot.state(), [index], slow=slow)
    if found is None:
        pytest.skip("no small way from here stays in limits and workspace: move the robot by hand")
    return found
