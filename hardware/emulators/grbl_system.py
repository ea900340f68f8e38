"""The `$` lines of an emulated grbl: settings, jog, homing, unlock, check mode, sleep."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator
from typing import TYPE_CHECKING

from helmsight.hardware.emulators.grbl_arcs import Refused
from helmsight.hardware.emulators.grbl_motion import UNITS
from helmsight.hardware.emulators.grbl_report import coordinates, parser_state, setting

if TYPE_CHECKING:
    from helmsight.hardware.emulators.grbl import GrblController
    from helmsight.hardware.emulators.grbl_program import MainProgram

Wait = Iterator[Callable[[], bool] | None]
FLAGS = frozenset((4, 5, 6, 13, 20, 21, 22, 32))


class SystemLines:
    """Carries out the lines that begin with `$`, for one controller."""

    def __init__(self, controller: GrblController, program: MainProgram) -> None:
        self._controller = controller
        self._program = program
        self.startup_blocks = ["", ""]

    def startup(self) -> Wait:
        """Run the stored start-up blocks, each answered with `>block:ok`."""
        for block in filter(None, self.startup_blocks):
            try:
                yield from self._program.block(block)
                answer = "ok"
            except Refused as no:
                answer = f"error:{no.code}"
            self._controller.say_line(f">{block}:{answer}".encode())

    def line(self, text: str) -> Wait:
        """Carry out a line. Raises Refused."""
        c = self._controller
        if text == "$":
            c.say_line(c.flavour.help)
        elif text.startswith("$J"):
            if c.state not in ("Idle", "Jog"):
                raise Refused(8)
            if not text.startswith("$J="):
                raise Refused(3)
            if c.planner.full:
                yield lambda: not c.planner.full
            self._program.jog(text[3:])
        elif text == "$$":
            if c.state in ("Run", "Hold"):
                raise Refused(8)
            for number, value in c.settings.items():
                c.say_line(setting(number, value))
        elif text == "$G":
            c.say_line(parser_state(c.parser))
        elif text == "$C":
            self._check_mode()
            yield lambda: True
        elif text == "$X":
            if c.state == "Alarm":
                c.say_line(b"[MSG:Caution: Unlocked]")
                c.state = "Idle"
        else:
            if c.state not in ("Idle", "Alarm"):
                raise Refused(8)
            yield from self._at_rest(text)

    def _at_rest(self, text: str) -> Wait:
        """Lines that are taken in Idle and Alarm only."""
        c = self._controller
        if text == "$#":
            for line in coordinates(c.parser, (0.0,) * len(c.planner.position)):
                c.say_line(line)
        elif text == "$I":
            for line in c.flavour.build:
                c.say_line(line)
        elif text == "$H":
            yield from self._home()
        elif text == "$SLP":
            c.sleep()
        elif text == "$N":
            for index, block in enumerate(self.startup_blocks):
                c.say_line(f"$N{index}={block}".encode())
        elif stored := re.fullmatch(r"\$N([01])=(.*)", text):
            if c.state != "Idle":
                raise Refused(8)
            yield from self._program.block(stored[2])
            self.startup_blocks[int(stored[1])] = stored[2]
        elif found := re.fullmatch(r"\$(\d+)(=?)(.*)", text):
            if found[2] != "=":
                raise Refused(3)
            self._store(int(found[1]), found[3])
        else:
            raise Refused(3 if text[1] in "IHSRN#" else 2)

    def _store(self, number: int, text: str) -> None:
        if not re.fullmatch(r"-?(\d+\.?\d*|\.\d+)", text):
            raise Refused(2)
        settings, value = self._controller.settings, float(text)
        if number not in settings:
            raise Refused(3)
        if value < 0.0:
            raise Refused(4)
        if number == 0 and value < 3:
            raise Refused(6)
        if number == 20 and value and not settings[22]:
            raise Refused(10)
        if number in FLAGS and self._controller.flavour.name == "grbl":
            value = float(value != 0.0)
        settings[number] = value
        if number == 22 and not value:
            settings[20] = 0.0
        if number in (10, 13):
            self._controller.reports.restart()

    def _check_mode(self) -> None:
        c = self._controller
        if c.state == "Check":
            c.say_line(b"[MSG:Disabled]")
            c.say_line(b"ok")
            c.soft_reset()
        elif c.state != "Idle":
            raise Refused(8)
        else:
            c.state = "Check"
            c.say_line(b"[MSG:Enabled]")

    def _home(self) -> Wait:
        """Seek the switches, Z first, then the others together; pull off; set the position."""
        c = self._controller
        if not c.settings[22]:
            raise Refused(5)
        c.state = "Home"
        axes = range(len(c.planner.position))
        for cycle in ([2], [axis for axis in axes if axis != 2]):
            group = [axis for axis in cycle if axis in axes]
            if group:
                yield from self._seek(group)
                if c.state != "Home":
                    return
        c.homed()
        yield from self.startup()

    def _seek(self, group: list[int]) -> Wait:
        """Drive a group of axes to their switches, really at the ends of the travel, and off."""
        c, planner = self._controller, self._controller.planner
        ends = {}
        for axis in group:
            low = int(c.settings[23]) >> axis & 1
            ends[axis] = -c.settings[UNITS[3] + axis] if low else 0.0
        if c.broken_switch:
            yield from self._drive({axis: planner.position[axis] + 5.0 for axis in group})
            c.fail_homing()
            yield None
        yield from self._drive({axis: ends[axis] - c.astray[axis] for axis in group})
        position, astray = list(planner.position), list(c.astray)
        for axis in group:
            position[axis], astray[axis] = ends[axis], 0.0
        planner.flush()
        planner.position, c.astray = tuple(position), tuple(astray)
        pull = c.settings[27]
        off = {axis: ends[axis] + (pull if ends[axis] < 0.0 else -pull) for axis in group}
        yield from self._drive(off)

    def _drive(self, goals: dict[int, float]) -> Wait:
        planner = self._controller.planner
        target = list(planner.position)
        for axis, goal in goals.items():
            target[axis] = goal
        planner.add(tuple(target), self._controller.settings[25])
        yield lambda: planner.blocks == 0
