"""The main program of an emulated grbl: bytes to lines, lines to motion, waits where it blocks."""

from __future__ import annotations

from helmsight.hardware.emulators.grbl_machine import AlarmRaised, GrblMachine, Wait
from helmsight.hardware.emulators.grbl_system import SystemLines
from helmsight.hardware.emulators.grbl_words import Action, Dwell, Flow, Refused, Spindle, Travel

LINE = 80
HARMLESS = ("$$", "$I", "$E", "$A", "$G", "$/")  # what is answered in a critical alarm, too


class MainProgram:
    """Reads the receive buffer of a machine and carries out its lines."""

    def __init__(self, machine: GrblMachine) -> None:
        self._machine = machine
        self._system = SystemLines(machine)
        self._line = bytearray()
        self._comment = ""
        self._overlong = False

    def clear(self) -> None:
        """Forget what was received."""
        self._machine.received.clear()
        self._line.clear()
        self._comment, self._overlong = "", False

    def run(self) -> Wait:
        """Run for ever; motion starts when the buffer is empty or the planner is full.

        Raises:
            AlarmRaised, SoftReset: it ends; whoever runs it starts another.
        """
        received = self._machine.received
        while True:
            if not received:
                self._machine.cycle_start()
                yield None
                continue
            byte = received.popleft()
            if byte in b"\r\n":
                text, overlong = self._line.decode("ascii"), self._overlong
                self._line.clear()
                self._comment, self._overlong = "", False
                yield from self._execute(text, overlong)
                yield lambda: True  # a realtime command may have come meanwhile
            else:
                self._collect(byte)

    def _collect(self, byte: int) -> None:
        """Add a byte to the line: spaces, control characters and comments are left out."""
        if self._overlong or self._comment:
            if byte == ord(")") and self._comment == "(":
                self._comment = ""
        elif byte <= 0x20 or (byte == ord("/") and not self._machine.flavour.named):
            return
        elif byte in b"(;":
            self._comment = chr(byte)
        elif len(self._line) >= LINE - 1:
            self._overlong = True
        else:
            self._line += bytes([byte]).upper()

    def _execute(self, text: str, overlong: bool) -> Wait:
        """Carry out one line and say `ok` or its error number."""
        machine = self._machine
        try:
            if overlong:
                raise Refused(11)
            if machine.blocked and not text.startswith(HARMLESS):
                raise Refused(79)
            if text.startswith("$"):
                yield from self._system.line(text)
            elif text:
                if machine.state in ("Alarm", "Jog"):
                    raise Refused(9)
                for action in machine.parser.line(text):
                    yield from self._act(action)
        except Refused as refusal:
            machine.say_line(f"error:{refusal.code}".encode())
        else:
            machine.say_line(b"ok")
            if machine.state == "Sleep":
                machine.say_line(b"[MSG:Sleeping]")

    def _act(self, action: Action) -> Wait:
        machine = self._machine
        checking = machine.state == "Check"
        if isinstance(action, Travel):
            yield from self._travel(action)
            return
        if not checking:
            # everything but a motion waits for the motions before it
            machine.cycle_start()
            yield lambda: not machine.planner.blocks
        if isinstance(action, Flow):
            yield from self._flow(action.code, checking)
        elif checking:
            return
        elif isinstance(action, Dwell):
            end = machine.clock + action.seconds
            yield lambda: machine.clock >= end
        elif isinstance(action, Spindle):
            machine.switch((action.code, action.speed))

    def _flow(self, code: int, checking: bool) -> Wait:
        machine = self._machine
        if code == 0:
            if not checking:
                machine.feed_hold()
                yield lambda: True
            return
        machine.parser.end_program()
        if not checking:
            machine.switch((5, machine.spindle[1]))
        machine.say_line(b"[MSG:Pgm End]")

    def _travel(self, travel: Travel) -> Wait:
        machine, planner = self._machine, self._machine.planner
        if machine.settings[20] and machine.beyond(travel.target):
            # grbl brakes first, so that an alarm by a soft limit keeps the position
            planner.holding = machine.halting = True
            yield lambda: planner.speed == 0.0
            planner.flush()
            raise AlarmRaised(2)
        if machine.state == "Check":
            return
        if planner.full:
            machine.cycle_start()
            yield lambda: not planner.full
        if planner.add(travel.target, travel.feed, line=travel.line):
            machine.planned()
