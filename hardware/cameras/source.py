"""What a source of pictures has to do, and what its kinds share."""

from __future__ import annotations

import time
from abc import ABC, abstractmethod
from typing import ClassVar

from helmsight.hardware.cameras.frame import Checks, Pixels

Size = tuple[int, int]
TIMEOUT_S = 2.0  # of opening and of one picture: bounds how long `close` may take
KINDS = (
    "a device (0, /dev/video2), a file (run.mp4, run.avi), numbered pictures (f%04d.png), "
    "an address (http://..., rtsp://...) or mujoco:MODEL.xml?camera=NAME"
)


class Source(ABC):
    """One origin of pictures, used by one thread: open, read until None, close.

    lasting: what is lost may come back (a cable, a network), so it is opened again; otherwise
    None from `read` is the end. checks: what a picture of this kind has to pass. drawn: `read`
    draws what is there now, which costs more than it gives where nobody looks: so it is called
    when somebody does.
    """

    lasting: ClassVar[bool] = True
    checks: ClassVar[Checks] = Checks()
    drawn: ClassVar[bool] = False

    def __init__(self, name: str) -> None:
        self.name = name

    @abstractmethod
    def open(self) -> None:
        """Get ready to read. Raises CameraUnavailable with what was seen and the likely fix."""

    @abstractmethod
    def read(self) -> tuple[Pixels, float] | None:
        """Return the next picture, RGB (H, W, 3), and its stamp; None when there is none."""

    @abstractmethod
    def close(self) -> None:
        """Let go. Never raises."""


class FramePacer:
    """Equal steps of time from the first one on; what comes too late moves the rest."""

    def __init__(self, fps: float) -> None:
        self._step = 1.0 / fps
        self._due = 0.0

    def wait(self) -> float:
        """Wait until the next step is due and return that moment, time.monotonic()."""
        now = time.monotonic()
        if self._due > now:
            time.sleep(self._due - now)
            now = self._due
        self._due = now + self._step
        return now
