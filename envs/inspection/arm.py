"""The arm: joints of the robot's description, masses and looks of an SO-101, actuators, camera.

Shapes are written down where they stand at the zero pose, in the base frame, and then taken into
the frames of their joints. Masses and centres of mass: the public URDF of
TheRobotStudio/SO-ARM100. Servo: an STS3215 of 7.4 V stalls at 19.5 kg cm; damping, friction and
armature are those of the same repository's joint properties.
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import cache
from typing import Any

import numpy as np

from helmsight.envs.inspection.shapes import (
    ARM,
    Array,
    Drawing,
    Owner,
    along,
    between,
    euler,
    matrix,
    turned,
)
from helmsight.hardware.gl import mujoco
from helmsight.hardware.spec import RobotSpec

OWNER = Owner("arm")
STALL_NM = 1.91
STIFFNESS, DRAG = 150.0, 5.0  # of the servo's own loop: N m/rad, N m s/rad; it does not ring
DAMPING, FRICTION, ARMATURE = 0.6, 0.052, 0.028  # of its gears: N m s/rad, N m, kg m^2
CAMERA_AT, CAMERA_TILT = (-0.062, 0.0, -0.022), 0.13  # in the frame of the last joint; m, rad
FIELD_OF_VIEW = 55.0  # degrees, of the picture's height
LINKS = {  # kg, centre of mass in the joint's frame, m
    "shoulder_pan": (0.100, (-0.0308, 0.0, -0.0253)),
    "shoulder_lift": (0.103, (-0.0898, -0.0084, 0.0184)),
    "elbow_flex": (0.104, (-0.0981, 0.0032, 0.0183)),
    "wrist_flex": (0.079, (-0.0001, -0.0386, 0.0281)),
    "wrist_roll": (0.107, (0.0002, 0.0002, -0.0252)),  # camera included
    "gripper": (0.012, (-0.0016, -0.0300, 0.0193)),
}


@dataclass(frozen=True)
class _Frame:
    """Where a joint's body stands at the zero pose, base frame."""

    body: Any
    at: Array
    rotation: Array


