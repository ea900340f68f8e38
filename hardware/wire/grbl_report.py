"""Realtime status reports of grbl, grblHAL and FluidNC; parsed by key, never by position.

No I/O here. Forms: grbl v1.1 doc/markdown/interface.md, grblHAL core report.c, FluidNC Report.cpp.
Units are the wire's: mm and mm/min. Fields that nobody here knows are kept as they are.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass, field

from helmsight.hardware.errors import BadReply

AXES = "XYZABCUVW"
STATES = frozenset(
    (
        "Idle", "Run", "Hold", "Jog", "Alarm", "Door", "Check", "Home", "Sleep",
        "Tool",  # grblHAL: waits for a tool change
        "Starting",  # FluidNC: not up yet
    )
)  # fmt: skip
_NUMBER = re.compile(r"-?\d{1,7}(?:\.\d{1,6})?")
# As printed, with its decimals: a comma that was a point cannot pass for one axis more.
_LENGTH = re.compile(r"-?\d{1,7}\.\d{3,4}")
_WHOLE = re.compile(r"\d{1,9}")
_KNOWN = frozenset(("MPos", "WPos", "WCO", "FS", "F", "Bf", "Ln", "Ov", "A", "Pn", "H"))


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
        name, _, value = part.partition(":")
        if name in _KNOWN and name in fields:
            raise BadReply(f"{name} comes twice in the status report {line[:80]!r}")
        fields[name] = value
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
