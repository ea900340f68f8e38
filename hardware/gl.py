"""MuJoCo, imported so that it can draw: `from helmsight.hardware.gl import mujoco`, everywhere.

MuJoCo reads MUJOCO_GL once, when it is imported. Its default is a window, and on Linux without a
screen that cannot draw at all.
"""

from __future__ import annotations

import ctypes
import os
import sys

LIBRARIES = {"egl": "libEGL.so.1", "osmesa": "libOSMesa.so.8"}


def choose_gl() -> None:
    """Set MUJOCO_GL for Linux without a screen, unless somebody did."""
    if sys.platform != "linux" or any(map(os.environ.get, ("DISPLAY", "WAYLAND_DISPLAY"))):
        return
    for name, library in LIBRARIES.items():
        if "MUJOCO_GL" in os.environ:
            return
        try:
            ctypes.CDLL(library)
        except OSError:
            continue
        os.environ["MUJOCO_GL"] = name


choose_gl()
import mujoco as mujoco  # noqa: E402  (after the choice)
