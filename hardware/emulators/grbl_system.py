"""The `$` lines of an emulated grbl: settings, jog, homing, unlock, check mode, sleep."""

from __future__ import annotations

import re

from helmsight.hardware.emulators.grbl_flavours import HELP
from helmsight.hardware.emulators.grbl_machine import AlarmRaised, GrblMachine, SoftReset, Wait
from helmsight.hardware.emulators.grbl_motion import UNITS
from helmsight.hardware.emulators.grbl_report import coordinates, parser_state, setting
from helmsight.hardware.emulators.grbl_words import Refused
from helmsight.hardware.wire.grbl_codes import ALARMS, ERRORS

FLAGS = frozenset((4, 5, 6, 13, 20, 21, 22, 32))


class SystemLines:
    """Carries out the lines that begin with `$`, for one machine."""

    def __init__(self, machine: GrblMachine) -> None:
        self._machine = machine

    def line(self, text: str) -> Wait:
        """Carry out a line. Raises Refused."""
        machine = self._machine
        if text == "$":
            machine.say_line(HELP)
        elif text.startswith("$J"):
            if machine.state not in ("Idle", "Jog"):
                raise Refused(8)
            if not text.startswith("$J="):
                raise Refused(3)
            if machine.planner.full:
                yield lambda: not machine.planner.full
            self._jog(text[3:])
        elif text == "$$":
            if machine.state in ("Run", "Hold"):
                raise Refused(8)
            self._print_settings()
        elif text == "$G":
            machine.say_line(parser_state(machine.parser))
        elif text == "$C":
            self._check_mode()
            yield lambda: True
        elif text == "$X":
            if machine.state == "Alarm":
                if "D" in machine.pins:
                    raise Refused(13)
                machine.say_line(b"[MSG:Caution: Unlocked]")
                machine.state, machine.alarm = "Idle", 0
        elif listed := self._listed(text):
            for line in listed:
                machine.say_line(line)
        elif text[1:].lower() in machine.flavour.named:
            path = text[1:].lower()
            machine.say_line(f"${path}={machine.flavour.named[path]}".encode())
        else:
            if machine.state not in ("Idle", "Alarm"):
                raise Refused(8)
            yield from self._at_rest(text)

    def _print_settings(self) -> None:
        machine = self._machine
        for number, value in machine.settings.items():
            if number not in machine.flavour.missing:
                machine.say_line(setting(number, value))
        for number, words in machine.flavour.texts.items():
            machine.say_line(f"${number}={words}".encode())

    def _listed(self, text: str) -> list[bytes]:
        """Return the lines of the board's own lists that a line asks for, none if it does not."""
        numbers = self._machine.flavour.numbers
        asked = re.fullmatch(r"\$(E)([AE])" if numbers == "E" else r"\$()([AE])=(\d+)", text)
        if not numbers or asked is None:
            return []
        known = {"A": {k: v.words for k, v in ALARMS.items()}, "E": dict(ERRORS)}[asked[2]]
        words = known | self._machine.listed[asked[2]]
        if numbers == "E":
            code = "ALARMCODE" if asked[2] == "A" else "ERRORCODE"
            return [f"[{code}:{k}||{v}]".encode() for k, v in sorted(words.items())]
        number = int(asked[3])
        return [f"{number}: {words.get(number, 'Unknown')}".encode()]

    def _jog(self, text: str) -> None:
        """Queue a jog. Raises Refused."""
        machine = self._machine
        before = machine.parser.position
        travel = machine.parser.jog(text)
        if machine.settings[20] and machine.beyond(travel.target):
            machine.parser.position = before
            raise Refused(15)
        if machine.planner.add(travel.target, travel.feed, jog=True, line=travel.line):
            machine.planned()
            machine.state = "Jog"

    def _at_rest(self, text: str) -> Wait:
        """Lines that are taken in Idle and Alarm only."""
        machine = self._machine
        if text == "$#":
            for line in coordinates(machine.parser, (0.0,) * len(machine.planner.position)):
                machine.say_line(line)
        elif text == "$I":
            for line in machine.build:
                machine.say_line(line)
        elif text == "$I+" and machine.flavour.more is not None:
            for line in (*machine.build, *machine.flavour.more):
                machine.say_line(line)
        elif text == "$H":
            yield from self._home()
        elif text == "$SLP":
            machine.sleep()
        elif text.startswith("$N"):
            raise Refused(20)  # start-up blocks are left out: no driver of ours stores any
        elif assignment := re.fullmatch(r"\$(\d+)(=?)(.*)", text):
            if assignment[2] != "=":
                raise Refused(3)
            self._store(int(assignment[1]), assignment[3])
        else:
            raise Refused(3 if text[1] in "IHSR#" else 2)

    def _store(self, number: int, text: str) -> None:
        if not re.fullmatch(r"-?(\d+\.?\d*|\.\d+)", text):
            raise Refused(2)
        settings, value = self._machine.settings, float(text)
        if number not in settings:
            raise Refused(3)
        if value < 0.0:
            raise Refused(4)
        if number == 0 and value < 3:
            raise Refused(6)
        if number == 20 and value and not settings[22]:
            raise Refused(10)
        if number in FLAGS and self._machine.flavour.name == "grbl":
            value = float(value != 0.0)
        settings[number] = value
        if number == 22 and not value:
            settings[20] = 0.0
        if number in (10, 13):
            self._machine.reports.restart()

    def _check_mode(self) -> None:
        machine = self._machine
        if machine.state == "Check":
            machine.say_line(b"[MSG:Disabled]")
            machine.say_line(b"ok")
            raise SoftReset
        elif machine.state != "Idle":
            raise Refused(8)
        else:
            machine.state = "Check"
            machine.say_line(b"[MSG:Enabled]")

    def _home(self) -> Wait:
        """Seek the switches, Z first, then the others together; pull off; set the position."""
        machine = self._machine
        if not machine.settings[22]:
            raise Refused(5)
        if "D" in machine.pins:
            raise Refused(13)
        machine.state, machine.knows_home = "Home", False
        axes = range(len(machine.planner.position))
        for cycle in ([2], [axis for axis in axes if axis != 2]):
            group = [axis for axis in cycle if axis in axes]
            if group:
                yield from self._seek(group)
        machine.homed()

    def _seek(self, group: list[int]) -> Wait:
        """Drive a group of axes to their switches, really at the ends of the travel, and off."""
        machine, planner = self._machine, self._machine.planner
        ends = {}
        for axis in group:
            low = int(machine.settings[23]) >> axis & 1
            ends[axis] = -machine.settings[UNITS[3] + axis] if low else 0.0
        if machine.broken_switch:
            yield from self._drive({axis: planner.position[axis] + 5.0 for axis in group})
            planner.flush()
            raise AlarmRaised(9)
        yield from self._drive({axis: ends[axis] - machine.astray[axis] for axis in group})
        position, astray = list(planner.position), list(machine.astray)
        for axis in group:
            position[axis], astray[axis] = ends[axis], 0.0
        planner.flush()
        planner.position, machine.astray = tuple(position), tuple(astray)
        pull = machine.settings[27]
        off = {axis: ends[axis] + (pull if ends[axis] < 0.0 else -pull) for axis in group}
        yield from self._drive(off)

    def _drive(self, goals: dict[int, float]) -> Wait:
        planner = self._machine.planner
        target = list(planner.position)
        for axis, goal in goals.items():
            target[axis] = goal
        planner.add(tuple(target), self._machine.settings[25])
        yield lambda: planner.blocks == 0
