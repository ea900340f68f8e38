"""Words, modes and actions of an emulated grbl's G-code; lines taken apart.

Arcs, planes other than XY and coolant are left out: no driver of ours sends them. Their words get
error 20, grbl's answer to what it does not support.

Groups and error numbers: NIST RS274/NGC as grbl v1.1 keeps it (doc/csv/error_codes_en_US.csv).
"""

from __future__ import annotations

import re
from dataclasses import dataclass, field

from helmsight.hardware.emulators.grbl_motion import Point

NUMBER = re.compile(r"[+-]?(\d+\.?\d*|\.\d+)")
INCH = 25.4
LETTERS = "XYZABCUVW"

# Modal and non-modal groups of the words that stand for a command.
G_GROUPS: dict[float, str] = {
    **dict.fromkeys((4, 10, 28, 28.1, 30, 30.1, 53, 92, 92.1), "non-modal"),
    **dict.fromkeys((0, 1, 80), "motion"),
    17: "plane",
    **dict.fromkeys((90, 91), "distance"),
    **dict.fromkeys((93, 94), "feed mode"),
    **dict.fromkeys((20, 21), "units"),
    40: "cutter",
    **dict.fromkeys((43.1, 49), "tool length"),
    **dict.fromkeys((54, 55, 56, 57, 58, 59), "coordinates"),
    61: "path",
}
M_GROUPS: dict[float, str] = {
    **dict.fromkeys((0, 1, 2, 30), "flow"),
    **dict.fromkeys((3, 4, 5), "spindle"),
}
OWN_AXES = (10, 28, 30, 92)  # non-modal commands that use axis words in their own way


class Refused(Exception):
    """A line that is not carried out; `code` is grbl's error number."""

    def __init__(self, code: int) -> None:
        super().__init__(code)
        self.code = code


@dataclass(frozen=True)
class Travel:
    """Go straight to a machine position; feed None: as fast as the axes can."""

    target: Point
    feed: float | None
    line: int = 0


@dataclass(frozen=True)
class Dwell:
    """Wait, once all motion is done."""

    seconds: float


@dataclass(frozen=True)
class Spindle:
    """Turn the spindle (M3, M4) or stop it (M5), once all motion is done."""

    code: int
    speed: float


@dataclass(frozen=True)
class Flow:
    """Pause (M0) or end (M2, M30) the program, once all motion is done."""

    code: int


Action = Travel | Dwell | Spindle | Flow


@dataclass
class Modal:
    """The parser state that `$G` prints."""

    motion: int = 0
    coordinates: int = 54
    inches: bool = False
    relative: bool = False
    inverse: bool = False
    spindle: int = 5
    tool: int = 0
    feed: float = 0.0
    speed: float = 0.0
    length: float = 0.0  # tool length offset, mm


@dataclass
class Words:
    """A line taken apart: one command a group, values and axis values by letter."""

    commands: dict[str, float] = field(default_factory=dict)
    values: dict[str, float] = field(default_factory=dict)
    axes: dict[int, float] = field(default_factory=dict)

    @property
    def non_modal(self) -> float | None:
        """The non-modal command, if any."""
        return self.commands.get("non-modal")


def scan(text: str, axes: int) -> Words:
    """Return a line taken apart, for a machine with so many axes. Raises Refused."""
    words, place = Words(), 0
    while place < len(text):
        letter = text[place]
        if not "A" <= letter <= "Z":
            raise Refused(1)
        number = NUMBER.match(text, place + 1)
        if number is None:
            raise Refused(2)
        place = number.end()
        _word(words, letter, float(number[0]), axes)
    if words.values.get("N", 0) > 10_000_000:
        raise Refused(27)
    return words


def _word(words: Words, letter: str, value: float, axes: int) -> None:
    if letter in "GM":
        _command(words, letter, value)
    elif letter in LETTERS[:axes]:
        axis = LETTERS.index(letter)
        if axis in words.axes:
            raise Refused(25)
        words.axes[axis] = value
    elif letter in "FLNPST":
        if letter in words.values:
            raise Refused(25)
        if value < 0 and letter in "FNPST":
            raise Refused(4)
        if letter == "T" and value > 255:
            raise Refused(38)
        words.values[letter] = value
    else:
        raise Refused(20)


def _command(words: Words, letter: str, value: float) -> None:
    groups = G_GROUPS if letter == "G" else M_GROUPS
    code = round(value, 2)
    if code not in groups:
        whole = int(value) in groups and value != int(value)
        raise Refused(23 if whole and int(value) not in (28, 30, 92, 43) else 20)
    group = groups[code]
    own = letter == "G" and code in OWN_AXES
    clash = (
        words.non_modal in OWN_AXES if group == "motion" else own and ("motion" in words.commands)
    )
    if clash:
        raise Refused(24)
    if group in words.commands:
        raise Refused(21)
    words.commands[group] = code
