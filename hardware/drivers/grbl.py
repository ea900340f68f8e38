"""Gantries behind grbl 1.1 and grblHAL: absolute jogs, realtime stops, named alarms.

How a move goes: a jog to an absolute machine position with a feed that takes `duration_s`, cut to
what can be reached within the horizon, because grbl has no watchdog and a jog runs to its end. A
new move while one is under way: when the old target lies on the way to the new one (within a tenth
of it and `blend_mm`) the new jog is appended with the time that is left, so a steady stream at 5 to
10 Hz never stops; else the old jog is cancelled (0x85) and the new one starts from rest. Either way
what is queued ends within the horizon.

grbl has no checksum. A damaged line is refused, or lost, or is another valid command. After an
`ok` the machine must be seen to go, and every reading is compared with the jog as it was meant. A
machine that is off its way is halted, and the next state tells the fault, once. Until that reading,
only the controller's own soft limits bound what a damaged line can do; `connect` insists on them.

`close` and `stop` hold by default: grbl lets go of its motors by sleep (`$SLP`) only, after which
it no longer knows where it is.
"""

from __future__ import annotations

import math
import time
from contextlib import suppress
from dataclasses import replace

from helmsight.hardware.drivers.grbl_held import active_inputs
from helmsight.hardware.drivers.grbl_homing import RUN_OUT_S, GrblHoming
from helmsight.hardware.drivers.grbl_jog import PlannedJog, Point, distance_to
from helmsight.hardware.errors import (
    BadReply,
    CommandRefused,
    HeldAtMachine,
    LinkLost,
    NoReply,
    RobotStopped,
)
from helmsight.hardware.robot import JointTargets, Mode, RobotState, Sent
from helmsight.hardware.wire import grbl as wire
from helmsight.hardware.wire.grbl_report import AXES, StatusReport

MM = 0.001
TURN = 0.1  # share of the way by which the old target may lie off it
ROUNDING_MM = 0.002
LATE_S = 0.1  # by which a stop may be seen later than it is: the line, a busy host
QUICK_S = 0.05  # that a hold waits for a look at the jog which it ends
STATE_ERRORS = (8, 9)  # refused for the state it is in, not for what was sent
MODES = {"Idle": Mode.ready, "Check": Mode.held, "Hold": Mode.held, "Door": Mode.held,
         "Alarm": Mode.alarm, "Sleep": Mode.stopped, "Tool": Mode.held,
         "Starting": Mode.alarm}  # fmt: skip


