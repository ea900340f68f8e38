"""Commands carried out: through the supervisor, in steps that it allows."""

from __future__ import annotations

import math
import time
from collections.abc import Callable, Mapping, Sequence
from typing import Any

import numpy as np
from numpy.typing import NDArray

from helmsight.envs.robot.command import ANGULAR, LINEAR, USUAL_S, RobotCommand
from helmsight.envs.robot.news import News
from helmsight.envs.robot.poses import Pose
from helmsight.envs.robot.travel import BEAT_S, Travel
from helmsight.hardware.motion import JointTargets, RobotState, Twist
from helmsight.hardware.supervision.reaching import NEAR
from helmsight.hardware.supervisor import Supervisor

PERIOD_S = 0.1  # after which a velocity that goes on for longer than the horizon is renewed
TOOL_S = 5.0  # that a tool may take
ASTRAY_M, ASTRAY = 0.01, 0.5  # m, and share of the way asked for, by which a way is another one


class Motion(Travel):
    """Carries commands out, one at a time."""

    def __init__(self, robot: Supervisor, news: News, poses: Mapping[str, Pose]) -> None:
        super().__init__(robot, news)
        self._poses = poses

    def carry_out(self, command: RobotCommand) -> dict[str, Any]:
        """Do what `command` says and return what was really applied, as a command.

        Raises:
            HardwareError: what kept it from being done; the supervisor has held or stopped.
        """
        self._news.resting, self._news.stepwise = False, command.do != "twist"
        done: dict[str, Callable[[RobotCommand], dict[str, Any]]] = {
            "twist": self._twist, "joints": self._joints, "pose": self._pose, "tool": self._tool,
            "hold": self._hold, "done": self._hold,
        }  # fmt: skip
        return command.model_dump() | done[command.do](command)

    def _twist(self, command: RobotCommand) -> dict[str, Any]:
        """Move with a velocity: in one motion, or in ever new ones where it lasts too long for one.

        A driver plans each from standstill, so that fewer of them come closer to what was asked.
        """
        begun, horizon = self._robot.state(), self._robot.spec.limits.horizon_s
        lasts = command.duration or USUAL_S
        left, until = lasts, 0.0
        while left > (BEAT_S if until else 0.0):
            ahead = min(left, horizon)
            sent = self._robot.move(Twist(command.linear, command.angular, ahead, command.tool))
            for note in sent.notes:
                self._news.add(note)
            until = until or sent.stamp_s + lasts
            self._wait(until if left <= horizon else sent.stamp_s + PERIOD_S)
            left = until - time.monotonic()
        self._wait(until)
        return self._moved(begun, self._robot.state(), command.linear, lasts)

    def _moved(
        self, begun: RobotState, ended: RobotState, linear: Sequence[float], lasts: float
    ) -> dict[str, Any]:
        """Return the mean velocity of the tool between two readings, as the fields of a twist.

        A pilot is told where that is another way than the one that was asked for.
        """
        seconds = max(1e-3, ended.stamp_s - begun.stamp_s)
        (p0, R0), (p1, R1) = (
            self._robot.kinematics.pose(state.positions) for state in (begun, ended)
        )
        asked = np.array(linear) * lasts
        if float(np.linalg.norm(p1 - p0 - asked)) > max(ASTRAY_M, ASTRAY * math.hypot(*asked)):
            way, wish = (", ".join(f"{x:+.3f}" for x in vector) for vector in (p1 - p0, asked))
            self._news.say(f"the tool point went {way} m (x, y, z) and was to go {wish} m")
        rates = [*((p1 - p0) / seconds), *(rotation_vector(R1 @ R0.T) / seconds)]
        return {
            name: round(float(rate), 6) + 0.0
            for name, rate in zip((*LINEAR, *ANGULAR), rates, strict=True)
        }

    def _joints(self, command: RobotCommand) -> dict[str, Any]:
        assert command.joints is not None
        state = self.reach(command.joints, command.tool)
        pairs = zip(command.joints, state.positions, strict=True)
        return {"joints": [None if asked is None else round(at, 6) for asked, at in pairs]}

    def _pose(self, command: RobotCommand) -> dict[str, Any]:
        assert command.pose is not None
        self.reach(self._poses[command.pose], command.tool)
        return {}

    def _tool(self, command: RobotCommand) -> dict[str, Any]:
        """Switch the tool, and wait for a joint that is the tool until it stands.

        It keeps its goal: a gripper that closes on something holds on to it.
        """
        assert command.tool is not None
        spec, deadline = self._robot.spec, time.monotonic() + TOOL_S
        goal = JointTargets(self.here(), tool=command.tool)
        whole = False
        while not whole and time.monotonic() < deadline:
            sent = self._robot.move(goal)
            whole = not sent.notes  # else only a part of the way was allowed
            self._wait(sent.stamp_s + PERIOD_S)
        state = self.settle(max(0.0, deadline - time.monotonic()))
        place = spec.tool_target(command.tool)
        if place is not None:
            joint = spec.joint[spec.names.index(spec.tool.joint)]
            at = state.positions[spec.names.index(spec.tool.joint)]
            if abs(place - at) > NEAR[joint.kind]:
                self._news.say(
                    f"{joint.name} stands at {at:.3g} and was to go to {place:.3g}: it holds "
                    "something, or something is in its way"
                )
        return {}

    def _hold(self, command: RobotCommand) -> dict[str, Any]:
        self._robot.hold()
        if command.do == "hold":
            time.sleep(command.duration or USUAL_S)
        return {}


def rotation_vector(R: NDArray[np.float64]) -> NDArray[np.float64]:
    """Return the rotation vector (3,), rad, of a rotation matrix (3, 3) by less than half a turn.

    Its direction is the axis, its length the angle (Rodrigues' formula, the other way round).
    """
    axis = np.array([R[2, 1] - R[1, 2], R[0, 2] - R[2, 0], R[1, 0] - R[0, 1]]) / 2.0
    sine, cosine = float(np.linalg.norm(axis)), (float(np.trace(R)) - 1.0) / 2.0
    if sine < 1e-9:
        return np.zeros(3)
    return np.asarray(axis / sine * np.arctan2(sine, cosine))
