"""Four firmwares of text-protocol arms, line for line.

20sffactory: v0.81 of github.com/20sffactory/community_robot_arm. uarm: V4 of
github.com/uArm-Developer/SwiftProForArduino and its protocol V4.2.0. console: no product; an arm
with a prompt and an echo, as hobby controllers with a shell have them. marlin: the G-code of
github.com/MarlinFirmware/Marlin 2.1 as far as an arm needs it; every answer ends in `ok`.
"""

from __future__ import annotations

import math
import re
from collections import deque

from helmsight.hardware.emulators.device import Device
from helmsight.hardware.emulators.linearm_firmware import (
    Firmware,
    Position,
    StraightMove,
    number,
    trapezoid,
)


class Community(Firmware):
    """20sffactory v0.81: CR ends a line, a queue of 15, nothing is carried out during a motion."""

    OFFSET, SHANK = 54.0, 120.0  # mm, config.h
    Z_LOW, Z_HIGH = -140.0, 150.0
    NEAR = SHANK * math.sqrt(2.0 - 2.0 * 0.791436948)
    FAR = SHANK * math.sqrt(2.0 + 2.0 * 0.774944489)
    QUEUE, HOMING_S = 15, 2.0
    UNKNOWN = "ERROR: COMMAND NOT RECOGNIZED\r\n"

    def __init__(self, device: Device) -> None:
        super().__init__(device)
        self._queue: deque[tuple[str, int, dict[str, float]]] = deque()
        self._relative = False
        self._profile = 2
        self._homing = False

    def start(self) -> list[str]:
        return ["INFO: ROBOT ONLINE\r\n", "INFO: SEND G28 TO CALIBRATE\r\n"]

    def take(self, byte: int) -> list[str]:
        if byte == 0x0A:
            return []
        if byte == 0x0D:  # an empty line, too, is a command that it does not know
            text, self._typed = self._typed.decode("latin-1"), bytearray()
            return self.line(text)
        return super().take(byte)

    def line(self, text: str) -> list[str]:
        text = text.upper().replace(" ", "")
        if not text.startswith(("G", "M")):
            return [self.UNKNOWN]
        words = re.findall(r"[A-Z][^A-Z]*", text)
        values = {word[0]: number(word[1:]) for word in words[1:]}
        if len(self._queue) < self.QUEUE:
            self._queue.append((text[0], int(number(words[0][1:].split(".")[0])), values))
        return []

    def idle(self) -> list[str] | None:
        if self._homing:
            self._homing = False
            return ["INFO: HOMING COMPLETE\r\n"]
        if not self._queue:
            return None
        return [f"{line}\r\n" for line in self._execute(*self._queue.popleft())]

    def barred(self, place: Position) -> str | None:
        x, y, z = place
        reach = math.hypot(x, y)
        arm = (reach - self.OFFSET) if reach else -self.OFFSET
        if self._homing or (
            self.NEAR <= math.hypot(arm, z) <= self.FAR and self.Z_LOW <= z <= self.Z_HIGH
        ):
            return None
        return f"ERROR: LIMIT REACHED: {_place(place)}\r\n"

    def _execute(self, letter: str, code: int, values: dict[str, float]) -> list[str]:
        name = f"{letter}{code}"
        if name in ("G0", "G1"):
            return self._linear(values)
        if name in ("M3", "M5"):
            self.switch_tool(on=name == "M3")
            return []
        if name in ("M17", "M18"):
            self.switch_motors(on=name == "M17")
            return []
        if name == "G28":
            return self._home()
        if name == "M205":
            self._profile = int(values.get("S", 0.0))
            return [f"INFO: SPEED PROFILE: [{self._profile}]"]
        if name in ("G90", "G91"):
            self._relative = name == "G91"
            return [f"INFO: {'RELATIVE' if self._relative else 'ABSOLUTE'} MODE ON"]
        if name == "G4":
            self.move = StraightMove(self.place, self.place, values.get("S", 0.0), lambda t: 0.0)
            return []
        if name == "M114":
            mode = "RELATIVE" if self._relative else "ABSOLUTE"
            return [f"INFO: {mode} MODE", f"INFO: CURRENT POSITION: {_place(self.place)}"]
        if name == "M119":
            return ["INFO: ENDSTOP: [X:0 Y:0 Z:0]"]
        if name in ("M1", "M2", "M6", "M7", "M106", "M107"):
            return []
        return [self.UNKNOWN.strip()]

    def _linear(self, values: dict[str, float]) -> list[str]:
        base = self.place if self._relative else (0.0, 0.0, 0.0)
        end = tuple(
            values[axis] + base[i] if axis in values else self.place[i]
            for i, axis in enumerate("XYZ")
        )
        distance = math.dist(self.place, end)
        speed = values.get("F", 0.0)
        if speed < 5.0:
            speed = max(5.0, 10.0 * math.sqrt(distance))
        seconds = distance / speed

        def run(t: float) -> float:
            return (1 - math.cos(math.pi * t / seconds)) / 2 if self._profile == 2 else t / seconds

        self.go(StraightMove(self.place, end, seconds, run))
        lines = [f"INFO: LINEAR MOVE: {_place(end)}"]
        if not distance:
            self.advance(0.0)
        return lines

    def _home(self) -> list[str]:
        """Drive to the switches and from there home: afterwards it knows where it stands."""
        self.energised = self._homing = True
        self.place = self.joints.positions
        self.go(
            StraightMove(self.place, self.joints.home, self.HOMING_S, lambda t: t / self.HOMING_S)
        )
        return []


