"""The supervisor between every pilot and every robot. It is on wherever a robot is moved.

Nothing here is safety-rated: keep a switch in the motors' supply within reach.
"""

from __future__ import annotations

import math
import threading
import time
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from contextlib import AbstractContextManager, contextmanager, suppress
from dataclasses import replace
from pathlib import Path
from types import TracebackType
from typing import Any, Self

from helmsight.contract.errors import InvalidOption
from helmsight.hardware.drivers import make_robot
from helmsight.hardware.errors import HardwareError, LinkRecovered, NotConnected, StopUnconfirmed
from helmsight.hardware.robot import JointTargets, Motion, Robot, RobotState, Sent
from helmsight.hardware.spec import RobotSpec
from helmsight.hardware.supervision.envelope import Envelope
from helmsight.hardware.supervision.frame_check import FrameCheck, FrameSource
from helmsight.hardware.supervision.guarded import BACK, Guarded
from helmsight.hardware.supervision.interventions import Journal, Listener, Rule
from helmsight.hardware.supervision.limit_overrides import LimitOverrides
from helmsight.hardware.supervision.reaching import reach
from helmsight.hardware.supervision.stopping import on_signals, uninterrupted
from helmsight.hardware.supervision.watchdog import LONGEST_S, Watchdog

AT_EVERY_STEP = frozenset({Rule.step, Rule.speed, Rule.acceleration, Rule.tool_speed})


def supervised(
    robot: str | Path | RobotSpec, port: str, camera: FrameSource | None = None, **options: Any
) -> Supervisor:
    """Return the robot of a description under a supervisor, not yet connected.

    options: of `Supervisor`. Raises as `make_robot` and `Supervisor`.
    """
    return Supervisor(make_robot(robot, port), camera=camera, **options)


