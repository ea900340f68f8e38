"""The camera of a robot's world: fresh pictures of one size, or a dark one and the reason."""

from __future__ import annotations

import time
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from helmsight.hardware.cameras import Camera, Frame, open_camera
from helmsight.hardware.errors import CameraUnavailable, FrameRefused

Pixels = NDArray[np.uint8]
Size = tuple[int, int]
LOOK_S = 2.0  # that a fresh picture may take, of a camera that keeps its pace


@dataclass(frozen=True)
class Glance:
    """What was seen: `refused` says why there is no picture to act on, and the picture is dark."""

    pixels: Pixels
    refused: str = ""


class Eyes:
    """A camera by its text, or one that is made already; opened by `open`, closed by `close`.

    size: (width, height) of the pictures that are shown; others are fitted into it. patience_s:
    after so long without a usable picture the camera counts as lost. look_s: that a fresh picture
    may take.
    """

    def __init__(
        self, camera: str | Camera, size: Size, patience_s: float, look_s: float = LOOK_S
    ) -> None:
        self.size = size
        self._named, self._patience_s, self._look_s = camera, patience_s, look_s
        self._camera: Camera | None = None
        self._blind_since: float | None = None

    def open(self) -> None:
        """Open the camera, unless it is. Raises CameraUnavailable, InvalidOption."""
        if self._camera is None:
            if isinstance(self._named, Camera):
                self._camera = self._named.start()
            else:
                size = self.size if self._named.startswith("mujoco:") else None
                self._camera = open_camera(self._named, size=size)
        self._blind_since = None

    def close(self) -> None:
        """Let go of the camera. Idempotent."""
        camera, self._camera = self._camera, None
        if camera is not None:
            camera.close()

    def newest(self, within_s: float = LOOK_S, *, after: int = 0) -> Frame:
        """Return the newest picture, unjudged. Raises as Camera.newest."""
        return self._opened.newest(within_s, after=after)

    def check(self, frame: Frame) -> None:
        """Raise FrameRefused for a picture that is stale, frozen or black."""
        self._opened.check(frame)

    def look(self, taken_after: float) -> Glance:
        """Return a picture that was taken after a moment (time.monotonic()), and is fit to act on.

        Raises:
            CameraUnavailable: none will come any more, or none has been usable for too long.
        """
        try:
            frame = self._fresh(taken_after)
        except FrameRefused as error:
            return self._blind(str(error))
        self._blind_since = None
        return Glance(fitted(frame.pixels, self.size))

    def _fresh(self, taken_after: float) -> Frame:
        deadline, number = time.monotonic() + self._look_s, 0
        while True:
            frame = self.newest(max(0.0, deadline - time.monotonic()), after=number)
            self.check(frame)
            if frame.stamp_s >= taken_after:
                return frame
            number = frame.number

    def _blind(self, why: str) -> Glance:
        now = time.monotonic()
        self._blind_since = now if self._blind_since is None else self._blind_since
        if now - self._blind_since > self._patience_s:
            raise CameraUnavailable(f"no usable picture for {now - self._blind_since:.0f} s: {why}")
        return Glance(dark(self.size), why)

    @property
    def _opened(self) -> Camera:
        if self._camera is None:
            raise CameraUnavailable("the camera is not open: call reset() first")
        return self._camera


def fitted(pixels: Pixels, size: Size) -> Pixels:
    """Return a picture (H, W, 3) fitted into `size` (width, height), its shape kept, edges dark."""
    import cv2

    height, width = pixels.shape[:2]
    if (width, height) == size:
        return pixels
    scale = min(size[0] / width, size[1] / height)
    inner = max(1, round(width * scale)), max(1, round(height * scale))
    method = cv2.INTER_AREA if scale < 1.0 else cv2.INTER_LINEAR
    small: Any = cv2.resize(pixels, inner, interpolation=method)
    if inner == size:
        return np.asarray(small, np.uint8)
    whole = np.zeros((size[1], size[0], 3), np.uint8)
    x, y = (size[0] - inner[0]) // 2, (size[1] - inner[1]) // 2
    whole[y : y + inner[1], x : x + inner[0]] = small
    return whole


def dark(size: Size) -> Pixels:
    """Return what stands in a record where there was no picture: the old one is never shown."""
    import cv2

    picture = np.full((size[1], size[0], 3), 24, np.uint8)
    place = (size[0] // 20, size[1] // 2)
    cv2.putText(
        picture, "no picture", place, cv2.FONT_HERSHEY_SIMPLEX, size[0] / 640, (200,) * 3, 2
    )
    return picture


class Blindfold:
    """The eyes of a robot without a camera."""

    size: Size = (1, 1)

    def open(self) -> None:
        """Nothing to open."""

    def close(self) -> None:
        """Nothing to close."""

    def look(self, taken_after: float) -> Glance:
        """Return nothing that anybody is shown."""
        return Glance(np.zeros((1, 1, 3), np.uint8))
