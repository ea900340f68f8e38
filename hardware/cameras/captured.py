"""Devices, files, numbered pictures and addresses: all that OpenCV reads."""

from __future__ import annotations

import os
import re
import sys
import time
from pathlib import Path
from typing import Any

from helmsight.contract.signals import held_back
from helmsight.hardware.cameras.frame import Checks, Pixels
from helmsight.hardware.cameras.source import KINDS, TIMEOUT_S, FramePacer, Size, Source
from helmsight.hardware.errors import CameraUnavailable

SEQUENCE_FPS = 25.0  # numbered pictures do not say at which rate they were taken


def _cv2() -> Any:
    """Return OpenCV, without what it prints about every camera that does not open."""
    os.environ.setdefault("OPENCV_VIDEOIO_V4L_SELECT_TIMEOUT", str(int(TIMEOUT_S)))
    if "OPENCV_FFMPEG_DEBUG" not in os.environ:
        os.environ.setdefault("OPENCV_FFMPEG_LOGLEVEL", "-8")
    import cv2

    if "OPENCV_LOG_LEVEL" not in os.environ:
        cv2.utils.logging.setLogLevel(cv2.utils.logging.LOG_LEVEL_SILENT)
    return cv2


class _Captured(Source):
    """Anything that cv2.VideoCapture reads."""

    def __init__(self, name: str) -> None:
        super().__init__(name)
        self._capture: Any = None

    def read(self) -> tuple[Pixels, float] | None:
        cv2 = _cv2()
        if not self._capture.grab():
            return None
        stamp = time.monotonic()
        whole, pixels = self._capture.retrieve()
        if not whole or pixels is None or pixels.size == 0:
            return None
        return cv2.cvtColor(pixels, cv2.COLOR_BGR2RGB), stamp

    def close(self) -> None:
        capture, self._capture = self._capture, None
        if capture is not None:
            capture.release()

    def _open(self, what: str | int, backend: int, options: list[int], why: str) -> None:
        with held_back():  # OpenCV 5 crashes when a handler raises while it tries its overloads
            capture = _cv2().VideoCapture(what, backend, options)
        if not capture.isOpened():
            capture.release()
            raise CameraUnavailable(f"camera {self.name}: {why}")
        self._capture = capture


class DeviceSource(_Captured):
    """A camera of this computer, by index or /dev/videoN."""

    def __init__(self, name: str, size: Size | None = None, fps: float | None = None) -> None:
        super().__init__(name)
        self._size, self._fps = size, fps

    def open(self) -> None:
        """Raises CameraUnavailable: not there, not permitted, busy, or another size."""
        cv2 = _cv2()
        linux = sys.platform.startswith("linux")
        backend = cv2.CAP_V4L2 if linux else cv2.CAP_ANY
        what = int(self.name) if self.name.isdecimal() else self.name
        self._open(what, backend, [], self._why() if linux else "cannot be opened; is it in use?")
        self._capture.set(cv2.CAP_PROP_BUFFERSIZE, 1)
        settings = [(cv2.CAP_PROP_FPS, self._fps)]
        if self._size is not None:
            settings += [
                (cv2.CAP_PROP_FRAME_WIDTH, self._size[0]),
                (cv2.CAP_PROP_FRAME_HEIGHT, self._size[1]),
            ]
        for key, value in settings:
            if value is not None:
                self._capture.set(key, value)
        actual = (
            int(self._capture.get(cv2.CAP_PROP_FRAME_WIDTH)),
            int(self._capture.get(cv2.CAP_PROP_FRAME_HEIGHT)),
        )
        if self._size is not None and actual != self._size:
            self.close()
            raise CameraUnavailable(
                f"camera {self.name}: asked for {self._size[0]}x{self._size[1]}, it gives "
                f"{actual[0]}x{actual[1]}; ask for that (Linux: v4l2-ctl --list-formats-ext)"
            )

    def _why(self) -> str:
        path = Path(f"/dev/video{self.name}" if self.name.isdecimal() else self.name)
        if not path.exists():
            there = ", ".join(sorted(map(str, Path("/dev").glob("video*")))) or "none"
            return f"{path} is not there. Cameras that are: {there}. Is the cable in?"
        if not os.access(path, os.R_OK | os.W_OK):
            return f"{path}: permission denied: sudo usermod -aG video $USER, then log in again"
        return f"{path} cannot be opened: in use by another program, or it gives no pictures"


class StreamSource(_Captured):
    """A stream from a network: MJPEG over HTTP, RTSP. It is opened again when it breaks off.

    A compressed stream may repeat a still picture exactly for a while, so frozen means longer.
    """

    checks = Checks(max_age_s=1.0, frozen_s=5.0)

    def open(self) -> None:
        """Raises CameraUnavailable: no answer, or no stream of pictures."""
        cv2 = _cv2()
        within = int(TIMEOUT_S * 1000)
        options = [
            cv2.CAP_PROP_OPEN_TIMEOUT_MSEC, within, cv2.CAP_PROP_READ_TIMEOUT_MSEC, within,
        ]  # fmt: skip
        self._open(
            self.name, cv2.CAP_FFMPEG, options,
            f"no stream of pictures within {TIMEOUT_S:g} s. Is the server on, does a browser "
            "show it?",
        )  # fmt: skip


class FileSource(_Captured):
    """A video file, or numbered pictures (`frames/f%04d.png`), at the pace it was taken.

    It ends. Frozen is not checked: what was recorded from a still or rendered scene has equal
    pixels for good reasons.
    """

    lasting = False
    checks = Checks(frozen_s=None)

    def __init__(self, name: str, fps: float | None = None) -> None:
        super().__init__(name)
        self._fps = fps
        self._pace = FramePacer(1.0)
        self._numbered = re.search(r"%0?\d*d", Path(name).name) is not None

    def open(self) -> None:
        """Raises CameraUnavailable: not there, or not a video."""
        cv2 = _cv2()
        path = Path(self.name)
        if not path.parent.is_dir() or not (self._numbered or path.is_file()):
            raise CameraUnavailable(f"camera {self.name}: not there; expected {KINDS}")
        if self._numbered:
            backend, why = cv2.CAP_IMAGES, "no picture with such a number; the first is 0 or 1"
        else:
            backend, why = cv2.CAP_FFMPEG, "not a video that OpenCV reads (mp4, avi, mkv, ...)"
        self._open(str(path), backend, [], why)
        own = SEQUENCE_FPS if self._numbered else float(self._capture.get(cv2.CAP_PROP_FPS))
        self._pace = FramePacer(self._fps or (own if 0.0 < own <= 1000.0 else SEQUENCE_FPS))

    def read(self) -> tuple[Pixels, float] | None:
        picture = super().read()
        return None if picture is None else (picture[0], self._pace.wait())