class Supervisor(Guarded):
    """A robot that is kept within its limits, watched and stopped; same contract as `Robot`.

    One thread, the loop's, moves and feeds; any thread may read, hold and stop.

    limits: tighter ones than the description's (`LimitOverrides`, or its fields).
    camera: checked before every move. max_age_s: how old the frame that a move was decided on may
    be. watchdog_s: 0.5 s or less. insist_s: how long a stop is repeated until it is confirmed.
    listeners: called with every `Intervention`, from whatever thread it happens in.

    Raises:
        InvalidOption: a limit that is not tighter, a time that is not above 0.
    """

    def __init__(
        self,
        robot: Robot,
        *,
        limits: LimitOverrides | Mapping[str, object] | None = None,
        camera: FrameSource | None = None,
        watchdog_s: float = LONGEST_S,
        max_age_s: float = 1.0,
        insist_s: float = 5.0,
        listeners: Iterable[Listener] = (),
        clock: Callable[[], float] = time.monotonic,
    ) -> None:
        if not 0.0 < insist_s < math.inf:
            raise InvalidOption(f"insist_s {insist_s}: expected seconds above 0")
        self.envelope = Envelope(robot.spec, robot.kinematics, limits)
        super().__init__(robot, self.envelope.spec, Journal(listeners, clock), insist_s)
        self.watchdog = Watchdog(watchdog_s, self._bite, clock)
        self._lookout = FrameCheck(camera, max_age_s, clock)
        self._lock = threading.RLock()  # of moving and holding; a stop never waits for it

    def connect(self) -> RobotState:
        """Connect the robot and begin to watch. Raises as Robot.connect."""
        state = self.robot.connect()
        self.watchdog.start()
        return state

    def move(self, motion: Motion, seen_at: float | None = None) -> Sent:
        """Start what the limits allow of `motion` and return what was really sent.

        After a hold by the watchdog a move goes on as if it had not been; after a stop only
        `reset` does. seen_at: stamp (s) of the frame that the motion was decided on.

        Raises:
            TargetRefused: malformed or not finite; the robot holds.
            FrameRefused: the newest frame is stale, frozen or black, or the one that was decided
                on is too old; the robot holds.
            WrongThread: the loop runs in another thread.
            HardwareError: as Robot.move; a link that is lost stops the robot.
        """
        return self._move(motion, seen_at)

    def reach(
        self, targets: Sequence[float], timeout_s: float = 30.0, *, tool: bool | None = None
    ) -> RobotState:
        """Go to joint positions however far, in supervised steps; return the state there.

        This is the loop while it lasts. Whatever ends it early, Ctrl-C too, the robot holds.

        Raises:
            NotReached: not in time, or a limit or an obstacle bars the way; with what bars it.
            HardwareError: as `move`.
        """
        with self._told(goal := JointTargets(tuple(targets), tool=tool)):
            self.envelope.bounded(goal)
        try:
            return reach(
                self.spec,
                self.robot.resolve(goal).positions,
                timeout_s,
                state=self.state,
                step=lambda wish: self._move(wish, quiet=AT_EVERY_STEP),
                wait=self.watchdog.fed,
            )
        except BaseException:
            uninterrupted(self._hold)
            raise

    def feed(self, step: int) -> bool:
        """Show that the loop lives without moving; `step` must go up, else it does not count.

        Raises:
            WrongThread: the loop runs in another thread.
        """
        return self.watchdog.feed(step)

    def reset(self) -> RobotState:
        """Leave a stop, without moving; the next thread that moves is the loop's."""
        with self._told():
            state = self.robot.reset()
        self.watchdog.release()
        return state

    def close(self) -> None:
        """End the watch, hold, release as described, close the port. Raises as Robot.close."""
        self.watchdog.close()
        self.robot.close()

    def __enter__(self) -> Self:
        self.connect()
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        """Close; after an exception stop first. Neither is cut short by another Ctrl-C."""
        uninterrupted(lambda: self._leave(error))

    def on_signals(self) -> AbstractContextManager[None]:
        """Return a context in which SIGINT and SIGTERM stop the robot; see supervision.stopping."""
        return on_signals(self.stop)

    def _leave(self, error: BaseException | None) -> None:
        """Stop if an error leads out, then close; what fails here is added to that error."""
        if error is None:
            self.close()
            return
        unconfirmed = isinstance(error, StopUnconfirmed)
        reason = "once more" if unconfirmed else f"{type(error).__name__}: {error}"
        if unconfirmed or not self.is_stopped:
            with _added_to(error):
                self.stop(reason)
        with _added_to(error):
            self.close()

    def _move(
        self, motion: Motion, seen_at: float | None = None, quiet: frozenset[Rule] = frozenset()
    ) -> Sent:
        """Send what is allowed of `motion`; cuts by a rule in `quiet` are not told."""
        self.watchdog.claim()
        with self._lock, self._told(motion):
            self._lookout.check(seen_at)
            before = self.link.counters.reconnects
            state = self.robot.state()
            if self.link.counters.reconnects > before:
                raise LinkRecovered(f"{BACK}, nothing was sent: look again before the next move")
            bounded, cuts = self.envelope.bounded(motion)
            wish = self.robot.resolve(bounded, state)
            allowed, more = self.envelope.apply(state, wish)
            # the place of a tool joint is among the positions: the bit would override its limits
            joint = self.spec.tool.kind == "joint"
            sent = self.robot.move(replace(allowed, tool=None) if joint else allowed)
            self.watchdog.fed()
        told = [cut for cut in (*cuts, *more) if cut.rule not in quiet]
        for cut in told:
            self.journal.note(cut.rule, cut.text, motion, allowed)
        notes = (*sent.notes, *(cut.text for cut in (*cuts, *more)))
        return replace(sent, tool=wish.tool, notes=notes)

    def _bite(self) -> None:
        """Hold a robot whose loop is silent. In the watchdog's thread."""
        with self._lock:  # a move in flight is a sign of life once it is through
            silence = self.watchdog.silence_s
            if silence is None or not self.watchdog.overdue or self.is_stopped:
                return
            self.journal.note(
                Rule.watchdog,
                f"the robot was held: no new command for {silence:.2f} s; the next move goes on",
            )
            with suppress(StopUnconfirmed, NotConnected):  # said aloud already, or closed
                self._hold()


@contextmanager
def _added_to(error: BaseException) -> Iterator[None]:
    """Add what fails inside to `error` instead of raising it in its place."""
    try:
        yield
    except HardwareError as failed:
        error.add_note(str(failed))
