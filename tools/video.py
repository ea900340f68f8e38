"""The video of a run: one picture per decision, with a caption strip below it."""

from __future__ import annotations

import os
from fractions import Fraction
from pathlib import Path
from typing import Any

import numpy as np

from helmsight.contract.command import lasts, words
from helmsight.contract.description import Description
from helmsight.contract.record import Frame, StepRecord

FPS = 10  # decisions a second: five times real time at commands of 0.5 s
STRIP = 40  # px, below the picture so that no instrument is covered
INK, DIM, AMBER, PAPER = (232, 236, 240), (150, 160, 172), (255, 190, 90), (16, 20, 26)


class VideoWriter:
    """Writes an H.264 MP4 (yuv420p) of frames (H, W, 3) uint8 RGB at `path`.

    While it is written the file is fragmented: a run that is killed leaves a video that plays up
    to its last key frame, one every second. `close` turns it into a plain file with its
    index in front.
    """

    def __init__(self, path: Path, fps: int = FPS) -> None:
        self.path = path
        self.fps = fps
        self.count = 0
        self._container: Any = None
        self._stream: Any = None

    def add(self, frame: Frame) -> None:
        """Append one frame; the first one sets the size (odd edges are padded)."""
        import av

        height, width = frame.shape[:2]
        if height % 2 or width % 2:
            frame = np.pad(frame, ((0, height % 2), (0, width % 2), (0, 0)), mode="edge")
        if self._container is None:
            self._open(frame.shape[1], frame.shape[0])
        picture = av.VideoFrame.from_numpy_buffer(np.ascontiguousarray(frame), format="rgb24")
        picture.pts = self.count
        for packet in self._stream.encode(picture):
            self._container.mux(packet)
        self.count += 1

    def _open(self, width: int, height: int) -> None:
        import av

        self._container = av.open(
            str(self.path),
            "w",
            format="mp4",
            options={
                "movflags": "frag_keyframe+empty_moov+default_base_moof",
                "flush_packets": "1",
            },
        )
        self._stream = self._container.add_stream("libx264", rate=Fraction(self.fps))
        self._stream.width, self._stream.height = width, height
        self._stream.pix_fmt = "yuv420p"
        self._stream.codec_context.time_base = Fraction(1, self.fps)
        self._stream.codec_context.gop_size = self.fps
        self._stream.codec_context.thread_count = 1
        # A viewer that scrubs seeks anew for every picture: each takes a quarter of the time that
        # the preset alone would have it take, in a file that is not twice as large.
        self._stream.options = {
            "preset": "veryfast",
            "tune": "fastdecode",
            "crf": "24",
            "x264-params": "rc-lookahead=5:bframes=0",  # few frames wait in the encoder
        }

    def close(self) -> None:
        """Finish the file; without a single frame there is none. Closing twice is harmless."""
        if self._container is None:
            return
        container, self._container = self._container, None
        try:
            for packet in self._stream.encode():
                container.mux(packet)
        finally:
            container.close()
        _index_in_front(self.path)


def _index_in_front(path: Path) -> None:
    """Rewrite an MP4 without fragments, by copying its packets, so that players can seek in it."""
    import av

    temporary = path.with_suffix(".tmp.mp4")
    try:
        with (
            av.open(str(path)) as source,
            av.open(str(temporary), "w", options={"movflags": "faststart"}) as target,
        ):
            stream = target.add_stream_from_template(source.streams.video[0])
            # a fragmented file begins late, as encoders hold pictures back: here step n is at n/fps
            late = source.streams.video[0].start_time or 0
            for packet in source.demux(video=0):
                if packet.dts is not None:
                    packet.pts, packet.dts = packet.pts - late, packet.dts - late
                    packet.stream = stream
                    target.mux(packet)
        os.replace(temporary, path)
    finally:
        temporary.unlink(missing_ok=True)


def caption(record: StepRecord, task: Description) -> tuple[str, str, str]:
    """Return what the strip says: step and time, the command, and what went wrong ("" if nothing).

    ASCII only, because OpenCV's fonts hold little else.
    """
    left = f"step {record.index:3d}   T+{record.stamp:6.1f} s"
    numbers = record.shown(record.applied, task)
    parts = [words(record.applied), *(f"{name} {value:+.2f}" for name, value in numbers.items())]
    if (duration := lasts(record.applied)) is not None:
        parts.append(f"{duration:.2f} s")
    command = "   ".join(filter(None, parts)).encode("ascii", "replace").decode()
    return left, command, ", ".join(record.marks)


def captioned(frame: Frame, record: StepRecord, task: Description) -> Frame:
    """Return the frame (H, W, 3) with a caption strip of `STRIP` px below, (H + STRIP, W, 3)."""
    import cv2

    height, width = frame.shape[:2]
    canvas = np.empty((height + STRIP, width, 3), np.uint8)
    canvas[:height], canvas[height:] = frame, PAPER
    left, command, marks = caption(record, task)
    scale = 0.6 * min(1.0, width / 1280)
    baseline = height + STRIP - 14
    for text, colour, x in (
        (left, DIM, 0.0125),
        (command, INK, 0.25),
        (marks.encode("ascii", "replace").decode()[:48], AMBER, 0.68),
    ):
        place = (int(x * width), baseline)
        cv2.putText(canvas, text, place, cv2.FONT_HERSHEY_SIMPLEX, scale, colour, 1, cv2.LINE_AA)
    return canvas
