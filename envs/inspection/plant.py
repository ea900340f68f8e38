"""The cell in time: MuJoCo's physics under servos, and what the arm touched.

One thread lets time pass; others may copy the present state at any moment, to draw it.
"""

from __future__ import annotations

import threading
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from helmsight.contract.errors import InvalidOption
from helmsight.envs.inspection.arm import DRAG, STALL_NM, STIFFNESS
from helmsight.envs.inspection.building import STEP_S, Built, build
from helmsight.envs.inspection.cell import START, fitting
from helmsight.envs.inspection.contacts import Contacts, Touch
from helmsight.envs.inspection.plan import CellPlan
from helmsight.envs.inspection.room import TURNTABLE
from helmsight.hardware.gl import mujoco
from helmsight.hardware.spec import RobotSpec

TURNING = 0.5  # rad/s, of the turntable
LONGEST_S = 0.5  # that is caught up with after a pause; a machine that slept is not simulated


@dataclass(frozen=True)
class Drive:
    """What one servo wants: where (rad), how fast (rad/s), and the share of its torque, 0 to 1."""

    place: float
    speed: float
    torque: float


class Plant:
    """A moving cell. plan: or the seed of one; start: of the arm, rad."""

    def __init__(
        self,
        plan: CellPlan | int,
        robot: RobotSpec | str = "so101",
        start: Sequence[float] = START,
    ) -> None:
        self.plan = CellPlan.draw(plan) if isinstance(plan, int) else plan
        self.spec = fitting(robot)
        self.built: Built = build(self.plan, self.spec)
        model = self.built.model
        self._data = mujoco.MjData(model)
        self._lock = threading.Lock()
        self._left = 0.0
        self._turn_to = self.plan.turntable
        self._turn_at = self.plan.turntable
        joints = [model.joint(name) for name in self.spec.names]
        self._places = self.built.arm
        self._speeds = np.array([int(joint.dofadr[0]) for joint in joints])
        self._motors = np.array([model.actuator(name).id for name in self.spec.names])
        self._table = model.actuator(TURNTABLE).id
        self.contacts = Contacts(self.built)
        self._data.qpos[self._places] = start
        self._data.qpos[self.built.turntable] = self._turn_at
        self._data.ctrl[self._motors], self._data.ctrl[self._table] = start, self._turn_at
        mujoco.mj_forward(model, self._data)

    # -- time, in one thread --------------------------------------------------------------------

    def advance(self, seconds: float, drives: Sequence[Drive]) -> None:
        """Let time pass in whole steps under one drive a joint; what is left over comes later."""
        self._left += min(seconds, LONGEST_S)
        steps, model, data = int(self._left / STEP_S + 1e-9), self.built.model, self._data
        if not steps:
            return
        self._left -= steps * STEP_S
        with self._lock:
            for motor, drive in zip(self._motors, drives, strict=True):
                # MuJoCo's servo brakes against all speed, a real one against that beside its ramp
                data.ctrl[motor] = drive.place + drive.speed * DRAG / STIFFNESS
                most = STALL_NM * drive.torque
                model.actuator_forcerange[motor] = -most, most
            for _ in range(steps):
                way = self._turn_to - self._turn_at
                self._turn_at += min(max(way, -TURNING * STEP_S), TURNING * STEP_S)
                data.ctrl[self._table] = self._turn_at
                mujoco.mj_step(model, data)
                if data.ncon:
                    self.contacts.note(data)
                else:
                    self.contacts.none()

    # -- from any thread ------------------------------------------------------------------------

    def turn(self, angle: float) -> None:
        """Have the turntable turn to `angle`, rad, as its operator would. Raises InvalidOption."""
        if not abs(angle) <= np.pi:
            raise InvalidOption(f"turntable {angle:g} rad: expected -pi to pi")
        self._turn_to = float(angle)

    @property
    def turning(self) -> bool:
        """Whether the turntable is on its way."""
        return abs(self._turn_to - self.turntable) > 1e-3

    @property
    def turntable(self) -> float:
        """The turntable's angle, rad."""
        return float(self._data.qpos[self.built.turntable])

    @property
    def seconds(self) -> float:
        """Simulated time since the start."""
        return float(self._data.time)

    def position(self, joint: int) -> float:
        """Return where a joint is, rad."""
        return float(self._data.qpos[self._places[joint]])

    def velocity(self, joint: int) -> float:
        """Return how fast it turns, rad/s."""
        return float(self._data.qvel[self._speeds[joint]])

    def effort(self, joint: int) -> float:
        """Return the torque of its motor as a share of what it stalls at, -1 to 1."""
        return float(self._data.actuator_force[self._motors[joint]]) / STALL_NM

    def copy_to(self, data: mujoco.MjData) -> float:
        """Make `data`, of the same model, show the present state; return its simulated time.

        Steps wait no longer than the copy takes; what is computed from it is up to the caller.
        """
        with self._lock:
            data.qpos[:] = self._data.qpos
            data.time = self._data.time
        mujoco.mj_kinematics(self.built.model, data)
        mujoco.mj_comPos(self.built.model, data)
        mujoco.mj_camlight(self.built.model, data)
        return float(data.time)

    @property
    def touches(self) -> tuple[Touch, ...]:
        """All that the arm has touched so far, in the order of time."""
        with self._lock:
            return self.contacts.touches
