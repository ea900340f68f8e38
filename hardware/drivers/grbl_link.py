"""How the grbl driver talks: handshake, readings, alarms, coming to rest. Moves come on top.

A hold, a door, check mode or a tool change that this driver did not ask for is a person's stop, or
another program's: nothing here leaves it but `reset`.
"""

from __future__ import annotations

import math
import time
from contextlib import suppress

from helmsight.hardware.drivers.grbl_channel import GrblChannel
from helmsight.hardware.drivers.grbl_held import DOOR_BUSY, hold_seen
from helmsight.hardware.drivers.grbl_jog import AxisLimits, PlannedJog, Point
from helmsight.hardware.drivers.grbl_setup import (
    FLUID_PATHS,
    Build,
    GrblOptions,
    axis_map_of,
    build_of,
    compare,
    seen,
    settings_of,
)
from helmsight.hardware.errors import (
    BadReply,
    CommandRefused,
    NoReply,
    SetupNeeded,
    WrongProtocol,
)
from helmsight.hardware.robot import Robot
from helmsight.hardware.spec import RobotSpec
from helmsight.hardware.wire import grbl as wire
from helmsight.hardware.wire.grbl_codes import CRITICAL, GrblAlarm, HomingRequired
from helmsight.hardware.wire.grbl_report import StatusReport

