"""The main program of an emulated grbl: bytes to lines, lines to motion, waits where it blocks."""

from __future__ import annotations

from collections import deque
from collections.abc import Callable, Iterator
from typing import TYPE_CHECKING

from helmsight.hardware.emulators.grbl_arcs import Refused
from helmsight.hardware.emulators.grbl_gcode import Interpreter
from helmsight.hardware.emulators.grbl_motion import Planner
from helmsight.hardware.emulators.grbl_system import SystemLines
from helmsight.hardware.emulators.grbl_words import Action, Coolant, Dwell, Flow, Spindle, Travel

if TYPE_CHECKING:
    from helmsight.hardware.emulators.grbl import GrblController

LINE = 80
# What a program yields: what it waits for, or None when it waits for bytes.
Wait = Iterator[Callable[[], bool] | None]


class MainProgram:
    """Reads the receive buffer and carries out its lines, for one controller."""

    def __init__(self, controller: GrblController, planner: Planner, parser: Interpreter) -> None:
        self._controller = controller
        self._planner = planner
        self._parser = parser
        self._system = SystemLines(controller, self)
        self.received: deque[int] = deque()
        self._line = bytearray()
        self._comment = ""
        self._overlong = False

    def clear(self) -> None:
        """Forget what was received."""
        self.received.clear()
        self._line.clear()
        self._comment, self._overlong = "", False

    def run(self, start: bool = False) -> Wait:
        """Run for ever; motion starts when the buffer is empty or the planner is full."""
        if start:
            yield from self._system.startup()
        while True:
            if not self.received:
                self._controller.cycle_start()
                yield None
                continue
            byte = self.received.popleft()
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
        elif byte <= 0x20 or byte == ord("/"):
            return
        elif byte in b"(;":
            self._comment = chr(byte)
        elif len(self._line) >= LINE - 1:
            self._overlong = True
        else:
            self._line += bytes([byte]).upper()

    def _execute(self, text: str, overlong: bool) -> Wait:
        """Carry out one line and say `ok` or its error number."""
        c = self._controller
        try:
            if overlong:
                raise Refused(11)
            if text.startswith("$"):
                yield from self._system.line(text)
            elif text:
                if c.state in ("Alarm", "Jog"):
                    raise Refused(9)
                yield from self.block(text)
        except Refused as no:
            c.say_line(f"error:{no.code}".encode())
        else:
            c.say_line(b"ok")
            if c.state == "Sleep":
                c.say_line(b"[MSG:Sleeping]")

    def block(self, text: str) -> Wait:
        """Carry out a line of G-code."""
        for action in self._parser.line(text):
            yield from self._act(action)

    def _act(self, action: Action) -> Wait:
        c = self._controller
        checking = c.state == "Check"
        if isinstance(action, Travel):
            yield from self._travel(action)
            return
        if not checking:
            c.cycle_start()
            yield lambda: not self._planner.blocks
        if isinstance(action, Flow):
            yield from self._flow(action.code, checking)
        elif checking:
            return
        elif isinstance(action, Dwell):
            end = c.clock + action.seconds
            yield lambda: c.clock >= end
        elif isinstance(action, Spindle):
            c.switch((action.code, action.speed), c.coolant)
        elif isinstance(action, Coolant):
            c.switch(c.spindle, action.on)

    def _flow(self, code: int, checking: bool) -> Wait:
        c = self._controller
        if code == 0:
            if not checking:
                c.feed_hold()
                yield lambda: True
            return
        self._parser.end_program()
        if not checking:
            c.switch((5, c.spindle[1]), "")
        c.say_line(b"[MSG:Pgm End]")

    def _travel(self, travel: Travel) -> Wait:
        c, planner = self._controller, self._planner
        if c.settings[20] and c.beyond(travel.target):
            planner.holding = c.halting = True
            yield lambda: planner.speed == 0.0
            c.soft_limit()
            yield None
        if c.state == "Check":
            return
        if planner.full:
            c.cycle_start()
            yield lambda: not planner.full
        if planner.add(travel.target, travel.feed, line=travel.line):
            c.planned()

    def jog(self, text: str) -> None:
        """Queue a jog. Raises Refused."""
        before, c = self._parser.position, self._controller
        travel = self._parser.jog(text)
        if c.settings[20] and c.beyond(travel.target):
            self._parser.position = before
            raise Refused(15)
        if self._planner.add(travel.target, travel.feed, jog=True, line=travel.line):
            c.planned()
            c.state = "Jog"
