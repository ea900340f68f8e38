"""Robot descriptions out of URDF files: TOML with what the URDF says, and marks where it is silent.

A URDF has geometry and limits. Servo numbers, accelerations, the workspace and which end of a
gripper is closed are not in it, and its velocities are mostly the exporter's default. What is not
given as well is left out behind a mark, so that nothing loads before a person has filled it in.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from helmsight.hardware.drivers import load_driver
from helmsight.hardware.drivers.bus import ServoBus
from helmsight.hardware.errors import InvalidSpec
from helmsight.hardware.scales import IN_SERVOS
from helmsight.hardware.spec import parse_spec
from helmsight.hardware.urdf import UrdfArm, UrdfJoint

MARK = "FILL IN"
FASTEST = {"revolute": 6.3, "prismatic": 1.0}  # rad/s, m/s; above it is no limit of a small robot
UNITS = {"revolute": "rad", "prismatic": "m"}


@dataclass(frozen=True)
class Given:
    """What a URDF does not say. speed, acceleration: rad/s or m/s, and a second, for every joint.

    ids: servo numbers, in the order of the joints. lower, upper: corners of the workspace, m. open,
    closed: places of the gripper, rad or m.
    """

    baud: int | None = None
    speed: float | None = None
    acceleration: float | None = None
    ids: Sequence[int] = ()
    lower: Sequence[float] = ()
    upper: Sequence[float] = ()
    open: float | None = None
    closed: float | None = None


@dataclass(frozen=True)
class Described:
    """A description. missing: the keys that a person must fill in; notes: what was not taken."""

    text: str
    missing: tuple[str, ...]
    notes: tuple[str, ...]


def describe(arm: UrdfArm, driver: str, name: str | None, given: Given, source: str) -> Described:
    """Return the description of an arm. source: what it was read from, for its first lines.

    Raises:
        UnknownRobot: no such driver.
        InvalidSpec: as parse_spec, or servo numbers that are not one for each joint.
    """
    servos = issubclass(load_driver(driver), ServoBus)
    each = len(given.ids) == len(set(given.ids)) == len(arm.joints)
    if given.ids and not (servos and each):
        listed = ", ".join(map(str, given.ids))
        raise InvalidSpec(
            f"servo numbers {listed} for {len(arm.joints)} joints of driver {driver}: expected "
            "another one for each joint, with a driver of servos only (feetech, dynamixel)"
        )
    writer = _Writer()
    writer.add(
        f"name = {_quoted(name or arm.name)}",
        f"driver = {_quoted(driver)}",
        f"about = {_quoted(f'{arm.name}, {len(arm.joints)} joints')}",
        f"# Geometry and limits: {source}, by helmsight describe.",
        "",
        "[port]",
    )
    writer.key("port.baud", given.baud, "bits a second, as the device has it")
    if servos:
        # zeros that nobody knows are never taken for known: servos without a calibration are
        # refused when they are connected to
        writer.add("", "[device]", f"calibration = {_quoted(IN_SERVOS)}")
    for index, joint in enumerate(arm.joints):
        _joint(writer, index, joint, given, servos)
    writer.add("", "[workspace]  # where the tool point may be, base frame")
    for corner in ("lower", "upper"):
        value = getattr(given, corner)
        writer.key(f"workspace.{corner}", list(value) or None, "[x, y, z] in m")
    writer.add("", "[tool]")
    if arm.gripper is not None:
        writer.add('kind = "joint"', f"joint = {_quoted(arm.gripper)}")
        ends = next((j.lower, j.upper) for j in arm.joints if j.name == arm.gripper)
        for key in ("open", "closed"):
            hint = f"between {ends[0]:g} and {ends[1]:g}; a URDF does not say which end it is"
            writer.key(f"tool.{key}", getattr(given, key), hint)
    writer.add(f"offset = {_vector(arm.offset)}", "")
    text = "\n".join(writer.lines)
    if not writer.missing:
        parse_spec(text, name or arm.name)
    notes = [f"{joint} follows another joint and was left out" for joint in arm.left_out]
    if arm.gripper is None:
        notes.append(f"all joints carry the tool point {arm.frame}: there is no gripper")
    notes += [_velocity_note(j) for j in arm.joints if given.speed is None and not _credible(j)]
    return Described(text, tuple(writer.missing), tuple(notes))


class _Writer:
    """Lines of a description, and the keys that are still missing."""

    def __init__(self) -> None:
        self.lines: list[str] = []
        self.missing: list[str] = []

    def add(self, *lines: str) -> None:
        self.lines += lines

    def key(self, name: str, value: object, hint: str) -> None:
        """Write `name` with its value; without one leave a mark that says what belongs there."""
        short = name.rpartition(".")[2]
        if value is None:
            self.missing.append(name)
            self.add(f"# {MARK}: {short} =    # {hint}")
        else:
            self.add(f"{short} = {value}")


def _joint(writer: _Writer, index: int, joint: UrdfJoint, given: Given, servos: bool) -> None:
    unit = UNITS[joint.kind]
    writer.add(
        "",
        "[[joint]]",
        f"name = {_quoted(joint.name)}",
        f"kind = {_quoted(joint.kind)}",
        f"lower = {_number(joint.lower)}",
        f"upper = {_number(joint.upper)}",
    )
    if not joint.lower <= 0.0 <= joint.upper:
        writer.add(f"home = {_number((joint.lower + joint.upper) / 2.0)}")
    told = "the URDF has none" if joint.velocity is None else f"the URDF has {joint.velocity:g}"
    speed = given.speed if given.speed is not None or not _credible(joint) else joint.velocity
    writer.key(f"{joint.name}.speed", speed, f"{unit}/s; {told}")
    writer.key(f"{joint.name}.acceleration", given.acceleration, f"{unit}/s^2")
    if any(joint.origin):
        writer.add(f"origin = {_vector(joint.origin)}")
    if any(joint.rpy):
        writer.add(f"rpy = {_vector(joint.rpy)}")
    if joint.axis != (0.0, 0.0, 1.0):
        writer.add(f"axis = {_vector(joint.axis)}")
    if servos:
        id_ = given.ids[index] if given.ids else None
        travel = ", travel = (m a turn of the servo)" if joint.kind == "prismatic" else ""
        device = None if id_ is None or travel else f"{{ id = {id_} }}"
        writer.key(f"{joint.name}.device", device, f"{{ id = (servo number){travel} }}")


def _credible(joint: UrdfJoint) -> bool:
    return joint.velocity is not None and 0.0 < joint.velocity <= FASTEST[joint.kind]


def _velocity_note(joint: UrdfJoint) -> str:
    unit = UNITS[joint.kind]
    if joint.velocity is None:
        return f"{joint.name}: the URDF has no velocity limit"
    return (
        f"{joint.name}: the URDF's velocity limit, {joint.velocity:g} {unit}/s, is none that a "
        f"small robot keeps (at most {FASTEST[joint.kind]:g}), and was not taken"
    )


def _number(value: float) -> str:
    text = f"{value:.10g}"
    return text if set(text) & set(".e") else f"{text}.0"


def _vector(values: Sequence[float]) -> str:
    return f"[{', '.join(map(_number, values))}]"


def _quoted(text: str) -> str:
    escaped = text.replace("\\", "\\\\").replace('"', '\\"')
    return f'"{"".join(c if c.isprintable() else " " for c in escaped)}"'
