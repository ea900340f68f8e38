"""What the parts of an emulated grbl share: a gantry, its planner, and the controller's state.

The parts (`grbl_system`, `grbl_program`, `grbl`) take a `GrblMachine` and know nothing of each
other: what one of them has to tell another is written down here, or raised.
"""

from __future__ import annotations

from collections import deque
from collections.abc import Callable, Iterator

from helmsight.hardware.emulators.device import Device
from helmsight.hardware.emulators.grbl_flavours import Flavour
from helmsight.hardware.emulators.grbl_gcode import Interpreter
from helmsight.hardware.emulators.grbl_motion import UNITS, Planner, Point
from helmsight.hardware.emulators.grbl_report import END, ReportWriter, factory_settings
from helmsight.hardware.spec import Joint, RobotSpec

# A part of the main program: yields what it waits for, or None when it waits for bytes.
Wait = Iterator[Callable[[], bool] | None]


class AlarmRaised(Exception):
    """The main program ends in an alarm; `code` is grbl's number."""

    def __init__(self, code: int) -> None:
        super().__init__(code)
        self.code = code


class SoftReset(Exception):
    """The main program asks for a restart, as a host does with 0x18."""


class GrblMachine(Device):
    """A gantry whose controller is set up as the description says.

    astray: where it really is, less what the controller believes, mm. state: grbl's own word for
    what it does. received: the receive buffer. held: a feed hold is complete. halting: a soft limit
    brakes the machine. spindle: M code and speed. broken_switch: homing never finds its switch.
    pins: inputs that are active: axes for limit switches, H hold, D door, E emergency stop.
    knows_home: it was homed and has not lost its position since. alarm: the last one's number.
    listed: numbers that its own lists of alarms (A) and errors (E) have beside the usual ones.
    """

    def __init__(self, spec: RobotSpec, flavour: Flavour) -> None:
        super().__init__(spec)
        self._origins = [float(j.device.get("origin_mm", 0.0)) for j in spec.joint]
        self._signs = [float(j.device.get("sign", 1)) for j in spec.joint]
        self.settings = factory_settings(spec, dict(enumerate(map(self._travel, spec.joint))))
        home = tuple(
            o + s * joint.home * 1000.0
            for o, s, joint in zip(self._origins, self._signs, spec.joint, strict=True)
        )
        self.flavour = flavour
        self._home = home
        self.build = flavour.build  # the lines of `$I`
        self.planner = Planner(self.settings, home, flavour.blocks)
        self.parser = Interpreter(len(spec.joint))
        self.reports = ReportWriter(flavour)
        self.astray: Point = (0.0,) * len(home)
        self.clock = 0.0
        self.state = "Idle"
        self.received: deque[int] = deque()
        self.overrides = [100, 100, 100]
        self.spindle = (5, 0.0)
        self.pins: set[str] = set()
        self.knows_home = False
        self.alarm = 0
        self.listed: dict[str, dict[int, str]] = {"A": {}, "E": {}}
        self.broken_switch = False
        self.held = self.halting = self._cancelling = False
        self.up_at = 0.0  # when it is up: until then it says Starting
        self.blocked = False  # a critical alarm: nothing but a reset leaves it
        self._door_opened = False  # in a jog, which ends in Door then
        self._told_home: bool | None = None  # what the last `H` of a report was
        self._query_pending = False  # a status query came while nothing could be answered
        self._output: list[bytes] = []

    # -- talking --------------------------------------------------------------------------------

    def say(self, *messages: bytes) -> None:
        """Print messages as they are."""
        self._output += messages

    def say_line(self, line: bytes) -> None:
        """Print one line."""
        self.say(line + END)

    def report(self, *, full: bool = False) -> None:
        """Print a status report; full: with every field, which grblHAL can."""
        state = self._state_word(full)
        if self.parser.wco_changed:
            self.parser.wco_changed = False
            self.reports.offset_changed()
        code, speed = self.spindle
        letter = "" if code == 5 or speed <= 0 else "S" if code == 3 else "C"
        free = self.flavour.received - len(self.received)
        pins = "".join(sorted(self.pins))
        self.say(
            self.reports.write(
                state, self.planner, self.parser,
                (self.overrides[0], self.overrides[1], self.overrides[2]),
                letter, speed if letter else 0.0, pins, free, self._more_fields(full),
            )
        )  # fmt: skip

    def _state_word(self, full: bool) -> str:
        if self.clock < self.up_at:
            return "Starting"
        if self.state == "Hold":
            return "Hold:0" if self.held else "Hold:1"
        if self.state == "Door":
            return "Door:2" if not self.held else "Door:1" if "D" in self.pins else "Door:0"
        if self.state == "Alarm" and full and self.alarm:
            return f"Alarm:{self.alarm}"
        return self.state

    def _more_fields(self, full: bool) -> list[str]:
        """Return what grblHAL tells when it is asked for everything, and when it changes."""
        if self.flavour.name != "grblhal" or (not full and self._told_home == self.knows_home):
            return []
        self._told_home = self.knows_home
        return [f"H:{int(self.knows_home)}", *(["AR", "FW:grblHAL"] if full else [])]

    # -- motion as the firmware sees it -----------------------------------------------------------

    def cycle_start(self) -> None:
        """Start what is queued."""
        if self.planner.blocks and self.state == "Idle":
            self.state = "Run"

    def feed_hold(self, state: str = "Hold") -> None:
        """Brake: a jog is cancelled, a program can be resumed from `state`."""
        if self.state == "Jog":
            self._door_opened = state == "Door"
            self.brake(cancel=True)
        elif self.state in ("Run", "Hold") and (self.state == "Run" or state == "Door"):
            moving, self.state = self.state == "Run", state
            if moving:
                self.brake(cancel=False)
        elif self.state == "Idle":
            self.state, self.held = state, True
            self.record("hold", self.clock)

    def brake(self, *, cancel: bool) -> None:
        """Begin to brake. cancel: what is queued is dropped once it stands."""
        if not self.planner.holding:
            self.planner.holding = True
            self._cancelling = cancel
            self.mirror()
            self.record("hold", self.clock)

    def resume(self) -> None:
        """Go on after a complete hold."""
        if self.state in ("Hold", "Door") and self.held and "D" not in self.pins:
            self.held = self.planner.holding = False
            self.state = "Run" if self.planner.blocks else "Idle"

    def settle(self) -> None:
        """Note that a hold is complete or a motion is over."""
        planner = self.planner
        if planner.holding and not self.held and not self.halting:
            if planner.speed == 0.0:
                if self._cancelling:
                    planner.flush()
                    self.parser.position = planner.position
                    self._cancelling = False
                    self.state = "Door" if self._door_opened else "Idle"
                    self.held, self._door_opened = self._door_opened, False
                else:
                    planner.rest()
                    self.held = True
        elif self.state in ("Run", "Jog") and not planner.blocks:
            self.state = "Idle"

    def forget_holds(self) -> None:
        """Leave every hold: after a restart or an alarm there is none."""
        self.held = self._cancelling = self.halting = self._door_opened = False

    def switch(self, spindle: tuple[int, float]) -> None:
        """Set the spindle (M code, speed); the next report tells."""
        if spindle != self.spindle:
            self.spindle = spindle
            self.record("tool", self.clock)
        self.reports.overrides_changed()

    def sleep(self) -> None:
        """Take the torque off and wait for a reset."""
        self.state = "Sleep"
        self.switch((5, self.spindle[1]))
        self.record("release", self.clock)

    def homed(self) -> None:
        """End homing; a status query that came meanwhile is answered now, still as Home."""
        self.parser.position = self.planner.position
        if self._query_pending:
            self._query_pending = False
            self.report()
        self.state, self.knows_home, self.alarm = "Idle", True, 0

    # -- where it believes to be, and where it really is ------------------------------------------

    def _travel(self, joint: Joint) -> float:
        """Return the travel of an axis, mm: from machine zero to the far end of the joint."""
        origin, sign = float(joint.device.get("origin_mm", 0.0)), int(joint.device.get("sign", 1))
        return -min(origin + sign * 1000.0 * end for end in (joint.lower, joint.upper))

    def mirror(self) -> None:
        """Show the truth in `axes`, in the joints' units."""
        speeds = self.planner.velocity
        moving = self.planner.blocks > 0 and not self.held
        for index, axis in enumerate(self.axes):
            really = self.planner.position[index] + self.astray[index]
            axis.position = self._joint(index, really)
            axis.velocity = self._signs[index] * speeds[index] / 1000.0
            axis.target = axis.position
            if moving:
                axis.target = self._joint(index, self.planner.end[index] + self.astray[index])

    def _joint(self, index: int, machine: float) -> float:
        return (machine - self._origins[index]) * self._signs[index] / 1000.0

    def lose_home(self) -> None:
        """Forget where the machine is, as after power-up."""
        self.planner.flush()
        really = tuple(p + a for p, a in zip(self.planner.position, self.astray, strict=True))
        self.planner.position = (0.0,) * len(really)
        self.astray = really
        self.knows_home = False

    def lose_position(self) -> None:
        """Stop the steppers dead: they overshoot their count by what the speed was worth."""
        skid = tuple(0.002 * v for v in self.planner.velocity)
        self.planner.flush()
        self.astray = tuple(a + s for a, s in zip(self.astray, skid, strict=True))
        self.knows_home = False

    def beyond(self, target: Point) -> bool:
        """Whether a machine position lies outside the travel: from -$130 to 0."""
        return any(
            not -self.settings[UNITS[3] + axis] - 1e-6 <= value <= 1e-6
            for axis, value in enumerate(target)
        )

    def planned(self) -> None:
        """Write down where the machine will go."""
        for index, axis in enumerate(self.axes):
            axis.target = self._joint(index, self.planner.end[index] + self.astray[index])
        self.record("move", self.clock)
