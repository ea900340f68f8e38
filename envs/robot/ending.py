"""How a robot's motion ends: by a person, by what fails, and when a run is over."""

from __future__ import annotations

import threading
import time
from contextlib import suppress
from typing import Any

from helmsight.envs.robot.news import News
from helmsight.hardware.errors import (
    HardwareError,
    NotConnected,
    RobotStopped,
    StopUnconfirmed,
)
from helmsight.hardware.supervision.stopping import uninterrupted
from helmsight.hardware.supervisor import Supervisor

INTERRUPT_S = 10.0  # that a person's interrupt may take to arrive after their stop
ONCE_MORE_S = 1.0  # for a stop that was not confirmed just now


class Ending:
    """Stops a robot, and remembers a stop that was not confirmed until the run is written down."""

    def __init__(self, robot: Supervisor, news: News) -> None:
        self._robot, self._news = robot, news
        self._interrupted = threading.Event()
        self._unconfirmed: StopUnconfirmed | None = None
        self.own = False  # whether the stop in force is that of a run which was over

    def begin(self) -> None:
        """Forget the stops of the run before.

        Raises:
            RobotStopped: somebody stopped the robot: to begin another run is no word of theirs.
        """
        if self._robot.is_stopped and not self.own:
            raise RobotStopped(
                f"{self._robot.spec.name} was stopped: look whether it may move, then call "
                "robot.reset() of this environment before the next episode"
            )
        self._interrupted.clear()
        self._unconfirmed = None

    def stop(self, reason: str, *, interrupts: bool = False) -> None:
        """Stop, from any thread. `interrupts`: a KeyboardInterrupt follows at once.

        Raises:
            StopUnconfirmed: said aloud as well.
        """
        if interrupts:
            self._interrupted.set()
        with suppress(NotConnected):  # nothing can move
            self._robot.stop(reason)

    def answered(self, error: HardwareError) -> HardwareError | None:
        """Tell of what kept a command from being done; return it if it ends the run, stopped.

        Raises:
            KeyboardInterrupt: a person stopped the robot.
        """
        if isinstance(error, RobotStopped) and self._interrupted.is_set():
            time.sleep(INTERRUPT_S)  # ends with the interrupt that is on its way
            raise KeyboardInterrupt from error
        self._news.add(str(error))
        if not error.halts:
            try:
                self._robot.hold()
                return None
            except HardwareError as worse:
                worse.__cause__, error = error, worse
                self._news.add(f"it could not be held: {worse}")
        self._stop_after(error)
        return error

    def halt(self) -> dict[str, Any]:
        """Stop at the end of a run and return what the device said of it; no interrupt cuts it."""
        said: dict[str, Any] = {}
        self.own = not self._robot.is_stopped

        def stop() -> None:
            try:
                insist_s = None if self._unconfirmed is None else ONCE_MORE_S
                report = self._robot.stop("the run is over", insist_s=insist_s)
                self._unconfirmed = None
                said["stop"] = f"confirmed by read-back after {report.seconds * 1e3:.0f} ms"
            except NotConnected:
                return
            except StopUnconfirmed as error:
                self._unconfirmed, said["stop"] = error, f"NOT CONFIRMED: {error}"

        uninterrupted(stop)
        return said

    def close(self) -> None:
        """Hold, end as the description says, close the port. Idempotent.

        Raises:
            StopUnconfirmed: the last stop of the run was not confirmed: cut the power.
        """
        unconfirmed, self._unconfirmed = self._unconfirmed, None
        try:
            uninterrupted(self._robot.close)
        except HardwareError as error:
            if unconfirmed is None:
                raise
            unconfirmed.add_note(str(error))
        if unconfirmed is not None:
            raise unconfirmed

    def _stop_after(self, error: HardwareError) -> None:
        """Stop, unless the supervisor has, or could not: the end of the run tries once more."""
        if isinstance(error, StopUnconfirmed):
            self._unconfirmed = error
            return
        if self._robot.is_stopped:
            return
        try:
            self.stop(f"{type(error).__name__}: {error}")
        except StopUnconfirmed as unconfirmed:
            self._unconfirmed = unconfirmed
            error.add_note(str(unconfirmed))
