"""Geometry into a MuJoCo model, with the record of which part and which defect it belongs to."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Any, Literal

import numpy as np
from numpy.typing import NDArray

from helmsight.hardware.gl import mujoco

Array = NDArray[np.float64]
Vector = Sequence[float] | Array
Kind = Literal["box", "cylinder", "capsule", "sphere", "ellipsoid"]
ROOM, ARM, SATELLITE, SOLID = 0, 1, 2, 3  # groups; MuJoCo does not draw the last
TOUCHES = {ARM: (1, 7), SATELLITE: (2, 1), ROOM: (4, 1)}  # contype and conaffinity of what is solid
TYPES = {
    "box": mujoco.mjtGeom.mjGEOM_BOX,
    "cylinder": mujoco.mjtGeom.mjGEOM_CYLINDER,
    "capsule": mujoco.mjtGeom.mjGEOM_CAPSULE,
    "sphere": mujoco.mjtGeom.mjGEOM_SPHERE,
    "ellipsoid": mujoco.mjtGeom.mjGEOM_ELLIPSOID,
}


@dataclass(frozen=True)
class Owner:
    """Whose a shape is: `part` of the satellite, `arm` or `room`; whether it is its defect."""

    part: str
    defect: bool = False


@dataclass
class Drawing:
    """A model that is being built. owners: of every shape, by its name."""

    tree: mujoco.MjSpec
    owners: dict[str, Owner] = field(default_factory=dict)

    def shape(
        self,
        body: Any,
        owner: Owner,
        kind: Kind,
        size: Vector,
        at: Vector = (0.0, 0.0, 0.0),
        *,
        turn: Vector | None = None,
        look: str = "",
        colour: Vector = (),
        group: int = SATELLITE,
    ) -> None:
        """Add a shape that is seen and not felt.

        size: half extents, as MuJoCo has them; turn: quaternion w, x, y, z; look: a material;
        colour: RGB or RGBA instead.
        """
        self._add(body, owner, kind, size, at, turn, look, colour, group, (0, 0))

    def solid(
        self,
        body: Any,
        owner: Owner,
        kind: Kind,
        size: Vector,
        at: Vector = (0.0, 0.0, 0.0),
        *,
        turn: Vector | None = None,
        group: int = SATELLITE,
    ) -> None:
        """Add a shape that is felt and not seen; `group` says whose it is."""
        self._add(body, owner, kind, size, at, turn, "", (), SOLID, TOUCHES[group])

    def rod(
        self, body: Any, owner: Owner, start: Vector, end: Vector, radius: float, **more: Any
    ) -> None:
        """Add a rounded rod from `start` to `end`."""
        middle, half, turn = between(start, end)
        self.shape(body, owner, "capsule", (radius, half, 0.0), middle, turn=turn, **more)

    def _add(
        self,
        body: Any,
        owner: Owner,
        kind: Kind,
        size: Vector,
        at: Vector,
        turn: Vector | None,
        look: str,
        colour: Vector,
        group: int,
        touches: tuple[int, int],
    ) -> None:
        name = f"{owner.part}/{len(self.owners)}"
        self.owners[name] = owner
        whole = np.zeros(3)
        whole[: len(size)] = size
        geom = body.add_geom(
            name=name, type=TYPES[kind], size=whole, pos=np.asarray(at, np.float64),
            quat=np.array([1.0, 0, 0, 0]) if turn is None else np.asarray(turn, np.float64),
            contype=touches[0], conaffinity=touches[1], group=group, mass=0.0,
        )  # fmt: skip
        if look:
            geom.material = look
        if len(colour):
            geom.rgba = np.array([*colour, 1.0][:4])


def euler(x: float = 0.0, y: float = 0.0, z: float = 0.0) -> Array:
    """Return the quaternion of turns about the fixed axes x, y and z, in this order, rad."""
    quaternion = np.zeros(4)
    mujoco.mju_euler2Quat(quaternion, np.array([x, y, z], np.float64), "XYZ")
    return quaternion


def along(direction: Vector) -> Array:
    """Return a quaternion that turns z to `direction`."""
    quaternion = np.zeros(4)
    vector = np.array(direction, np.float64)
    mujoco.mju_quatZ2Vec(quaternion, vector / np.linalg.norm(vector))
    return quaternion


def between(start: Vector, end: Vector) -> tuple[Array, float, Array]:
    """Return middle, half length and turn of what lies along z from `start` to `end`."""
    a, b = np.array(start, np.float64), np.array(end, np.float64)
    return (a + b) / 2.0, float(np.linalg.norm(b - a)) / 2.0, along(b - a)


def matrix(quaternion: Vector) -> Array:
    """Return the rotation matrix of a quaternion."""
    flat = np.zeros(9)
    mujoco.mju_quat2Mat(flat, np.asarray(quaternion, np.float64))
    return flat.reshape(3, 3)


def turned(rotation: Array) -> Array:
    """Return the quaternion of a rotation matrix."""
    quaternion = np.zeros(4)
    mujoco.mju_mat2Quat(quaternion, np.ascontiguousarray(rotation, np.float64).reshape(9))
    return quaternion
