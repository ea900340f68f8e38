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
from helmsight.hardware.errors import (
    CameraUnavailable,
    FrameRefused,
    HardwareError,
    LinkLost,
    LinkRecovered,
    NoReply,
    NotConnected,
    RobotStopped,
    StopUnconfirmed,
    TargetRefused,
)
from helmsight.hardware.kinematics import Kinematics
from helmsight.hardware.link import SerialLink
from helmsight.hardware.robot import JointTargets, Motion, Robot, RobotState, Sent, StopReport
from helmsight.hardware.spec import RobotSpec
from helmsight.hardware.supervision.envelope import Envelope
from helmsight.hardware.supervision.frame_check import FrameCheck, FrameSource
from helmsight.hardware.supervision.interventions import (
    Intervention,
    Journal,
    Listener,
    Rule,
    rule_of,
)
from helmsight.hardware.supervision.limit_overrides import LimitOverrides
from helmsight.hardware.supervision.reaching import reach
from helmsight.hardware.supervision.stopping import (
    added_to,
    insist,
    on_signals,
    uninterrupted,
)
from helmsight.hardware.supervision.watchdog import LONGEST_S, Watchdog

# Cuts that every step of a long way has: they are not news.
AT_EVERY_STEP = frozenset({Rule.step, Rule.speed, Rule.acceleration, Rule.tool_speed})
BACK = "the link was lost and is back; the robot was held"


def supervised(
    robot: str | Path | RobotSpec, port: str, camera: FrameSource | None = None, **options: Any
) -> Supervisor:
    """Return the robot of a description under a supervisor, not yet connected.

    options: of `Supervisor`. Raises as `make_robot` and `Supervisor`.
    """
    return Supervisor(make_robot(robot, port), camera=camera, **options)