def _place(place: Position) -> str:
    x, y, z = place
    return f"[X:{x + 0.0:.2f} Y:{y + 0.0:.2f} Z:{z + 0.0:.2f} E:0.00]"


class Swift(Firmware):
    """uArm V4: `#n` before a line, `$n` before its answer.

    P lines are answered at once; G and M lines are answered in order, when the arm is idle again.
    """

    QUEUE = 15
    REACH = (110.0, 350.0)  # mm from the base axis, tool included
    HEIGHT = (-120.0, 180.0)

    def __init__(self, device: Device) -> None:
        super().__init__(device)
        self.energised = True
        self._moves: deque[tuple[Position, float]] = deque()
        self._answers: deque[str] = deque()
        self._feed = 1000.0

    def start(self) -> list[str]:
        return ["@5 V1\n"]

    def line(self, text: str) -> list[str]:
        text = re.sub(r"[\x00-\x20]|\([^)]*\)", "", text).upper()
        head = re.match(r"#(\d*)", text)
        prefix = f"${head[1]}" if head and head[1] else ""
        if head:
            text = text[head.end() :]
        elif not text.startswith(("G", "M", "P")):
            return []
        if text.startswith("P"):
            return [_answer(prefix, self._query(text))]
        if len(self._answers) >= self.QUEUE:
            return ["E23 buffer full\r\n"]
        self._answers.append(_answer(prefix, self._execute(text)))
        return []

    def idle(self) -> list[str] | None:
        if self._moves:
            end, feed = self._moves.popleft()
            distance = math.dist(self.place, end)
            way = trapezoid(distance, feed / 60.0, self.joints.acceleration)
            self.go(StraightMove(self.place, end, *way))
            return self.advance(0.0)
        return [self._answers.popleft()] if self._answers else None

    def _query(self, text: str) -> str:
        x, y, z = self.place
        known = {
            "P2201": "ok SwiftPro",
            "P2202": "ok 3.3.0",
            "P2203": "ok V4.2.0",
            "P2204": "ok V4.2.0",
            "P2220": f"ok X{x + 0.0:.4f} Y{y + 0.0:.4f} Z{z + 0.0:.4f}",
            "P2221": f"ok S{math.hypot(x, y):.4f} "
            f"R{math.degrees(math.atan2(y, x)) + 90:.4f} H{z:.4f}",
            "P2231": f"ok V{2 if self.tool else 0}",
            "P2233": "ok V0",
            "P2234": "ok V1",
            "P2400": "ok V0",
        }
        return known.get(text, "E20")

    def _execute(self, text: str) -> str:
        match = re.match(r"([GM])(\d+)", text)
        if match is None:
            return "E20"
        name, rest = match[0], text[match.end() :]
        if name in ("G0", "G1", "G2204"):
            return self._linear(name, rest)
        if name in ("M17", "M2019", "M18"):
            self.switch_motors(on=name == "M17")
            return "ok"
        if name in ("M2231", "M2232"):
            if rest not in ("V0", "V1"):
                return "E21"
            self.switch_tool(on=rest == "V1")
            return "ok"
        if name == "M2203":
            return f"ok V{int(self.energised)}" if rest in ("N0", "N1", "N2", "N3") else "E21"
        if name == "M2222":
            target = self._target("G0", rest)
            return "E21" if target is None else f"ok V{int(self._reachable(target[0]))}"
        if name in ("G90", "G21", "M204", "M2120", "M2121", "M2122", "M2210", "M2400"):
            return "ok"
        return "E20"

    def _linear(self, name: str, rest: str) -> str:
        target = self._target(name, rest)
        if target is None:
            return ""  # a bad number is answered with nothing but the line's number
        end, feed = target
        if feed <= 0.0 or not self._reachable(end):
            return "E22" if feed > 0.0 else "E21"
        self._feed = feed
        self._moves.append((end, feed))
        return "ok"

    def _target(self, name: str, rest: str) -> tuple[Position, float] | None:
        words = re.findall(r"[A-Z][^A-Z]*", rest)
        if "".join(words) != rest:
            return None
        values: dict[str, float] = {}
        for word in words:
            if not re.fullmatch(r"[-+]?(\d+\.?\d*|\.\d+)", word[1:]):
                return None
            values[word[0]] = float(word[1:])
        last = self._moves[-1][0] if self._moves else self._end()
        base = last if name == "G2204" else (0.0, 0.0, 0.0)
        end = tuple(
            values[axis] + base[i] if axis in values else last[i] for i, axis in enumerate("XYZ")
        )
        return end, values.get("F", self._feed)

    def _end(self) -> Position:
        return self.move.end if self.move else self.place

    def _reachable(self, place: Position) -> bool:
        x, y, z = place
        near, far = self.REACH
        low, high = self.HEIGHT
        return near <= math.hypot(x, y) <= far and low <= z <= high


