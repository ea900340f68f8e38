"""The robot contract: connect, state, move, hold, stop, close. SI units and radians throughout.

A driver subclasses `Robot` and fills in the underscored methods. What every robot owes its user is
here, once: checks before the wire, and a stop that counts only when it is read back. Turns on the
bus, retries and reconnection are the work of its `BusSession`.
"""

from __future__ import annotations

import math
import threading
import time
from abc import ABC, abstractmethod
from collections.abc import Callable
from contextlib import suppress
from dataclasses import replace
from functools import cached_property
from typing import TYPE_CHECKING, ClassVar, Self, TypeVar

from helmsight.hardware.bus_session import ATTEMPTS, BusSession
from helmsight.hardware.errors import (
    CommandRefused,
    HardwareError,
    HeldAtMachine,
    LinkLost,
    NoReply,
    NotConnected,
    RobotStopped,
    StopUnconfirmed,
    TargetRefused,
)
from helmsight.hardware.link import SerialLink
from helmsight.hardware.motion import (
    STANDSTILL,
    JointTargets,
    Mode,
    Motion,
    RobotState,
    Sent,
    StopReport,
    Twist,
    check_targets,
)
from helmsight.hardware.shared_stop import SharedStop
from helmsight.hardware.spec import RobotSpec

if TYPE_CHECKING:
    from helmsight.hardware.kinematics import Kinematics

__all__ = [
    "STANDSTILL",
    "JointTargets",
    "Mode",
    "Motion",
    "Robot",
    "RobotState",
    "Sent",
    "StopReport",
    "Twist",
]


Result = TypeVar("Result")
POLL_S = 0.002  # between two readings of a robot that comes to rest
PAUSE_S, LONGEST_PAUSE_S = 0.005, 0.04  # between two attempts to stop, doubled each time