GRAIN_MM, STEPS = 0.02, 2.0  # a place may be off by as much, or by as many steps
AWAKE_S = 0.1  # for the answer to an empty line
DEAF_S = 0.6  # after an alarm grbl hears nothing for half a second
SILENT = ("grbl",)  # firmware that says nothing at all after a critical alarm until it is reset
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
        self.channel = GrblChannel(
            self.link, spec.port.reply_s, self._session.stop_pending, lambda: self.is_stopped
        )
        self.build: Build | None = None
        self._identified = False  # since the port was opened; not while the machine is held
        self._grain_mm = GRAIN_MM  # how far a place may be off by steps and rounding
        self._homed = False
        self._risked = False  # unlocked by `unlock = "any"`: the operator vouches for the position
        self._driving_home = False  # `$H` was sent and nothing says yet that it is over
        self._our_hold = False  # a feed hold that this driver sent is in force
        self._our_jog = True  # a jog under way is of this driver, or of one that has ended
        self._jog: PlannedJog | None = None
        self._wco: Point | None = None
        self._accessories: str | None = None
        self._faults: list[str] = []
        self._last: tuple[float, Point] | None = None  # the last reading: s, mm
        self._before: Point | None = None
        self._stopping_s = 0.0
        self._left_s: float | None = None  # the alarm whose silence was ended

    @property
    def is_homed(self) -> bool:
        """Whether the position is known: homed in this connection, or proved."""
        return self._homed

    # -- handshake ------------------------------------------------------------------------------

    def _handshake(self) -> None:
        """See that a grbl answers, bring it to rest, compare its settings. Starts no motion."""
        self.channel.clear()
        self.channel.alarm = None
        self._identified = self._homed = False
        self._jog = self._wco = self._accessories = self._last = None
        if self._driving_home:
            self._end_homing()
        self._find()
        self.channel.banner = None  # opening the port may have reset the board
        report = self._come_to_rest()
        if report.state == "Home":
            raise SetupNeeded(f"{self.spec.name} is homing: wait until it is done, connect again")
        if report.state == "Sleep":
            report = self._soft_reset()
        if report.state == "Idle":
            self._awake()
        if report.state in ("Idle", "Alarm"):
            self._identify_it()

    def _identify_it(self) -> None:
        """See what it is and how it is set up, and whether its position is known."""
        for attempt in (1, 2, 3):  # noise can change a digit or drop a line
            try:
                self._identify()
                break
            except (WrongProtocol, SetupNeeded, BadReply):
                if attempt == 3:
                    raise
        self._identified = True
        self._homed = self._proved()

    def _identify(self) -> None:
        """Read build and settings. Raises WrongProtocol, SetupNeeded, BadReply."""
        printed = self._printed_by("$I")
        with suppress(CommandRefused):  # grblHAL tells there who it is, and what it lists
            printed += self._printed_by("$I+")
        self.build = build_of(printed, self.options.firmware, self.link.port)
        self.firmware = f"{self.build.firmware} {self.build.version}"
        self.channel.room = self.build.room
        self.channel.lists.firmware = self.build.firmware
        self.channel.lists.enumerates = self.build.enumerates
        printed = self._printed_by("$$")
        if self.build.firmware == "fluidnc":
            for path in FLUID_PATHS.values():
                printed += self._printed_by(f"${path}")
        settings = settings_of(printed)
        compare(self.spec, self.axis_map, self.build, settings)
        steps = (wire.number(settings.get(100 + axis, "0")) for axis in self.axis_map.indices)
        self._grain_mm = max(GRAIN_MM, *(STEPS / count for count in steps if count > 0.0))

    def _proved(self) -> bool:
        """Return whether the position is known without homing now; `GrblHoming` fills it in."""
        return self._tells_homed()

    def _tells_homed(self) -> bool:
        """Return whether the controller itself says that it is homed; `GrblHoming` fills it in."""
        return False

    def _end_homing(self) -> None:
        """End homing the one way that grbl knows, a reset; `GrblHoming` fills it in."""
        raise NotImplementedError

    def _printed_by(self, line: str) -> list[wire.Printed]:
        """Return what the controller prints in answer to a line."""
        return self._session.retried(lambda: self.channel.ask(line))[0]

    def _find(self) -> None:
        """Ask until a status report comes. Raises WrongProtocol with what was seen instead."""
        start, reset, state = time.monotonic(), False, ""
        while True:
            try:
                state = self.channel.report(min(0.1, self.spec.port.reply_s)).state
                if state != "Starting":
                    return
                self.channel.hear(0.05)
            except NoReply:
                if self._session.stop_pending():
                    raise
            passed = time.monotonic() - start
            if passed > self.options.boot_s:
                break
            mute = not self.channel.seen or self.channel.banner is not None
            if passed > 0.6 * self.options.boot_s and not reset and mute:
                # an alarm of before keeps it silent until it is reset; nothing else would mind
                self.channel.realtime(wire.RESET)
                reset = True
        if state:
            raise SetupNeeded(
                f"{self.spec.name} is still {state} after {self.options.boot_s:g} s: does it come "
                "up at all? device.boot_s is how long it may take"
            )
        if not self.channel.seen:
            self.link.write(b"\n")  # others answer whole lines only; grbl would say "ok"
            self.channel.hear(self.spec.port.reply_s)
        raise WrongProtocol(
            f"{self.link.port}: expected a grbl to answer '?' with its status within "
            f"{self.options.boot_s:g} s at {self.spec.port.baud} baud, seen "
            f"{seen(bytes(self.channel.seen))}. Is it the right port and [port] baud?"
        )

    # -- readings -------------------------------------------------------------------------------

    def _report(self, query: bytes = wire.STATUS) -> StatusReport:
        """Return a fresh report that is whole and possible. Raises NoReply, BadReply.

        query: realtime bytes that ask for it, also once more.
        """
        self._leave_critical()
        doubted: Point | None = None
        # A flipped bit in a digit gives another valid position. One that the machine cannot have
        # reached since the last report is believed only when the next report agrees with it.
        for _ in range(3):
            report = self._positioned(query)
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

    def _positioned(self, query: bytes) -> StatusReport:
        """Return a report with a machine position: a work position needs its offset once."""
        for _ in range(32):  # WCO comes with every thirtieth report at the latest
            report = self.channel.report(query=query)
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

    def _place(self, report: StatusReport) -> Point:
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

    def _mind(self, report: StatusReport) -> None:
        """Take in what a report tells besides the place; undo what noise has done."""
        if report.accessories is not None:
            self._accessories = report.accessories
        if self.channel.banner is not None:
            self.channel.banner = None
            self._jog = self._accessories = None
            self._our_hold = self._risked = False
            self._homed = self._tells_homed()
            self._faults.append("the controller has restarted by itself (power, reset, noise)")
        if report.overrides not in (None, wire.NORMAL_OVERRIDES):
            self._faults.append(
                f"overrides were {report.overrides}, expected {wire.NORMAL_OVERRIDES} "
                "(noise, or another sender): set back"
            )
            self.link.counters.bad_frames += 1
            self.channel.realtime(wire.FEED_100 + wire.RAPID_100 + wire.SPINDLE_100)
        self._mind_position(report)
        self._mind_others(report)

    def _mind_position(self, report: StatusReport) -> None:
        """Notice that the position was lost, or that the controller proves it."""
        if report.state != "Alarm":
            self.channel.alarm = None
        elif self._identified and (code := self._alarm_code(report)) is not None:
            self.channel.learn("alarm", code)
        lost = report.state == "Alarm" and self._alarm_of(report).position_lost
        if lost or report.state == "Sleep" or report.homed is False:
            self._homed = False
            self._risked = self._risked and not lost
        elif report.homed and self._identified:
            self._homed = True

    def _mind_others(self, report: StatusReport) -> None:
        """Notice what a person at the machine, or another program, makes it do."""
        if report.state not in ("Hold", "Door") and not self.is_stopped:
            self._our_hold = False
        words = hold_seen(report)
        if words and not (report.state == "Hold" and self._our_hold and "input" not in words):
            self._hold_at_machine(words)
        if report.state == "Run" or (report.state == "Home" and not self._driving_home):
            self._hold_at_machine(f"another program moves it ({report.state})")
        if report.state == "Jog" and not self._our_jog:
            self._hold_at_machine("somebody else jogs it")
        elif report.state != "Jog" and self.channel.settled:
            self._our_jog = False

    def _unheld(self) -> None:
        """Raise HeldAtMachine if the last report showed that somebody holds the machine."""
        if self.held_at_machine:
            raise self._held_error()

    def _moving(self, report: StatusReport) -> bool:
        return (
            report.state in ("Run", "Jog", "Home")
            or (report.state == "Hold" and report.sub == 1)
            or (report.state == "Door" and report.sub in DOOR_BUSY)
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

    def _alarm_code(self, report: StatusReport) -> int | None:
        """Return the number of the alarm that a report shows, None where nothing told it."""
        if self.channel.alarm is not None:
            return self.channel.alarm
        return (report.sub or None) if report.state == "Alarm" else None  # grblHAL

    def _alarm_of(self, report: StatusReport) -> GrblAlarm:
        """Return the exception for the alarm state that a report shows."""
        code = self._alarm_code(report)
        if code is None:
            return self._not_homed()
        lost = self.channel.alarm_of(code).position_lost
        return self.channel.alarm_of(code, HOME_FIRST if lost else "call reset() to unlock it")

    def _critical(self, report: StatusReport) -> bool:
        """Whether the alarm is one that nothing but a reset leaves."""
        if report.state != "Alarm" or self.channel.alarm_s == self._left_s:
            return False
        return self._alarm_code(report) in CRITICAL[self.channel.lists.firmware]

    def _not_homed(self) -> GrblAlarm:
        words = f"{self.spec.name}: position unknown, it was not homed in this connection"
        return HomingRequired(f"{words}: {HOME_FIRST}", "lock")

    def _leave_critical(self) -> None:
        """Make a controller talk again after ALARM:1 or 2. It stays locked; nothing moves.

        A reset sent before `[MSG:Reset to continue]` would be discarded.
        """
        firmware = self.channel.lists.firmware
        if firmware not in SILENT or self.channel.alarm not in CRITICAL[firmware]:
            return
        if self.channel.alarm_s == self._left_s:
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

    def _come_to_rest(self) -> StatusReport:
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
            if report.state == "Jog":
                self.channel.realtime(wire.JOG_CANCEL)
            else:
                self._hold_feed()
            self.channel.hear(0.002)

    def _awake(self) -> None:
        """See that lines are taken in after a jog was cancelled; reset a grbl that takes none.

        A cancel that comes in the very moment in which grbl 1.1 ends the jog leaves it suspended:
        it says Idle, and a line waits in its buffer until a reset, or a resume, which carries it
        out. Nobody may start a jog like that, so an empty line goes before.

        Raises:
            NoReply: none is taken in, and it is not that. HeldAtMachine: somebody holds it.
        """
        if not self.channel.cancelled:
            return
        try:
            self._session.retried(lambda: self.channel.ask("", AWAKE_S))
        except NoReply:
            if self._session.stop_pending():
                raise
            report = self._report()
            if hold_seen(report):
                self._unheld()
            if report.state != "Idle":
                raise
            self._soft_reset()

    def _hold_feed(self) -> None:
        """Send a feed hold, and remember that it is ours."""
        self._our_hold = True
        self.channel.realtime(wire.HOLD)

    def _soft_reset(self) -> StatusReport:
        """Reset at standstill, which keeps the position, and return a report.

        A resume (`~`) would start what still lies in the buffers.
        """
        self.channel.reset(2.0 * self.spec.port.reply_s)
        self.channel.banner = self._jog = self._accessories = None
        self._our_hold = False
        return self._report()
