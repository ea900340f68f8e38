"""Videos that data loaders can enter anywhere: a whole picture every second frame."""

from __future__ import annotations

from collections.abc import Iterable
from fractions import Fraction
from pathlib import Path
from typing import Any

from helmsight.contract.record import Frame

OPTIONS = {"crf": "18", "g": "2", "preset": "veryfast", "bf": "0"}


def write_mp4(path: Path, frames: Iterable[Frame], fps: int) -> int:
    """Write frames (H, W, 3) uint8 RGB, of even height and width, as H.264; return how many.

    There is no file where there are none.
    """
    import av

    container: Any = None
    stream: Any = None
    count = 0
    try:
        for frame in frames:
            even = frame[: frame.shape[0] // 2 * 2, : frame.shape[1] // 2 * 2]
            if container is None:
                path.parent.mkdir(parents=True, exist_ok=True)
                container = av.open(str(path), "w", format="mp4")
                stream = container.add_stream("libx264", rate=fps, options=OPTIONS)
                stream.height, stream.width = even.shape[:2]
                stream.pix_fmt, stream.time_base = "yuv420p", Fraction(1, fps)
            picture = av.VideoFrame.from_ndarray(even, format="rgb24")
            picture.pts, picture.time_base = count, Fraction(1, fps)
            container.mux(stream.encode(picture))
            count += 1
        if stream is not None:
            container.mux(stream.encode())
    finally:
        if container is not None:
            container.close()
    return count