class Robot(ABC):
    """A robot behind a serial port; one thread may move it while another holds or stops it.

    watchdog_s: seconds after which the device itself ends its motion when it hears nothing more;
    None where its protocol has no such thing (then only `limits.horizon_s` bounds the motion).
    firmware: what the device calls itself, once connected; "" where it does not tell.
    """

    watchdog_s: ClassVar[float | None] = None
    firmware: str = ""

    def __init__(self, spec: RobotSpec, port: str) -> None:
        self.spec = spec
        self._session = BusSession(SerialLink(port, spec.port.baud), spec.port.reconnect_s)
        self._stops = SharedStop(self._session)
        self._connected = False
        self._stopped = threading.Event()
        self.stopped_for = ""  # why it was stopped, from whoever stopped it, until `reset`
        self._homing = threading.Event()  # from `home` until it is over, however that ends
        self._machine_hold = ""  # what holds the machine there, in words, until `reset`
        self._gave_torque = False  # by this driver, since it connected, released or was reset
        self._grip: float | None = None  # goal of the tool joint, rad or m, while one is in force

    @property
    def link(self) -> SerialLink:
        """The serial link, with its counters."""
        return self._session.link

    # -- the contract -----------------------------------------------------------------------

    def connect(self) -> RobotState:
        """Open the port, see that the right device answers, and return its state.

        Nothing moves. Idempotent.

        Raises:
            PortUnavailable, WrongProtocol, SetupNeeded: what was seen, expected, and the fix.
        """
        with self._session.turn():
            if not self._connected:
                try:
                    self.link.open()
                    self._handshake()
                except BaseException:
                    self.link.close()
                    raise
                self._connected = True
            return self.state()

    def state(self) -> RobotState:
        """Return a fresh reading. Reconnects when the link was lost.

        Raises:
            NoReply: no whole answer after three attempts. LinkLost: the port did not come back.
        """
        with self._session.turn():
            state = self._run(self._read_state, again=True)[0]
            if not self._machine_hold:
                return state
            standing = state.mode in (Mode.ready, Mode.held)
            return replace(
                state,
                mode=Mode.stopped if standing else state.mode,
                faults=(self._machine_hold, *state.faults),
            )

    def move(self, motion: Motion) -> Sent:
        """Start a motion and return what was sent, once the device has acknowledged it.

        Targets on the wire are absolute, so an unanswered command may be sent again without
        moving the robot twice.

        Raises:
            TargetRefused: not finite or out of limits; nothing was sent.
            RobotStopped: after `stop`, until `reset`.
            HeldAtMachine: a person or another program holds the machine; until `reset`.
            CommandRefused, DeviceAlarm: the device's own no.
            NoReply: not acknowledged after three attempts; it may or may not have been carried out.
            LinkRecovered: the link was lost meanwhile and is back, the robot was held; look again.
        """
        with self._session.turn():
            self._usable()
            targets = self.resolve(motion)
            self.check(targets)
            duration = targets.duration_s or self.spec.limits.horizon_s
            targets = replace(targets, duration_s=duration)
            sent, attempts = self._run(lambda: self._send(targets), again=False)
            if self.spec.tool.kind == "joint":
                self._grip = targets.positions[self.spec.names.index(self.spec.tool.joint)]
            return replace(sent, attempts=attempts)

    def home(self) -> RobotState:
        """Drive to the reference switches, so that the position is known; return the state.

        It MOVES, by the device's own program: neither limits nor workspace of the description
        bound it. Stopping and holding end it from any thread, everything else waits until it is
        over. Whatever ends it early, an interrupt too, the robot is held.

        Raises:
            CommandRefused: this robot has no homing.
            RobotStopped: stopped or held, before or meanwhile. HeldAtMachine: as `move`.
            NoReply: not home in the time that the description allows. DeviceAlarm: the device's.
        """
        with self._session.turn():
            self._usable()
            if not self.can_home:
                raise CommandRefused(f"{self.spec.name} has no homing: nothing was moved")
            self._grip = None
            self._homing.set()
            try:
                self._session.run(self._send_home, self._recover, again=False)
            except BaseException as error:
                if not (self.is_stopped or self._session.stop_pending()):
                    with suppress(HardwareError):
                        self._session.retried(self._send_hold)
                elif isinstance(error, HardwareError):  # whoever stops it ends the motion, too
                    raise RobotStopped(f"{self.spec.name} was stopped while homing") from error
                raise
            finally:
                self._homing.clear()
            return self.state()

    def hold(self) -> None:
        """End motion now and stay where it is, energised. Idempotent; a later move goes on."""
        # Homing keeps its turn for long: a hold goes before it, as a stop does.
        turn = self._session.stop_turn if self._homing.is_set() else self._session.turn
        with turn():
            self._grip = None  # a hold stops the tool, too
            self._run(self._send_hold, again=True)

    def stop(self, within_s: float = 1.0) -> StopReport:
        """Emergency stop: end motion, refuse further moves until `reset`.

        Repeats until the device's own read-back confirms standstill. Threads that ask while a stop
        is under way share its report, or what it raises. A software stop is not safety-rated: keep
        a switch in the motors' supply within reach.

        Raises:
            StopUnconfirmed: not confirmed within `within_s` seconds. Cut the power.
            NotConnected: there is no link that a stop could go over.
        """
        start, deadline = time.monotonic(), self.link.now() + within_s
        self._stoppable()
        # Before the turn, which has to be waited for: whoever holds the bus sends no new move.
        self._stopped.set()
        self._cut_in()
        return self._stops.share(lambda: self._stop_until_confirmed(start, deadline, within_s / 4))

    def _stop_until_confirmed(self, start: float, deadline: float, each_s: float) -> StopReport:
        """Stop again and again; the deadline goes by the clock of the line, the report does not."""
        self._stoppable()  # it may have been closed while this waited for its turn
        self._stopped.set()  # so may a reset have come between
        self._grip = None
        attempts, last, pause = 0, "no answer", PAUSE_S
        while attempts == 0 or self.link.now() < deadline:
            attempts += 1
            try:
                self._send_stop()
                # A quarter of the time each: a stop that was lost on the way is sent again, and
                # not only waited for.
                state = self._settled(min(deadline, self.link.now() + each_s))
                if state.standing:
                    if self.spec.ending.after_stop == "release":
                        self._send_release()
                    return StopReport(state, attempts, time.monotonic() - start)
                last = f"still {state.mode} at {_largest(state.velocities):.3g} rad/s or m/s"
            except LinkLost as error:
                gone = self._session.reconnect_to_stop(self._handshake, deadline)
                last = gone or str(error)
            except HardwareError as error:
                last = str(error)
            # What fails at once would fail thousands of times a second.
            time.sleep(pause)
            pause = min(2.0 * pause, LONGEST_PAUSE_S)
        raise StopUnconfirmed(
            f"STOP NOT CONFIRMED after {attempts} attempts in {time.monotonic() - start:.2f} s: "
            f"{last}. Cut the power of {self.spec.name} now"
        )

    def reset(self) -> RobotState:
        """Leave a stop, a hold at the machine or a cleared alarm, without moving; return the state.

        Raises:
            HeldAtMachine: a door is still open, a button still pressed.
        """
        with self._session.turn():
            self._usable(stopped=True)
            self._run(self._send_reset, again=True)
            self._stopped.clear()
            self.stopped_for = ""
            self._machine_hold, self._gave_torque = "", False
            return self.state()

    def close(self, *, release: bool | None = None) -> None:
        """Hold, then release as the description's `ending` says, then close the port.

        release: whether the torque goes off, instead of what the description says.

        Every step is tried whatever became of the one before; what failed is raised at the end.

        Raises:
            HardwareError: the first thing that could not be done; an interrupt goes before it.
        """
        with self._session.turn():
            if not self._connected:
                self.link.close()
                return
            steps: list[Callable[[], object]] = [self._send_hold]
            steps.append(lambda: self._settled(self.link.now() + self.spec.limits.horizon_s))
            if self.spec.ending.on_close == "release" if release is None else release:
                steps.append(self._send_release)
            failed: list[BaseException] = []
            try:
                while steps:
                    try:
                        self._session.retried(steps[0])
                    except (KeyboardInterrupt, SystemExit) as error:
                        failed.insert(0, error)
                        # The step is begun again: no interrupt leaves the robot moving. A person
                        # who insists gets out of a step that hangs.
                        if len(failed) < ATTEMPTS:
                            continue
                    except Exception as error:
                        failed.append(error)
                    steps.pop(0)
            finally:
                self._connected = self._gave_torque = False
                self.link.close()
            if failed:
                raise failed[0]

    def __enter__(self) -> Self:
        try:
            self.connect()
        except BaseException:  # also an interrupt once the port was open: `__exit__` does not come
            with suppress(HardwareError):
                self.close()
            raise
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    # -- for supervisors and tests -----------------------------------------------------------

    @cached_property
    def kinematics(self) -> Kinematics:
        """The kinematics of the description."""
        from helmsight.hardware.kinematics import Kinematics

        return Kinematics(self.spec)

    def resolve(self, motion: Motion, state: RobotState | None = None) -> JointTargets:
        """Return `motion` as absolute joint targets, a twist from where the robot is (read now).

        A tool bit moves the tool joint where a joint is the tool; without one a twist leaves that
        joint the goal it had, so that a grip does not loosen.
        """
        if isinstance(motion, Twist):
            if not all(map(math.isfinite, (*motion.linear, *motion.angular))):
                raise TargetRefused(f"twist {motion.linear} {motion.angular} is not finite")
            here = (state or self.state()).positions
            duration = motion.duration_s or self.spec.limits.horizon_s
            positions = self.kinematics.after(here, motion.linear, motion.angular, duration)
            # The joint of a closed gripper stands where the object stopped it, short of its goal.
            # A goal read from there would let go.
            if self._grip is not None and motion.tool is None:
                positions = self.spec.with_tool(positions, self._grip)
            motion = JointTargets(positions, motion.duration_s, motion.tool)
        if motion.tool is not None and len(motion.positions) == len(self.spec.joint):
            place = self.spec.tool_target(motion.tool)
            if place is not None:
                motion = replace(motion, positions=self.spec.with_tool(motion.positions, place))
        return motion

    def check(self, targets: JointTargets) -> None:
        """Raise TargetRefused unless `targets` are whole, finite and within the joint limits."""
        check_targets(self.spec, targets)

    @property
    def is_connected(self) -> bool:
        """Whether `connect` was called and `close` was not; an unplugged one still says True."""
        return self._connected

    @property
    def is_stopped(self) -> bool:
        """Whether `stop` was called and `reset` was not."""
        return self._stopped.is_set()

    @property
    def can_home(self) -> bool:
        """Whether `home` works here: a driver that fills in `_send_home` says so."""
        return False

    @property
    def ends_homing(self) -> bool:
        """Whether a stop ends homing on its way; else only a switch in the supply does."""
        return True

    @property
    def is_homed(self) -> bool | None:
        """Whether the position is known, by the last reading; None where none needs homing."""
        return None

    @property
    def held_at_machine(self) -> str:
        """What a person or another program holds the machine by, by the last reading; "" if not.

        It stays until `reset`, also when the button was let go or the door closed meanwhile.
        """
        return self._machine_hold

    # -- what a driver fills in ---------------------------------------------------------------

    @abstractmethod
    def _handshake(self) -> None:
        """See that the right device answers and is set up; arm its watchdog. Moves nothing.

        Called at `connect` and after every reconnection. Raises WrongProtocol or SetupNeeded.
        """

    @abstractmethod
    def _read_state(self) -> RobotState:
        """Return one fresh reading. Raises NoReply, BadReply, LinkLost."""

    @abstractmethod
    def _send_hold(self) -> None:
        """End motion, stay energised."""

    @abstractmethod
    def _send(self, targets: JointTargets) -> Sent:
        """Send checked absolute targets (`duration_s` is set) and wait for the acknowledgement.

        Must be safe to send again. Raises NoReply, BadReply, CommandRefused, DeviceAlarm, LinkLost.
        """

    @abstractmethod
    def _send_stop(self) -> None:
        """End motion by the fastest way that does not drop the robot."""

    @abstractmethod
    def _send_release(self) -> None:
        """Take the torque off, motor by motor, going on past one that fails."""

    @abstractmethod
    def _send_reset(self) -> None:
        """Leave the stopped state of the device, without moving."""

    def _send_home(self) -> None:
        """Home and wait until it is over. A driver that can fills in `can_home` as well.

        It is not sent twice. `_send_hold` and `_send_stop` must end it. Raises as `_send`, and
        NoReply once it takes longer than allowed, or `stop_pending` says to give it up.
        """
        raise NotImplementedError(f"{type(self).__name__}.can_home is True")

    def _hold_at_machine(self, words: str) -> HeldAtMachine:
        """Note a hold that nobody asked of this driver and return the error for it.

        For a driver's readings: moves are refused until `reset`. words: what is seen; what was seen
        first stays.
        """
        if not self._machine_hold:
            self._machine_hold = f"held at the machine: {words}; nothing moves before reset()"
        return self._held_error()

    def _torque_taken(self, whose: str) -> HeldAtMachine:
        """Note that motors have lost the torque that this driver gave them; return the error.

        Whoever cuts the supply stops the robot: when it is back, nothing may move by itself.
        """
        return self._hold_at_machine(
            f"the torque of {whose} was taken off (supply cut, a switch, another program)"
        )

    def _held_error(self) -> HeldAtMachine:
        return HeldAtMachine(f"{self.spec.name} is {self._machine_hold}")

    def _cut_in(self) -> None:
        """End motion without waiting for the bus, where a protocol can. Called before every stop.

        Another thread may be in the middle of an exchange. Raises nothing.
        """
        return

    # -- the common part ------------------------------------------------------------------------

    def _stoppable(self) -> None:
        if not self._connected:
            raise NotConnected(f"{self.spec.name} is not connected: a stop has nowhere to go")

    def _usable(self, *, stopped: bool = False) -> None:
        """Raise unless the robot is connected and, without `stopped`, not stopped."""
        if not self._connected:
            raise NotConnected(f"{self.spec.name} is not connected: call connect() first")
        if self._stopped.is_set() and not stopped:
            why = f" ({self.stopped_for})" if self.stopped_for else ""
            raise RobotStopped(f"{self.spec.name} is stopped{why}: call reset() before it may move")
        if self._machine_hold and not stopped:
            raise self._held_error()

    def _run(self, work: Callable[[], Result], *, again: bool) -> tuple[Result, int]:
        """Return the result of `work`, retried and over a link that may be lost, and its attempts.

        again: whether `work` is done again after a reconnection; see BusSession.run.
        """
        self._usable(stopped=True)
        return self._session.run(lambda: self._session.retried(work), self._recover, again=again)

    def _recover(self) -> None:
        """Bring a device on a link that was lost back: the same device, held, read anew.

        A robot whose host was away may still be driving to an old target, so it is held first.
        """
        self._handshake()
        self._session.retried(self._send_hold)
        self._session.retried(self._read_state)

    def _settled(self, deadline: float) -> RobotState:
        """Return the first state that stands still, or the last one read before `deadline`.

        deadline: by the clock of the line.
        """
        while True:
            try:
                state = self._read_state()
            except NoReply:
                if self.link.now() >= deadline:
                    raise
                self.link.counters.retries += 1
            else:
                if state.standing or self.link.now() >= deadline:
                    return state
            time.sleep(POLL_S)


def _largest(values: tuple[float, ...]) -> float:
    return max((abs(value) for value in values), default=0.0)
