"""What a key press moves: one joint, the tool point along an axis of the base, or the gripper."""

from __future__ import annotations

import math
from abc import ABC, abstractmethod
from collections.abc import Mapping
from dataclasses import replace
from typing import TYPE_CHECKING

import numpy as np

from helmsight.hardware.robot import JointTargets, Sent, Twist
from helmsight.units import told

if TYPE_CHECKING:
    from helmsight.hardware.robot import RobotState
    from helmsight.hardware.supervisor import Supervisor

JOINT_STEP = {"revolute": math.radians(3.0), "prismatic": 0.002}  # rad, m
TOOL_STEP = {"revolute": math.radians(3.0), "prismatic": 0.005}
LARGEST = {"revolute": math.radians(30.0), "prismatic": 0.05}
SHORTEST_S = 0.1  # that one press takes
BARRED = 0.2  # of a step: an arm that can do less than this is at its end there


class Steps(ABC):
    """Steps along one of several axes, the one that is chosen.

    names, kinds: of the axes. sizes: of a step along each, m or rad. goal: joint positions that
    were sent last, from which the next step counts. noun: what an axis is.
    """

    noun: str
    names: tuple[str, ...]
    kinds: tuple[str, ...]
    sizes: list[float]

    def __init__(self, robot: Supervisor) -> None:
        self.robot = robot
        self.chosen = 0
        self.goal = robot.state().positions

    @property
    def name(self) -> str:
        """The axis that is chosen."""
        return self.names[self.chosen]

    @property
    def kind(self) -> str:
        """Its kind: prismatic or revolute."""
        return self.kinds[self.chosen]

    def choose(self, index: int) -> None:
        """Choose an axis; they go round."""
        self.leave()
        self.chosen = index % len(self.names)

    def resize(self, factor: float) -> str:
        """Make the steps larger or smaller, up to LARGEST; return what they are now."""
        self.sizes[self.chosen] = min(self.sizes[self.chosen] * factor, LARGEST[self.kind])
        return f"step {told(self.kind, self.sizes[self.chosen])}"

    @abstractmethod
    def press(self, sign: float) -> str:
        """Go one step; return what became of it. Raises as Supervisor.move."""

    @abstractmethod
    def values(self, state: RobotState) -> tuple[float | None, ...]:
        """Return where each axis is, m or rad; None where there is no such number."""

    @property
    def pending(self) -> bool:
        """Whether something is left of the steps that were asked for."""
        return False

    def carry_on(self) -> None:
        """Go on with what is left, once the robot stands."""
        return

    def leave(self) -> None:
        """Forget what is left."""
        return


class JointSteps(Steps):
    """Steps of single joints, each from its last target, at half speed."""

    noun = "joint"

    def __init__(self, robot: Supervisor, step: Mapping[str, float]) -> None:
        super().__init__(robot)
        joints = robot.spec.joint
        self.names = robot.spec.names
        self.kinds = tuple(joint.kind for joint in joints)
        self.sizes = [(JOINT_STEP | dict(step))[joint.kind] for joint in joints]

    def press(self, sign: float) -> str:
        joint, size = self.robot.spec.joint[self.chosen], self.sizes[self.chosen]
        goal = list(self.goal)
        wanted = goal[self.chosen] + sign * size
        goal[self.chosen] = min(joint.upper, max(joint.lower, wanted))
        seconds = min(self.robot.spec.limits.horizon_s, max(SHORTEST_S, 2.0 * size / joint.speed))
        self.goal = self.robot.move(JointTargets(tuple(goal), seconds)).positions
        at_limit = "" if goal[self.chosen] == wanted else " (limit)"
        return f"{joint.name} to {told(joint.kind, self.goal[self.chosen])}{at_limit}"

    def values(self, state: RobotState) -> tuple[float | None, ...]:
        return state.positions


