"""A robot whose failures are written down and answered: a hold, or a stop that insists."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager

from helmsight.hardware.errors import (
    CameraUnavailable,
    CommandRefused,
    DeviceAlarm,
    FrameRefused,
    HardwareError,
    LinkLost,
    NoReply,
    NotConnected,
    RobotStopped,
    TargetRefused,
)
from helmsight.hardware.kinematics import Kinematics
from helmsight.hardware.link import SerialLink
from helmsight.hardware.robot import Motion, Robot, RobotState, StopReport
from helmsight.hardware.spec import RobotSpec
from helmsight.hardware.supervision.interventions import Intervention, Journal, Rule
from helmsight.hardware.supervision.stopping import insist

RULES: tuple[tuple[type[HardwareError], Rule], ...] = (
    (TargetRefused, Rule.refused),
    (CameraUnavailable, Rule.stale_frame),
    (RobotStopped, Rule.stop),
    (LinkLost, Rule.link),
    (NoReply, Rule.reply),
    (CommandRefused, Rule.device),
    (DeviceAlarm, Rule.device),
)


def _rule_of(error: HardwareError) -> Rule | None:
    if isinstance(error, FrameRefused):
        return Rule(f"{error.kind}_frame")
    return next((rule for kind, rule in RULES if isinstance(error, kind)), None)


BACK = "the link was lost and is back; the robot was held"


class Guarded:
    """What of a supervised robot any thread may use: reading, holding, stopping.

    spec: the description, with the limits that are in force. insist_s: s, of a stop.
    """

    def __init__(self, robot: Robot, spec: RobotSpec, journal: Journal, insist_s: float) -> None:
        self.robot = robot
        self.spec = spec
        self.journal = journal
        self._insist_s = insist_s

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
    def events(self) -> tuple[Intervention, ...]:
        """The last interventions, oldest first."""
        return self.journal.events

    def feedback(self) -> str:
        """Return what was done since this was last asked, in plain words; "" for nothing."""
        return self.journal.feedback()

    def state(self) -> RobotState:
        """Return a fresh reading. Raises as Robot.state; a link that is lost stops the robot."""
        with self._told():
            before = self.link.counters.reconnects
            try:
                reading = self.robot.state()
            except NoReply:
                if not self.is_stopped:
                    raise
                reading = self.robot.state()  # a stop went first; it is through now
            if self.link.counters.reconnects > before:
                self.journal.note(Rule.link, f"{BACK} meanwhile")
            return reading

    def hold(self) -> None:
        """End motion now, energised. Raises as Robot.hold; a link that is lost stops the robot."""
        with self._told():
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

    @contextmanager
    def _told(self, motion: Motion | None = None) -> Iterator[None]:
        """Write down what goes wrong inside, and do what each kind of failure asks for."""
        try:
            yield
        except HardwareError as error:
            if motion is not None and isinstance(error, NoReply) and self.is_stopped:
                raise RobotStopped(
                    f"{self.spec.name} was stopped in the middle of a move"
                ) from error
            rule = _rule_of(error)
            if rule is not None:
                self.journal.note(rule, str(error), motion)
            if isinstance(error, TargetRefused | FrameRefused | CameraUnavailable):
                self._hold()
            elif isinstance(error, LinkLost) and error.halts:  # else it is back, and was held
                self.stop("the link was lost")
            raise

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
