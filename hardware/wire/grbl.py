"""What a grbl or grblHAL controller says, line by line; parsed by key, never by position.

No I/O here. Forms: grbl v1.1 doc/markdown/interface.md; grblHAL adds fields and longer buffers.
Units are the wire's: mm and mm/min (inches where $13=1, which the driver refuses).
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass, field

from helmsight.hardware.errors import BadReply

AXES = "XYZABC"
LINE_LIMIT = 80  # characters a line, its end included (error:11 beyond)
RX_BUFFER = 128  # bytes of grbl's receive buffer; $I tells others

# Realtime commands: one byte, no line end, no "ok".
STATUS, HOLD, RESET, JOG_CANCEL = b"?", b"!", b"\x18", b"\x85"
FEED_100, RAPID_100, SPINDLE_100 = b"\x90", b"\x95", b"\x99"
NORMAL_OVERRIDES = (100, 100, 100)

STATES = frozenset(
    ("Idle", "Run", "Hold", "Jog", "Alarm", "Door", "Check", "Home", "Sleep", "Tool")
)
_NUMBER = re.compile(r"-?\d{1,7}(?:\.\d{1,6})?")
# As printed, with its decimals: a comma that was a point cannot pass for one axis more.
_LENGTH = re.compile(r"-?\d{1,7}\.\d{3,4}")
_WHOLE = re.compile(r"\d{1,9}")
_FIELD = re.compile(r"([A-Za-z][A-Za-z0-9]*):([^|<>\[\]]*)")
_BANNER = re.compile(r"(Grbl|GrblHAL) (\d[\w.]*) \[[^\[\]]*\]", re.IGNORECASE)
_SETTING = re.compile(r"\$(\d{1,4})=([^\s$=]*)(?: \([^()]*\))?")
_CODE = re.compile(r"(error|ALARM):(\d{1,3})")
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
    """One `$number=value`."""

    number: int
    value: str


@dataclass(frozen=True)
class StartupLine:
    """What the controller ran at its start, or a stored start-up block."""

    text: str


@dataclass(frozen=True)
class StatusReport:
    """One realtime status report. Positions in mm, feed in mm/min, one entry an axis.

    wco, overrides and accessories come with some reports only: None when they did not; accessories
    is "" when all are off. homed: grblHAL's `H`; None where it is not told.
    """

    state: str
    sub: int | None = None
    mpos: tuple[float, ...] | None = None
    wpos: tuple[float, ...] | None = None
    wco: tuple[float, ...] | None = None
    feed: float | None = None
    spindle: float | None = None
    overrides: tuple[int, int, int] | None = None
    accessories: str | None = None
    pins: str = ""
    blocks_free: int | None = None
    bytes_free: int | None = None
    line: int | None = None
    homed: bool | None = None
    other: Mapping[str, str] = field(default_factory=dict)

    def machine(self, wco: tuple[float, ...] | None) -> tuple[float, ...] | None:
        """Return the machine position, mm; None for a work position without its offset."""
        if self.mpos is not None:
            return self.mpos
        offset = self.wco or wco
        if self.wpos is None or offset is None or len(offset) != len(self.wpos):
            return None
        return tuple(w + o for w, o in zip(self.wpos, offset, strict=True))


Reply = Ok | ErrorReply | Alarmed | Banner | Info | Setting | StartupLine | StatusReport


def parse(line: str) -> Reply:
    """Return what `line` says. Raises BadReply for what no grbl says."""
    if line == "ok":
        return Ok()
    if line.startswith("<"):
        return parse_report(line)
    if code := _CODE.fullmatch(line):
        number = int(code[2])
        return ErrorReply(number) if code[1] == "error" else Alarmed(number)
    if inside := _BRACKETS.fullmatch(line):
        return Info(inside[1], inside[2])
    if setting := _SETTING.fullmatch(line):
        return Setting(int(setting[1]), setting[2])
    if banner := _BANNER.fullmatch(line):
        firmware = "grblHAL" if banner[1].lower() == "grblhal" else "grbl"
        return Banner(firmware, banner[2])
    if re.fullmatch(r">.*:(ok|error:\d{1,3})|\$N\d=.*", line):
        return StartupLine(line)
    raise BadReply(f"not a line of grbl: {line[:80]!r}")


def parse_report(line: str) -> StatusReport:
    """Return a status report, read by key. Raises BadReply when it is damaged."""
    if not (line.startswith("<") and line.endswith(">")):
        raise BadReply(f"half a status report: {line[:80]!r}")
    head, *parts = line[1:-1].split("|")
    state, _, sub = head.partition(":")
    if state not in STATES or (sub and not _WHOLE.fullmatch(sub)):
        raise BadReply(f"unknown state {head[:20]!r} in a status report")
    fields: dict[str, str] = {}
    for part in parts:
        matched = _FIELD.fullmatch(part)
        if matched is None or matched[1] in fields:
            raise BadReply(f"damaged field {part[:40]!r} in a status report")
        fields[matched[1]] = matched[2]
    report = _report(state, int(sub) if sub else None, fields)
    if report.mpos is None and report.wpos is None:
        raise BadReply(f"no position in the status report {line[:80]!r}")
    for extra in (report.wpos, report.wco):
        if extra is not None and len(extra) != len(report.mpos or report.wpos or ()):
            raise BadReply(f"axes do not agree in the status report {line[:80]!r}")
    return report


def _report(state: str, sub: int | None, fields: dict[str, str]) -> StatusReport:
    """Return the report of `fields`; those that are not known are kept as text."""
    feed = spindle = None
    if "FS" in fields:
        feed, spindle = _numbers(fields.pop("FS"), 2, 3)[:2]
    elif "F" in fields:
        (feed,) = _numbers(fields.pop("F"), 1)
    blocks = received = None
    if "Bf" in fields:
        blocks, received = _wholes(fields.pop("Bf"), 2)
    overrides: tuple[int, int, int] | None = None
    accessories = fields.pop("A", None)
    if "Ov" in fields:
        a, b, c = _wholes(fields.pop("Ov"), 3)
        overrides, accessories = (a, b, c), accessories or ""
    homed = None
    if "H" in fields:
        homed = _wholes(fields.pop("H"), 1, 2)[0] == 1
    return StatusReport(
        state=state,
        sub=sub,
        mpos=_position(fields.pop("MPos", None)),
        wpos=_position(fields.pop("WPos", None)),
        wco=_position(fields.pop("WCO", None)),
        feed=feed,
        spindle=spindle,
        overrides=overrides,
        accessories=accessories,
        pins=fields.pop("Pn", ""),
        blocks_free=blocks,
        bytes_free=received,
        line=_wholes(fields.pop("Ln"), 1)[0] if "Ln" in fields else None,
        homed=homed,
        other=fields,
    )


def _position(text: str | None) -> tuple[float, ...] | None:
    if text is None:
        return None
    parts = text.split(",")
    if len(parts) > len(AXES) or not all(map(_LENGTH.fullmatch, parts)):
        raise BadReply(f"expected positions with three decimals, read {text[:40]!r}")
    return tuple(map(float, parts))


def _numbers(text: str, least: int, most: int | None = None) -> tuple[float, ...]:
    parts = text.split(",")
    if not least <= len(parts) <= (most or least) or not all(map(_NUMBER.fullmatch, parts)):
        raise BadReply(f"expected {least} to {most or least} numbers, read {text[:40]!r}")
    return tuple(map(float, parts))


def _wholes(text: str, least: int, most: int | None = None) -> tuple[int, ...]:
    parts = text.split(",")
    if not least <= len(parts) <= (most or least) or not all(map(_WHOLE.fullmatch, parts)):
        raise BadReply(f"expected {least} to {most or least} whole numbers, read {text[:40]!r}")
    return tuple(map(int, parts))


def number(value: str) -> float:
    """Return the value of a setting. Raises BadReply when it is not a number."""
    if not _NUMBER.fullmatch(value):
        raise BadReply(f"expected a number as a setting, read {value[:40]!r}")
    return float(value)


def jog(axes: str, target: tuple[float, ...], feed: float) -> str:
    """Return the jog line to an absolute machine position (mm) at `feed` (mm/min).

    G53: machine coordinates whatever work offset is active; jogs leave the modal state alone.
    """
    words = "".join(f"{axis}{value:.3f}" for axis, value in zip(axes, target, strict=True))
    return f"$J=G53G90G21{words}F{feed:.1f}"