def _answer(prefix: str, result: str) -> str:
    return f"{prefix} {result}\n" if prefix and result else f"{prefix}{result}\n"


class Console(Firmware):
    """A shell: LF, echo, prompt `> `, a new target replaces the old one, HALT stops."""

    def start(self) -> list[str]:
        return ["ARM SHELL 1\r\n", "> "]

    def take(self, byte: int) -> list[str]:
        if byte == 0x0D:
            return []
        lines = super().take(byte)
        return ["\r\n> "] if byte == 0x0A and not lines else lines

    def line(self, text: str) -> list[str]:
        return [f"{text}\r\n", f"{self._result(text.split())}\r\n", "> "]

    def _result(self, words: list[str]) -> str:
        try:
            return self._carried_out(words)
        except ValueError:
            return "? number"

    def _carried_out(self, words: list[str]) -> str:
        match words:
            case ["WHO"]:
                return "ARM SHELL 1"
            case ["WHERE"]:
                ends = self.move.end if self.move else self.place
                return f"AT {_three(self.place)} TO {_three(ends)}"
            case ["MOVE", x, y, z, "BY", speed]:
                return self._moved((float(x), float(y), float(z)), float(speed))
            case ["HALT"]:
                self.move = None
                self.joints.halt()
                self.joints.record("hold")
                return "HALTED"
            case ["MOTORS", "ON" | "OFF" as which]:
                self.switch_motors(on=which == "ON")
                return f"MOTORS {which}"
            case ["GRIP", "0" | "1" as which]:
                self.switch_tool(on=which == "1")
                return f"GRIP {which}"
        return "? unknown"

    def _moved(self, end: Position, speed: float) -> str:
        if not all(map(math.isfinite, (*end, speed))) or speed <= 0.0:
            return "? number"
        if any(abs(value) > 400.0 for value in end):
            return "? range 7"
        seconds = math.dist(self.place, end) / speed
        self.go(StraightMove(self.place, end, seconds, lambda t: t / seconds))
        if not seconds:
            self.advance(0.0)
        return "OK"


