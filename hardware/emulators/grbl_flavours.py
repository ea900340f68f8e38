"""What differs between the firmwares that an emulated grbl can be.

Forms: grbl v1.1 doc/markdown/interface.md, grblHAL core report.c, FluidNC Report.cpp.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field

HELP = b"[HLP:$$ $# $G $I $x=val $J=line $SLP $C $X $H ~ ! ? ctrl-x]"


@dataclass(frozen=True)
class Flavour:
    """One firmware.

    build, more: lines of `$I`, and what `$I+` adds (None: it has none). blocks, received: sizes of
    planner and receive buffer. deaf: it says nothing while it homes, after an alarm, and in a
    critical one. critical: alarms that nothing but a reset leaves. numbers: how its own lists of
    alarms and errors are asked for (`$EA` or `$A=1`); "" without. missing: settings that it does
    not have by number. named, texts: settings by path, and those by number that are text.
    starts_s: how long it takes to come up. unhomed: its alarm until it is homed; 0 for a mere lock.
    """

    name: str
    banner: bytes
    build: tuple[bytes, ...]
    blocks: int
    received: int
    more: tuple[bytes, ...] | None = None
    deaf: bool = False
    critical: frozenset[int] = frozenset((1, 2))
    numbers: str = ""
    missing: frozenset[int] = frozenset()
    named: Mapping[str, str] = field(default_factory=dict)
    texts: Mapping[int, str] = field(default_factory=dict)
    starts_s: float = 0.0
    unhomed: int = 0


GRBL = Flavour(
    "grbl",
    b"\r\nGrbl 1.1h ['$' for help]\r\n",
    (b"[VER:1.1h.20190830:]", b"[OPT:V,15,128]"),
    15,
    128,
    deaf=True,
)
GRBLHAL = Flavour(
    "grblhal",
    b"\r\nGrblHAL 1.1f ['$' or '$HELP' for help]\r\n",
    (b"[VER:1.1f.20240417:]", b"[OPT:VNMSL,100,1024]"),
    100,
    1023,
    more=(b"[AXS:3:XYZ]", b"[NEWOPT:ENUMS,RT+,HOME,ES,SED]", b"[FIRMWARE:grblHAL]"),
    critical=frozenset((1, 2, 10, 17, 20)),
    numbers="E",
    unhomed=11,
    texts={70: "11", 72: "Shop AP", 73: "", 300: "grbl", 302: "192.168.5.1"},
)
FLUIDNC = Flavour(
    "fluidnc",
    b"\r\nGrbl 3.9 [FluidNC v3.9.1 (esp32-wifi) '$' for help]\r\n",
    (
        b"[VER:3.9 FluidNC v3.9.1 (esp32-wifi) :]",
        b"[OPT:PHS]",
        b"[MSG: Machine: gantry]",
    ),
    15,
    256,
    critical=frozenset((1, 2, 13)),
    numbers="plain",
    missing=frozenset((0, 1, 2, 3, 4, 5, 6, 11, 12, 13, 24, 25, 26, 27, 31)),
    named={"/stepping/idle_ms": "255", "/report_inches": "false"},
    starts_s=0.3,
    unhomed=14,
)
FLAVOURS = {flavour.name: flavour for flavour in (GRBL, GRBLHAL, FLUIDNC)}
