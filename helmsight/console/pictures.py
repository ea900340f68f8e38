"""The recorded frames of a run as JPEG, whole or one region of them enlarged."""

from __future__ import annotations

import threading
from collections import OrderedDict
from collections.abc import Iterator
from pathlib import Path

from helmsight.contract.observation import Box
from helmsight.contract.record import Frame
from helmsight.tools.frames import read_frames

KEPT = 24  # decoded frames, 2.8 MB each at 1280x720
QUALITY = 88
WIDEST = 1280  # px


class Pictures:
    """Frames by the number of their step. One after the other they cost one decoding each."""

    def __init__(self, path: Path) -> None:
        self._path = path
        self._lock = threading.Lock()
        self._frames: Iterator[Frame] = iter(())
        self._next = 0
        self._kept: OrderedDict[int, Frame] = OrderedDict()

    def jpeg(self, step: int, box: Box | None = None) -> bytes | None:
        """Return the frame of a step, or what lies in a box (x0, y0, x1, y1) of it, as a JPEG file.

        None where there is no such frame, or the box is not within it.

        Raises:
            FileRefused, FramesMissing: a link, no regular file, pictures of too many pixels.
        """
        with self._lock:
            frame = self._frame(step)
        if frame is None:
            return None
        return jpeg(frame if box is None else _cut(frame, box))

    def _frame(self, step: int) -> Frame | None:
        if step in self._kept:
            self._kept.move_to_end(step)
            return self._kept[step]
        if step < self._next or not self._advance(step):
            self._frames, self._next = read_frames(self._path), 0
            if not self._advance(step):
                return None
        return self._kept[step]

    def _advance(self, step: int) -> bool:
        while self._next <= step:
            frame = next(self._frames, None)
            if frame is None:
                return False
            self._kept[self._next] = frame
            self._next += 1
            while len(self._kept) > KEPT:
                self._kept.popitem(last=False)
        return True


def _cut(frame: Frame, box: Box) -> Frame | None:
    x0, y0, x1, y1 = box
    height, width = frame.shape[:2]
    return frame[y0:y1, x0:x1] if 0 <= x0 < x1 <= width and 0 <= y0 < y1 <= height else None


def jpeg(frame: Frame | None, quality: int = QUALITY) -> bytes | None:
    """Return a frame (H, W, 3) uint8 RGB as a JPEG file of at most `WIDEST` px; None for none."""
    import cv2

    if frame is None:
        return None
    height, width = frame.shape[:2]
    if width > WIDEST:
        size = (WIDEST, max(1, round(height * WIDEST / width)))
        frame = cv2.resize(frame, size, interpolation=cv2.INTER_AREA)
    settings = [cv2.IMWRITE_JPEG_QUALITY, quality]
    _, data = cv2.imencode(".jpg", frame[..., ::-1], settings)
    return bytes(data)
