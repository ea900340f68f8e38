"""What a grbl controller must be, and be set up as, before a description may move it."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Literal

from helmsight.hardware.errors import InvalidSpec, SetupNeeded, WrongProtocol
from helmsight.hardware.spec import Finite, Joint, Positive, RobotSpec, Table
from helmsight.hardware.wire import grbl as wire
from helmsight.hardware.wire.grbl_report import AXES

ROUNDING = 0.01  # share by which a rate or acceleration may differ
MM = 0.001


class AxisOptions(Table):
    """The device table of a joint.

    origin_mm: machine position of joint zero. sign: -1 when the axis counts the other way.
    axis: its letter; the joints are X, Y, Z ... in order when it is left out.
    """

    origin_mm: Finite
    sign: Literal[1, -1] = 1
    axis: Literal["X", "Y", "Z", "A", "B", "C", "U", "V", "W"] | None = None


class GrblOptions(Table):
    """The device table of a grbl robot.

    on, off: lines that switch the tool. unlock: whether `reset` may unlock (`$X`) when the
    position is lost (`any`, at the operator's risk) or only when it is kept (`safe`).
    blend_mm: how far the old target may lie off the way to the new one for motion to go on without
    a stop. tolerance_mm: how far from its target a machine at rest may be. boot_s: how long a
    board may take to answer after the port was opened. home_s: how long homing may take.
    """

    firmware: Literal["any", "grbl", "grblhal", "fluidnc"] = "any"
    on: str = "M3 S1000"
    off: str = "M5"
    unlock: Literal["safe", "any"] = "safe"
    blend_mm: Positive = 0.5
    tolerance_mm: Positive = 0.1
    boot_s: Positive = 2.5
    home_s: Positive = 120.0


@dataclass(frozen=True)
class AxisMap:
    """Joints in m to machine positions in mm and back. indices: of the axes in a report."""

    letters: str
    indices: tuple[int, ...]
    origins: tuple[float, ...]
    signs: tuple[int, ...]

    def machine(self, joints: Sequence[float]) -> tuple[float, ...]:
        """Return machine positions (mm, to 0.001) of joint positions (m)."""
        return tuple(
            round(origin + sign * value / MM, 3)
            for origin, sign, value in zip(self.origins, self.signs, joints, strict=True)
        )

    def joints(self, machine: Sequence[float]) -> tuple[float, ...]:
        """Return joint positions (m) of machine positions (mm)."""
        return tuple(
            sign * (value - origin) * MM
            for origin, sign, value in zip(self.origins, self.signs, machine, strict=True)
        )

    def pick(self, axes: Sequence[float]) -> tuple[float, ...]:
        """Return the values of the joints' axes out of a report."""
        return tuple(axes[index] for index in self.indices)


def axis_map_of(spec: RobotSpec) -> AxisMap:
    """Return where the joints lie in machine coordinates. Raises InvalidSpec."""
    tables = spec.joint_options(AxisOptions)
    letters = [table.axis or AXES[i % len(AXES)] for i, table in enumerate(tables)]
    if any(joint.kind != "prismatic" for joint in spec.joint):
        raise InvalidSpec(f"{spec.name}: the grbl driver moves prismatic joints only")
    if len(set(letters)) < len(letters):
        raise InvalidSpec(f"{spec.name}: two joints have one axis letter ({', '.join(letters)})")
    return AxisMap(
        "".join(letters),
        tuple(AXES.index(letter) for letter in letters),
        tuple(table.origin_mm for table in tables),
        tuple(table.sign for table in tables),
    )


@dataclass(frozen=True)
class Build:
    """What `$I` tells: firmware, version, option letters, bytes the receive buffer takes.

    enumerates: it lists what its alarm and error numbers mean.
    """

    firmware: str
    version: str
    options: str
    room: int
    enumerates: bool = False


def build_of(printed: Sequence[wire.Printed], wanted: str, port: str) -> Build:
    """Return what answers at the port. Raises WrongProtocol for another firmware than `wanted`."""
    info = {line.key: line.text for line in printed if isinstance(line, wire.Info)}
    version, options = info.get("VER", ""), info.get("OPT", "").split(",")
    hal = "grblhal" in info.get("FIRMWARE", "").lower() or "NEWOPT" in info or len(options) > 3
    firmware = "fluidnc" if "FluidNC" in version else "grblhal" if hal else "grbl"
    if not version:
        raise WrongProtocol(f"{port}: expected [VER:...] in answer to $I, seen {info or 'nothing'}")
    if wanted not in ("any", firmware):
        raise WrongProtocol(
            f"{port}: expected {wanted}, seen {firmware} {version}; "
            f'set device.firmware = "{firmware}" if that is right'
        )
    room = int(options[2]) if len(options) > 2 and options[2].isdigit() else wire.RX_BUFFER
    enumerates = "ENUMS" in info.get("NEWOPT", "").split(",")
    return Build(firmware, version, options[0], max(16, room - 1), enumerates)  # full looks empty


# What FluidNC keeps in its configuration file and not under grbl's numbers.
FLUID_PATHS = {1: "/stepping/idle_ms", 13: "/report_inches"}


def settings_of(printed: Sequence[wire.Printed]) -> dict[int, str]:
    """Return the settings by grbl's numbers, FluidNC's named ones as well."""
    settings = {line.number: line.value for line in printed if isinstance(line, wire.Setting)}
    named = {line.path: line.value for line in printed if isinstance(line, wire.NamedSetting)}
    for number, path in FLUID_PATHS.items():
        if path in named:
            value = {"false": "0", "true": "1"}.get(named[path], named[path])
            settings.setdefault(number, value)
    return settings


def compare(spec: RobotSpec, axis_map: AxisMap, build: Build, settings: Mapping[int, str]) -> None:
    """See that the controller enforces what the description says.

    Raises:
        SetupNeeded: every setting that differs, what it is, what it should be, the line to send, in
            an order in which the controller takes them.
        BadReply: a setting that is not a number.
    """
    wrong: list[str] = []

    def expect(
        number: int, what: str, value: float, fits: bool | None = None, rounding: float = ROUNDING
    ) -> None:
        text = settings.get(number)
        given = None if text is None else wire.number(text)
        if fits is None:
            fits = given is not None and abs(given - value) <= rounding * abs(value)
        if given is None or not fits:
            actual = "not there" if text is None else f"{given:g}"
            name = FLUID_PATHS.get(number, "") if build.firmware == "fluidnc" else ""
            mend = f"set {name} in its config.yaml" if name else f"send ${number}={value:g}"
            wrong.append(f"${number} ({what}) is {actual}, expected {value:g}: {mend}")

    def switch(number: int, what: str, value: float) -> None:
        expect(number, what, value, rounding=0.0)

    homing = int(wire.number(settings.get(22, "0")))
    switch(1, "motors stay on at rest", 255)
    switch(13, "report in mm", 0)
    expect(22, "homing", homing | 1, fits=bool(homing & 1))  # before 20: it is refused without
    switch(20, "soft limits", 1)
    for joint, index, limits in zip(
        spec.joint, axis_map.indices, _ends(spec.joint, axis_map), strict=True
    ):
        expect(110 + index, f"speed of {joint.name}, mm/min", round(joint.speed * 60.0 / MM, 3))
        expect(120 + index, f"acceleration of {joint.name}, mm/s^2", joint.acceleration / MM)
        low = int(wire.number(settings.get(23, "0"))) >> index & 1
        forced = "Z" in build.options if build.firmware == "grbl" else homing & 8
        positive = bool(low and forced)  # machine zero lies at the lower end
        fluid = build.firmware == "fluidnc"  # its machine zero lies where its configuration says
        travel = limits[1] - limits[0] if fluid else limits[1] if positive else -limits[0]
        given = wire.number(settings.get(130 + index, "0"))
        expect(130 + index, f"travel of {joint.name}, mm", travel, fits=given >= travel - 0.001)
        inside = limits[0] >= -0.001 if positive else limits[1] <= 0.001
        if not inside and not fluid:
            wrong.append(
                f"{joint.name} reaches from {limits[0]:g} to {limits[1]:g} mm in machine positions,"
                f" expected {'0 and above' if positive else '0 and below'}: mend its origin_mm"
            )
    if wrong:
        raise SetupNeeded(
            f"{spec.name}: the controller does not hold what the description says: "
            + "; ".join(wrong)
        )


def _ends(joints: Sequence[Joint], axis_map: AxisMap) -> list[tuple[float, float]]:
    """Return the lowest and highest machine position of every joint, mm."""
    lower, upper = (
        axis_map.machine([j.lower for j in joints]),
        axis_map.machine([j.upper for j in joints]),
    )
    return [(min(a, b), max(a, b)) for a, b in zip(lower, upper, strict=True)]


def seen(data: bytes) -> str:
    """Return in words what spoke at a port that should be a grbl."""
    if not data:
        return "nothing at all (power, cable, baud rate; or a device that only answers)"
    if b"Marlin" in data or b"echo:" in data or data.startswith(b"start"):
        return f"Marlin firmware, by its words: {data[:60]!r}"
    if data.lstrip().startswith((b"!!", b"//")):
        return f"Klipper firmware, by its words: {data[:60]!r}"
    if b"\xff\xff" in data:
        return f"packets of a servo bus: {data[:24]!r}"
    return repr(data[:80])
