"""What a grbl, grblHAL or FluidNC controller says, line by line, and what it is told.

No I/O here. Forms: grbl v1.1 doc/markdown/interface.md; grblHAL adds lines and longer buffers.
Units are the wire's: mm and mm/min (inches where $13=1, which the driver refuses).
"""

from __future__ import annotations

import re
from dataclasses import dataclass

from helmsight.hardware.errors import BadReply
from helmsight.hardware.wire.grbl_report import StatusReport, parse_report

LINE_LIMIT = 80  # characters a line, its end included (error:11 beyond)
RX_BUFFER = 128  # bytes of grbl's receive buffer; $I tells others

# Realtime commands: one byte, no line end, no "ok".
STATUS, HOLD, RESET, JOG_CANCEL = b"?", b"!", b"\x18", b"\x85"
FULL_STATUS = b"\x87"  # grblHAL: a report with every field; grbl and FluidNC pass over it
FEED_100, RAPID_100, SPINDLE_100 = b"\x90", b"\x95", b"\x99"
NORMAL_OVERRIDES = (100, 100, 100)
# A tool number that no program uses. grbl 1.1 (255 at most) does nothing with it and forgets it at
# every reset, so whoever selects it after homing finds out whether the position is still known.
HOMED_MARK = "T211"

_NUMBER = re.compile(r"-?\d{1,7}(?:\.\d{1,6})?")
_BANNER = re.compile(r"(Grbl|GrblHAL) (\d[\w.]*) \[[^\[\]]*\]", re.IGNORECASE)
_SETTING = re.compile(r"\$(\d{1,4})=(.*)")
_REMARK = re.compile(r"(-?[\d.]+) \([^()]*\)")  # builds that explain: `$20=1 (soft limits, bool)`
_NAMED = re.compile(r"\$(/[A-Za-z0-9_/]+)=(.*)")
_CODE = re.compile(r"(error|ALARM):(\d{1,3})")
_LISTED = re.compile(r"\[(ALARM|ERROR)CODE:(\d{1,3})\|[^|]*\|([^|\]]*)\]")  # grblHAL
_LISTED_PLAIN = re.compile(r"(\d{1,3}): (\S.*)")  # FluidNC
_BRACKETS = re.compile(r"\[([A-Z][A-Z0-9. ]*):(.*)\]")


@dataclass(frozen=True)
class Ok:
    """A line was taken."""


@dataclass(frozen=True)
class ErrorReply:
    """A line was refused with an error number."""

    code: int


@dataclass(frozen=True)
class Alarmed:
    """The controller stopped by itself, with an alarm number."""

    code: int


@dataclass(frozen=True)
class Banner:
    """The controller has started or was reset. firmware: `grbl` or `grblHAL`."""

    firmware: str
    version: str


@dataclass(frozen=True)
class Info:
    """A bracketed line: MSG, VER, OPT, GC, G54, PRB ... and the text after the colon."""

    key: str
    text: str


@dataclass(frozen=True)
class Setting:
    """One `$number=value`; values may be text with blanks (`$72=Shop AP`)."""

    number: int
    value: str


@dataclass(frozen=True)
class NamedSetting:
    """One `$/path=value` of FluidNC."""

    path: str
    value: str


@dataclass(frozen=True)
class Listed:
    """A number of the board's own list. kind: `alarm` or `error`; "" where it does not say."""

    kind: str
    number: int
    words: str


@dataclass(frozen=True)
class StartupLine:
    """What the controller ran at its start, or a stored start-up block."""

    text: str


Printed = (
    Info | Setting | NamedSetting | Listed
)  # what comes before the `ok` of the line that asked
Reply = Ok | ErrorReply | Alarmed | Banner | StartupLine | StatusReport | Printed


def parse(line: str) -> Reply:
    """Return what `line` says. Raises BadReply for what no grbl says."""
    if line == "ok":
        return Ok()
    if line.startswith("<"):
        return parse_report(line)
    if code := _CODE.fullmatch(line):
        number = int(code[2])
        return ErrorReply(number) if code[1] == "error" else Alarmed(number)
    if listed := _LISTED.fullmatch(line):
        return Listed(listed[1].lower(), int(listed[2]), listed[3])
    if listed := _LISTED_PLAIN.fullmatch(line):
        return Listed("", int(listed[1]), listed[2])
    if inside := _BRACKETS.fullmatch(line):
        return Info(inside[1], inside[2])
    if setting := _SETTING.fullmatch(line):
        remark = _REMARK.fullmatch(setting[2])
        return Setting(int(setting[1]), remark[1] if remark else setting[2])
    if named := _NAMED.fullmatch(line):
        return NamedSetting(named[1], named[2])
    if banner := _BANNER.fullmatch(line):
        firmware = "grblHAL" if banner[1].lower() == "grblhal" else "grbl"
        return Banner(firmware, banner[2])
    if re.fullmatch(r">.*:(ok|error:\d{1,3})|\$N\d=.*", line):
        return StartupLine(line)
    raise BadReply(f"not a line of grbl: {line[:80]!r}")


def number(value: str) -> float:
    """Return the value of a setting. Raises BadReply when it is not a number."""
    if not _NUMBER.fullmatch(value):
        raise BadReply(f"expected a number as a setting, read {value[:40]!r}")
    return float(value)


JOG = "$J="


def jog(axes: str, target: tuple[float, ...], feed: float) -> str:
    """Return the jog line to an absolute machine position (mm) at `feed` (mm/min).

    G53: machine coordinates whatever work offset is active; jogs leave the modal state alone.
    """
    words = "".join(f"{axis}{value:.3f}" for axis, value in zip(axes, target, strict=True))
    return f"{JOG}G53G90G21{words}F{feed:.1f}"
