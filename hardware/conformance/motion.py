"""Where a robot may go in the suite: small, slow, within its limits, and how to see it arrive."""

from __future__ import annotations

import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass

import numpy as np
import pytest

from hardware.robot import JointTargets, Robot, RobotState, Sent
from hardware.spec import Joint, RobotSpec

# Largest way of a joint, how near it must come, and the coarsest step a device may round to.
STEP = {"revolute": 0.05, "prismatic": 0.002}
ARRIVED = {"revolute": 0.02, "prismatic": 0.0006}  # a servo under load hangs back by about 0.01 rad
ROUNDING = {"revolute": 0.006, "prismatic": 0.0003}  # a hobby servo has about 300 places a radian
SHARE = 0.05  # of a joint's range, at most
PATIENCE_S = 5.0  # until something that should happen counts as not happening


@dataclass(frozen=True)
class Way:
    """From where the robot stands to near by: whole vectors, rad or m. seconds: at half speed."""

    start: tuple[float, ...]
    goal: tuple[float, ...]
    seconds: float

    @property
    def there(self) -> JointTargets:
        """The way there."""
        return JointTargets(self.goal, self.seconds)

    @property
    def back(self) -> JointTargets:
        """The way back."""
        return JointTargets(self.start, self.seconds)


def plan(
    robot: Robot, state: RobotState, joints: Sequence[int], *, slow: bool = False
) -> Way | None:
    """Return a small way of `joints` that stays in the limits and the workspace, None if none does.

    slow: over the whole horizon, so that there is time to interrupt it.
    """
    spec = robot.spec
    start = within(spec, state.positions)
    for sign in (1.0, -1.0):
        goal = list(start)
        for index in joints:
            joint = spec.joint[index]
            middle = 0.5 * (joint.lower + joint.upper)
            way = sign * step(spec, joint) * (1.0 if start[index] <= middle else -1.0)
            goal[index] = start[index] + way
        safe = within(spec, goal) == tuple(goal)
        if safe and outside(robot, goal) <= outside(robot, start) + 1e-9:
            needed = max(
                abs(goal[i] - start[i]) / (0.5 * spec.joint[i].speed) for i in joints
            )  # fmt: skip
            horizon = spec.limits.horizon_s
            seconds = horizon if slow else min(horizon, max(0.15, needed))
            return Way(start, tuple(goal), seconds)
    return None


def way(robot: Robot, joints: list[int] | None = None, *, slow: bool = False) -> Way:
    """Return a small way of all joints of the chain (or of `joints`), or skip the test."""
    found = plan(robot, robot.state(), joints or list(robot.spec.chain), slow=slow)
    if found is None and joints is None:  # together they would leave the workspace: one will do
        for index in robot.spec.chain:
            found = found or plan(robot, robot.state(), [index], slow=slow)
    if found is None:
        pytest.skip("no small way from here stays in limits and workspace: move the robot by hand")
    return found


def step(spec: RobotSpec, joint: Joint) -> float:
    """Return how far a joint moves in the suite, rad or m: also at half its speed in a horizon."""
    in_time = 0.5 * joint.speed * spec.limits.horizon_s
    return min(STEP[joint.kind], SHARE * (joint.upper - joint.lower), in_time)


def within(spec: RobotSpec, positions: Sequence[float]) -> tuple[float, ...]:
    """Return `positions` clipped to the joint limits: a reading may lie a rounding outside."""
    return tuple(
        min(joint.upper, max(joint.lower, value))
        for joint, value in zip(spec.joint, positions, strict=True)
    )


def outside(robot: Robot, positions: Sequence[float]) -> float:
    """Return how far the tool point is outside the workspace, m; 0 inside."""
    point, _ = robot.kinematics.pose(positions)
    box = robot.spec.workspace
    beyond = np.maximum(np.array(box.lower) - point, point - np.array(box.upper))
    return float(np.maximum(beyond, 0.0).max())


def far(spec: RobotSpec, a: Sequence[float], b: Sequence[float]) -> tuple[str, ...]:
    """Return the names of the joints that are not at the same place, by ARRIVED."""
    return tuple(
        joint.name
        for joint, x, y in zip(spec.joint, a, b, strict=True)
        if abs(x - y) > ARRIVED[joint.kind]
    )


def watch(robot: Robot, done: Callable[[RobotState], bool]) -> list[RobotState]:
    """Read states until `done` or PATIENCE_S; return them all."""
    deadline = time.monotonic() + PATIENCE_S
    states = [robot.state()]
    while not done(states[-1]) and time.monotonic() < deadline:
        time.sleep(0.005)
        states.append(robot.state())
    return states


def go(robot: Robot, targets: JointTargets) -> tuple[Sent, list[RobotState]]:
    """Move, and read states until the robot stands at the targets, or PATIENCE_S."""
    sent = robot.move(targets)
    states = watch(
        robot,
        lambda state: state.standing and not far(robot.spec, state.positions, targets.positions),
    )
    return sent, states


def rest(robot: Robot) -> RobotState:
    """Return the first state that stands still (the last one after PATIENCE_S)."""
    return watch(robot, lambda state: state.standing)[-1]
