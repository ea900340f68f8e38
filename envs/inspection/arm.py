"""The arm: joints of the robot's description, masses and looks of an SO-101, actuators, camera.

Shapes are written down where they stand at the zero pose, in the base frame, and then taken into
the frames of their joints. Masses and centres of mass: the public URDF of
TheRobotStudio/SO-ARM100. Servo: an STS3215 of 7.4 V stalls at 19.5 kg cm; damping, friction and
armature are those of the same repository's joint properties.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import mujoco
import numpy as np

from helmsight.envs.inspection.shapes import ARM, Array, Drawing, Owner, along, between, euler, matrix, turned
from helmsight.hardware.spec import RobotSpec

OWNER = Owner("arm")
STALL_NM = 1.91
STIFFNESS, DRAG = 150.0, 2.5  # of the servo's own loop: N m/rad, N m s/rad
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
        self._drawing.shape(body, OWNER, "cylinder", size, place, turn=rotated, look=look, group=ARM)

    def plate(self, link: str, start: Any, end: Any, width: float, thick: float) -> None:
        """Add a plate in the plane of x and z, from `start` to `end`; thick along y."""
        middle, half, turn = _upright(start, end)
        self.box(link, (width, thick, half), middle, turn=turn)

    def solid(self, link: str, half: Any, at: Any, turn: Any = None) -> None:
        """Add a box that is felt."""
        place, rotated = self._local(link, at, euler() if turn is None else turn)
        self._drawing.solid(self._frames[link].body, OWNER, "box", half, place, turn=rotated, group=ARM)

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
        show(body, OWNER, "box", (0.016, 0.016, 0.0022), back - 0.004 * ahead, turn=quaternion, look="servo", group=ARM)
        # behind the pupil, or the camera would look into its own lens
        show(body, OWNER, "cylinder", (0.007, 0.0025), back + 0.002 * ahead, turn=quaternion, look="dark", group=ARM)

    def _local(self, link: str, at: Any, turn: Any) -> tuple[Array, Array]:
        frame = self._frames[link]
        place = frame.rotation.T @ (np.array(at, np.float64) - frame.at)
        return place, turned(frame.rotation.T @ matrix(turn))


def camera_rotation() -> Array:
    """Return the wrist camera's right, up and back, as columns, in the frame of the last joint."""
    ahead = np.array([np.sin(CAMERA_TILT), 0.0, -np.cos(CAMERA_TILT)])
    up = np.array([np.cos(CAMERA_TILT), 0.0, np.sin(CAMERA_TILT)])
    return np.stack([np.cross(ahead, up), up, -ahead], axis=1)


def _upright(start: Any, end: Any) -> tuple[Array, float, Array]:
    """Return middle, half length and turn about y of what lies along z from start to end."""
    middle, half, _ = between(start, end)
    way = np.array(end, np.float64) - np.array(start, np.float64)
    return middle, half, euler(0.0, float(np.arctan2(way[0], way[2])), 0.0)


def draw_arm(drawing: Drawing, spec: RobotSpec) -> None:
    """Add the arm of `spec`, whose joints are named as those of the shipped `so101`."""
    arm = ArmDrawing(drawing, spec)
    _base(arm)
    _links(arm)
    _hand(arm)
    for link, half, at in (
        ("base", (0.052, 0.04, 0.035), (0.015, 0, 0.035)),
        ("shoulder_pan", (0.027, 0.028, 0.026), (0.064, 0, 0.102)),
        ("wrist_flex", (0.032, 0.022, 0.020), (0.258, 0, 0.234)),
        ("wrist_roll", (0.022, 0.03, 0.026), (0.313, 0, 0.238)),
        ("wrist_roll", (0.033, 0.012, 0.008), (0.360, 0, 0.212)),
        ("wrist_roll", (0.010, 0.018, 0.034), (0.305, 0, 0.190)),
    ):
        arm.solid(link, half, at)
    arm.solid_beam("shoulder_lift", (0.080, 0, 0.152), (0.093, 0, 0.222), 0.022, 0.026)
    arm.solid_beam("elbow_flex", (0.118, 0, 0.230), (0.212, 0, 0.234), 0.018, 0.024)
    arm.solid_beam("gripper", (0.330, 0, 0.248), (0.392, 0, 0.230), 0.008, 0.010)