class ToolSteps(Steps):
    """Steps of the tool point along, and of the tool about, the axes of the base: twists.

    What is more than one command may do is done in several, each from where the robot stands.
    """

    noun = "tool point along"

    def __init__(self, robot: Supervisor, step: Mapping[str, float]) -> None:
        super().__init__(robot)
        turns = any(robot.spec.joint[index].kind == "revolute" for index in robot.spec.chain)
        self.names = ("x", "y", "z", "rx", "ry", "rz") if turns else ("x", "y", "z")
        self.kinds = ("prismatic",) * 3 + ("revolute",) * (len(self.names) - 3)
        self.sizes = [(TOOL_STEP | dict(step))[kind] for kind in self.kinds]
        self._left = 0.0
        self._bars: str = ""  # what lets it get no further

    @property
    def pending(self) -> bool:
        return self._left != 0.0

    def leave(self) -> None:
        self._left = 0.0

    def press(self, sign: float) -> str:
        most = LARGEST[self.kind]
        self._bars = ""
        self._left = min(most, max(-most, self._left + sign * self.sizes[self.chosen]))
        asked = self._left
        self.carry_on()
        if self._bars:
            return f"{self.name}: no further that way: {self._bars}"
        return f"{self.name} by {told(self.kind, asked)}"

    def carry_on(self) -> None:
        state = self.robot.state()
        if not self._left or not state.standing:
            return
        wish = self._twist(state)
        sent = self.robot.move(wish)
        self.robot.feedback()  # that it was cut is no news
        self.goal = sent.positions
        done = self._done(state.positions)
        part = (wish.linear if self.chosen < 3 else wish.angular)[self.chosen % 3]
        part *= wish.duration_s or 0.0
        # Half a step that a limit cuts is gone on with from there; what gets nowhere is given up.
        barred = done / part < BARRED
        self._bars = ("; ".join(sent.notes) or "its reach ends there") if barred else ""
        rest = self._left - done
        over = barred or rest * self._left <= 0.0 or abs(rest) < 0.05 * abs(part)
        self._left = 0.0 if over else rest

    def _twist(self, state: RobotState) -> Twist:
        """Return what one command may do of what is left, no joint faster than half its speed."""
        spec = self.robot.spec
        speed = 0.5 * spec.limits.tool_speed
        if self.chosen >= 3:
            turning = (spec.joint[index] for index in spec.chain)
            speed = 0.5 * min(joint.speed for joint in turning if joint.kind == "revolute")
        seconds = min(spec.limits.horizon_s, max(SHORTEST_S, abs(self._left) / speed))
        part = math.copysign(min(abs(self._left), speed * seconds), self._left)
        ways = np.subtract(
            self.robot.robot.resolve(self._along(part, seconds), state).positions, state.positions
        )
        needed = max(
            2.0 * abs(ways[index]) / spec.joint[index].speed for index in spec.chain
        )  # fmt: skip
        slower = min(spec.limits.horizon_s, max(seconds, needed))
        return self._along(part * min(1.0, slower / max(needed, 1e-9)), slower)

    def _along(self, way: float, seconds: float) -> Twist:
        vector = [0.0, 0.0, 0.0]
        vector[self.chosen % 3] = way / seconds
        along = (vector[0], vector[1], vector[2])
        return (
            Twist(along, duration_s=seconds)
            if self.chosen < 3
            else Twist((0.0, 0.0, 0.0), along, seconds)
        )

    def _done(self, start: tuple[float, ...]) -> float:
        """Return how far what was sent leads from `start` along or about the axis, m or rad."""
        before, turned_before = self.robot.kinematics.pose(start)
        after, turned_after = self.robot.kinematics.pose(self.goal)
        if self.chosen < 3:
            return float((after - before)[self.chosen])
        turn = turned_after @ turned_before.T
        # of a small turn: the skew part of its matrix is its vector
        skew = np.array([turn[2, 1] - turn[1, 2], turn[0, 2] - turn[2, 0], turn[1, 0] - turn[0, 1]])
        return float(0.5 * skew[self.chosen - 3])

    def values(self, state: RobotState) -> tuple[float | None, ...]:
        point, _ = self.robot.kinematics.pose(state.positions)
        return (*(float(place) for place in point), *(None,) * (len(self.names) - 3))


class Gripper:
    """The tool that opens and closes, by the name that the description gives its joint."""

    def __init__(self, robot: Supervisor) -> None:
        self.robot = robot
        tool = robot.spec.tool
        self.name = tool.joint if tool.kind == "joint" else "tool"
        self._words = ("open", "closed") if tool.kind == "joint" else ("off", "on")
        self._on = bool(robot.state().tool)
        self._rest: JointTargets | None = None  # what limits left of its way

    @property
    def pending(self) -> bool:
        """Whether it has not been told all of its way."""
        return self._rest is not None

    def leave(self) -> None:
        """Forget what is left of its way."""
        self._rest = None

    def switch(self, here: tuple[float, ...]) -> tuple[str, Sent | None]:
        """Open it or close it, the other joints at `here`; return words and what was sent."""
        if self.robot.spec.tool.kind == "none":
            return "this robot has no tool", None
        self._on = not self._on
        self._rest = JointTargets(here, tool=self._on)
        return f"{self.name} {self._words[self._on]}", self.carry_on()

    def carry_on(self) -> Sent | None:
        """Go on with its way, which may take more than one command may do."""
        if self._rest is None or not self.robot.state().standing:
            return None
        sent = self.robot.move(self._rest)
        self.robot.feedback()  # that it was cut is no news
        self._rest = replace(self._rest, positions=sent.positions) if sent.notes else None
        return sent
