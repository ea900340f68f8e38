"""An emulated grbl 1.1h (or grblHAL) with a gantry on it, byte for byte.

The firmware's main program is a generator that waits where the real one blocks: a full planner, a
dwell, a spindle change, the half second after an alarm. Realtime bytes act at once, beside it.
Behaviour: grbl v1.1 doc/markdown/interface.md, and what was seen on the wire of real boards.
"""

from __future__ import annotations

from collections.abc import Callable

from helmsight.contract.errors import InvalidOption
from helmsight.hardware.emulators.grbl_gcode import Interpreter
from helmsight.hardware.emulators.grbl_machine import GrblMachine
from helmsight.hardware.emulators.grbl_program import MainProgram, Wait
from helmsight.hardware.emulators.grbl_report import END, FLAVOURS, ReportWriter
from helmsight.hardware.emulators.grbl_words import LETTERS
from helmsight.hardware.spec import RobotSpec

ALARM_S = 0.5  # the firmware waits after an alarm line, deaf to all but what is caught in flight
SLICE_S = 0.002
DEBOUNCE_S = 0.06  # from a limit pin to the alarm


class GrblController(GrblMachine):
    """A controller in its workshop state: set up as the description says, homed, at `home`.

    flavour: `grbl` or `grblhal`; None: as the description's device table says.
    homed: False is the state after power-up: locked until `$H` or `$X`, position unknown.
    dtr: opening the port resets the board, as on an Uno, and it is no longer homed; else it greets
    and keeps its state, as a board on native USB does.
    """

    def __init__(
        self,
        spec: RobotSpec,
        flavour: str | None = None,
        *,
        homed: bool = True,
        dtr: bool = False,
    ) -> None:
        super().__init__(spec)
        name = flavour or spec.device.get("firmware", "grbl")
        name = "grbl" if name == "any" else name
        if name not in FLAVOURS or len(spec.joint) > len(LETTERS):
            raise InvalidOption(f"flavour {name!r}: there are {', '.join(FLAVOURS)}")
        self.flavour = FLAVOURS[name]
        self.dtr = dtr
        self.planner.size = self.flavour.blocks
        self.parser = Interpreter(len(spec.joint), self.settings[12])
        self.reports = ReportWriter(self.flavour)
        self.program = MainProgram(self, self.planner, self.parser)
        self.state = "Idle"
        self.overrides = [100, 100, 100]
        self.spindle = (5, 0.0)
        self.coolant = ""
        self.pins: set[str] = set()
        self.broken_switch = False  # homing never finds its switch
        self.lost_bytes = 0
        self._out: list[bytes] = []
        self.halting = False
        self._asked = False  # a status query that was caught while the firmware was deaf
        self._reset_caught = False
        self._deaf = self._critical = False
        self._cancelling = self._held = False
        self._tripped: float | None = None
        self._program: Wait = iter(())
        self._until: Callable[[], bool] | None = None
        if not homed:
            self._power_up()
        self._boot()
        self._out.clear()

    # -- Device -------------------------------------------------------------------------------

    def opened(self, now: float) -> list[bytes]:
        """Greet; with `dtr` reset like an Uno first."""
        self._advance(now)
        if self.dtr:
            self._power_up()
            self._boot()
        elif not (self._deaf or self._critical):
            self._say(self.flavour.banner)
        return self._spoken()

    def receive(self, data: bytes, now: float) -> list[bytes]:
        """Take bytes: realtime commands at once, the rest into the receive buffer."""
        self._advance(now)
        for byte in data:
            if byte in b"?!~\x18" or byte > 0x7F:
                self._realtime(byte)
            elif len(self.program.received) < self.flavour.received:
                self.program.received.append(byte)
            else:
                self.lost_bytes += 1
            if byte == 0x0A:
                self._run()  # the firmware parses while the next line is still on the wire
        self._run()
        return self._spoken()

    def tick(self, now: float) -> list[bytes]:
        """Let time pass up to `now`; return what the device says unasked."""
        self._advance(now)
        return self._spoken()

    def _advance(self, now: float) -> None:
        super().tick(now)

    def _pass(self, seconds: float, now: float) -> list[bytes]:
        # what waits for a motion or a time goes on within 2 ms, however coarse the ticks are
        while seconds > SLICE_S:
            seconds -= SLICE_S
            self._step(SLICE_S, now - seconds)
        self._step(seconds, now)
        return []

    def _step(self, seconds: float, now: float) -> None:
        self.clock = max(self.clock, now)
        self.planner.advance(seconds)
        if self._tripped is not None and now >= self._tripped:
            self._tripped = None
            if self.settings[21] and self.state not in ("Alarm", "Home") and not self._critical:
                self.lose_position()
                self._alarm(1)
        self._settle()
        self._run()
        self.mirror(moving=self.planner.blocks > 0 and not self._held)

    def trip(self, axis: str) -> None:
        """Press the limit switch of an axis; `release_switches` lets go."""
        self.pins.add(axis)
        self._tripped = self.clock + DEBOUNCE_S

    def release_switches(self) -> None:
        """Let go of every limit switch."""
        self.pins.clear()

    # -- talking ------------------------------------------------------------------------------

    def _say(self, *messages: bytes) -> None:
        self._out += messages

    def say_line(self, line: bytes) -> None:
        """Print one line."""
        self._say(line + END)

    def _spoken(self) -> list[bytes]:
        self.mirror(moving=self.planner.blocks > 0 and not self._held)
        out, self._out = self._out, []
        return out

    def report(self) -> None:
        """Print a status report."""
        state = self.state
        if state in ("Hold", "Door"):
            state += ":0" if self._held else ":1" if state == "Hold" else ":2"
        if self.parser.wco_changed:
            self.parser.wco_changed = False
            self.reports.offset_changed()
        code, speed = self.spindle
        letter = "" if code == 5 or speed <= 0 else "S" if code == 3 else "C"
        letters = letter + "".join(sorted(self.coolant))
        free = self.flavour.received - len(self.program.received)
        pins = "".join(sorted(self.pins))
        self._say(
            self.reports.write(
                state, self.planner, self.parser,
                (self.overrides[0], self.overrides[1], self.overrides[2]),
                letters, speed if letter else 0.0, pins, free,
            )
        )  # fmt: skip

    # -- realtime bytes -------------------------------------------------------------------------

    def _realtime(self, byte: int) -> None:
        if self._critical or self._deaf or (self.state == "Home" and self.flavour.name == "grbl"):
            self._asked = self._asked or (byte == 0x3F and not self._critical)
            if byte == 0x18:
                self._caught_reset()
            return
        if byte == 0x3F:
            self.report()
        elif byte == 0x18:
            self._caught_reset()
        elif byte == 0x85:
            if self.state == "Jog":
                self._hold(cancel=True)
        elif byte == 0x21:
            self.feed_hold()
        elif byte == 0x84:
            self._say(b"[MSG:Check Door]\r\n")
            self.feed_hold("Door")
        elif byte == 0x7E:
            self._resume()
        elif 0x90 <= byte <= 0x9D:
            self._override(byte)

    def _power_up(self) -> None:
        self.lose_home()
        self.state = "Alarm" if self.settings[22] else "Idle"

    def soft_reset(self) -> None:
        """Restart as after 0x18 at standstill."""
        self.state = "Idle" if self.state == "Check" else self.state
        self._boot()

    def fail_homing(self) -> None:
        """No switch was found: ALARM:9."""
        self.planner.flush()
        self._alarm(9)

    def _caught_reset(self) -> None:
        if self._deaf or self._critical:
            self._reset_caught = True
        elif self.state in ("Run", "Jog", "Home") or (
            self.state in ("Hold", "Door") and not self._held
        ):
            homing = self.state == "Home"
            self.lose_position()
            self._alarm(6 if homing else 3)
        else:
            self._boot()

    def feed_hold(self, state: str = "Hold") -> None:
        if self.state == "Jog":
            self._hold(cancel=True)
        elif self.state == "Run":
            self.state = state
            self._hold(cancel=False)
        elif self.state == "Idle":
            self.state, self._held = state, True
            self.record("hold", self.clock)

    def _hold(self, *, cancel: bool) -> None:
        if not self.planner.holding:
            self.planner.holding = True
            self._cancelling = cancel
            self.mirror(moving=self.planner.blocks > 0 and not self._held)
            self.record("hold", self.clock)

    def _resume(self) -> None:
        if self.state in ("Hold", "Door") and self._held:
            self._held = self.planner.holding = False
            self.state = "Run" if self.planner.blocks else "Idle"

    def _override(self, byte: int) -> None:
        feed, rapid, spindle = self.overrides
        feed = {0x90: 100, 0x91: feed + 10, 0x92: feed - 10, 0x93: feed + 1, 0x94: feed - 1}.get(
            byte, feed
        )
        rapid = {0x95: 100, 0x96: 50, 0x97: 25}.get(byte, rapid)
        spindle = {
            0x99: 100, 0x9A: spindle + 10, 0x9B: spindle - 10, 0x9C: spindle + 1, 0x9D: spindle - 1
        }.get(byte, spindle)  # fmt: skip
        new = [max(10, min(200, feed)), rapid, max(10, min(200, spindle))]
        if new != self.overrides:
            self.overrides = new
            self.planner.feed_override, self.planner.rapid_override = new[0], new[1]
            self.reports.overrides_changed()

    # -- events of motion -------------------------------------------------------------------------

    def _settle(self) -> None:
        """Note that a hold is complete or a motion is over."""
        planner = self.planner
        if planner.holding and not self._held and not self.halting:
            if planner.speed == 0.0:
                if self._cancelling:
                    planner.flush()
                    self.parser.position = planner.position
                    self._cancelling = False
                    self.state = "Idle"
                else:
                    planner.rest()
                    self._held = True
        elif self.state in ("Run", "Jog") and not planner.blocks:
            self.state = "Idle"

    # -- the main program -------------------------------------------------------------------------

    def _run(self) -> None:
        """Let the main program go on until it waits for something that is not there yet."""
        if self._asked and not self._deaf and not self._critical and self.state != "Home":
            self._asked = False
            self.report()
        while self._until is None or self._until():
            self._until = None
            if self._suspended():
                return
            try:
                self._until = next(self._program)
            except StopIteration:
                self._program = self.program.run()
                self._until = None
                continue
            if self._until is None:
                return

    def _suspended(self) -> bool:
        """A hold stops the main program, too, except the alarm that goes before everything."""
        if self._deaf or self._critical or self.halting:
            return False
        return self.planner.holding or self._held or self.state == "Sleep"

    def _boot(self) -> None:
        """Restart: buffers, modes and overrides are reset, position and settings are kept."""
        if self.state in ("Hold", "Door") or self.planner.blocks:
            self.record("reset", self.clock)
        locked = self.state in ("Alarm", "Sleep")
        self.program.clear()
        self.planner.flush()
        self.parser.reset(self.planner.position)
        self.overrides = [100, 100, 100]
        self.planner.feed_override = self.planner.rapid_override = 100
        self.spindle, self.coolant = (5, 0.0), ""
        self.reports.restart()
        self._deaf = self._critical = self._reset_caught = self._asked = False
        self._held = self._cancelling = self.halting = False
        self.state = "Alarm" if locked else "Idle"
        self._say(self.flavour.banner)
        if locked:
            self._say(b"[MSG:'$H'|'$X' to unlock]\r\n")
        self._program, self._until = self.program.run(start=not locked), None

    def _alarm(self, code: int) -> None:
        self.state = "Alarm"
        self._program, self._until = self._alarmed(code), None
        self._held = self._cancelling = self.halting = False
        self._deaf = True

    def _alarmed(self, code: int) -> Wait:
        """The trap: a reset that comes within the half second after ALARM:1 or 2 is discarded."""
        self._say(f"ALARM:{code}\r\n".encode())
        end = self.clock + ALARM_S
        yield lambda: self.clock >= end
        self._deaf = False
        if code in (1, 2):
            self._say(b"[MSG:Reset to continue]\r\n")
            self._reset_caught = False
            self._critical = True
            yield lambda: self._reset_caught
            self._boot()
        elif code in (3, 6, 8, 9) or self._reset_caught:
            self._boot()
        yield None

    def cycle_start(self) -> None:
        """Start what is queued."""
        if self.planner.blocks and self.state == "Idle":
            self.state = "Run"

    def switch(self, spindle: tuple[int, float], coolant: str) -> None:
        """Set spindle (M code, speed) and coolant outputs; the next report tells."""
        if (spindle, coolant) != (self.spindle, self.coolant):
            self.spindle, self.coolant = spindle, coolant
            self.record("tool", self.clock)
        self.reports.overrides_changed()

    def sleep(self) -> None:
        """Take the torque off and wait for a reset."""
        self.state = "Sleep"
        self.switch((5, self.spindle[1]), "")
        self.record("release", self.clock)

    def soft_limit(self) -> None:
        """A target lay beyond the travel: ALARM:2; the position is kept."""
        self.planner.flush()
        self._alarm(2)

    def homed(self) -> None:
        """Homing is over; a status query that came meanwhile is answered now, still as Home."""
        self.parser.position = self.planner.position
        if self._asked:
            self._asked = False
            self.report()
        self.state = "Idle"
