"""What all worlds of robots have in common: a command is carried out, waited for, and looked at."""

from __future__ import annotations

import threading
from abc import abstractmethod
from contextlib import AbstractContextManager, nullcontext
from typing import Any, Generic, TypeVar

import gymnasium as gym
from numpy.typing import NDArray

from helmsight.contract.clock import Clock
from helmsight.contract.command import Command
from helmsight.contract.observation import Observation, ObservationMode
from helmsight.contract.task import Task
from helmsight.envs.errors import EpisodeOver
from helmsight.envs.robot.account import Account
from helmsight.envs.robot.ending import Ending
from helmsight.envs.robot.eyes import Blindfold, Eyes, Glance, Size, dark
from helmsight.envs.robot.news import News
from helmsight.envs.robot.travel import Travel
from helmsight.hardware.errors import HardwareError
from helmsight.hardware.supervision.stopping import on_signals
from helmsight.hardware.supervisor import Supervisor

Kind = TypeVar("Kind", bound=Command)


class RobotWorld(gym.Env[dict[str, Any], dict[str, Any]], Generic[Kind]):
    """A world with a robot and a camera; what can be asked of it, and what it tells, is its own.

    What a robot's supervisor cut, refused or held comes back as `info["notes"]`, in words. A
    picture that is stale, frozen or black is handed out dark, and `info["refused"]` says why. What
    the run cannot go on from is in `info["failed"]`, with every robot stopped.
    """

    metadata = {"render_modes": ["rgb_array"], "render_fps": 2}  # noqa: RUF012  as in gym.Env
    task: Task
    clock: Clock
    observation_mode: ObservationMode
    robot: Supervisor
    eyes: Eyes | Blindfold
    news: News
    _kind: type[Kind]
    _account: Account
    _travel: Travel
    _ending: Ending

    def __init__(self, size: Size, settle_s: float, render_mode: str | None) -> None:
        self.render_mode = render_mode
        self._size, self._settle_s = size, settle_s
        self._running, self._glance = False, Glance(dark(size))

    # -- what a world does and tells ----------------------------------------------------------

    @abstractmethod
    def _command(self, action: dict[str, Any]) -> Kind:
        """Return the command that a gymnasium action stands for."""

    @abstractmethod
    def _carry_out(self, command: Kind) -> dict[str, Any]:
        """Do what a command says and return what was really applied, as a command."""

    @abstractmethod
    def _instead(self, before: tuple[float, ...]) -> dict[str, Any]:
        """Return what became of a command that failed; before: where the joints were."""

    @abstractmethod
    def _shown(self) -> NDArray[Any]:
        """Return the telemetry."""

    def _told(self) -> dict[str, Any]:
        """Return what `info` holds of the run."""
        return self._account.told()

    # -- an episode ---------------------------------------------------------------------------

    def step(self, action: dict[str, Any]) -> tuple[Observation, float, bool, bool, dict[str, Any]]:
        """Carry out a command, wait until it is over, and look again.

        Raises:
            EpisodeOver: the episode is over or has not begun.
            KeyboardInterrupt: a person stopped the robot meanwhile.
        """
        if not self._running:
            raise EpisodeOver("the episode is over or has not begun; call reset() first")
        command = self._command(action)
        lag = self.clock.lag()
        applied: dict[str, Any] | None = None
        failed, before = None, self._account.state.positions
        try:
            applied = self._carry_out(command)
        except HardwareError as error:
            failed = self._ending.answered(error)
        observation, info = self._seen(lag, applied, failed)
        if applied is None:
            info["applied"] = self._instead(before)
        done = self._account.done
        self._running = not done and "failed" not in info
        return observation, 0.0, done, False, info

    def render(self) -> NDArray[Any] | None:
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
        """Stop every robot, from any thread. `interrupts`: a KeyboardInterrupt follows at once.

        Raises:
            StopUnconfirmed: said aloud as well.
        """
        self._ending.stop(reason, interrupts=interrupts)

    def halt(self, reason: str) -> dict[str, Any]:
        """Stop every robot at the end of a run and return what the devices said of it."""
        self._running = False
        return self._ending.halt()

    def on_signals(self) -> AbstractContextManager[None]:
        """Return a context in which Ctrl-C and SIGTERM stop the robots, on the main thread."""
        if threading.current_thread() is not threading.main_thread():
            return nullcontext()
        return on_signals(self.stop)

    # -- what is seen -------------------------------------------------------------------------

    def _first(self) -> tuple[Observation, dict[str, Any]]:
        """Return the first observation of an episode, which is under way from now on.

        Raises:
            HardwareError: what keeps it from beginning.
        """
        observation, info = self._seen(0.0, self._kind.null().model_dump(), None)
        if "failed" in info:
            raise info["failed"]
        self._running = True
        return observation, info

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
        observation: Observation = {"frame": self._glance.pixels, "telemetry": self._shown()}
        info = {"lag": lag, "applied": applied, **self._told()}
        if refused:
            info["refused"] = refused
        if failed is not None:
            info["failed"] = failed
        self.clock.observed()
        return {key: observation[key] for key in self.observation_mode.split("+")}, info

    def _look(self) -> None:
        """Read the robot and take a picture that is newer than the reading."""
        state = self._travel.settle(self._settle_s)
        self._glance = self.eyes.look(state.stamp_s)
        if self._glance.refused:
            self.robot.hold()
        self._account.read(state)
