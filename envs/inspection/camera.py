"""The cell's cameras as sources of pictures: what a real camera in it would send."""

from __future__ import annotations

from typing import Literal

import cv2
import numpy as np

from helmsight.contract.errors import InvalidOption
from helmsight.envs.inspection.cell import CAMERAS
from helmsight.envs.inspection.eyes import Eyes
from helmsight.envs.inspection.plant import Plant
from helmsight.envs.inspection.shapes import Array
from helmsight.envs.inspection.views import Pixels
from helmsight.hardware.cameras.frame import Checks
from helmsight.hardware.cameras.source import FramePacer, Size, Source
from helmsight.hardware.gl import mujoco

SAME_RAD = 1e-5  # a hundredth of a pixel: where no joint turned by more, nothing is drawn anew
NOISE = 1.2  # of 255, standard deviation: a sensor's, by which a hung camera can be told
Trouble = Literal["frozen", "black", "gone"]


class CellSource(Source):
    """The pictures of one camera of a moving cell; `hardware.cameras.Camera` reads it in a thread.

    blur_px: standard deviation of a lens out of focus.
    trouble: what is wrong with the camera from now on, for tests and trials; None: nothing.
    """

    checks = Checks()
    lasting = True
    drawn = True

    def __init__(
        self, plant: Plant, camera: str = "wrist", size: Size = (320, 240), fps: float = 15.0,
        *, shadows: bool = True, blur_px: float = 0.0,
    ) -> None:  # fmt: skip
        if camera not in CAMERAS:
            raise InvalidOption(f"camera {camera!r}: the cell has {', '.join(CAMERAS)}")
        super().__init__(f"cell:{camera}")
        self._plant, self._camera, self._size = plant, camera, size
        self._shadows, self._blur, self._pace = shadows, blur_px, FramePacer(fps)
        self._rng = np.random.default_rng(plant.plan.seed)
        self._noise = self._rng.normal(0.0, NOISE, (2 * size[1], 2 * size[0], 1))
        self._eyes: Eyes | None = None
        self._data: mujoco.MjData | None = None
        self._drawn: tuple[Pixels, Array] | None = None  # without noise, and the joints then
        self._last: Pixels | None = None
        self.trouble: Trouble | None = None

    def open(self) -> None:
        """Raises CameraUnavailable: nothing to draw with, or the camera is gone."""
        if self._eyes is None:
            self._eyes = Eyes(self._plant.built, shadows=self._shadows)
            self._data = mujoco.MjData(self._plant.built.model)

    def read(self) -> tuple[Pixels, float] | None:
        """Return what is seen now; the stamp is of the moment that the state was copied."""
        assert self._eyes is not None
        assert self._data is not None
        stamp = self._pace.wait()
        if self.trouble == "gone":
            return None
        if self.trouble == "black":
            return self._exposed(np.zeros((self._size[1], self._size[0], 3), np.uint8)), stamp
        if self.trouble == "frozen" and self._last is not None:
            return self._last.copy(), stamp
        self._last = self._exposed(self._seen(self._eyes, self._data))
        return self._last, stamp

    def close(self) -> None:
        """Let go of what draws."""
        eyes, self._eyes, self._data, self._drawn = self._eyes, None, None, None
        if eyes is not None:
            eyes.close()

    def _seen(self, eyes: Eyes, data: mujoco.MjData) -> Pixels:
        """Return what a perfect camera sees now, drawn anew where something has moved."""
        self._plant.copy_to(data)
        if self._drawn is None or np.abs(data.qpos - self._drawn[1]).max() > SAME_RAD:
            self._drawn = eyes.picture(data, self._camera, self._size), data.qpos.copy()
        return self._drawn[0]

    def _exposed(self, clean: Pixels) -> Pixels:
        """Return a picture with the noise of a sensor: a piece of a larger one, where it falls."""
        if self._blur > 0.0:
            clean = np.asarray(cv2.GaussianBlur(clean, (0, 0), self._blur), np.uint8)
        height, width = clean.shape[:2]
        y, x = self._rng.integers(0, (height, width))
        noisy = clean + self._noise[y : y + height, x : x + width]
        return np.clip(np.rint(noisy), 0, 255).astype(np.uint8)