def _base(arm: ArmDrawing) -> None:
    arm.box("base", (0.062, 0.052, 0.004), (0.008, 0, 0.004))
    arm.box("base", (0.030, 0.026, 0.024), (0.028, 0, 0.030))
    arm.box("base", (0.0226, 0.0178, 0.0126), (0.028, 0, 0.050), "servo")
    arm.box("base", (0.004, 0.034, 0.030), (-0.031, 0, 0.036))
    arm.box("base", (0.0015, 0.026, 0.020), (-0.0365, 0, 0.038), "dark")
    for y in (-0.042, 0.042):
        arm.disc("base", 0.004, 0.002, (0.055, y, 0.0095), (0, 0, 1), "bolt")
    arm.disc("base", 0.020, 0.003, (0.0388, 0, 0.0655), (0, 0, 1), "metal")


def _links(arm: ArmDrawing) -> None:
    arm.box("shoulder_pan", (0.030, 0.026, 0.004), (0.056, 0, 0.073))
    arm.box("shoulder_pan", (0.0128, 0.0178, 0.0226), (0.069, 0, 0.102), "servo")
    for y in (-0.0245, 0.0245):
        arm.box("shoulder_pan", (0.016, 0.0025, 0.018), (0.062, y, 0.092))
        arm.disc("shoulder_lift", 0.0115, 0.002, (0.069, 1.16 * y, 0.117), (0, 1, 0), "metal")
        arm.plate("shoulder_lift", (0.066, 1.10 * y, 0.106), (0.096, 1.10 * y, 0.240), 0.0135, 0.0028)
        arm.disc("elbow_flex", 0.0115, 0.002, (0.097, 0.98 * y, 0.229), (0, 1, 0), "metal")
        arm.plate("elbow_flex", (0.098, 0.90 * y, 0.229), (0.205, 0.90 * y, 0.234), 0.0125, 0.0025)
        arm.disc("wrist_flex", 0.0105, 0.002, (0.232, 1.02 * y, 0.234), (0, 1, 0), "metal")
        arm.box("wrist_flex", (0.020, 0.0022, 0.012), (0.248, 0.96 * y, 0.234))
    arm.box("shoulder_lift", (0.014, 0.024, 0.013), (0.080, 0, 0.172))
    arm.box("shoulder_lift", (0.0226, 0.0178, 0.0126), (0.0845, 0, 0.2296), "servo")
    arm.box("elbow_flex", (0.034, 0.0195, 0.009), (0.152, 0, 0.2318))
    arm.box("elbow_flex", (0.0226, 0.0178, 0.0126), (0.2194, 0, 0.2342), "servo")


def _hand(arm: ArmDrawing) -> None:
    arm.box("wrist_flex", (0.0178, 0.0226, 0.0126), (0.272, 0, 0.234), "servo")
    arm.disc("wrist_roll", 0.0165, 0.003, (0.293, 0, 0.234), (1, 0, 0), "metal")
    arm.box("wrist_roll", (0.006, 0.024, 0.022), (0.301, 0, 0.236))
    arm.box("wrist_roll", (0.0128, 0.0178, 0.0226), (0.318, 0, 0.242), "servo")
    arm.plate("wrist_roll", (0.302, 0, 0.216), (0.345, 0, 0.213), 0.004, 0.022)
    arm.plate("wrist_roll", (0.340, 0, 0.212), (0.392, 0, 0.2205), 0.0045, 0.011)
    arm.plate("wrist_roll", (0.306, 0, 0.224), (0.300, 0, 0.186), 0.003, 0.011)  # to the camera
    arm.camera("wrist_roll")
    arm.disc("gripper", 0.0105, 0.023, (0.316, 0, 0.254), (0, 1, 0), "metal")
    arm.plate("gripper", (0.316, 0, 0.254), (0.356, 0, 0.250), 0.006, 0.012)
    arm.plate("gripper", (0.352, 0, 0.251), (0.392, 0, 0.230), 0.0045, 0.010)
