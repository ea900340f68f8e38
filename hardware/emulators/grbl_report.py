"""What an emulated grbl prints: settings, build info, parser state, coordinates, status reports.

Formats: grbl v1.1 doc/markdown/interface.md and settings.md; grblHAL's differ in banner, build
info, buffer sizes and report mask.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from helmsight.hardware.emulators.grbl_flavours import GRBLHAL, Flavour
from helmsight.hardware.emulators.grbl_gcode import Interpreter
from helmsight.hardware.emulators.grbl_motion import UNITS, Planner
from helmsight.hardware.emulators.grbl_words import LETTERS
from helmsight.hardware.spec import RobotSpec

BUSY = frozenset(("Run", "Hold", "Jog", "Home", "Door"))
END = b"\r\n"


def factory_settings(spec: RobotSpec, travel: Mapping[int, float]) -> dict[int, float]:
    """Return the settings of a machine set up as its description says.

    travel: mm by axis; rates and accelerations are the joints'. $1=255 keeps the motors energised.
    """
    settings: dict[int, float] = {
        0: 10, 1: 255, 2: 0, 3: 0, 4: 0, 5: 0, 6: 0, 10: 1, 11: 0.01, 12: 0.002, 13: 0,
        20: 1, 21: 1, 22: 1, 23: 0, 24: 100.0, 25: 1500.0, 26: 25, 27: 1.0,
        30: 1000, 31: 0, 32: 0,
    }  # fmt: skip
    for axis, joint in enumerate(spec.joint):
        values = (800.0, joint.speed * 60_000.0, joint.acceleration * 1000.0, travel[axis])
        for first, value in zip(UNITS, values, strict=True):
            settings[first + axis] = round(value, 3)
    return dict(sorted(settings.items()))


def setting(number: int, value: float) -> bytes:
    """Return `$number=value` as grbl prints it."""
    whole = number < 100 and number not in (11, 12, 24, 25, 27)
    return f"${number}={value:.0f}".encode() if whole else f"${number}={value:.3f}".encode()


def parser_state(parser: Interpreter) -> bytes:
    """Return the line of `$G`."""
    modal = parser.modal
    words = [
        f"G{modal.motion}",
        f"G{modal.coordinates}",
        "G17",
        "G20" if modal.inches else "G21",
        "G91" if modal.relative else "G90",
        "G93" if modal.inverse else "G94",
        f"M{modal.spindle}",
        "M9",
        f"T{modal.tool}",
        f"F{modal.feed:.0f}",
        f"S{modal.speed:.0f}",
    ]
    return f"[GC:{' '.join(words)}]".encode()


def coordinates(parser: Interpreter, probe: tuple[float, ...]) -> list[bytes]:
    """Return the lines of `$#`."""
    lines = [f"[G{code:g}:{_point(parser.stored[code])}]" for code in sorted(parser.stored)[2:]]
    lines += [f"[G{code}:{_point(parser.stored[code])}]" for code in (28, 30)]
    lines += [f"[G92:{_point(parser.shift)}]", f"[TLO:{parser.modal.length:.3f}]"]
    return [line.encode() for line in (*lines, f"[PRB:{_point(probe)}:0]")]


class ReportWriter:
    """Writes status reports; WCO and Ov come with every tenth to thirtieth only, as in grbl."""

    def __init__(self, flavour: Flavour) -> None:
        self.flavour = flavour
        self.more_axes = 0  # that the board has and the description does not
        self.restart()

    def restart(self) -> None:
        """Report offset and overrides with the next reports."""
        self._wco = self._overrides = 0

    def offset_changed(self) -> None:
        """Report WCO with the next report."""
        self._wco = 0

    def overrides_changed(self) -> None:
        """Report Ov and A with the next report."""
        self._overrides = 0

    def write(
        self,
        state: str,
        planner: Planner,
        parser: Interpreter,
        overrides: tuple[int, int, int],
        accessories: str,
        spindle: float,
        pins: str,
        received_free: int,
        more: Sequence[str] = (),
    ) -> bytes:
        """Return one report. Positions come on the grid of whole steps.

        more: fields to add as they are.
        """
        mask = int(planner.settings[10])
        inches = 25.4 if planner.settings[13] else 1.0
        machine = tuple(
            round(value * planner.settings[UNITS[0] + axis]) / planner.settings[UNITS[0] + axis]
            for axis, value in enumerate(planner.position)
        )
        work = tuple(m - o for m, o in zip(machine, parser.offset, strict=True))
        kind, place = ("MPos", machine) if mask & 1 else ("WPos", work)
        fields = [state, f"{kind}:{self._point(place, inches)}"]
        if mask & 2:
            fields.append(f"Bf:{planner.size - planner.blocks},{received_free}")
        if self.flavour is GRBLHAL and planner.line:
            fields.append(f"Ln:{planner.line}")
        fields.append(f"FS:{planner.speed * 60.0 / inches:.0f},{spindle:.0f}")
        if pins:
            fields.append(f"Pn:{pins}")
        busy = state.partition(":")[0] in BUSY
        if self._wco > 0:
            self._wco -= 1
        else:
            self._wco = 29 if busy else 9
            self._overrides = self._overrides or 1
            fields.append(f"WCO:{self._point(parser.offset, inches)}")
        if self._overrides > 0:
            self._overrides -= 1
        else:
            self._overrides = 19 if busy else 9
            fields.append("Ov:" + ",".join(map(str, overrides)))
            if accessories:
                fields.append(f"A:{accessories}")
        fields += more
        return f"<{'|'.join(fields)}>".encode() + END

    def _point(self, point: tuple[float, ...], inches: float) -> str:
        return _point((*(value / inches for value in point), *(0.0,) * self.more_axes))


def _point(point: tuple[float, ...]) -> str:
    return ",".join(f"{value + 0.0:.3f}" for value in point[: len(LETTERS)])
