"""Poses with a name: out of the description, out of a person's file, and written there."""

from __future__ import annotations

import math
import re
import tomllib
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from helmsight.contract.errors import InvalidOption, NotUtf8
from helmsight.contract.textfiles import read_text
from helmsight.contract.tomltext import parse_toml
from helmsight.hardware.spec import RobotSpec

Pose = tuple[float | None, ...]
"""A place a joint, rad or m; None leaves that joint where it is."""
HOME = "home"
FORM = "a table of joints and their places (rad or m), or a list with one place a joint"
_NAME = re.compile(r"[A-Za-z0-9_-]+")


def named_poses(spec: RobotSpec, given: Mapping[str, Any] | None = None) -> dict[str, Pose]:
    """Return the poses of a robot by name: `home` of its description, then those given.

    Raises:
        InvalidOption: a pose of another robot, beyond a limit, or that is none.
    """
    poses: dict[str, Pose] = {HOME: spec.home}
    for name, places in (given or {}).items():
        poses[name] = _pose(spec, name, places)
    return poses


def read_poses(path: Path) -> dict[str, Any]:
    """Return what a TOML file of poses holds: `name = [...]`, or a table `[name]` of joints.

    Raises:
        InvalidOption: it cannot be read or is no TOML. Whether a robot can have them, `named_poses`
            says.
    """
    try:
        return parse_toml(read_text(path))
    except OSError as error:
        raise InvalidOption(f"the poses in {path} cannot be read: {error.strerror}") from error
    except (NotUtf8, tomllib.TOMLDecodeError) as error:
        raise InvalidOption(f"the poses in {path} cannot be read: {error}; give {FORM}") from None


def write_pose(path: Path, name: str, joints: Sequence[str], places: Sequence[float]) -> str:
    """Add a pose to a file of poses, which is made if need be, and return the name it got.

    A name that is taken gets a number: nothing that a person wrote is changed.

    Raises:
        InvalidOption: no name for a pose. OSError: the file cannot be written.
    """
    if not _NAME.fullmatch(name):
        raise InvalidOption(f"pose {name!r}: a name is letters, digits, - and _")
    taken, free, number = set(read_poses(path)) if path.exists() else set(), name, 1
    while free in taken or free == HOME:
        number += 1
        free = f"{name}-{number}"
    lines = [f"{_key(joint)} = {place:.6f}" for joint, place in zip(joints, places, strict=True)]
    # a table, since a bare key would fall into whatever table the file ends with
    with path.open("a", encoding="utf-8", newline="\n") as file:
        file.write("\n".join(("", f"[{free}]", *lines, "")))
    return free


def _key(joint: str) -> str:
    return joint if _NAME.fullmatch(joint) else f'"{joint}"'


def _pose(spec: RobotSpec, name: str, places: Any) -> Pose:
    if isinstance(places, Mapping):
        strange = [joint for joint in places if joint not in spec.names]
        if strange:
            raise InvalidOption(
                f"pose {name!r}: {spec.name} has no joint {', '.join(map(repr, strange))}; "
                f"its joints are {', '.join(spec.names)}"
            )
        places = [places.get(joint) for joint in spec.names]
    if not isinstance(places, Sequence) or len(places) != len(spec.joint):
        raise InvalidOption(f"pose {name!r}: expected {FORM}; given {places!r:.80}")
    for joint, place in zip(spec.joint, places, strict=True):
        if place is None:
            continue
        number = isinstance(place, int | float) and not isinstance(place, bool)
        if not number or not math.isfinite(place) or not joint.lower <= place <= joint.upper:
            unit = "rad" if joint.kind == "revolute" else "m"
            raise InvalidOption(
                f"pose {name!r}: {joint.name} = {place!r}; expected {joint.lower:g} to "
                f"{joint.upper:g} {unit}"
            )
    return tuple(None if place is None else float(place) for place in places)
