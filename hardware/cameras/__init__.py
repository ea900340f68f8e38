"""Cameras: the newest picture, its age, and whether it can be trusted.

>>> with open_camera("0") as camera:
...     frame = camera.look()  # fresh, not frozen, not black, or FrameRefused
"""

from __future__ import annotations

from pathlib import Path

from helmsight.hardware.cameras.camera import Camera, CameraCounters
from helmsight.hardware.cameras.frame import Checks, Frame
from helmsight.hardware.cameras.intrinsics import Intrinsics, load_intrinsics
from helmsight.hardware.cameras.source import KINDS, Size, Source
from helmsight.hardware.cameras.sources import parse_source

__all__ = [
    "KINDS", "Camera", "CameraCounters", "Checks", "Frame", "Intrinsics", "Size", "Source",
    "load_intrinsics", "open_camera", "parse_source",
]  # fmt: skip


def open_camera(
    text: str,
    *,
    size: Size | None = None,
    fps: float | None = None,
    checks: Checks | None = None,
    intrinsics: str | Path | Intrinsics | None = None,
    undistort: bool = False,
) -> Camera:
    """Return the camera that `text` names, reading already; use it as a context manager.

    text: one of KINDS. size: (width, height) that a device or a rendered view must have.
    fps: of a device or a rendered view; the pace of a file or a sequence.
    checks: default: those of the kind of source (see Source.checks).

    Raises:
        InvalidOption: a text that names nothing, a setting that the source cannot have.
        CameraUnavailable: nothing there, or no picture came.
    """
    camera = Camera(
        parse_source(text, size=size, fps=fps),
        checks=checks,
        intrinsics=intrinsics,
        undistort=undistort,
    )
    camera.start()
    return camera
