"""Any supervised robot with any camera, as a gymnasium environment."""

from __future__ import annotations

import math
import threading
import time as wall
from collections.abc import Mapping
from contextlib import AbstractContextManager, nullcontext, suppress
from typing import Any

import gymnasium as gym
import numpy as np
from gymnasium import spaces
from numpy.typing import NDArray

from helmsight.contract.clock import Clock, TimeRule
from helmsight.contract.errors import InvalidOption
from helmsight.contract.observation import Observation, observation_mode
from helmsight.contract.task import Task
from helmsight.envs.errors import EpisodeOver
from helmsight.envs.robot.command import RobotCommand
from helmsight.envs.robot.eyes import Blindfold, Eyes, Glance, dark
from helmsight.envs.robot.motion import Motion
from helmsight.envs.robot.news import News
from helmsight.envs.robot.poses import named_poses
from helmsight.envs.robot.task import TOOL_POINT, robot_task, telemetry
from helmsight.hardware.cameras import Camera
from helmsight.hardware.errors import (
    DeviceAlarm,
    HardwareError,
    NotConnected,
    RobotStopped,
    StopUnconfirmed,
)
from helmsight.hardware.motion import Mode, RobotState
from helmsight.hardware.supervision.reaching import NEAR
from helmsight.hardware.supervision.stopping import on_signals, uninterrupted
from helmsight.hardware.supervisor import supervised

NONE = "none"
GOAL = "Look around with small and slow motions, and say what you see."
SIZE = (640, 480)
INTERRUPT_S = 10.0  # that a person's interrupt may take to arrive after their stop


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
        _check(robot, port, camera, self.observation_mode, self.clock.rule)
        width, height = _checked_size(size)
        for name, value in (("settle_s", settle_s), ("patience_s", patience_s)):
            if not 0.0 <= value < math.inf:
                raise InvalidOption(f"{name}={value}: expected seconds, 0 or more")
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
        self._running, self._interrupted = False, threading.Event()
        self._unconfirmed: StopUnconfirmed | None = None
        self._glance = Glance(dark(self._size))

    def reset(
        self, *, seed: int | None = None, options: dict[str, Any] | None = None
    ) -> tuple[Observation, dict[str, Any]]:
        """Open camera and robot, if they are not, and look. Nothing moves, but for `home`.

        options: {"met": seconds} has the world time go on from there.

        Raises:
            HardwareError: what is not there, not set up, or in alarm.
        """
        super().reset(seed=seed)
        self.eyes.open()
        self.robot.connect()
        if self.robot.is_stopped:
            self.robot.reset()
        if self._home:
            self.robot.home()
        self._began = wall.monotonic() - float((options or {}).get("met", 0.0))
        self._way, self._blind, self._verdict, self._done = 0.0, 0, "", False
        self._state = self._motion.settle(self._settle_s)
        _check_well(self._state, self.robot.spec.name)
        self._point = self._where(self._state)
        self.news.take()
        self.news.count = 0
        self._running = True
        return self._seen(0.0, self._kind.null().model_dump(), None)

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
        failed, before = None, self._state.positions
        try:
            applied = self._motion.carry_out(command)
            self._done, self._verdict = command.do == "done", command.verdict or ""
        except HardwareError as error:
            failed = self._answered(error)
        observation, info = self._seen(lag, applied, failed)
        if applied is None:
            info["applied"] = self._way_gone(before)
        self._running = not self._done and "failed" not in info
        return observation, 0.0, self._done, False, info

    def render(self) -> NDArray[np.uint8] | None:
        """Return the last picture, (H, W, 3) RGB, when render_mode is "rgb_array"."""
        return self._glance.pixels if self.render_mode == "rgb_array" else None

    def close(self) -> None:
        """Hold, end as the description says, let go of robot and camera. Idempotent.

        Raises:
            StopUnconfirmed: a stop of this run was not confirmed: cut the power.
        """
        self._running = False
        unconfirmed, self._unconfirmed = self._unconfirmed, None
        try:
            uninterrupted(self.robot.close)
        except HardwareError as error:
            if unconfirmed is None:
                raise
            unconfirmed.add_note(str(error))
        finally:
            self.eyes.close()
        if unconfirmed is not None:
            raise unconfirmed

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
        if interrupts:
            self._interrupted.set()
        with suppress(NotConnected):  # nothing can move
            self.robot.stop(reason)

    def halt(self, reason: str) -> dict[str, Any]:
        """Stop the robot at the end of a run and return what the device said of it.

        A stop that is not confirmed is raised by `close`, once the run is written down.
        """
        self._running = False
        said: dict[str, Any] = {}

        def stop() -> None:
            try:
                # where a stop was not confirmed just now, one round more is enough
                insist_s = None if self._unconfirmed is None else 1.0
                report = self.robot.stop("the run is over", insist_s=insist_s)
                self._unconfirmed = None
                said["stop"] = f"confirmed by read-back after {report.seconds * 1e3:.0f} ms"
            except NotConnected:
                return
            except StopUnconfirmed as error:
                self._unconfirmed, said["stop"] = error, f"NOT CONFIRMED: {error}"

        uninterrupted(stop)
        return said

    def on_signals(self) -> AbstractContextManager[None]:
        """Return a context in which Ctrl-C and SIGTERM stop the robot, on the main thread."""
        if threading.current_thread() is not threading.main_thread():
            return nullcontext()
        return on_signals(self.stop)

    # -- what is seen -------------------------------------------------------------------------

    def _answered(self, error: HardwareError) -> HardwareError | None:
        """Tell of what kept a command from being done; return it if it ends the run, stopped."""
        if isinstance(error, RobotStopped) and self._interrupted.is_set():
            wall.sleep(INTERRUPT_S)  # ends with the interrupt that is on its way
            raise KeyboardInterrupt from error
        self.news.say(str(error))
        if not error.halts:
            try:
                self.robot.hold()
                return None
            except HardwareError as worse:
                worse.__cause__, error = error, worse
                self.news.say(f"it could not be held: {worse}")
        self._stop_after(error)
        return error

    def _stop_after(self, error: HardwareError) -> None:
        """Stop, unless the supervisor has, or could not: the end of the run tries once more."""
        if isinstance(error, StopUnconfirmed):
            self._unconfirmed = error
            return
        if self.robot.is_stopped:
            return
        try:
            self.stop(f"{type(error).__name__}: {error}")
        except StopUnconfirmed as unconfirmed:
            self._unconfirmed = unconfirmed
            error.add_note(str(unconfirmed))

    def _seen(
        self, lag: float, applied: dict[str, Any] | None, failed: HardwareError | None
    ) -> tuple[Observation, dict[str, Any]]:
        """Return a fresh observation and what is told of it; what fails here ends the run."""
        if failed is None:
            try:
                self._look()
            except HardwareError as error:
                failed = self._answered(error)
        if failed is not None:
            self._glance = Glance(dark(self._size), str(failed))
        refused = self._glance.refused
        if refused and failed is None:
            self._blind += 1
            self.news.say(f"{refused}; the robot holds")
        observation: Observation = {
            "frame": self._glance.pixels,
            "telemetry": telemetry(self._state, self.robot.kinematics),
        }
        info = {"lag": lag, "applied": applied, **self._told()}
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
        point = self._where(state)
        self._way += float(np.linalg.norm(point - self._point))
        self._state, self._point = state, point

    def _way_gone(self, before: tuple[float, ...]) -> dict[str, Any]:
        """Return what became of a command that failed, as a command: joints that moved, if any."""
        triples = zip(self.robot.spec.joint, before, self._state.positions, strict=True)
        moved = [at if abs(at - was) > NEAR[joint.kind] else None for joint, was, at in triples]
        null = self._kind.null().model_dump()
        if any(place is not None for place in moved):
            return null | {"do": "joints", "joints": moved, "duration": None}
        return null

    def _told(self) -> dict[str, Any]:
        spec, state = self.robot.spec, self._state
        notes = self.news.take()
        return {
            "met": wall.monotonic() - self._began,
            "notes": notes,
            **dict(zip(spec.names, state.positions, strict=True)),
            **dict(zip(TOOL_POINT, map(float, self._point), strict=True)),
            "tool_point": [float(x) for x in self._point],
            "telemetry": telemetry(state, self.robot.kinematics).tolist(),
            "way": self._way,
            "interventions": self.news.count,
            "blind": self._blind,
            "done": self._done,
            "about": {"verdict": self._verdict} if self._verdict else {},
        }

    def _where(self, state: RobotState) -> NDArray[np.float64]:
        return self.robot.kinematics.pose(state.positions)[0]


