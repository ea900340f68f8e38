"""An emulated grbl 1.1h (or grblHAL) with a gantry on it, byte for byte.

The firmware's main program is a generator that waits where the real one blocks: a full planner, a
dwell, a spindle change, the half second after an alarm. Realtime bytes act at once, beside it.
Behaviour: grbl v1.1 doc/markdown/interface.md, and what was seen on the wire of real boards.
"""

from __future__ import annotations

from collections.abc import Callable

from helmsight.contract.errors import InvalidOption
from helmsight.hardware.emulators.grbl_machine import AlarmRaised, GrblMachine, SoftReset, Wait
from helmsight.hardware.emulators.grbl_program import MainProgram
from helmsight.hardware.emulators.grbl_report import FLAVOURS
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
        name = flavour or spec.device.get("firmware", "grbl")
        name = "grbl" if name == "any" else name
        if name not in FLAVOURS or len(spec.joint) > len(LETTERS):
            raise InvalidOption(f"flavour {name!r}: there are {', '.join(FLAVOURS)}")
        super().__init__(spec, FLAVOURS[name])
        self.dtr = dtr
        self.lost_bytes = 0
        self._main = MainProgram(self)
        self._reset_caught = False  # a reset came while nothing could be done about it
        self._deaf = False  # the half second after an alarm
        self._critical = False  # after ALARM:1 and 2 nothing but a reset is heard
        self._tripped_at: float | None = None  # when a limit switch is believed
        self._program: Wait = iter(())
        self._until: Callable[[], bool] | None = None  # what the program waits for
        if not homed:
            self._power_up()
        self._boot()
        self._output.clear()

    # -- Device -------------------------------------------------------------------------------

    def opened(self, now: float) -> list[bytes]:
        """Greet; with `dtr` reset like an Uno first."""
        self._advance(now)
        if self.dtr:
            self._power_up()
            self._boot()
        elif not (self._deaf or self._critical):
            self.say(self.flavour.banner)
        return self._messages()

    def receive(self, data: bytes, now: float) -> list[bytes]:
        """Take bytes: realtime commands at once, the rest into the receive buffer."""
        self._advance(now)
        for byte in data:
            if byte in b"?!~\x18" or byte > 0x7F:
                self._realtime(byte)
            elif len(self.received) < self.flavour.received:
                self.received.append(byte)
            else:
                self.lost_bytes += 1
            if byte == 0x0A:
                self._run()  # the firmware parses while the next line is still on the wire
        self._run()
        return self._messages()

    def tick(self, now: float) -> list[bytes]:
        """Let time pass up to `now`; return what the device says unasked."""
        self._advance(now)
        return self._messages()

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
        if self._tripped_at is not None and now >= self._tripped_at:
            self._tripped_at = None
            if self.settings[21] and self.state not in ("Alarm", "Home") and not self._critical:
                self.lose_position()
                self._alarm(1)
        self.settle()
        self._run()
        self.mirror()

    def _messages(self) -> list[bytes]:
        """Return what was printed since the last call."""
        self.mirror()
        messages, self._output = self._output, []
        return messages

    # -- what a person does to the machine --------------------------------------------------------

    def trip(self, axis: str) -> None:
        """Press the limit switch of an axis; `release_switches` lets go."""
        self.pins.add(axis)
        self._tripped_at = self.clock + DEBOUNCE_S

    def release_switches(self) -> None:
        """Let go of every limit switch."""
        self.pins.clear()

    # -- realtime bytes -------------------------------------------------------------------------

    def _realtime(self, byte: int) -> None:
        if self._critical or self._deaf or (self.state == "Home" and self.flavour.name == "grbl"):
            self._query_pending = self._query_pending or (byte == 0x3F and not self._critical)
            if byte == 0x18:
                self._reset_pressed()
            return
        if byte == 0x3F:
            self.report()
        elif byte == 0x18:
            self._reset_pressed()
        elif byte == 0x85:
            if self.state == "Jog":
                self.brake(cancel=True)
        elif byte == 0x21:
            self.feed_hold()
        elif byte == 0x84:
            self.say(b"[MSG:Check Door]\r\n")
            self.feed_hold("Door")
        elif byte == 0x7E:
            self.resume()
        elif 0x90 <= byte <= 0x9D:
            self._override(byte)

    def _reset_pressed(self) -> None:
        """0x18: at rest a restart, in motion an alarm, in an alarm kept for later."""
        if self._deaf or self._critical:
            self._reset_caught = True
        elif self.state in ("Run", "Jog", "Home") or (
            self.state in ("Hold", "Door") and not self.held
        ):
            homing = self.state == "Home"
            self.lose_position()
            self._alarm(6 if homing else 3)
        else:
            self._boot()

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

    # -- the main program -------------------------------------------------------------------------

    def _run(self) -> None:
        """Let the main program go on until it waits for something that is not there yet."""
        answerable = not self._deaf and not self._critical and self.state != "Home"
        if self._query_pending and answerable:
            self._query_pending = False
            self.report()
        while self._until is None or self._until():
            self._until = None
            if self._suspended():
                return
            try:
                self._until = next(self._program)
            except SoftReset:
                self.state = "Idle" if self.state == "Check" else self.state
                self._boot()
                continue
            except AlarmRaised as raised:
                self._alarm(raised.code)
                return
            except StopIteration:
                self._program = self._main.run()
                self._until = None
                continue
            if self._until is None:
                return

    def _suspended(self) -> bool:
        """A hold stops the main program, too, except the alarm that goes before everything."""
        if self._deaf or self._critical or self.halting:
            return False
        return self.planner.holding or self.held or self.state == "Sleep"

    def _power_up(self) -> None:
        self.lose_home()
        self.state = "Alarm" if self.settings[22] else "Idle"

    def _boot(self) -> None:
        """Restart: buffers, modes and overrides are reset, position and settings are kept."""
        if self.state in ("Hold", "Door") or self.planner.blocks:
            self.record("reset", self.clock)
        locked = self.state in ("Alarm", "Sleep")
        self._main.clear()
        self.planner.flush()
        self.parser.reset(self.planner.position)
        self.overrides = [100, 100, 100]
        self.planner.feed_override = self.planner.rapid_override = 100
        self.spindle = (5, 0.0)
        self.reports.restart()
        self._deaf = self._critical = self._reset_caught = self._query_pending = False
        self.forget_holds()
        self.state = "Alarm" if locked else "Idle"
        self.say(self.flavour.banner)
        if locked:
            self.say(b"[MSG:'$H'|'$X' to unlock]\r\n")
        self._program, self._until = self._main.run(), None

    def _alarm(self, code: int) -> None:
        self.state = "Alarm"
        self._program, self._until = self._alarmed(code), None
        self.forget_holds()
        self._deaf = True

    def _alarmed(self, code: int) -> Wait:
        """The trap: a reset that comes within the half second after ALARM:1 or 2 is discarded."""
        self.say(f"ALARM:{code}\r\n".encode())
        end = self.clock + ALARM_S
        yield lambda: self.clock >= end
        self._deaf = False
        if code in (1, 2):
            self.say(b"[MSG:Reset to continue]\r\n")
            self._reset_caught = False
            self._critical = True
            yield lambda: self._reset_caught
            self._boot()
        elif code in (3, 6, 8, 9) or self._reset_caught:
            self._boot()
        yield None