class Supervisor:
    """A robot that is kept within its limits, watched and stopped; same contract as `Robot`.

    One thread, the loop's, moves and feeds; any thread may read, hold and stop. `spec` is the
    description with the limits that are in force.

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
        clock: Callable[[], float] = lambda: time.monotonic(),  # looked up when called
    ) -> None:
        if not 0.0 < insist_s < math.inf:
            raise InvalidOption(f"insist_s {insist_s}: expected seconds above 0")
        self.robot = robot
        self.envelope = Envelope(robot.spec, robot.kinematics, limits)
        self.spec = self.envelope.spec
        self.journal = Journal(listeners, clock)
        self.watchdog = Watchdog(watchdog_s, self._hold_silent_robot, clock)
        self._frame_check = FrameCheck(camera, max_age_s, clock)
        self._insist_s = insist_s
        self._lock = threading.RLock()  # of moving and holding; a stop never waits for it
        self._signalled: list[threading.Thread] = []  # stops that a signal has begun
        self._told_hold = ""  # the hold at the machine that stands in the journal

    @property
    def kinematics(self) -> Kinematics:
        """The kinematics of the robot."""
        return self.robot.kinematics

    @property
    def link(self) -> SerialLink:
        """The robot's link, for its counters."""
        return self.robot.link

    @property
    def is_stopped(self) -> bool:
        """Whether `stop` was called and `reset` was not."""
        return self.robot.is_stopped

    @property
    def held_at_machine(self) -> str:
        """What a person or another program holds the machine by; "" for nothing."""
        return self.robot.held_at_machine

    @property
    def events(self) -> tuple[Intervention, ...]:
        """The last interventions, oldest first."""
        return self.journal.events

    def feedback(self) -> str:
        """Return what was done since the last call, in plain words; "" for nothing."""
        return self.journal.feedback()

    # -- the loop's thread ------------------------------------------------------------------------

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
        with self._answering_failures(goal := JointTargets(tuple(targets), tool=tool)):
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

    def home(self) -> RobotState:
        """Drive to the reference switches and return the state there. It MOVES.

        The device does it by itself, at its own homing speed, within its own time: the limits and
        the workspace do not bound it, and the watchdog rests until the next move. Any thread may
        stop it.

        Raises:
            WrongThread: the loop runs in another thread.
            HardwareError: as Robot.home; a link that is lost stops the robot.
        """
        self.watchdog.rest()
        with self._lock, self._answering_failures():
            return self.robot.home()

    def feed(self, step: int) -> bool:
        """Show that the loop lives without moving; `step` must go up, else it does not count.

        Raises:
            WrongThread: the loop runs in another thread.
        """
        return self.watchdog.feed(step)

    def _move(
        self, motion: Motion, seen_at: float | None = None, quiet: frozenset[Rule] = frozenset()
    ) -> Sent:
        """Send what is allowed of `motion`; cuts by a rule in `quiet` are not written down."""
        self.watchdog.claim()
        with self._lock, self._answering_failures(motion):
            self._frame_check.check(seen_at)
            reconnects = self.link.counters.reconnects
            state = self.robot.state()
            # The pilot decided before the link was lost: the robot has been held since, and is
            # not where the pilot saw it.
            if self.link.counters.reconnects > reconnects:
                raise LinkRecovered(f"{BACK}, nothing was sent: look again before the next move")
            bounded, shape_cuts = self.envelope.bounded(motion)
            wish = self.robot.resolve(bounded, state)
            allowed, limit_cuts = self.envelope.apply(state, wish)
            # the place of a tool joint is among the positions: the bit would override its limits
            joint = self.spec.tool.kind == "joint"
            sent = self.robot.move(replace(allowed, tool=None) if joint else allowed)
            self.watchdog.fed()
        cuts = (*shape_cuts, *limit_cuts)
        for cut in cuts:
            if cut.rule not in quiet:
                self.journal.note(cut.rule, cut.text, motion, allowed)
        return replace(sent, tool=wish.tool, notes=(*sent.notes, *(cut.text for cut in cuts)))

    # -- any thread -------------------------------------------------------------------------------

    def state(self) -> RobotState:
        """Return a fresh reading. Raises as Robot.state; a link that is lost stops the robot."""
        with self._answering_failures():
            reconnects = self.link.counters.reconnects
            try:
                reading = self.robot.state()
            except NoReply:
                if not self.is_stopped:
                    raise
                # A stop interrupted the reading and is over now: the bus is free again.
                reading = self.robot.state()
            if self.link.counters.reconnects > reconnects:
                self.journal.note(Rule.link, f"{BACK} meanwhile")
            self._tell_machine_hold()
            return reading

    def hold(self) -> None:
        """End motion now, energised. Raises as Robot.hold; a link that is lost stops the robot."""
        with self._answering_failures():
            self.robot.hold()

    def stop(
        self, reason: str = "asked", *, within_s: float = 1.0, insist_s: float | None = None
    ) -> StopReport:
        """Emergency stop, from any thread: repeated until the device's read-back confirms it.

        within_s: of one round. insist_s: of all rounds; default: the supervisor's.

        Raises:
            StopUnconfirmed: not confirmed; this was also said on standard error, each round.
        """
        if not self.robot.is_connected:
            raise NotConnected(f"{self.spec.name} is not connected: there is nothing to stop")
        insist_s = self._insist_s if insist_s is None else insist_s
        return insist(self.robot, self.journal, reason, within_s, insist_s)

    def reset(self) -> RobotState:
        """Leave a stop, without moving; the next thread that moves is the loop's."""
        with self._answering_failures():
            state = self.robot.reset()
        self.watchdog.release()
        return state

    # -- the end ----------------------------------------------------------------------------------

    def close(self, *, release: bool | None = None) -> None:
        """End the watch, hold, release as described, close the port. As Robot.close.

        A stop that a signal has begun comes to its end before.
        """
        self.watchdog.close()
        self._await_signalled()
        self.robot.close(release=release)

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
        return on_signals(self.stop, self._signalled)

    def _await_signalled(self) -> None:
        for thread in self._signalled:
            if thread is not threading.current_thread():  # a listener that closes
                thread.join()

    def _leave(self, error: BaseException | None) -> None:
        """Stop if an error leads out, then close; what fails here is added to that error."""
        if error is None:
            self.close()
            return
        self._await_signalled()
        unconfirmed = isinstance(error, StopUnconfirmed)
        reason = "once more" if unconfirmed else f"{type(error).__name__}: {error}"
        if unconfirmed or not self.is_stopped:
            with added_to(error):
                self.stop(reason)
        with added_to(error):
            self.close()

    # -- what failures are answered with ----------------------------------------------------------

    @contextmanager
    def _answering_failures(self, motion: Motion | None = None) -> Iterator[None]:
        """Write down what fails inside, hold or stop as its kind asks for, and raise it again.

        A pilot that moves on what it cannot see, or asks for nonsense, is held. A lost link is
        stopped, which goes on trying until it is back; one that is back already was held by the
        robot itself.
        """
        try:
            yield
        except HardwareError as error:
            if motion is not None and isinstance(error, NoReply) and self.is_stopped:
                # The stop made the move give up: the reason, not the symptom, is raised.
                why = f": {self.robot.stopped_for}" if self.robot.stopped_for else ""
                raise RobotStopped(
                    f"{self.spec.name} was stopped in the middle of a move{why}"
                ) from error
            rule = rule_of(error)
            if rule is not None:
                self.journal.note(rule, str(error), motion)
            if rule is Rule.machine:
                self._told_hold = self.robot.held_at_machine
            if isinstance(error, TargetRefused | FrameRefused | CameraUnavailable):
                self._hold()
            elif isinstance(error, LinkLost) and error.halts:
                self.stop("the link was lost")
            raise

    def _tell_machine_hold(self) -> None:
        """Write down, once, that a reading found the robot held at the machine."""
        held = self.robot.held_at_machine
        if held and held != self._told_hold:
            self.journal.note(Rule.machine, f"{self.spec.name} is {held}")
        self._told_hold = held

    def _hold(self) -> None:
        """Hold the robot unless it is stopped; stop it where that fails."""
        if self.is_stopped:
            return
        try:
            self.robot.hold()
        except NotConnected:
            raise
        except Exception as error:  # whatever a driver lets through
            self.stop(f"it could not be held: {error}")

    def _hold_silent_robot(self) -> None:
        """Hold a robot whose loop is silent. In the watchdog's thread."""
        with self._lock:
            # A move that was in flight has fed the watchdog by now: all is asked once more.
            silence = self.watchdog.silence_s
            if silence is None or not self.watchdog.overdue or self.is_stopped:
                return
            self.journal.note(
                Rule.watchdog,
                f"the robot was held: no new command for {silence:.2f} s; the next move goes on",
            )
            with suppress(StopUnconfirmed, NotConnected):  # said aloud already, or closed
                self._hold()
