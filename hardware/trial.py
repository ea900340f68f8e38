"""Small ways to try a robot with: slow, within limits and workspace, and how to see it arrive."""

from __future__ import annotations

import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Protocol

import numpy as np

from helmsight.hardware.kinematics import Kinematics
from helmsight.hardware.robot import JointTargets, Motion, RobotState, Sent
from helmsight.hardware.spec import Joint, RobotSpec

# Largest way of a joint, how near it must come, and the coarsest step a device may round to.
STEP = {"revolute": 0.05, "prismatic": 0.002}
ARRIVED = {"revolute": 0.02, "prismatic": 0.0006}  # a servo under load hangs back by about 0.01 rad
ROUNDING = {"revolute": 0.006, "prismatic": 0.0003}  # a hobby servo has about 300 places a radian
SHARE = 0.05  # of a joint's range, at most
PATIENCE_S = 5.0  # until something that should happen counts as not happening


class Mover(Protocol):
    """What is tried: a `helmsight.hardware.robot.Robot`, or a supervisor before one."""

    @property
    def kinematics(self) -> Kinematics: ...

    def state(self) -> RobotState: ...

    def move(self, motion: Motion) -> Sent: ...


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
    spec: RobotSpec,
    kinematics: Kinematics,
    state: RobotState,
    joints: Sequence[int],
    *,
    slow: bool = False,
) -> Way | None:
    """Return a small way of `joints` that stays in the limits and the workspace, None if none does.

    slow: over the whole horizon, so that there is time to interrupt it.
    """
    start = within(spec, state.positions)
    for sign in (1.0, -1.0):
        goal = list(start)
        for index in joints:
            joint = spec.joint[index]
            middle = 0.5 * (joint.lower + joint.upper)
            way = sign * step(spec, joint) * (1.0 if start[index] <= middle else -1.0)
            goal[index] = start[index] + way
        safe = within(spec, goal) == tuple(goal)
        if safe and outside(spec, kinematics, goal) <= outside(spec, kinematics, start) + 1e-9:
            needed = max(
                abs(goal[i] - start[i]) / (0.5 * spec.joint[i].speed) for i in joints
            )  # fmt: skip
            horizon = spec.limits.horizon_s
            seconds = horizon if slow else min(horizon, max(0.15, needed))
            return Way(start, tuple(goal), seconds)
    return None


def parts(spec: RobotSpec) -> tuple[int, ...]:
    """Return the joints that a trial moves one by one: those of the chain, then a gripper's."""
    return (*spec.chain, *(i for i in range(len(spec.joint)) if i not in spec.chain))


def step(spec: RobotSpec, joint: Joint) -> float:
    """Return how far a joint moves in a trial, rad or m: also at half its speed in a horizon."""
    in_time = 0.5 * joint.speed * spec.limits.horizon_s
    return min(STEP[joint.kind], SHARE * (joint.upper - joint.lower), in_time)


def within(spec: RobotSpec, positions: Sequence[float]) -> tuple[float, ...]:
    """Return `positions` clipped to the joint limits: a reading may lie a rounding outside."""
    return tuple(
        min(joint.upper, max(joint.lower, value))
        for joint, value in zip(spec.joint, positions, strict=True)
    )


def outside(spec: RobotSpec, kinematics: Kinematics, positions: Sequence[float]) -> float:
    """Return how far the tool point is outside the workspace, m; 0 inside."""
    point, _ = kinematics.pose(positions)
    box = spec.workspace
    beyond = np.maximum(np.array(box.lower) - point, point - np.array(box.upper))
    return float(np.maximum(beyond, 0.0).max())


def far(spec: RobotSpec, a: Sequence[float], b: Sequence[float]) -> tuple[str, ...]:
    """Return the names of the joints that are not at the same place, by ARRIVED."""
    return tuple(
        joint.name
        for joint, x, y in zip(spec.joint, a, b, strict=True)
        if abs(x - y) > ARRIVED[joint.kind]
    )


def watch(robot: Mover, done: Callable[[RobotState], bool]) -> list[RobotState]:
    """Read states until `done` or PATIENCE_S; return them all."""
    deadline = time.monotonic() + PATIENCE_S
    states = [robot.state()]
    while not done(states[-1]) and time.monotonic() < deadline:
        time.sleep(0.005)
        states.append(robot.state())
    return states


def go(robot: Mover, spec: RobotSpec, targets: JointTargets) -> tuple[Sent, list[RobotState]]:
    """Move, and read states until the robot stands at the targets, or PATIENCE_S."""
    sent = robot.move(targets)
    states = watch(
        robot,
        lambda state: state.standing and not far(spec, state.positions, targets.positions),
    )
    return sent, states


def rest(robot: Mover) -> RobotState:
    """Return the first state that stands still (the last one after PATIENCE_S)."""
    return watch(robot, lambda state: state.standing)[-1]