def _three(place: Position) -> str:
    return " ".join(f"{value + 0.0:.2f}" for value in place)


class Marlin(Firmware):
    """Marlin 2.1's way of talking: `ok` closes every answer, refusals included.

    A move is acknowledged when it is planned, not when it is done. M114 tells where the planner
    ends, `M114 R` where the motors are; M410 stops at once and throws the plan away.
    """

    PLAN = 16
    REACH_MM = 300.0
    HOMING_S = 2.0

    def __init__(self, device: Device) -> None:
        super().__init__(device)
        self.plan: deque[tuple[Position, float]] = deque()
        self._waiting: deque[str] = deque()  # lines that came while it waits for room or an end
        self._feed = 1500.0
        self._blocked = ""

    def start(self) -> list[str]:
        return ["start\n", "echo:Marlin 2.1.2\n"]

    def line(self, text: str) -> list[str]:
        text = text.partition(";")[0].strip().upper()
        if text == "M410" or not self._blocked:
            return self._carried_out(text)
        self._waiting.append(text)
        return []

    def idle(self) -> list[str] | None:
        if self.plan:
            end, feed = self.plan.popleft()
            seconds = math.dist(self.place, end) / (feed / 60.0)
            self.go(StraightMove(self.place, end, seconds, lambda t: t / seconds))
            if not seconds:
                self.advance(0.0)
            return []
        if self._blocked:
            self._blocked = ""
            return ["ok\n"]
        if self._waiting:
            return self._carried_out(self._waiting.popleft())
        return None

    def _carried_out(self, text: str) -> list[str]:
        words = text.split()
        name, rest = (words[0], words[1:]) if words else ("", [])
        report: list[str] = []
        if name in ("G0", "G1"):
            report = self._planned(rest)
        elif name == "M114":
            report = [f"{_axes(self.place if 'R' in rest else self._end())}\n"]
        elif name == "M115":
            report = ["FIRMWARE_NAME:Marlin 2.1.2 PROTOCOL_VERSION:1.0 MACHINE_TYPE:Arm\n"]
        elif name in ("G28", "M400"):
            if name == "G28":
                self.energised = True
                speed = math.dist(self._end(), self.joints.home) / self.HOMING_S * 60.0
                self.plan.append((self.joints.home, max(speed, 1.0)))
            self._blocked = name
            return ["echo:busy: processing\n"]
        elif name == "M410":
            self.plan.clear()
            self._blocked = ""
            self.move = None
            self.joints.halt()
            self.joints.record("hold")
        elif name in ("M17", "M18"):
            self.switch_motors(on=name == "M17")
        elif name in ("M3", "M5"):
            self.switch_tool(on=name == "M3")
        elif name not in ("", "G90", "G21", "M211"):
            report = [f'echo:Unknown command: "{text}"\n']
        return [*report, "ok\n"]

    def _planned(self, words: list[str]) -> list[str]:
        values = {word[0]: number(word[1:]) for word in words}
        last = self._end()
        end = tuple(values.get(axis, last[i]) for i, axis in enumerate("XYZ"))
        if math.hypot(*end) > self.REACH_MM:
            return ["Error:Unreachable position\n"]
        self._feed = values.get("F", self._feed) or self._feed
        if len(self.plan) < self.PLAN:
            self.plan.append((end, self._feed))
        return []

    def _end(self) -> Position:
        if self.plan:
            return self.plan[-1][0]
        return self.move.end if self.move else self.place


def _axes(place: Position) -> str:
    x, y, z = (f"{value + 0.0:.2f}" for value in place)
    return f"X:{x} Y:{y} Z:{z} E:0.00 Count X:0 Y:0 Z:0"


DIALECTS: dict[str, type[Firmware]] = {
    "20sffactory": Community,
    "uarm": Swift,
    "console": Console,
    "marlin": Marlin,
}
