"""Any supervised robot with any camera, as a gymnasium environment."""

from __future__ import annotations

import threading
from collections.abc import Mapping
from contextlib import AbstractContextManager, nullcontext
from typing import Any

import gymnasium as gym
import numpy as np
from gymnasium import spaces
from numpy.typing import NDArray

from helmsight.contract.clock import Clock, TimeRule
from helmsight.contract.observation import Observation, observation_mode
from helmsight.contract.task import Task
from helmsight.envs.errors import EpisodeOver
from helmsight.envs.robot.account import Account
from helmsight.envs.robot.command import RobotCommand
from helmsight.envs.robot.ending import Ending
from helmsight.envs.robot.eyes import Blindfold, Eyes, Glance, dark
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
from helmsight.hardware.cameras import Camera
from helmsight.hardware.errors import HardwareError
from helmsight.hardware.supervision.stopping import on_signals
from helmsight.hardware.supervisor import supervised


class RobotEnv(gym.Env[dict[str, Any], dict[str, Any]]):
    """A robot behind a serial port and a camera. It MOVES: keep a switch in its supply at hand.

    Observations hold "frame", a fresh picture, and/or "telemetry" (see `robot.task.fields`).
    Commands are carried out by a supervisor while the wall clock runs; what it cut, refused or held
    comes back as `info["notes"]`, in words. A picture that is stale, frozen or black is handed out
    dark, and `info["refused"]` says why. What the run cannot go on from is in `info["failed"]`,
    with the robot stopped.

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

    metadata = {"render_modes": ["rgb_array"], "render_fps": 2}  # noqa: RUF012  as in gym.Env

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
        self.render_mode = render_mode
        check_options(robot, port, camera, self.observation_mode, self.clock.rule)
        width, height = checked_size(size)
        check_seconds({"settle_s": settle_s, "patience_s": patience_s})
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
        self._motion = Motion(self.robot, self.news, self.poses)
        self._settle_s, self._size, self._home = settle_s, (width, height), home
        self._running, self._ending = False, Ending(self.robot, self.news)
        self._glance = Glance(dark(self._size))

    def reset(
        self, *, seed: int | None = None, options: dict[str, Any] | None = None
    ) -> tuple[Observation, dict[str, Any]]:
        """Open camera and robot, if they are not, and look. Nothing moves, but for `home`.

        options: {"met": seconds} has the world time go on from there; a machine that knows its
        position is not homed again.

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
        continues = "met" in (options or {})
        if self._home and not (continues and self.robot.robot.is_homed):
            self.robot.home()
        state = self._motion.settle(self._settle_s)
        check_well(state, self.robot.spec.name)
        self.news.clear()
        met = float((options or {}).get("met", 0.0))
        self._account = Account(self.robot, self.news, met, state)
        observation, info = self._seen(0.0, self._kind.null().model_dump(), None)
        if "failed" in info:
            raise info["failed"]
        self._running = True
        return observation, info

    def step(self, action: dict[str, Any]) -> tuple[Observation, float, bool, bool, dict[str, Any]]:
        """Carry out a command, wait until it is over, and look again.

        Raises:
            EpisodeOver: the episode is over or has not begun.
            KeyboardInterrupt: a person stopped the robot meanwhile.
        """
        if not self._running:
            raise EpisodeOver("the episode is over or has not begun; call reset() first")
        command = self._kind.from_action(action)
        lag = self.clock.lag()
        applied: dict[str, Any] | None = None
        failed, before = None, self._account.state.positions
        try:
            applied = self._motion.carry_out(command)
            self._account.ended(command)
        except HardwareError as error:
            failed = self._ending.answered(error)
        observation, info = self._seen(lag, applied, failed)
        if applied is None:
            info["applied"] = self._account.way_gone(self._kind, before)
        done = self._account.done
        self._running = not done and "failed" not in info
        return observation, 0.0, done, False, info

    def render(self) -> NDArray[np.uint8] | None:
        """Return the last picture, (H, W, 3) RGB, when render_mode is "rgb_array"."""
        return self._glance.pixels if self.render_mode == "rgb_array" else None

    def close(self) -> None:
        """Hold, end as the description says, let go of robot and camera. Idempotent.

        Raises:
            StopUnconfirmed: a stop of this run was not confirmed: cut the power.
        """
        self._running = False
        try:
            self._ending.close()
        finally:
            self.eyes.close()

    # -- stopping -----------------------------------------------------------------------------

    @property
    def operating(self) -> bool:
        """Whether an episode is under way."""
        return self._running

    def stop(self, reason: str, *, interrupts: bool = False) -> None:
        """Stop the robot, from any thread. `interrupts`: a KeyboardInterrupt follows at once.

        Raises:
            StopUnconfirmed: said aloud as well.
        """
        self._ending.stop(reason, interrupts=interrupts)

    def halt(self, reason: str) -> dict[str, Any]:
        """Stop the robot at the end of a run and return what the device said of it."""
        self._running = False
        return self._ending.halt()

    def on_signals(self) -> AbstractContextManager[None]:
        """Return a context in which Ctrl-C and SIGTERM stop the robot, on the main thread."""
        if threading.current_thread() is not threading.main_thread():
            return nullcontext()
        return on_signals(self.stop)

    # -- what is seen -------------------------------------------------------------------------

    def _seen(
        self, lag: float, applied: dict[str, Any] | None, failed: HardwareError | None
    ) -> tuple[Observation, dict[str, Any]]:
        """Return a fresh observation and what is told of it; what fails here ends the run."""
        if failed is None:
            try:
                self._look()
            except HardwareError as error:
                failed = self._ending.answered(error)
        if failed is not None:
            self._glance = Glance(dark(self._size), str(failed))
        refused = self._glance.refused
        if refused and failed is None:
            self._account.blind += 1
            self.news.say(f"{refused}; the robot holds")
        observation: Observation = {
            "frame": self._glance.pixels,
            "telemetry": telemetry(self._account.state, self.robot.kinematics),
        }
        info = {"lag": lag, "applied": applied, **self._account.told()}
        if refused:
            info["refused"] = refused
        if failed is not None:
            info["failed"] = failed
        self.clock.observed()
        return {key: observation[key] for key in self.observation_mode.split("+")}, info

    def _look(self) -> None:
        """Read the robot and take a picture that is newer than the reading."""
        state = self._motion.settle(self._settle_s)
        self._glance = self.eyes.look(state.stamp_s)
        if self._glance.refused:
            self.robot.hold()
        self._account.read(state)
