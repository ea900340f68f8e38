"""What draws a cell: pictures and their truth, for one thread."""

from __future__ import annotations

import threading
from typing import Any

import numpy as np

from helmsight.contract.errors import InvalidOption
from helmsight.envs.inspection.building import Built
from helmsight.envs.inspection.shapes import ARM
from helmsight.envs.inspection.views import Pixels, Pose
from helmsight.hardware.cameras.rendered import renderer
from helmsight.hardware.cameras.source import Size
from helmsight.hardware.errors import WrongThread
from helmsight.hardware.gl import mujoco

SMALLEST, LARGEST = 16, 1024  # sides of a picture, px


class Eyes:
    """Draws the model of a cell. Belongs to the thread that draws with it first."""

    def __init__(self, built: Built, *, shadows: bool = True) -> None:
        self._built, self._shadows = built, shadows
        self._renderers: dict[Size, Any] = {}
        self._thread: int | None = None

    def picture(self, data: mujoco.MjData, camera: str, size: Size, *, arm: bool = True) -> Pixels:
        """Return what a camera sees, (H, W, 3); size: width, height. `arm`: whether it is there.

        Raises:
            CameraUnavailable: nothing to draw with. InvalidOption: a size that cannot be.
            WrongThread: another thread drew before. ValueError: a camera that is not there.
        """
        drawing = self._aimed(data, camera, size, arm)
        return np.asarray(drawing.render(), np.uint8)

    def truth(
        self, data: mujoco.MjData, camera: str, size: Size, *, arm: bool = True, depth: bool = False
    ) -> tuple[Pixels, Any, Any]:
        """Return parts (H, W), defects (H, W) and, if wanted, depth (H, W), as View has them."""
        drawing = self._aimed(data, camera, size, arm)
        drawing.enable_segmentation_rendering()
        try:
            ids = drawing.render()
        finally:
            drawing.disable_segmentation_rendering()
        geom = np.where(ids[..., 1] == int(mujoco.mjtObj.mjOBJ_GEOM), ids[..., 0], -1)
        away = None
        if depth:
            drawing.enable_depth_rendering()
            try:
                away = drawing.render().copy()
            finally:
                drawing.disable_depth_rendering()
        return self._built.parts[geom], self._built.defects[geom], away

    def close(self) -> None:
        """Let go of what draws; in the same thread."""
        while self._renderers:
            self._renderers.popitem()[1].close()

    def _aimed(self, data: mujoco.MjData, camera: str, size: Size, arm: bool) -> Any:
        if not all(SMALLEST <= side <= LARGEST for side in size):
            raise InvalidOption(f"picture of {size} px: expected {SMALLEST} to {LARGEST} a side")
        if self._thread not in (None, threading.get_ident()):
            raise WrongThread(
                "a cell is drawn in one thread: give every thread a Cell, or a camera, of its own"
            )
        self._thread = threading.get_ident()
        if size not in self._renderers:
            self._renderers[size] = renderer(self._built.model, size, "the inspection cell")
        drawing, option = self._renderers[size], mujoco.MjvOption()
        option.geomgroup[ARM] = int(arm)
        drawing.update_scene(data, camera=camera, scene_option=option)
        drawing.scene.flags[mujoco.mjtRndFlag.mjRND_SHADOW] = self._shadows
        return drawing


def pose_of(built: Built, data: mujoco.MjData, camera: str) -> Pose:
    """Return where a camera is."""
    index = built.model.camera(camera).id
    return Pose(data.cam_xpos[index].copy(), data.cam_xmat[index].reshape(3, 3).copy())


def put_eye(built: Built, data: mujoco.MjData, pose: Pose, fov_y: float) -> None:
    """Put the free camera, `eye`, somewhere; fov_y: rad."""
    index = built.model.camera("eye").id
    data.cam_xpos[index], data.cam_xmat[index] = pose.at, pose.rotation.reshape(9)
    built.model.cam_fovy[index] = np.degrees(fov_y)