class ArmDrawing:
    """Draws one arm into a model, at its origin. The world's frame is the arm's base frame."""

    def __init__(self, drawing: Drawing, spec: RobotSpec) -> None:
        self._drawing = drawing
        self._frames = {"base": _Frame(drawing.tree.worldbody, np.zeros(3), np.eye(3))}
        self._joints(spec)
        # the foot and what turns on it are always near each other; MuJoCo knows that of others
        drawing.tree.add_exclude(bodyname1="world", bodyname2=f"arm {spec.names[0]}")

    def _joints(self, spec: RobotSpec) -> None:
        before = self._frames["base"]
        for index, joint in enumerate(spec.joint):
            if index not in spec.chain:
                before = self._frames[spec.names[spec.chain[-1]]]
            quaternion = euler(*joint.rpy)
            mass, centre = LINKS[joint.name]
            body = before.body.add_body(
                name=f"arm {joint.name}", pos=joint.origin, quat=quaternion, mass=mass,
                ipos=centre, inertia=[8e-5, 8e-5, 6e-5], explicitinertial=True,
            )  # fmt: skip
            added = body.add_joint(
                name=joint.name, type=mujoco.mjtJoint.mjJNT_HINGE, axis=joint.axis,
                range=[joint.lower, joint.upper], limited=mujoco.mjtLimited.mjLIMITED_TRUE,
            )  # fmt: skip
            added.frictionloss, added.armature = FRICTION, ARMATURE
            self._actuator(joint.name)
            before = _Frame(
                body,
                before.at + before.rotation @ np.array(joint.origin),
                before.rotation @ matrix(quaternion),
            )
            self._frames[joint.name] = before

    def _actuator(self, joint: str) -> None:
        """Add a position servo; what limits its torque is set while it runs."""
        servo = self._drawing.tree.add_actuator(
            name=joint, target=joint, trntype=mujoco.mjtTrn.mjTRN_JOINT,
            forcerange=[-STALL_NM, STALL_NM], forcelimited=mujoco.mjtLimited.mjLIMITED_TRUE,
        )  # fmt: skip
        servo.set_to_position(kp=STIFFNESS, kv=DRAG)

    # -- shapes, given at the zero pose in the base frame -----------------------------------------

    def box(self, link: str, half: Any, at: Any, look: str = "printed", turn: Any = None) -> None:
        """Add a box that is seen."""
        place, rotated = self._local(link, at, euler() if turn is None else turn)
        body = self._frames[link].body
        self._drawing.shape(body, OWNER, "box", half, place, turn=rotated, look=look, group=ARM)

    def disc(self, link: str, radius: float, half: float, at: Any, axis: Any, look: str) -> None:
        """Add a disc about `axis`."""
        place, rotated = self._local(link, at, along(axis))
        body, size = self._frames[link].body, (radius, half)
        self._drawing.shape(
            body, OWNER, "cylinder", size, place, turn=rotated, look=look, group=ARM
        )

    def plate(self, link: str, start: Any, end: Any, width: float, thick: float) -> None:
        """Add a plate in the plane of x and z, from `start` to `end`; thick along y."""
        middle, half, turn = _upright(start, end)
        self.box(link, (width, thick, half), middle, turn=turn)

    def solid(self, link: str, half: Any, at: Any, turn: Any = None) -> None:
        """Add a box that is felt."""
        place, rotated = self._local(link, at, euler() if turn is None else turn)
        self._drawing.solid(
            self._frames[link].body, OWNER, "box", half, place, turn=rotated, group=ARM
        )

    def solid_beam(self, link: str, start: Any, end: Any, width: float, thick: float) -> None:
        """Add a beam that is felt, in the plane of x and z."""
        middle, half, turn = _upright(start, end)
        self.solid(link, (width, thick, half), middle, turn)

    def camera(self, link: str) -> None:
        """Put the wrist camera where it looks past the jaws, up in the picture away from it."""
        rotation = camera_rotation()
        ahead, body = -rotation[:, 2], self._frames[link].body
        body.add_camera(name="wrist", pos=CAMERA_AT, quat=turned(rotation), fovy=FIELD_OF_VIEW)
        back = np.array(CAMERA_AT) - 0.006 * ahead
        show, quaternion = self._drawing.shape, turned(rotation)
        show(
            body,
            OWNER,
            "box",
            (0.016, 0.016, 0.0022),
            back - 0.004 * ahead,
            turn=quaternion,
            look="servo",
            group=ARM,
        )
        # behind the pupil, or the camera would look into its own lens
        show(
            body,
            OWNER,
            "cylinder",
            (0.007, 0.0025),
            back + 0.002 * ahead,
            turn=quaternion,
            look="dark",
            group=ARM,
        )

    def _local(self, link: str, at: Any, turn: Any) -> tuple[Array, Array]:
        frame = self._frames[link]
        place = frame.rotation.T @ (np.array(at, np.float64) - frame.at)
        return place, turned(frame.rotation.T @ matrix(turn))


@cache
def camera_rotation() -> Array:
    """Return the wrist camera's right, up and back, as columns, in the frame of the last joint."""
    ahead = np.array([np.sin(CAMERA_TILT), 0.0, -np.cos(CAMERA_TILT)])
    up = np.array([np.cos(CAMERA_TILT), 0.0, np.sin(CAMERA_TILT)])
    rotation = np.stack([np.cross(ahead, up), up, -ahead], axis=1)
    rotation.setflags(write=False)  # everybody has the same
    return rotation


def _upright(start: Any, end: Any) -> tuple[Array, float, Array]:
    """Return middle, half length and turn about y of what lies along z from start to end."""
    middle, half, _ = between(start, end)
    way = np.array(end, np.float64) - np.array(start, np.float64)
    return middle, half, euler(0.0, float(np.arctan2(way[0], way[2])), 0.0)
