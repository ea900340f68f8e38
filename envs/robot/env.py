"""Any supervised robot with any camera, as a gymnasium environment."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np
from gymnasium import spaces
from numpy.typing import NDArray

from helmsight.contract.clock import Clock, TimeRule
from helmsight.contract.observation import Observation, observation_mode
from helmsight.contract.record import StepRecord
from helmsight.contract.task import Task
from helmsight.envs.robot.account import RobotAccount
from helmsight.envs.robot.command import RobotCommand
from helmsight.envs.robot.ending import Ending
from helmsight.envs.robot.eyes import Blindfold, Eyes
from helmsight.envs.robot.motion import Motion
from helmsight.envs.robot.news import News
from helmsight.envs.robot.options import (
    GOAL,
    NONE,
    SIZE,
    check_options,
    check_seconds,
    check_well,
    checked_size,
)
from helmsight.envs.robot.poses import named_poses
from helmsight.envs.robot.task import robot_task, telemetry
from helmsight.envs.robot.world import RobotWorld
from helmsight.hardware.cameras import Camera
from helmsight.hardware.supervisor import supervised


class RobotEnv(RobotWorld[RobotCommand]):
    """A robot behind a serial port and a camera. It MOVES: keep a switch in its supply at hand.

    Observations hold "frame", a fresh picture, and/or "telemetry" (see `robot.task.fields`).
    Commands are carried out by a supervisor while the wall clock runs; see RobotWorld for what is
    told of them.

    Args:
        robot: a description, by name or path. port: its serial port.
        camera: what `hardware.cameras.open_camera` takes; "none" for a robot without one, which
            can be operated by telemetry only.
        goal: the task in words.
        poses: places with a name beside `home`: a list or a table of joints each.
        limits: tighter ones than the description's, as of `Supervisor`.
        home: drive to the reference switches first, which moves the robot.
        size: (width, height) of the frame; pictures of the camera are fitted into it.
        observation: "frame", "telemetry" or "frame+telemetry". time: "realtime" only.
        settle_s: how long a command may be waited for to come to rest before the next picture.
        patience_s: after so long without a usable picture the run ends.
        render_mode: None or "rgb_array".

    The reward is 0. Whether the task was done is the pilot's own word (`done`, `about.verdict`).
    """

    _travel: Motion
    _account: RobotAccount

    def __init__(
        self,
        robot: str = "",
        port: str = "",
        camera: str | Camera = "",
        goal: str = GOAL,
        poses: Mapping[str, Any] | None = None,
        limits: Mapping[str, Any] | None = None,
        home: bool = False,
        size: tuple[int, int] = SIZE,
        observation: str = "frame+telemetry",
        time: str = "realtime",
        settle_s: float = 0.3,
        patience_s: float = 30.0,
        render_mode: str | None = None,
    ) -> None:
        self.observation_mode = observation_mode(observation)
        self.clock = Clock(TimeRule.parse(time))
        check_options(robot, port, camera, self.observation_mode, self.clock.rule)
        width, height = checked_size(size)
        check_seconds({"settle_s": settle_s, "patience_s": patience_s})
        super().__init__((width, height), settle_s, render_mode)
        self.eyes = Blindfold() if camera == NONE else Eyes(camera, (width, height), patience_s)
        self.news = News()
        self.robot = supervised(
            robot, port, self.eyes if isinstance(self.eyes, Eyes) else None,
            limits=limits, listeners=[self.news.heard],
        )  # fmt: skip
        self.poses = named_poses(self.robot.spec, poses)
        moves = f"{self.robot.spec.name} at {port} will move"
        self.task: Task = robot_task(
            self.robot.spec, goal, self.poses, f"{moves}, to its switches first" if home else moves
        )
        shown: dict[str, spaces.Space[Any]] = {
            "frame": spaces.Box(0, 255, (height, width, 3), np.uint8),
            "telemetry": spaces.Box(-np.inf, np.inf, (len(self.task.fields),), np.float64),
        }
        self.observation_space = spaces.Dict(
            {key: shown[key] for key in self.observation_mode.split("+")}
        )
        kind: type[RobotCommand] = self.task.command  # type: ignore[assignment]
        self._kind, self.action_space = kind, kind.space()
        self._travel = Motion(self.robot, self.news, self.poses)
        self._home, self._ending = home, Ending((self.robot,), self.news)

    def reset(
        self, *, seed: int | None = None, options: dict[str, Any] | None = None
    ) -> tuple[Observation, dict[str, Any]]:
        """Open camera and robot, if they are not, and look. Nothing moves, but for `home`.

        options: {"met": seconds, "past": recorded steps} has an interrupted run go on from there: a
        machine that knows its position is not homed again, and none is whose run was over.

        Raises:
            RobotStopped: somebody stopped the robot; `env.robot.reset()` lets it move again.
            HardwareError: what is not there, not set up, or in alarm.
        """
        super().reset(seed=seed)
        self._ending.begin()
        self.eyes.open()
        self.robot.connect()
        if self.robot.is_stopped:
            self.robot.reset()
        given = options or {}
        past: Sequence[StepRecord] = given.get("past", ())
        over = bool(past and past[-1].ended)
        if self._home and not over and not ("met" in given and self.robot.robot.is_homed):
            self.robot.home()
        state = self._travel.settle(self._settle_s)
        check_well(state, self.robot.spec.name)
        self.news.clear()
        met = float(given.get("met", 0.0))
        self._account = RobotAccount(self.robot, self.news, met, state, past)
        return self._first()

    def _command(self, action: dict[str, Any]) -> RobotCommand:
        return self._kind.from_action(action)

    def _carry_out(self, command: RobotCommand) -> dict[str, Any]:
        applied = self._travel.carry_out(command)
        self._account.ended(done=command.do == "done", verdict=command.verdict)
        return applied

    def _instead(self, before: tuple[float, ...]) -> dict[str, Any]:
        return self._account.way_gone(self._kind, before)

    def _shown(self) -> NDArray[np.float64]:
        return telemetry(self._account.state, self.robot.kinematics)
