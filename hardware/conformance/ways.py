"""A small way for a test, or the reason why there is none."""

from __future__ import annotations

import pytest

from helmsight.hardware.robot import Robot
from helmsight.hardware.trial import Way, plan


def way(robot: Robot, joints: list[int] | None = None, *, slow: bool = False) -> Way:
    """Return a small way of `joints` (default: those of the chain), or skip the test."""
    together = joints or list(robot.spec.chain)
    # Together they may leave the workspace: then one will do.
    for tried in (together, *([index] for index in together)):
        planned = plan(robot.spec, robot.kinematics, robot.state(), tried, slow=slow)
        if planned is not None:
            return planned
    pytest.skip("no small way from here stays in limits and workspace: move the robot by hand")
