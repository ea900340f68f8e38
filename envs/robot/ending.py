"""How the motion of robots ends: by a person, by what fails, and when a run is over."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable, Sequence
from typing import Any

from helmsight.envs.robot.news import News
from helmsight.hardware.errors import (
    HardwareError,
    NotConnected,
    RobotStopped,
    StopUnconfirmed,
)
from helmsight.hardware.motion import StopReport
from helmsight.hardware.supervision.stopping import uninterrupted
from helmsight.hardware.supervisor import Supervisor

Stops = list[tuple[Supervisor, StopReport | StopUnconfirmed]]
INTERRUPT_S = 10.0  # that a person's interrupt may take to arrive after their stop
ONCE_MORE_S = 1.0  # for a stop that was not confirmed just now


class Ending:
    """Stops the robots of a world, all at once, and remembers a stop that was not confirmed.

    It is remembered until the run is written down, and raised when the world is closed.
    """

    def __init__(self, robots: Sequence[Supervisor], news: News) -> None:
        self._robots, self._news = robots, news
        self._interrupted = threading.Event()
        self._unconfirmed: StopUnconfirmed | None = None
        self.own = False  # whether the stop in force is that of a run which was over

    def begin(self) -> None:
        """Forget the stops of the run before.

        Raises:
            RobotStopped: somebody stopped a robot: to begin another run is no word of theirs.
        """
        for robot in self._robots:
            if robot.is_stopped and not self.own:
                raise RobotStopped(
                    f"{robot.spec.name} was stopped: look whether it may move, then call "
                    "robot.reset() of this environment before the next episode"
                )
        self._interrupted.clear()
        self._unconfirmed = None

    def stop(self, reason: str, *, interrupts: bool = False) -> None:
        """Stop, from any thread. `interrupts`: a KeyboardInterrupt follows at once.

        Raises:
            StopUnconfirmed: said aloud as well.
        """
        self.own = False
        if interrupts:
            self._interrupted.set()
        for _, end in self._stopped(reason, self._robots):
            if isinstance(end, StopUnconfirmed):
                self._unconfirmed = end
                raise end

    def answered(self, error: HardwareError) -> HardwareError | None:
        """Tell of what kept a command from being done; return it if it ends the run, stopped.

        Raises:
            KeyboardInterrupt: a person stopped a robot.
        """
        if isinstance(error, RobotStopped) and self._interrupted.is_set():
            time.sleep(INTERRUPT_S)  # ends with the interrupt that is on its way
            raise KeyboardInterrupt from error
        self._news.add(str(error))
        if not error.halts:
            try:
                self.hold()
                return None
            except HardwareError as worse:
                worse.__cause__, error = error, worse
                self._news.add(f"it could not be held: {worse}")
        self._stop_after(error)
        return error

    def hold(self) -> None:
        """End motion now, energised; every robot is asked before an error of one is raised."""
        _each(self._robots, lambda robot: robot.hold())

    def halt(self) -> dict[str, Any]:
        """Stop at the end of a run and return what the devices said of it; no interrupt cuts it.

        After a stop that was not confirmed it is tried for a moment only, and not at all where the
        port is gone.
        """
        said: list[str] = []
        self.own = not any(robot.is_stopped for robot in self._robots)

        def stop() -> None:
            before, self._unconfirmed = self._unconfirmed, None
            if before is None:
                ends = self._stopped("the run is over", self._robots)
            else:
                ends = self._once_more(before)
            for robot, end in ends:
                if isinstance(end, StopUnconfirmed):
                    self._unconfirmed, told = end, f"NOT CONFIRMED: {end}"
                else:
                    told = f"confirmed by read-back after {end.seconds * 1e3:.0f} ms"
                said.append(told if len(ends) == 1 else f"{robot.spec.name}: {told}")

        uninterrupted(stop)
        return {"stop": "; ".join(said)} if said else {}

    def close(self) -> None:
        """Hold, end as the descriptions say, close the ports. Idempotent.

        Raises:
            StopUnconfirmed: the last stop of the run was not confirmed: cut the power.
        """
        unconfirmed, self._unconfirmed = self._unconfirmed, None
        try:
            uninterrupted(lambda: _each(self._robots, lambda robot: robot.close()))
        except HardwareError as error:
            if unconfirmed is None:
                raise
            unconfirmed.add_note(str(error))
        if unconfirmed is not None:
            raise unconfirmed

    def _stop_after(self, error: HardwareError) -> None:
        """Stop what the supervisor has not, or could not: the end of the run tries once more."""
        if isinstance(error, StopUnconfirmed):
            self._unconfirmed = error
        moving = [robot for robot in self._robots if not robot.is_stopped]
        for _, end in self._stopped(f"{type(error).__name__}: {error}", moving):
            if isinstance(end, StopUnconfirmed):
                self._unconfirmed = end
                error.add_note(str(end))

    def _once_more(self, before: StopUnconfirmed) -> Stops:
        """Stop after a stop that was not confirmed; what has no port keeps how that one ended."""
        there = [robot for robot in self._robots if robot.robot.link.is_there]
        gone = [robot for robot in self._robots if robot not in there]
        for robot in gone:
            before.add_note(
                f"{robot.spec.name}: not tried again at the end of the run, its port is gone"
            )
        ends = self._stopped("once more, the run is over", there, ONCE_MORE_S)
        return [*ends, *((robot, before) for robot in gone)]

    def _stopped(
        self, reason: str, robots: Sequence[Supervisor], insist_s: float | None = None
    ) -> Stops:
        """Stop robots, none of them after another; return how each stop ended, in their order.

        One that is not connected cannot move and is left out.
        """
        ends: dict[int, StopReport | StopUnconfirmed] = {}

        def stop(index: int) -> None:
            try:
                ends[index] = robots[index].stop(reason, insist_s=insist_s)
            except StopUnconfirmed as error:
                ends[index] = error
            except NotConnected:
                pass

        others = [threading.Thread(target=stop, args=(at,)) for at in range(1, len(robots))]
        for thread in others:
            thread.start()
        if robots:
            stop(0)
        for thread in others:
            thread.join()
        return [(robots[index], ends[index]) for index in sorted(ends)]


def _each(robots: Sequence[Supervisor], work: Callable[[Supervisor], None]) -> None:
    """Do `work` with every robot, then raise the first error of any, the others in its notes."""
    errors: list[HardwareError] = []
    for robot in robots:
        try:
            work(robot)
        except HardwareError as error:
            errors.append(error)
    if errors:
        for other in errors[1:]:
            errors[0].add_note(str(other))
        raise errors[0]
