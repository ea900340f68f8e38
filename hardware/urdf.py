"""Arms out of URDF files, read through MuJoCo: joints, limits, frames and the tool point.

MuJoCo's reader does the geometry. Meshes, inertias and looks are taken out before: they say nothing
about where a tool point is, and are often not beside the file. What MuJoCo would assume for a limit
that is not there is refused here before it gets to see the file.
"""

from __future__ import annotations

import math
import xml.etree.ElementTree as ET
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from helmsight.contract.errors import NotUtf8
from helmsight.contract.textfiles import read_text
from helmsight.hardware.errors import InvalidSpec
from helmsight.hardware.gl import mujoco

Array = NDArray[np.float64]
UNUSED = ("inertial", "visual", "collision")  # of a link
DRIVEN = {"revolute": 4.0 * math.pi, "prismatic": 10.0}  # with the furthest limit, rad or m
SNAP = 1e-5  # URDFs write 1.5708 for a quarter turn: entries of a rotation below this are 0
COMPILER = {
    "fusestatic": "false", "strippath": "false", "balanceinertia": "true",
    "boundmass": "0.001", "boundinertia": "0.000001",
}  # fmt: skip


@dataclass(frozen=True)
class UrdfJoint:
    """One driven joint. Frames as in `helmsight.hardware.spec.Joint`; velocity: rad/s or m/s."""

    name: str
    kind: str
    lower: float
    upper: float
    origin: tuple[float, float, float]
    rpy: tuple[float, float, float]
    axis: tuple[float, float, float]
    velocity: float | None


@dataclass(frozen=True)
class UrdfArm:
    """One arm. gripper: the last of `joints` where it moves beside the tool point, or None.

    frame: the link whose origin is the tool point; offset: that point in the frame of the last
    joint that carries it, m. left_out: joints that follow others.
    """

    name: str
    joints: tuple[UrdfJoint, ...]
    gripper: str | None
    frame: str
    offset: tuple[float, float, float]
    left_out: tuple[str, ...]


def read_urdf(path: str | Path, tool_frame: str | None = None, centred: bool = False) -> UrdfArm:
    """Return the arm in a file.

    tool_frame: the link whose origin is the tool point; needed where the arm ends in several.
    centred: put the zero of every joint but the gripper into the middle of its range.

    Raises:
        InvalidSpec: with file, joint and key, and what is allowed.
    """
    root = _parsed(path)
    joints: dict[str, ET.Element] = {}
    for joint in root.findall("joint"):
        name = joint.get("name", "")
        if not name or name in joints:
            raise InvalidSpec(f"{path}: joint {name!r}: expected a name, and each of them once")
        joints[name] = joint
    limits = {name: _limits(path, name, joint) for name, joint in joints.items() if _driven(joint)}
    parents = {_link(path, joint, "child"): name for name, joint in joints.items()}
    frame = _tool_frame(path, root, joints, tool_frame)
    chain = _driven_to(path, joints, parents, frame)
    if not chain:
        raise InvalidSpec(f"{path}: no joint moves {frame}: expected revolute or prismatic joints")
    gripper = _gripper(path, joints, parents, chain)
    names = [*chain, *([gripper] if gripper else [])]
    model, data = _compiled(path, root)
    zeros = {
        name: sum(limits[name][:2]) / 2.0 if centred and name != gripper else 0.0 for name in names
    }
    for name, zero in zeros.items():
        data.qpos[model.joint(name).qposadr[0]] = zero
    mujoco.mj_kinematics(model, data)
    place, turn = np.zeros(3), np.eye(3)
    made = []
    for name in names:
        body = data.body(int(model.joint(name).bodyid[0]))
        there, turned = body.xpos.copy(), body.xmat.reshape(3, 3).copy()
        lower, upper, velocity = limits[name]
        made.append(
            UrdfJoint(
                name, str(joints[name].get("type")), lower - zeros[name], upper - zeros[name],
                _tidy(turn.T @ (there - place)), _rpy(turn.T @ turned),
                _tidy(model.joint(name).axis), velocity,
            )
        )  # fmt: skip
        if name != gripper:
            place, turn = there, turned
    offset = turn.T @ (data.body(frame).xpos - place)
    left_out = tuple(name for name, joint in joints.items() if joint.find("mimic") is not None)
    return UrdfArm(root.get("name", "arm"), tuple(made), gripper, frame, _tidy(offset), left_out)


def _parsed(path: str | Path) -> ET.Element:
    try:
        root = ET.fromstring(read_text(Path(path)))
    except (OSError, NotUtf8) as error:
        raise InvalidSpec(f"{path} cannot be read: {error}") from None
    except ET.ParseError as error:
        raise InvalidSpec(f"{path}: not XML: {error}") from None
    if root.tag != "robot":
        raise InvalidSpec(f"{path}: <{root.tag}>; expected a URDF, which is a <robot>")
    if any("xacro" in str(element.tag) for element in root.iter()):
        raise InvalidSpec(f"{path}: made of xacro macros; expand it first: xacro {path} > arm.urdf")
    return root


def _driven(joint: ET.Element) -> bool:
    return joint.get("type") != "fixed" and joint.find("mimic") is None


