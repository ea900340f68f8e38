"""The cell as one thread has it at hand: put the joints somewhere, look, and know what is true."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, Self

import numpy as np

from helmsight.contract.errors import InvalidOption
from helmsight.envs.inspection.arm import FIELD_OF_VIEW, LINKS
from helmsight.envs.inspection.building import Built, build
from helmsight.envs.inspection.eyes import Eyes, pose_of, put_eye
from helmsight.envs.inspection.parts import PARTS
from helmsight.envs.inspection.plan import CellPlan
from helmsight.envs.inspection.shapes import Array
from helmsight.envs.inspection.views import PartTruth, Pixels, Pose, View
from helmsight.hardware.cameras.source import Size
from helmsight.hardware.gl import mujoco
from helmsight.hardware.spec import RobotSpec, load_spec

START = (
    0.0,
    -1.5,
    0.38,
    1.55,
    0.0,
    0.3,
)  # of the arm: folded, clear of all that turns, the camera on the satellite
CAMERAS = ("wrist", "overview")


class Cell:
    """One cell; not for several threads. What moves in time is a Plant of the same plan.

    plan: or the seed of one. robot: a description with the joints of an SO-101.
    shadows: of the key light; without them a picture takes a third of the time. built: the model of
    this very plan, where there is one already.
    """

    def __init__(
        self, plan: CellPlan | int, robot: RobotSpec | str = "so101", *, shadows: bool = True,
        built: Built | None = None,
    ) -> None:  # fmt: skip
        self.plan = CellPlan.draw(plan) if isinstance(plan, int) else plan
        self.spec = fitting(robot)
        self.built: Built = build(self.plan, self.spec) if built is None else built
        self.data = mujoco.MjData(self.built.model)
        self._eyes = Eyes(self.built, shadows=shadows)
        self.place(START, self.plan.turntable)

    # -- where things are ---------------------------------------------------------------------

    def place(self, joints: Sequence[float] | None = None, turntable: float | None = None) -> None:
        """Put the arm (all joints of the description, rad) and the turntable (rad) there."""
        if joints is not None:
            self.data.qpos[self.built.arm] = joints
        if turntable is not None:
            self.data.qpos[self.built.turntable] = turntable
        mujoco.mj_kinematics(self.built.model, self.data)
        mujoco.mj_comPos(self.built.model, self.data)
        mujoco.mj_camlight(self.built.model, self.data)

    @property
    def joints(self) -> tuple[float, ...]:
        """The arm's joints, rad, in the order of the description."""
        return tuple(float(value) for value in self.data.qpos[self.built.arm])

    @property
    def turntable(self) -> float:
        """The turntable's angle, rad."""
        return float(self.data.qpos[self.built.turntable])

    def camera_pose(self, camera: str = "wrist") -> Pose:
        """Return where a camera is."""
        return pose_of(self.built, self.data, camera)

    def seat(self, part: str) -> tuple[Array, Array]:
        """Return origin (3,) and rotation (3, 3) of a part's frame, base frame."""
        body = self.built.model.body(part).id
        return self.data.xpos[body].copy(), self.data.xmat[body].reshape(3, 3).copy()

    @property
    def centres(self) -> Array:
        """The middle of every part, (parts, 3), base frame, m."""
        seats = [self.seat(part) for part in PARTS]
        return np.stack(
            [at + turn @ c for (at, turn), c in zip(seats, self.built.centres, strict=True)]
        )

    # -- what is true -------------------------------------------------------------------------

    @property
    def truth(self) -> tuple[PartTruth, ...]:
        """What every part is and has, in the order of PARTS."""
        return tuple(self._truth(part) for part in PARTS)

    def _truth(self, part: str) -> PartTruth:
        defect = self.plan.defect_of(part)
        if defect is None:
            return PartTruth(part, PARTS[part], present=part not in self.plan.absent)
        at, rotation = self.seat(part)
        x, y, z = at + rotation @ self.built.defect_places[part]
        where = (float(x), float(y), float(z))
        return PartTruth(part, PARTS[part], defect.kind, defect.severity, where)

    # -- pictures -----------------------------------------------------------------------------

    def look(self, camera: str = "wrist", size: Size = (320, 240)) -> Pixels:
        """Return what a camera sees, uint8 (H, W, 3). Raises as Eyes.picture."""
        return self._eyes.picture(self.data, camera, size)

    def view(self, camera: str = "wrist", size: Size = (320, 240), *, depth: bool = False) -> View:
        """Return the same with its truth."""
        fov = float(np.radians(self.built.model.camera(camera).fovy[0]))
        return self._view(camera, size, fov, depth, arm=True)

    def view_from(
        self, pose: Pose, size: Size = (320, 240), *, fov_y: float | None = None,
        depth: bool = False, arm: bool = False,
    ) -> View:  # fmt: skip
        """Return what a camera anywhere would see; default: the wrist camera's, without the arm."""
        fov = float(np.radians(FIELD_OF_VIEW)) if fov_y is None else fov_y
        put_eye(self.built, self.data, pose, fov)
        return self._view("eye", size, fov, depth, arm=arm)

    def picture_from(self, pose: Pose, size: Size = (320, 240), *, arm: bool = False) -> Pixels:
        """Return the picture alone of what `view_from` gives, by the wrist camera's lens."""
        put_eye(self.built, self.data, pose, float(np.radians(FIELD_OF_VIEW)))
        return self._eyes.picture(self.data, "eye", size, arm=arm)

    def _view(self, camera: str, size: Size, fov: float, depth: bool, *, arm: bool) -> View:
        pixels = self._eyes.picture(self.data, camera, size, arm=arm)
        parts, defects, away = self._eyes.truth(self.data, camera, size, arm=arm, depth=depth)
        pose = self.camera_pose(camera)
        return View(pixels, parts, defects, away, pose, fov, self.centres, self.truth)

    def close(self) -> None:
        """Let go of what draws."""
        self._eyes.close()

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: Any) -> None:
        self.close()


def fitting(robot: RobotSpec | str) -> RobotSpec:
    """Return the description of an arm that the cell can draw. Raises InvalidOption."""
    spec = robot if isinstance(robot, RobotSpec) else load_spec(robot)
    if set(spec.names) != set(LINKS):
        raise InvalidOption(
            f"the cell's arm is an SO-101 with joints {', '.join(LINKS)}; {spec.name} has "
            f"{', '.join(spec.names)}"
        )
    return spec
