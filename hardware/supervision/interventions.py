"""What a supervisor did between a pilot and a robot, kept and told."""

from __future__ import annotations

import logging
import sys
import threading
from collections import deque
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from enum import StrEnum

from helmsight.contract.foreign import printable
from helmsight.contract.printing import order
from helmsight.hardware.errors import (
    CameraUnavailable,
    CommandRefused,
    DeviceAlarm,
    FrameRefused,
    HardwareError,
    HeldAtMachine,
    LinkLost,
    NoReply,
    RobotStopped,
    TargetRefused,
)
from helmsight.hardware.robot import JointTargets, Motion

KEPT = 1000  # interventions remembered at most
REPORTED = 20  # of them in one feedback, the newest; a loop that never asks must not flood a model

_log = logging.getLogger("helmsight.hardware.supervisor")


class Rule(StrEnum):
    """Why a supervisor stepped in."""

    joint_limit = "joint_limit"  # a joint beyond its limits
    speed = "speed"  # a joint faster than its limit
    acceleration = "acceleration"  # a joint sped up more than its limit from how it moves now
    step = "step"  # more than can be carried out within the horizon
    tool_speed = "tool_speed"  # the tool point faster than its limit
    workspace = "workspace"  # the tool point out of the box
    refused = "refused"  # not finite, malformed, or beyond help
    watchdog = "watchdog"  # no fresh command from the loop
    stale_frame = "stale_frame"
    frozen_frame = "frozen_frame"
    black_frame = "black_frame"
    stop = "stop"
    machine = "machine"  # held at the machine: a person's hold or door, or another program's
    unconfirmed = "unconfirmed"  # a stop that the device did not confirm
    link = "link"  # the port went away
    reply = "reply"  # a device that did not answer, or not with an answer
    device = "device"  # the device's own no, or its alarm


# The first that fits counts; the reason for a refused picture stands in its error.
RULES: tuple[tuple[type[HardwareError], Rule], ...] = (
    (TargetRefused, Rule.refused),
    (CameraUnavailable, Rule.stale_frame),
    (HeldAtMachine, Rule.machine),
    (RobotStopped, Rule.stop),
    (LinkLost, Rule.link),
    (NoReply, Rule.reply),
    (CommandRefused, Rule.device),
    (DeviceAlarm, Rule.device),
)


def rule_of(error: HardwareError) -> Rule | None:
    """Return the rule under which an error is written down, None for one that is not."""
    if isinstance(error, FrameRefused):
        return Rule(f"{error.kind}_frame")
    return next((rule for kind, rule in RULES if isinstance(error, kind)), None)


@dataclass(frozen=True)
class Intervention:
    """One thing that the supervisor did.

    stamp_s: the supervisor's clock. wanted: what was asked for, sent: what went to the robot
    instead; None where there was no command, or nothing was sent. text: in plain words, with units.
    """

    stamp_s: float
    rule: Rule
    wanted: Motion | None
    sent: JointTargets | None
    text: str


Listener = Callable[[Intervention], None]


class Journal:
    """The last interventions, in order. Any thread may write and read.

    A listener that raises is logged and left alone: nobody who listens can keep a robot moving.
    """

    def __init__(self, listeners: Iterable[Listener], clock: Callable[[], float]) -> None:
        self._listeners = tuple(listeners)
        self._clock = clock
        self._lock = threading.Lock()
        self._kept: deque[Intervention] = deque(maxlen=KEPT)
        self._unreported: deque[Intervention] = deque(maxlen=REPORTED)
        self._left_out = 0

    def note(
        self,
        rule: Rule,
        text: str,
        wanted: Motion | None = None,
        sent: JointTargets | None = None,
    ) -> Intervention:
        """Write one down and tell the listeners."""
        event = Intervention(self._clock(), rule, wanted, sent, text)
        with self._lock:
            self._kept.append(event)
            self._left_out += len(self._unreported) == REPORTED
            self._unreported.append(event)
        for listener in self._listeners:
            try:
                listener(event)
            except Exception:
                _log.exception("a listener of the supervisor failed")
        return event

    def shout(self, rule: Rule, text: str) -> None:
        """Write one down and say it where a person sees it, whatever is configured."""
        self.note(rule, text)
        _log.critical(text)
        order("\a", sys.stderr)
        print(f"*** {printable(text)} ***", file=sys.stderr, flush=True)

    @property
    def events(self) -> tuple[Intervention, ...]:
        """What is kept, oldest first."""
        with self._lock:
            return tuple(self._kept)

    def feedback(self) -> str:
        """Return what happened since this was last asked, a line each; "" for nothing."""
        with self._lock:
            lines = [event.text for event in self._unreported]
            if self._left_out:
                lines.insert(0, f"({self._left_out} earlier interventions are left out)")
            self._unreported.clear()
            self._left_out = 0
        return "\n".join(lines)
