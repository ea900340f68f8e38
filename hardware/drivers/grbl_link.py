"""How the grbl driver talks: handshake, readings, alarms, coming to rest. Moves come on top."""

from __future__ import annotations

import math
import time

from helmsight.hardware.drivers.grbl_channel import GrblChannel
from helmsight.hardware.drivers.grbl_jog import AxisLimits, PlannedJog, Point
from helmsight.hardware.drivers.grbl_setup import (
    Build,
    GrblOptions,
    axis_map_of,
    build_of,
    compare,
    seen,
)
from helmsight.hardware.errors import BadReply, NoReply, SetupNeeded, WrongProtocol
from helmsight.hardware.robot import Robot
from helmsight.hardware.spec import RobotSpec
from helmsight.hardware.wire import grbl as wire
from helmsight.hardware.wire.grbl_codes import GrblAlarm, HomingRequired, alarm

DEAF_S = 0.6  # after ALARM:1 and 2 the firmware hears nothing for half a second
CRITICAL = (1, 2)  # alarms after which it says nothing until it is reset
HOME_FIRST = "call home() (it moves) to find the position again"


class GrblLink(Robot):
    """A grbl that answers, is what its description says, and can be read and brought to rest."""

    def __init__(self, spec: RobotSpec, port: str) -> None:
        super().__init__(spec, port)
        self.options = spec.options(GrblOptions)
        self.axis_map = axis_map_of(spec)
        self.axes = AxisLimits(
            tuple(joint.speed * 1000.0 for joint in spec.joint),
            tuple(joint.acceleration * 1000.0 for joint in spec.joint),
        )
        self.channel = GrblChannel(self.link, spec.port.reply_s, self._session.stop_pending)
        self.build: Build | None = None
        self._jog: PlannedJog | None = None
        self._wco: Point | None = None
        self._accessories: str | None = None
        self._faults: list[str] = []
        self._last: tuple[float, Point] | None = None  # the last reading: s, mm
        self._before: Point | None = None
        self._stopping_s = 0.0
        self._left_s: float | None = None  # the alarm whose silence was ended

    @property
    def needs_homing(self) -> bool:
        """Whether the position is not known; asks the controller. grbl tells by its lock only."""
        with self._session.turn():
            report = self._report()
        return report.homed is False or (
            report.state == "Alarm" and self._alarm_of(report).position_lost
        )

    # -- handshake ------------------------------------------------------------------------------

    def _handshake(self) -> None:
        """See that a grbl answers, bring it to rest, compare its settings. Starts no motion."""
        self.channel.clear()
        self.channel.alarm = None
        self._jog = self._wco = self._accessories = self._last = None
        self._find()
        self.channel.banner = None  # opening the port may have reset the board
        report = self._come_to_rest()
        if report.state == "Home":
            raise SetupNeeded(f"{self.spec.name} is homing: wait until it is done, connect again")
        self._cleared(report, asleep=True)
        for attempt in (1, 2, 3):  # noise can change a digit or drop a line
            try:
                self._identify()
                break
            except (WrongProtocol, SetupNeeded, BadReply):
                if attempt == 3:
                    raise

    def _identify(self) -> None:
        """Read build and settings. Raises WrongProtocol, SetupNeeded, BadReply."""
        self.build = build_of(self._printed_by("$I"), self.options.firmware, self.link.port)
        self.firmware = f"{self.build.firmware} {self.build.version}"
        self.channel.room = self.build.room
        printed = self._printed_by("$$")
        settings = {line.number: line.value for line in printed if isinstance(line, wire.Setting)}
        compare(self.spec, self.axis_map, self.build, settings)

    def _printed_by(self, line: str) -> list[wire.Info | wire.Setting]:
        """Return what the controller prints in answer to a line."""
        return self._session.retried(lambda: self.channel.ask(line))[0]

    def _find(self) -> None:
        """Ask until a status report comes. Raises WrongProtocol with what was seen instead."""
        start, reset = time.monotonic(), False
        while True:
            try:
                self.channel.report(min(0.1, self.spec.port.reply_s))
                return
            except NoReply:
                passed = time.monotonic() - start
                if self._session.stop_pending():
                    raise
            if passed > self.options.boot_s:
                break
            mute = not self.channel.seen or self.channel.banner is not None
            if passed > 0.6 * self.options.boot_s and not reset and mute:
                # an alarm of before keeps it silent until it is reset; nothing else would mind
                self.channel.realtime(wire.RESET)
                reset = True
        if not self.channel.seen:
            self.link.write(b"\n")  # others answer whole lines only; grbl would say "ok"
            self.channel.hear(self.spec.port.reply_s)
        raise WrongProtocol(
            f"{self.link.port}: expected a grbl to answer '?' with its status within "
            f"{self.options.boot_s:g} s at {self.spec.port.baud} baud, seen "
            f"{seen(bytes(self.channel.seen))}. Is it the right port and [port] baud?"
        )

    # -- readings -------------------------------------------------------------------------------

    def _report(self) -> wire.StatusReport:
        """Return a fresh report that is whole and possible. Raises NoReply, BadReply."""
        self._leave_critical()
        doubted: Point | None = None
        # A flipped bit in a digit gives another valid position. One that the machine cannot have
        # reached since the last report is believed only when the next report agrees with it.
        for _ in range(3):
            report = self._positioned()
            place, now = self._place(report), time.monotonic()
            if self._possible(place, now) or (
                doubted is not None and math.dist(doubted, place) <= self._slip(0.1)
            ):
                self._last = (now, place)
                self._mind(report)
                return report
            self.link.counters.bad_frames += 1
            doubted = place
        raise BadReply(f"{self.link.port}: positions jump from report to report; noise on the line")

    def _positioned(self) -> wire.StatusReport:
        """Return a report with a machine position: a work position needs its offset once."""
        for _ in range(32):  # WCO comes with every thirtieth report at the latest
            report = self.channel.report()
            if report.wco is not None:
                self._wco = report.wco
            machine = report.machine(self._wco)
            if machine is not None:
                if len(machine) <= max(self.axis_map.indices):
                    raise BadReply(
                        f"{len(machine)} axes in a report, {self.axis_map.letters} needed"
                    )
                return report
        raise BadReply(f"{self.link.port}: work positions without WCO; send $10=1")

    def _place(self, report: wire.StatusReport) -> Point:
        """Return the machine positions of the joints, mm."""
        return self.axis_map.pick(report.machine(self._wco) or ())

    def _possible(self, place: Point, now: float) -> bool:
        if self._last is None:
            return True
        then, before = self._last
        return math.dist(before, place) <= self._slip(now - then)

    def _slip(self, seconds: float) -> float:
        """Return how far the machine can have come in a time, mm, and a little more."""
        return 1.5 * math.hypot(*self.axes.speeds) * seconds + 1.0

    def _mind(self, report: wire.StatusReport) -> None:
        """Take in what comes with some reports only; undo what noise has done."""
        if report.accessories is not None:
            self._accessories = report.accessories
        if self.channel.banner is not None:
            self.channel.banner = None
            self._jog = self._accessories = None
            self._faults.append("the controller has restarted by itself (power, reset, noise)")
        if report.overrides not in (None, wire.NORMAL_OVERRIDES):
            self._faults.append(
                f"overrides were {report.overrides}, expected {wire.NORMAL_OVERRIDES} "
                "(noise, or another sender): set back"
            )
            self.link.counters.bad_frames += 1
            self.channel.realtime(wire.FEED_100 + wire.RAPID_100 + wire.SPINDLE_100)

    def _moving(self, report: wire.StatusReport) -> bool:
        return (
            report.state in ("Run", "Jog", "Home")
            or (report.state == "Hold" and report.sub == 1)
            or (report.state == "Door" and report.sub in (2, 3))
        )

    def _tool_is_on(self) -> bool | None:
        """Return what the last report that told of accessories said; None where none can."""
        line = self.options.on.upper().replace(" ", "")
        letter = next((v for k, v in (("M3", "S"), ("M4", "C"), ("M8", "F"), ("M7", "M"))
                       if line.startswith(k)), None)  # fmt: skip
        if self.spec.tool.kind != "switch" or letter is None or self._accessories is None:
            return None
        return letter in self._accessories

    # -- alarms ---------------------------------------------------------------------------------

    def _alarm_of(self, report: wire.StatusReport) -> GrblAlarm:
        """Return the exception for the alarm state that a report shows."""
        code = self.channel.alarm
        if code is None and report.state == "Alarm" and report.sub:
            code = report.sub  # grblHAL
        if code is None:
            return self._not_homed()
        known = alarm(code)
        lost = known.position_lost
        return alarm(code, HOME_FIRST if lost else "call reset() to unlock it")

    def _not_homed(self) -> GrblAlarm:
        return HomingRequired(f"{self.spec.name} is not homed: {HOME_FIRST}", "lock")

    def _leave_critical(self) -> None:
        """Make a controller talk again after ALARM:1 or 2. It stays locked; nothing moves.

        A reset sent before `[MSG:Reset to continue]` would be discarded.
        """
        if self.channel.alarm not in CRITICAL or self.channel.alarm_s == self._left_s:
            return
        deadline = time.monotonic() + self.spec.port.reply_s
        while not self._may_reset():
            if time.monotonic() >= deadline or self._session.stop_pending():
                raise NoReply(f"{self.link.port}: silent after ALARM:{self.channel.alarm}")
            self.channel.hear(0.01)
        self.channel.reset(2.0 * self.spec.port.reply_s)
        self.channel.banner = self._jog = None
        self._left_s = self.channel.alarm_s

    def _may_reset(self) -> bool:
        announced = any("Reset to continue" in text for text in self.channel.messages)
        return announced or time.monotonic() - self.channel.alarm_s > DEAF_S

    # -- rest -----------------------------------------------------------------------------------

    def _come_to_rest(self) -> wire.StatusReport:
        """Cancel a jog, hold a program; return the first report that stands.

        Raises:
            NoReply: not at rest after braking should be over.
        """
        self._jog = None
        deadline = time.monotonic() + self.axes.braking_s() + self.spec.port.reply_s
        self.channel.realtime(wire.JOG_CANCEL)  # nothing but a jog minds
        while True:
            report = self._report()
            if not self._moving(report) or report.state == "Home":
                return report
            if time.monotonic() >= deadline or self._session.stop_pending():
                raise NoReply(f"{self.spec.name} is still {report.state}: it does not come to rest")
            self.channel.realtime(wire.JOG_CANCEL if report.state == "Jog" else wire.HOLD)
            self.channel.hear(0.002)

    def _cleared(self, report: wire.StatusReport, *, asleep: bool = False) -> wire.StatusReport:
        """Leave hold, door and check mode by a reset at standstill, which keeps the position.

        A resume (`~`) would start what still lies in the buffers.
        """
        states = ("Hold", "Door", "Check", "Tool", *(("Sleep",) if asleep else ()))
        if report.state not in states or self._moving(report):
            return report
        self.channel.reset(2.0 * self.spec.port.reply_s)
        self.channel.banner = None
        self._accessories = None
        return self._report()
