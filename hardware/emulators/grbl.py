"""An emulated grbl 1.1h (or grblHAL, or FluidNC) with a gantry on it, byte for byte.

The firmware's main program is a generator that waits where the real one blocks: a full planner, a
dwell, a spindle change, the half second after an alarm. Realtime bytes act at once, beside it.
Behaviour: grbl v1.1 doc/markdown/interface.md, and what was seen on the wire of real boards.
"""

from __future__ import annotations

from collections.abc import Callable

from helmsight.contract.errors import InvalidOption
from helmsight.hardware.emulators.grbl_flavours import FLAVOURS, GRBL
from helmsight.hardware.emulators.grbl_machine import AlarmRaised, GrblMachine, SoftReset, Wait
from helmsight.hardware.emulators.grbl_program import MainProgram
from helmsight.hardware.emulators.grbl_words import LETTERS
from helmsight.hardware.spec import RobotSpec
from helmsight.hardware.wire.grbl import HOMED_MARK

ALARM_S = 0.5  # the firmware waits after an alarm line, deaf to all but what is caught in flight
SLICE_S = 0.002
ENDS_IN_RESTART = (3, 6, 7, 8, 9)  # alarms that the firmware resets itself after
HOMING_FAILED = (6, 7, 8, 9)
DEBOUNCE_S = 0.06  # from a limit pin to the alarm


