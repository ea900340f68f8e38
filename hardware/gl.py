"""What MuJoCo draws with on a machine without a screen."""

from __future__ import annotations

import ctypes
import os
import sys

LIBRARIES = {"egl": "libEGL.so.1", "osmesa": "libOSMesa.so.8"}


def choose_gl() -> None:
    """Set MUJOCO_GL for Linux without a screen, unless somebody did.

    To be called before MuJoCo is imported, which reads it then and never again; its default is a
    window, and without a screen that cannot draw at all.
    """
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
