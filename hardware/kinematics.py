"""Where the tool point is and how it moves, from the joints of a description.

MuJoCo: the physics engine of the inspection cell has forward kinematics and Jacobians for any tree
of joints, and wheels for every system; ikpy is slower and knows positions only, pinocchio has no
Windows wheels.
"""

from __future__ import annotations

import threading
from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

from helmsight.hardware.gl import mujoco
from helmsight.hardware.spec import RobotSpec

Array = NDArray[np.float64]
DAMPING = 0.02  # of damped least squares, so that no step explodes near a singularity
NEAR = 0.05  # singular values below this are damped, the others are inverted exactly
SUBSTEP_S = 0.02


class Kinematics:
    """Forward kinematics and resolved-rate motion of one robot. Safe to use from any thread."""

    def __init__(self, spec: RobotSpec) -> None:
        self._chain = np.array(spec.chain, dtype=np.intp)
        self._model = _model(spec)
        self._data = mujoco.MjData(self._model)
        self._tool = self._model.site("tool").id
        self._lower = np.array([spec.joint[i].lower for i in spec.chain])
        self._upper = np.array([spec.joint[i].upper for i in spec.chain])
        self._lock = threading.Lock()

    def pose(self, positions: Sequence[float]) -> tuple[Array, Array]:
        """Return the tool point (3,) m and its rotation matrix (3, 3), both in the base frame.

        positions: one a joint of the description, rad or m.
        """
        with self._lock:
            self._place(positions)
            return (
                self._data.site_xpos[self._tool].copy(),
                self._data.site_xmat[self._tool].reshape(3, 3).copy(),
            )

    def point(self, positions: Sequence[float] | Array) -> tuple[Array, Array]:
        """Return the tool point (3,) m and the Jacobian (6, chain), both in the base frame.

        The Jacobian is the tool's velocity (m/s, then rad/s) a unit of joint velocity.
        """
        with self._lock:
            self._place(positions)
            return self._data.site_xpos[self._tool].copy(), self._jacobian()

    def after(
        self,
        positions: Sequence[float],
        linear: Sequence[float],
        angular: Sequence[float],
        seconds: float,
    ) -> tuple[float, ...]:
        """Return the joint positions after moving the tool with a twist for `seconds`.

        linear (m/s), angular (rad/s): base frame. Damped least squares (Wampler 1986,
        doi:10.1109/TSMC.1986.289285) in small steps, damped near singularities only (Maciejewski
        and Klein 1988), joints kept within their limits. The point comes first and turning has
        what freedom is left (Nakamura 1987, doi:10.1177/027836498700600201): what a robot cannot
        do (a gantry turn) is left undone. Cost grows with `seconds`: bound it before.
        """
        result = np.array(positions, dtype=np.float64)
        wanted = np.array([*linear, *angular], dtype=np.float64)
        steps = max(1, round(seconds / SUBSTEP_S))
        with self._lock:
            for _ in range(steps):
                self._place(result)
                J = self._jacobian()
                inverse = _damped_inverse(J[:3])
                rates = inverse @ wanted[:3]
                free = np.eye(len(rates)) - inverse @ J[:3]
                rates += _damped_inverse(J[3:] @ free) @ (wanted[3:] - J[3:] @ rates)
                moved = result[self._chain] + rates * (seconds / steps)
                result[self._chain] = np.clip(moved, self._lower, self._upper)
        return tuple(float(value) for value in result)

    def _place(self, positions: Sequence[float] | Array) -> None:
        self._data.qpos[:] = np.asarray(positions, dtype=np.float64)[self._chain]
        mujoco.mj_kinematics(self._model, self._data)
        mujoco.mj_comPos(self._model, self._data)

    def _jacobian(self) -> Array:
        moved = np.zeros((3, self._model.nv))
        turned = np.zeros((3, self._model.nv))
        mujoco.mj_jacSite(self._model, self._data, moved, turned, self._tool)
        return np.vstack([moved, turned])


def _damped_inverse(J: Array) -> Array:
    """Return the inverse that maps rates to joints; directions out of reach are left out."""
    U, values, Vt = np.linalg.svd(J, full_matrices=False)
    damping = DAMPING**2 * np.maximum(0.0, 1.0 - (values / NEAR) ** 2)
    gains = values / np.maximum(values**2 + damping, 1e-12)
    return np.asarray((Vt.T * gains) @ U.T)


def _model(spec: RobotSpec) -> mujoco.MjModel:
    """Return a MuJoCo model of the chain: one body a joint, a site at the tool point."""
    tree = mujoco.MjSpec()
    tree.compiler.degree = False
    body = tree.worldbody
    for index in spec.chain:
        joint = spec.joint[index]
        body = body.add_body(
            pos=joint.origin, quat=_quaternion(joint.rpy), mass=0.1,
            inertia=[1e-4, 1e-4, 1e-4], explicitinertial=True,
        )  # fmt: skip
        body.add_joint(
            name=joint.name,
            type=(
                mujoco.mjtJoint.mjJNT_HINGE
                if joint.kind == "revolute"
                else mujoco.mjtJoint.mjJNT_SLIDE
            ),
            axis=joint.axis,
        )
    body.add_site(name="tool", pos=spec.tool.offset)
    return tree.compile()


def _quaternion(rpy: Sequence[float]) -> Array:
    """Return w, x, y, z of rotations about the fixed axes x, y, z, as rpy in URDF."""
    quaternion = np.zeros(4)
    mujoco.mju_euler2Quat(quaternion, np.array(rpy, dtype=np.float64), "XYZ")
    return quaternion
