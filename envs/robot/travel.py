"""A robot's way to a place, waited for, as a loop that lives."""

from __future__ import annotations

import time
from collections.abc import Sequence

from helmsight.envs.robot.news import News
from helmsight.hardware.motion import RobotState
from helmsight.hardware.supervisor import Supervisor

PATIENCE_S = 30.0  # that a far target may take at least
BEAT_S = 0.02


class Travel:
    """Brings one robot to places, in the loop's own thread.

    Every step shows the supervisor's watchdog that the loop lives; what waits for motion to end
    feeds it with steps that rise. After the last step nothing does: a pilot that thinks for longer
    is held, as the watchdog has it.
    """

    def __init__(self, robot: Supervisor, news: News) -> None:
        self._robot, self._news = robot, news
        self._beats = 0

    def settle(self, within_s: float) -> RobotState:
        """Wait until the robot stands, `within_s` at most, and return the last reading."""
        deadline = time.monotonic() + within_s
        while True:
            state = self._robot.state()
            self._news.resting = state.standing
            if state.standing or time.monotonic() >= deadline:
                return state
            self._beat(BEAT_S)

    def reach(self, goal: Sequence[float | None], tool: bool | None = None) -> RobotState:
        """Go to a place a joint, rad or m, None for one that stays; return the state there.

        Raises:
            HardwareError: as Supervisor.reach.
        """
        self._news.resting, self._news.stepwise = False, True
        here = self.here()
        places = tuple(at if place is None else place for at, place in zip(here, goal, strict=True))
        longest = max(
            abs(place - at) / joint.speed
            for joint, at, place in zip(self._robot.spec.joint, here, places, strict=True)
        )
        return self._robot.reach(places, max(PATIENCE_S, 4.0 * longest), tool=tool)

    def here(self) -> tuple[float, ...]:
        """Return where the joints are, less what a reading is beyond a limit by its own noise."""
        pairs = zip(self._robot.spec.joint, self._robot.state().positions, strict=True)
        return tuple(min(joint.upper, max(joint.lower, at)) for joint, at in pairs)

    def _wait(self, until: float) -> None:
        """Let a motion go on until a moment (time.monotonic()), as a loop that lives."""
        while (left := until - time.monotonic()) > 0.0:
            self._beat(min(BEAT_S, left))

    def _beat(self, seconds: float) -> None:
        """Show that the loop lives while it waits for motion to end."""
        self._beats += 1
        self._robot.feed(self._beats)
        time.sleep(seconds)