class Grbl(GrblHoming):
    """A gantry behind grbl 1.1, grblHAL or FluidNC."""

    # -- the contract, where grbl has more to say --------------------------------------------

    def _cut_in(self) -> None:
        """Send the bytes that end a jog or hold a program: they need no turn and no answer.

        Braking takes speed / acceleration, after the steps planned by then. Only when that does not
        bring standstill a soft reset follows, which stops dead and loses the position (ALARM:3).
        """
        first = not self._session.stop_under_way()
        if first:
            self._stopping_s = time.monotonic()
        with suppress(LinkLost):
            if first or not self._driving_home:  # one reset ends homing
                self._brake()

    def _brake(self) -> None:
        """Send what ends motion fastest with the position kept; homing is ended by a reset only."""
        if self._driving_home:
            self.channel.realtime(wire.RESET)
        else:
            self.channel.end_motion(wire.JOG_CANCEL)
            self._hold_feed()

    # -- state ---------------------------------------------------------------------------------

    def _read_state(self) -> RobotState:
        if self.is_stopped and (dead := self._dead_state()) is not None:
            return dead
        report = self._stopped_report() if self.is_stopped else self._report()
        self._watch(report)
        machine = self._place(report)
        mode = Mode.moving if self._moving(report) else MODES[report.state]
        if self.is_stopped and mode in (Mode.ready, Mode.held):
            mode = Mode.stopped
        faults, self._faults = tuple(self._faults), []
        if report.state == "Alarm":
            faults = (str(self._alarm_of(report)), *faults)
        elif not self._homed and self._identified:
            faults = (*faults, str(self._not_homed()))
            if mode is Mode.ready and not self._risked:
                mode = Mode.alarm
        if pressed := "".join(letter for letter in report.pins if letter in AXES):
            faults = (*faults, f"limit switch pressed: {pressed}")
        speed = (report.feed or 0.0) / 60.0 * MM
        details = {"tool_speed": speed}
        if report.spindle is not None:
            details["spindle_rpm"] = report.spindle
        return RobotState(
            stamp_s=time.monotonic(),
            positions=self.axis_map.joints(machine),
            velocities=tuple(speed * part for part in self._heading(machine)),
            mode=mode,
            energised=report.state != "Sleep",
            tool=self._tool_is_on(),
            faults=faults,
            details=details,
        )

    def _stopped_report(self) -> StatusReport:
        """Return a report, the feed held with the question.

        In Idle a line that was on its way would still start; in Hold nothing does. The hold that
        goes with every question is there when the motors stand, not an answer and a half later.
        """
        if self._driving_home:  # a reset ends that
            return self._report()
        self._our_hold = True
        report = self._report(wire.HOLD + wire.STATUS)
        if report.state == "Jog":
            self.channel.realtime(wire.JOG_CANCEL)  # while it brakes, grbl does not mind
        if report.state == "Idle":  # it stood before it took in the hold
            report = self._report(wire.HOLD + wire.STATUS)
        return report

    def _heading(self, machine: Point) -> Point:
        """Return the direction of motion in joint space: grbl tells the speed only."""
        before, self._before = self._before, machine
        unit = self._jog.direction() if self._jog else (0.0,) * len(machine)
        if not any(unit) and before is not None and before != machine:
            length = math.dist(before, machine)
            unit = tuple((m - b) / length for m, b in zip(machine, before, strict=True))
        if not any(unit):
            unit = (len(machine) ** -0.5,) * len(machine)
        return tuple(sign * part for sign, part in zip(self.axis_map.signs, unit, strict=True))

    def _watch(self, report: StatusReport) -> None:
        """Compare where the machine is with where it was sent; halt it when it is astray."""
        jog = self._jog
        if jog is None or report.state not in ("Idle", "Jog"):
            return
        if self._ended_early(jog, report) or self._fault(jog, report):
            report = self._report()  # a damaged report would say the same
        if words := self._ended_early(jog, report):
            self._jog = None
            self._hold_at_machine(words)
            self.channel.realtime(wire.JOG_CANCEL)
        elif fault := self._fault(jog, report):
            self.link.counters.bad_frames += 1
            self._faults.append(fault)
            self._jog = None
            if report.state == "Jog":
                self.channel.realtime(wire.JOG_CANCEL)
        elif report.state == "Idle":
            self._jog = None

    def _ended_early(self, jog: PlannedJog, report: StatusReport) -> str:
        """Return in words that somebody ends a jog which is on its way, "" for nobody.

        A feed hold or an opened door in a jog cancels it, and grbl then says nothing but Idle.
        """
        place = self._place(report)
        if report.state == "Jog":
            if not jog.braked(place, (report.feed or 0.0) / 60.0, self._grain_mm):
                return ""
            return "the motion was braked by a button or another program"
        short = math.dist(place, jog.target)
        off = distance_to(place, jog.start, jog.target)
        at_an_end = any(math.dist(place, end) <= self._grain_mm for end in jog.ends())
        if at_an_end or off > self.options.tolerance_mm + self.options.blend_mm:
            return ""
        return (
            f"a jog ended {short:.2f} mm before its target: by a button, another program or a "
            "command that was damaged on the way"
        )

    def _fault(self, jog: PlannedJog, report: StatusReport) -> str:
        return jog.fault(
            self._place(report),
            report.state == "Idle",
            tolerance=self.options.tolerance_mm,
            blend=self.options.blend_mm,
            slack_s=self.spec.limits.horizon_s,
        )

    # -- motion --------------------------------------------------------------------------------

    def _send(self, targets: JointTargets) -> Sent:
        horizon = self.spec.limits.horizon_s
        seconds = min(targets.duration_s or horizon, horizon)
        report = self._report()
        self._watch(report)
        self._ready(report)
        goal = self.axis_map.machine(targets.positions)
        switch = self._tool_line(targets.tool)
        jog = None
        if report.state == "Jog" and switch is None:
            jog = self._extended(self._place(report), goal, seconds)
        if jog is None:
            if self._moving(report):
                report = self._come_to_rest()
                self._ready(report)
            self._awake()
            if switch is not None:
                self._switch(switch, bool(targets.tool))
            jog = self._fresh(self._place(report), goal, seconds)
            self._jog = None
        self._go(jog)
        notes = list(self._faults)
        short = math.dist(jog.target, goal)
        if short > 0.0015:
            notes.append(f"cut by {short:.2f} mm to what {seconds:g} s allow")
        return Sent(
            self.axis_map.joints(jog.target), seconds, targets.tool, time.monotonic(),
            notes=tuple(notes),
        )  # fmt: skip

    def _ready(self, report: StatusReport) -> None:
        """Raise unless the machine may be moved."""
        self._unheld()
        if report.state == "Alarm":
            raise self._alarm_of(report)
        if report.state in ("Sleep", "Home", "Starting"):
            raise CommandRefused(
                f"{self.spec.name} is in state {report.state}: wait, or call reset(), then home()"
            )
        if not (self._homed or self._risked):
            raise self._not_homed()

    def _fresh(self, here: Point, goal: Point, seconds: float) -> PlannedJog:
        """Return the jog from rest, cut to what `seconds` allow."""
        way = tuple(g - h for g, h in zip(goal, here, strict=True))
        length, reach = math.hypot(*way), self.axes.reach(way, seconds)
        if length > reach:
            way = tuple(part * reach / length for part in way)
            goal = tuple(round(h + part, 3) for h, part in zip(here, way, strict=True))
        speed = self.axes.speed_for(way, seconds) if length else self.axes.top(way)
        speed = _expressible(speed)
        ends_s = time.monotonic() + self.axes.takes(way, speed)
        return PlannedJog(here, goal, speed, ends_s, self.axes.ramp(way))

    def _extended(self, here: Point, goal: Point, seconds: float) -> PlannedJog | None:
        """Return the jog that goes on beyond the one under way, None when it has to stop."""
        now, old = time.monotonic(), self._jog
        if old is None or now > old.ends_s:
            return None
        blend = min(self.options.blend_mm, TURN * math.dist(here, goal) + ROUNDING_MM)
        if distance_to(old.target, here, goal) > blend:
            return None
        # grbl plans ahead: it passes the old target without braking when another jog is queued.
        # `left` is what remains of the time for the way from the old target to the new one.
        left = now + seconds - old.ends_s
        way = tuple(g - o for g, o in zip(goal, old.target, strict=True))
        length, top = math.hypot(*way), self.axes.top(way)
        if length < 0.001:
            return replace(old, start=here) if left > -0.05 else None
        if left <= 0.0 or length - top * left > TURN * math.dist(here, goal):
            return None  # from rest it comes farther in that time
        if length > top * left:
            share = top * left / length
            goal = tuple(
                round(o + part * share, 3) for o, part in zip(old.target, way, strict=True)
            )
        speed = _expressible(min(top, length / left))
        ramp = self.axes.ramp(way)
        return PlannedJog(here, goal, speed, now + seconds, ramp, old.trimmed(here))

    def _go(self, jog: PlannedJog) -> None:
        """Send the jog, and see that it is under way."""
        if self.is_stopped:
            raise RobotStopped(f"{self.spec.name} was stopped meanwhile: nothing was sent")
        self._our_jog = True
        line = wire.jog(self.axis_map.letters, jog.target, jog.speed * 60.0)
        if jog.before is None:
            self._ask(line)
        else:
            self._append(line, jog)
        self._jog = jog
        report = self._report()
        if report.state == "Alarm":
            raise self._alarm_of(report)
        here = self._place(report)
        short = math.dist(here, jog.target)
        ends = jog.ends()[1:] or (jog.start,)  # where it stands when the line did nothing
        swallowed = any(math.dist(here, end) <= self._grain_mm for end in ends)
        if report.state == "Idle" and short > self.options.tolerance_mm and swallowed:
            self._jog = None
            raise BadReply(
                f"{self.spec.name} acknowledged a move but is {report.state} "
                f"{short:.2f} mm before its target: it was damaged on the way"
            )
        self._watch(report)
        self._unheld()

    def _append(self, line: str, jog: PlannedJog) -> None:
        """Send a jog that goes on from the one under way, unless somebody ends that one.

        A hold that comes now cancels the old jog, and this line is carried out after it, from rest:
        afterwards nothing tells of it. So the speed is watched until the line is taken.
        """
        seen = self.channel.ask_watching(line)
        if words := next(filter(None, (self._ended_early(jog, report) for report in seen)), ""):
            self.channel.realtime(wire.JOG_CANCEL)
            raise self._hold_at_machine(words)

    def _ask(self, line: str) -> None:
        """Send a line until it is acknowledged or refused twice: noise refuses once."""
        try:
            self.channel.ask(line)
        except CommandRefused as refused:
            if refused.code in STATE_ERRORS:
                report = self._report()
                self._ready(report)
                raise BadReply(f"{refused}; the controller is {report.state}") from None
            self.link.counters.bad_frames += 1
            self.channel.ask(line)

    # -- tool ----------------------------------------------------------------------------------

    def _tool_line(self, wanted: bool | None) -> str | None:
        """Return the line that switches the tool, None when it is as wanted."""
        if self.spec.tool.kind != "switch" or wanted is None or wanted == self._tool_is_on():
            return None
        return self.options.on if wanted else self.options.off

    def _switch(self, line: str, on: bool) -> None:
        """Switch the tool and read back that it did, where the status reports tell."""
        self._ask(line)
        for _ in range(12):  # a change is told with the next report, everything with every tenth
            if self._report().accessories is not None:
                break
        state = self._tool_is_on()
        if state is not None and state != on:
            raise BadReply(f"{line!r} was acknowledged but the tool is {'on' if state else 'off'}")

    # -- hold, stop, release, reset ------------------------------------------------------------

    def _send_hold(self) -> None:
        if self._driving_home:
            self._end_homing()  # it stands then, and answers nothing for a while
            return
        if (
            self._jog is not None
        ):  # once it is cancelled nothing tells that somebody ended it before
            with suppress(NoReply):
                self._watch(self.channel.report(QUICK_S))
        self._come_to_rest()

    def _send_stop(self) -> None:
        self._jog = None
        patience = RUN_OUT_S + self.axes.braking_s() + LATE_S
        if time.monotonic() - self._stopping_s > patience and not self._killed():
            self.channel.realtime(wire.RESET)
        else:
            self._brake()

    def _send_release(self) -> None:
        report = self._come_to_rest()
        self._unheld()  # its motors stay on: what a person holds is not let go of
        if report.state == "Hold":  # our own
            report = self._soft_reset()
        if report.state != "Sleep":
            self._ask("$SLP")
            if self._report().state != "Sleep":
                raise BadReply("$SLP was acknowledged but the controller is not asleep")

    def _send_reset(self) -> None:
        if self._driving_home:
            self._end_homing()
        report = self._come_to_rest()
        if pressed := active_inputs(report):
            raise HeldAtMachine(
                f"{self.spec.name} stays held at the machine: {pressed}. Release it there, then "
                "reset() again"
            )
        if report.state in ("Hold", "Door", "Check", "Tool", "Sleep") or self._critical(report):
            report = self._soft_reset()
        if report.state == "Alarm" and self._unlocks(report):
            self._ask("$X")
            report = self._report()
            self._mark()
        if report.state == "Idle":
            self._awake()
        if report.state == "Idle" and not self._identified:
            self._identify_it()
        if report.state == "Idle":
            self._our_hold = False
            self._risked = not self._homed and self.options.unlock == "any"
        self._faults.clear()

    def _unlocks(self, report: StatusReport) -> bool:
        """Return whether a reset may unlock: the position is kept, or at the operator's risk."""
        return not self._alarm_of(report).position_lost or self.options.unlock == "any"


def _expressible(speed: float) -> float:
    """Return a speed (mm/s) as a feed of whole 0.1 mm/min can say it, at least 1 mm/min."""
    return max(1.0, math.floor(speed * 600.0) / 10.0) / 60.0