def _check(robot: str, port: str, camera: str | Camera, observation: str, rule: TimeRule) -> None:
    """Raise InvalidOption for what a robot cannot be operated with."""
    if not robot:
        raise InvalidOption('robot="": name a robot (helmsight list robots) or a .toml file')
    if not port:
        raise InvalidOption('port="": give its serial port (helmsight devices)')
    if not camera:
        raise InvalidOption(
            'camera="": give a camera (0, an address, a file, mujoco:MODEL.xml?camera=NAME), or '
            '"none" for a robot that is operated without one'
        )
    if camera == NONE and "frame" in observation:
        raise InvalidOption(
            f'camera="none" shows no pictures and observation={observation!r} has some; '
            'use observation="telemetry" or give a camera'
        )
    if rule.kind != "realtime":
        raise InvalidOption(f'time="{rule}": a robot runs by the wall clock; use time="realtime"')


def _checked_size(size: tuple[int, int]) -> tuple[int, int]:
    if len(size) != 2 or not all(isinstance(side, int) and 16 <= side <= 4096 for side in size):
        raise InvalidOption(f"size={size!r}: expected width and height, 16 to 4096 pixels")
    return size[0], size[1]


def _check_well(state: RobotState, name: str) -> None:
    """Raise DeviceAlarm for a robot that stands in alarm before anything was asked of it."""
    if state.mode is Mode.alarm:
        faults = "; ".join(state.faults) or "it does not say why"
        raise DeviceAlarm(
            f"{name} is in alarm ({faults}): see helmsight doctor; a machine that only has to find "
            "its reference switches can be homed first (home, --home)"
        )