def _limits(path: str | Path, name: str, joint: ET.Element) -> tuple[float, float, float | None]:
    """Return lower, upper and velocity of a driven joint, all checked."""
    where, kind = f"{path}: joint {name}", joint.get("type")
    if kind not in DRIVEN:
        raise InvalidSpec(
            f"{where}: type {kind!r}; expected revolute or prismatic, with a lower and an upper "
            "limit (limits are never guessed), or fixed"
        )
    limit = joint.find("limit")
    values: dict[str, float] = {}
    for key in ("lower", "upper", "velocity"):
        text = None if limit is None else limit.get(key)
        if text is None:
            if key == "velocity":
                continue
            raise InvalidSpec(
                f"{where}: limit.{key}: missing; limits are never guessed. Expected "
                f'<limit lower="..." upper="..."/> in {"rad" if kind == "revolute" else "m"}'
            )
        try:
            values[key] = float(text)
        except ValueError:
            values[key] = math.nan
        if not math.isfinite(values[key]):
            raise InvalidSpec(f"{where}: limit.{key}: {text!r}; expected a finite number")
        if key != "velocity" and abs(values[key]) > DRIVEN[kind]:
            raise InvalidSpec(
                f"{where}: limit.{key}: {text}; expected an end stop, at most {DRIVEN[kind]:.4g} "
                f"{'rad' if kind == 'revolute' else 'm'} away: such a number is an exporter's for "
                "none, and limits are never guessed"
            )
    if values["lower"] >= values["upper"]:
        raise InvalidSpec(
            f"{where}: limit.lower {values['lower']:g} must be below limit.upper "
            f"{values['upper']:g}"
        )
    return values["lower"], values["upper"], values.get("velocity")


def _link(path: str | Path, joint: ET.Element, end: str) -> str:
    found = joint.find(end)
    if found is None or not found.get("link"):
        raise InvalidSpec(f"{path}: joint {joint.get('name')}: {end}: missing; expected a link")
    return str(found.get("link"))


def _tool_frame(
    path: str | Path,
    root: ET.Element,
    joints: dict[str, ET.Element],
    named: str | None,
) -> str:
    links = [str(link.get("name")) for link in root.findall("link")]
    carrying = {_link(path, joint, "parent") for joint in joints.values()}
    ends = [link for link in links if link not in carrying]
    if named is None and len(ends) == 1:
        return ends[0]
    if not ends:
        told = "no link that is an end, for each carries another" if links else "no link at all"
        raise InvalidSpec(f"{path}: {told}; expected a tree of links and joints")
    if named is None:
        raise InvalidSpec(
            f"{path}: the arm ends in {', '.join(ends)}: say where its tool point is "
            "(--tool-frame LINK)"
        )
    if named not in links:
        raise InvalidSpec(f"{path}: no link {named!r}; there are {', '.join(links)}")
    return named


def _driven_to(
    path: str | Path, joints: dict[str, ET.Element], parents: dict[str, str], link: str
) -> list[str]:
    """Return the driven joints between the base and a link, from the base on."""
    found: list[str] = []
    seen = set()
    while link in parents:
        name = parents[link]
        if name in seen:
            raise InvalidSpec(f"{path}: joint {name} carries itself: expected a tree of links")
        seen.add(name)
        if _driven(joints[name]):
            found.insert(0, name)
        link = _link(path, joints[name], "parent")
    return found


def _gripper(
    path: str | Path, joints: dict[str, ET.Element], parents: dict[str, str], chain: list[str]
) -> str | None:
    """Return the one driven joint beside the chain, at its end; None without one."""
    beside = [name for name, joint in joints.items() if _driven(joint) and name not in chain]
    if not beside:
        return None
    carriers = _driven_to(path, joints, parents, _link(path, joints[beside[0]], "parent"))
    if len(beside) > 1 or carriers != chain:
        raise InvalidSpec(
            f"{path}: {', '.join(beside)} beside {', '.join(chain)}: expected one chain of joints "
            "to the tool frame and at most one gripper at its end. Make the others fixed, or name "
            "another --tool-frame"
        )
    return beside[0]


def _compiled(path: str | Path, root: ET.Element) -> tuple[mujoco.MjModel, mujoco.MjData]:
    for link in root.findall("link"):
        for tag in UNUSED:
            for part in link.findall(tag):
                link.remove(part)
    for tag in ("mujoco", "transmission", "gazebo", "material"):
        for part in root.findall(tag):
            root.remove(part)
    ET.SubElement(ET.SubElement(root, "mujoco"), "compiler", COMPILER)
    try:
        model = mujoco.MjModel.from_xml_string(ET.tostring(root, encoding="unicode"))
    except ValueError as error:
        raise InvalidSpec(f"{path}: {error}") from None
    return model, mujoco.MjData(model)


def _tidy(vector: Array) -> tuple[float, float, float]:
    """Return a vector without the dust of floating point, to a tenth of a micrometre."""
    x, y, z = (round(float(value), 7) + 0.0 for value in vector)
    return x, y, z


def _rpy(rotation: Array) -> tuple[float, float, float]:
    """Return the angles about the fixed axes x, y, z of a rotation, as rpy in URDF."""
    snapped = np.where(np.abs(rotation) < SNAP, 0.0, rotation)
    U, _, Vt = np.linalg.svd(snapped)  # the nearest rotation
    R = U @ Vt
    if abs(R[2, 0]) > 1.0 - 1e-12:  # roll and yaw turn about one axis: yaw is 0
        sign = -math.copysign(1.0, R[2, 0])
        angles = (math.atan2(sign * R[0, 1], R[1, 1]), sign * math.pi / 2.0, 0.0)
    else:
        angles = (
            math.atan2(R[2, 1], R[2, 2]), math.asin(-R[2, 0]), math.atan2(R[1, 0], R[0, 0]),
        )  # fmt: skip
    roll, pitch, yaw = (round(angle, 9) + 0.0 for angle in angles)
    return roll, pitch, yaw