class GrblController(GrblMachine):
    """A controller that is set up as the description says, after power-up: it knows no position.

    flavour: `grbl`, `grblhal` or `fluidnc`; None: as the description's device table says.
    homed: as an earlier run of ours has left it: homed, at `home`, with the proof of that.
    lock: without it, a build (`L` in its OPT) that is not locked at power-up though not homed.
    door: grbl has one input for hold or door; this build takes it for a door (`+`).
    dtr: opening the port resets the board, as on an Uno, and it is no longer homed; else it greets
    and keeps its state, as a board on native USB does.
    """

    def __init__(
        self,
        spec: RobotSpec,
        flavour: str | None = None,
        *,
        homed: bool = False,
        lock: bool = True,
        door: bool = False,
        dtr: bool = False,
    ) -> None:
        name = flavour or spec.device.get("firmware", "grbl")
        name = "grbl" if name == "any" else name
        if name not in FLAVOURS or len(spec.joint) > len(LETTERS):
            raise InvalidOption(f"flavour {name!r}: there are {', '.join(FLAVOURS)}")
        super().__init__(spec, FLAVOURS[name])
        self.dtr, self.lock = dtr, lock
        self.build = tuple(
            line.replace(b"[OPT:V", b"[OPT:V" + b"L" * (not lock) + b"+" * door)
            for line in self.flavour.build
        )
        self.lost_bytes = 0
        self._main = MainProgram(self)
        self._reset_caught = False  # a reset came while nothing could be done about it
        self._line_owed = False  # a line ended in an alarm and was not answered
        self._deaf = False  # the half second after an alarm
        self._critical = False  # a critical alarm in which nothing but a reset is heard
        # Whether jog cancels come in the very moment in which the jog ends: grbl 1.1 is then Idle,
        # and takes in no line before a reset or a resume.
        self.cancels_late = self._suspends = False
        self._tripped_at: float | None = None  # when a limit switch is believed
        self._program: Wait = iter(())
        self._until: Callable[[], bool] | None = None  # what the program waits for
        self._power_up()
        self._boot()
        self.up_at = 0.0  # long up when it is opened
        if homed:
            self.start_homed()
        self._output.clear()

    def start_homed(self) -> None:
        """Stand at `home`, homed by an earlier run of ours."""
        self.planner.flush()
        self.planner.position = self.parser.position = self._home
        self.astray = (0.0,) * len(self._home)
        self.homed()
        if self.flavour is GRBL:
            self.parser.modal.tool = int(HOMED_MARK[1:])
        self.mirror()

    # -- Device -------------------------------------------------------------------------------

    def opened(self, now: float) -> list[bytes]:
        """Greet; with `dtr` reset like an Uno first."""
        self._advance(now)
        if self.dtr:
            self._power_up()
            self._boot()
        elif not (self._deaf or self._critical or self.blocked):
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
        self._leave_blocked()
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
        self.pins -= set(LETTERS)

    def press(self, button: str) -> None:
        """Press a button (H: feed hold, E: emergency stop) or open the door (D), till `let_go`.

        grbl looks at an edge only: what comes after it does not know that a button is still down.
        """
        self.pins.add(button)
        if button == "H":
            self.feed_hold()
        elif button == "D":
            self._open_door()
        elif button == "E":
            if not self.standing or self.state == "Home":
                self.lose_position()
            self._alarm(10 if self.flavour.name == "grblhal" else 13)

    def let_go(self, button: str) -> None:
        """Let go of a button, or close the door: nothing goes on by that."""
        self.pins.discard(button)

    def _open_door(self) -> None:
        if self.state == "Home":
            self.lose_position()
            self._alarm(7)
        elif self.state not in ("Alarm", "Sleep", "Check"):
            self.say(b"[MSG:Check Door]\r\n")
            self.feed_hold("Door")

    # -- realtime bytes -------------------------------------------------------------------------

    def _realtime(self, byte: int) -> None:
        homing = self.state == "Home"
        if self._critical or self._deaf or (homing and self.flavour.deaf):
            self._query_pending = self._query_pending or (byte == 0x3F and not self._critical)
            if byte == 0x18:
                self._reset_pressed()
            elif byte == 0x84 and homing and not self._deaf:
                self._open_door()
            return
        if byte == 0x3F:
            self.report()
        elif byte == 0x87:
            if self.flavour.name == "grblhal":
                self.report(full=True)
        elif byte == 0x18:
            self._reset_pressed()
        elif byte == 0x85:
            if self.state == "Jog":
                self.brake(cancel=True)
                self._suspends = self.cancels_late
        elif byte == 0x21:
            self.feed_hold()
        elif byte == 0x84:
            self._open_door()
        elif byte == 0x7E:
            self._suspends = False
            self.resume()
        elif 0x90 <= byte <= 0x9D:
            self._override(byte)

    def _reset_pressed(self) -> None:
        """0x18: at rest a restart, in motion an alarm, in an alarm kept for later."""
        if self._deaf or self._critical or self.blocked:
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
        silent = self.flavour.deaf and self.state == "Home"
        answerable = not self._deaf and not self._critical and not silent
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
                self._line_owed = True
                return
            except StopIteration:
                self._program = self._main.run()
                self._until = None
                continue
            if self._until is None:
                return

    def _suspended(self) -> bool:
        """A hold stops the main program, too, except the alarm that goes before everything."""
        if self.clock < self.up_at:
            return True
        if self._deaf or self._critical or self.blocked or self.halting:
            return False
        late = self._suspends and self.state == "Idle"
        return self.planner.holding or self.held or late or self.state == "Sleep"

    def _power_up(self) -> None:
        self.lose_home()
        self.state = "Alarm" if self.settings[22] and self.lock else "Idle"
        self.up_at = self.clock + self.flavour.starts_s
        self.alarm = self.flavour.unhomed

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
        self.blocked = self._suspends = False
        self.forget_holds()
        self.state = "Alarm" if locked else "Idle"
        if "D" in self.pins and not locked:
            self.say(b"[MSG:Check Door]\r\n")
            self.state, self.held = "Door", True
        self._told_home = None
        self.say(self.flavour.banner)
        if locked:
            self.say(b"[MSG:'$H'|'$X' to unlock]\r\n")
        self._program, self._until = self._main.run(), None

    def _alarm(self, code: int) -> None:
        self.state, self.alarm = "Alarm", code
        self.forget_holds()
        self.planner.flush()
        if self.flavour.deaf:
            self._program, self._until = self._alarmed(code), None
            self._deaf = True
            return
        self.say(f"ALARM:{code}\r\n".encode())
        if code in self.flavour.critical:
            self.say(b"[MSG:Reset to continue]\r\n")
            self._main.clear()
            self.blocked, self._reset_caught = True, False
            self._program, self._until = self._main.run(), None
        elif code in ENDS_IN_RESTART:
            self._boot()
        else:
            self._program, self._until = self._main.run(), None

    def _owed(self, *, homing: bool = False) -> None:
        """Say `ok` to the line that ended in the alarm, as the firmware does before it restarts."""
        if self._line_owed or homing:
            self.say_line(b"ok")
        self._line_owed = False

    def _leave_blocked(self) -> None:
        """Restart once a reset was asked for and no emergency stop is pressed any more."""
        if self.blocked and self._reset_caught and "E" not in self.pins:
            self.state = "Idle" if self.knows_home else "Alarm"
            self.alarm = 0 if self.knows_home else self.alarm
            self._boot()

    def _alarmed(self, code: int) -> Wait:
        """The trap: a reset that comes within the half second after ALARM:1 or 2 is discarded."""
        self.say(f"ALARM:{code}\r\n".encode())
        end = self.clock + ALARM_S
        yield lambda: self.clock >= end
        self._deaf = False
        if code in self.flavour.critical:
            self.say(b"[MSG:Reset to continue]\r\n")
            self._reset_caught = False
            self._critical = True
            yield lambda: self._reset_caught
            self._owed()
            self._boot()
        elif code in ENDS_IN_RESTART or self._reset_caught:
            self._owed(homing=code in HOMING_FAILED)
            self._boot()
        yield None
