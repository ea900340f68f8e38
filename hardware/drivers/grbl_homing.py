"""Homing a grbl, and what proves that the position is known.

grbl locks itself at power-up where homing is on, but not every build does, and any sender may
unlock it without homing. So nothing that it says of its state proves a position. grblHAL tells
whether it is homed (`H`). grbl 1.1 keeps what the parser was told until whatever could lose the
position resets it: after homing the driver selects a tool number that no program uses, which does
nothing there and is read back at the next connection. Other firmware is homed in every connection.

While it homes, grbl answers nothing, and neither a jog cancel nor a feed hold ends it: a reset does
(grbl limits.c), which stops the motors at once and is told as ALARM:6.
"""

from __future__ import annotations

import time
from contextlib import suppress

from helmsight.hardware.bus_session import ATTEMPTS
from helmsight.hardware.drivers.grbl_link import DEAF_S, HOME_FIRST, GrblLink
from helmsight.hardware.errors import CommandRefused, NoReply
from helmsight.hardware.robot import Mode, RobotState
from helmsight.hardware.wire import grbl as wire
from helmsight.hardware.wire.grbl_codes import GrblAlarm
from helmsight.hardware.wire.grbl_report import StatusReport

RUN_OUT_S = 0.06  # six step segments of 10 ms
OF_HOMING = (6, 7, 8, 9)  # alarms that end homing


class GrblHoming(GrblLink):
    """A grbl that can be homed, and whose homing ends when it is told to."""

    @property
    def can_home(self) -> bool:
        """Whether `home` works here; `connect` insists that homing is on ($22)."""
        return True

    def _send_home(self) -> None:
        self._jog = self._last = None
        report = self._come_to_rest()
        self._unheld()
        if self._critical(report):
            raise self._alarm_of(report)
        self._awake()
        self._homed = self._risked = False
        self.channel.alarm = None
        self._driving_home = True  # until its answer, an alarm or a restart
        try:
            self.channel.ask("$H", self.options.home_s)
        except (CommandRefused, GrblAlarm):
            self._driving_home = False
            raise
        except NoReply:
            if self.channel.banner is not None:  # restarted
                self._driving_home = False
            raise  # else it may still be driving
        self._driving_home = False
        self._homed = True
        self._mark()

    def _mark(self) -> None:
        """Leave the proof of a known position where a loss of the position takes it away."""
        if self._homed and self._identified and self.channel.lists.firmware == "grbl":
            with suppress(CommandRefused):  # it is homed anyway, in this connection
                self.channel.ask(wire.HOMED_MARK)

    def _tells_homed(self) -> bool:
        firmware = self.channel.lists.firmware
        return firmware == "grblhal" and bool(self.channel.report(query=wire.FULL_STATUS).homed)

    def _proved(self) -> bool:
        if self.channel.lists.firmware != "grbl":
            return self._tells_homed()
        # a damaged answer can hide the mark, and hardly make one
        return any(self._shows_mark() for _ in range(ATTEMPTS))

    def _shows_mark(self) -> bool:
        try:
            printed = self._printed_by("$G")
        except CommandRefused:
            return False
        modes = " ".join(line.text for line in printed if isinstance(line, wire.Info))
        return wire.HOMED_MARK in modes.split()

    def _soft_reset(self) -> StatusReport:
        homed = self._homed
        report = super()._soft_reset()
        kept = report.state != "Alarm" or not self._alarm_of(report).position_lost
        self._homed = self._tells_homed() or (homed and kept)
        if report.state == "Idle":
            self._mark()
        return report

    def _end_homing(self) -> None:
        """End homing by a reset. Raises NoReply when nothing tells that it is over."""
        self.channel.realtime(wire.RESET)
        self._homed = False
        deadline = time.monotonic() + self.spec.port.reply_s
        while not self._killed():
            if time.monotonic() >= deadline:
                raise NoReply(f"{self.link.port}: a reset is not answered while it homes")
            self.channel.hear(0.005)
            if self.channel.banner is not None:
                break
        self._run_out()
        self._driving_home = False

    def _run_out(self) -> None:
        """Wait until an alarm is old enough that its motors stand.

        A reset in the pause at a switch ($26) still lets grbl begin the next leg of homing, with
        the step segments that it has planned by then.
        """
        while (left := RUN_OUT_S - (time.monotonic() - self.channel.alarm_s)) > 0.0:
            self.channel.hear(left)

    def _killed(self) -> bool:
        """Whether an alarm was told just now: the motors stand, and grbl is deaf for a while."""
        alarm = self.channel.alarm
        return alarm is not None and time.monotonic() - self.channel.alarm_s < DEAF_S

    def _dead_state(self) -> RobotState | None:
        """Return the state that an alarm tells while grbl is deaf after it; None otherwise.

        An alarm is the controller's own word that its motors stand. Where it stands is not known
        then, and the place is the last that was read.
        """
        self.channel.hear()
        if not self._killed() or self._before is None:
            return None
        if self.channel.alarm in OF_HOMING:
            self._run_out()
        self._driving_home = self._homed = False
        return RobotState(
            stamp_s=self.channel.alarm_s,
            positions=self.axis_map.joints(self._before),
            velocities=(0.0,) * len(self._before),
            mode=Mode.alarm,
            energised=True,
            faults=(str(self.channel.alarm_of(self.channel.alarm or 0, HOME_FIRST)),),
        )
