"""A view of a simulated world, drawn by MuJoCo."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np

from helmsight.hardware.cameras.frame import Checks, Pixels
from helmsight.hardware.cameras.source import FramePacer, Size, Source
from helmsight.hardware.errors import CameraUnavailable


def renderer(model: Any, size: Size, name: str) -> Any:
    """Return a mujoco.Renderer of (width, height), for the thread that asks only.

    Raises:
        CameraUnavailable: nothing to draw with on this machine; `name` says what wanted to.
    """
    from helmsight.hardware.gl import mujoco

    # The offscreen buffer of a model is 640x480 unless it says otherwise.
    model.vis.global_.offwidth = max(size[0], model.vis.global_.offwidth)
    model.vis.global_.offheight = max(size[1], model.vis.global_.offheight)
    try:
        return mujoco.Renderer(model, size[1], size[0])
    except Exception as error:  # whatever the GL library of this machine raises
        raise CameraUnavailable(
            f"{name}: MuJoCo cannot draw here ({type(error).__name__}: {error}). "
            "Without a screen set MUJOCO_GL=egl (Debian: libegl1 libgl1-mesa-dri) or "
            "MUJOCO_GL=osmesa (libosmesa6) before the start"
        ) from None


class RenderedSource(Source):
    """A view of a MuJoCo model whose physics runs at the pace of the clock.

    Frozen is not checked: a still rendered scene has equal pixels.
    """

    lasting = False
    checks = Checks(frozen_s=None)

    def __init__(self, path: Path, camera: str, size: Size = (640, 480), fps: float = 25.0) -> None:
        super().__init__(f"mujoco:{path}?camera={camera}")
        self._path, self._camera, self._size = path, camera, size
        self._pace, self._step = FramePacer(fps), 1.0 / fps
        self._model: Any = None
        self._data: Any = None
        self._renderer: Any = None

    def open(self) -> None:
        """Raises CameraUnavailable: no such model or camera, or nothing to draw with."""
        from helmsight.hardware.gl import mujoco

        try:
            model = mujoco.MjModel.from_xml_path(str(self._path))
        except ValueError as error:
            raise CameraUnavailable(f"camera {self.name}: {error}") from None
        names = [model.camera(index).name for index in range(model.ncam)]
        if self._camera not in names:
            raise CameraUnavailable(
                f"camera {self.name}: the model has no camera {self._camera!r}; there are "
                f"{', '.join(filter(None, names)) or 'none with a name'}"
            )
        self._renderer = renderer(model, self._size, f"camera {self.name}")
        self._model, self._data = model, mujoco.MjData(model)
        mujoco.mj_forward(model, self._data)

    def read(self) -> tuple[Pixels, float] | None:
        from helmsight.hardware.gl import mujoco

        stamp = self._pace.wait()
        until = self._data.time + self._step
        while self._data.time < until:
            mujoco.mj_step(self._model, self._data)
        self._renderer.update_scene(self._data, camera=self._camera)
        return np.asarray(self._renderer.render(), np.uint8), stamp

    def close(self) -> None:
        renderer, self._renderer = self._renderer, None
        if renderer is not None:
            renderer.close()
