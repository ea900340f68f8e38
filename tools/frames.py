"""The frames of a run, one per decision, exact enough to ask another pilot at them.

They are kept as a bare H.264 stream in RGB: appended packet by packet, so whatever was written
is readable, and lossless for a drawn cockpit. Measured on the cockpit at 1280x720, for 480
frames: lossless H.264 24 to 38 MB and 8 ms a frame, PNG 69 MB and 11 ms, JPEG at quality 92 41 MB
and 5 ms with errors of up to 127 levels at coloured edges. Noisy pictures do not compress without
loss (PNG 580 MB): the quantiser is then raised, once, until the first frame fits
`FIRST_FRAME_BYTES`.
"""

from __future__ import annotations

from collections.abc import Iterator
from fractions import Fraction
from itertools import islice
from mmap import ACCESS_READ, mmap
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

from helmsight.contract.opening import check_readable, read_from
from helmsight.contract.record import Frame
from helmsight.tools.appendonly import AppendOnly
from helmsight.tools.errors import FramesMissing

if TYPE_CHECKING:
    from av import VideoCodecContext

QUANTISERS = (0, 16, 20, 24, 28)  # 0 is lossless; 16 errs by 1 level on average under noise
FIRST_FRAME_BYTES = 400_000  # the frames after it take a third or less
# A unit of filler data follows on every frame: decoders skip it, and its bytes cannot occur within
# another unit. A frame that was cut off lacks it; decoders would make a wrong picture of that one.
MOST_PIXELS = 4096 * 4096  # of a frame
LARGEST_OLD = 256 << 20  # bytes of a stream without marks: FFmpeg looks for a frame to the very end
LARGEST_FRAME = 64 << 20  # bytes; beyond it nobody looks for the mark of a frame
MARK = b"\x00\x00\x01\x0c\x80"
# Before the first frame, an access unit delimiter: older streams have neither this nor marks.
HEAD = b"\x00\x00\x00\x01\x09\xf0"


def _encoder(width: int, height: int, quantiser: int) -> VideoCodecContext:
    import av

    context: VideoCodecContext = av.CodecContext.create("libx264rgb", "w")
    context.width, context.height, context.pix_fmt = width, height, "rgb24"
    context.framerate, context.time_base = Fraction(10), Fraction(1, 10)
    # zerolatency: one packet out for every picture in, so nothing waits in the encoder
    # cabac: a quarter smaller than the preset's own coding, for 2 ms a frame
    context.options = {
        "qp": str(quantiser),
        "preset": "ultrafast",
        "tune": "zerolatency",
        "x264-params": "cabac=1",
    }
    context.thread_count = 1
    return context


def _packets(context: VideoCodecContext, frame: Frame, index: int) -> bytes:
    import av

    picture = av.VideoFrame.from_numpy_buffer(np.ascontiguousarray(frame), format="rgb24")
    picture.pts = index
    return b"".join(bytes(packet) for packet in context.encode(picture)) + MARK


class FrameWriter:
    """Appends frames (H, W, 3) uint8 RGB, all of one size, to a stream at `path`.

    `count` frames are in the file; `quantiser` is 0 while those added here are lossless. Of a
    stream that is there already the first `keep` frames stay, as far as they are whole. Those that
    are added form a stream of their own, and decoders read on across the join.
    """

    def __init__(self, path: Path, keep: int = 0) -> None:
        self.count = 0
        self.quantiser = 0
        self.path = path
        self._file: AppendOnly | None = None
        self._context: VideoCodecContext | None = None
        if path.exists():
            self.count, end = whole_frames(path, keep) or (0, 0)
            self._file = AppendOnly(path)
            self._file.cut(end)

    def add(self, frame: Frame) -> None:
        """Append one frame; raises OSError on a full disk, FFmpegError from the encoder."""
        if self._context is None:
            data = self._open(frame)
        else:
            data = _packets(self._context, frame, self.count)
        if self._file is None:
            self._file = AppendOnly(self.path)
        self._file.append(data if self.count else HEAD + data)
        self.count += 1

    def _open(self, frame: Frame) -> bytes:
        height, width = frame.shape[:2]
        for quantiser in QUANTISERS:
            self._context = _encoder(width, height, quantiser)
            self.quantiser = quantiser
            data = _packets(self._context, frame, 0)
            if len(data) <= FIRST_FRAME_BYTES:
                break
        return data

    def close(self) -> None:
        """Close the file; the stream needs no trailer."""
        self._context = None
        if self._file is not None:
            self._file.close()


def whole_frames(path: Path, most: int | None = None) -> tuple[int, int] | None:
    """Return how many whole frames a stream holds, at most `most`, and where they end, bytes.

    None when that cannot be told: there is no stream, or one without marks of an older version.

    Raises:
        FileRefused: a link, or no regular file.
    """
    if _size(path) < len(HEAD):
        return None
    count, end = 0, 0
    with path.open("rb") as file, mmap(file.fileno(), 0, access=ACCESS_READ) as data:
        if data[: len(HEAD)] != HEAD:
            return None
        while count != most and (place := data.find(MARK, end, end + LARGEST_FRAME)) >= 0:
            count, end = count + 1, place + len(MARK)
    return count, end


def _size(path: Path) -> int:
    try:
        return check_readable(path)
    except FileNotFoundError:
        return 0


def read_frames(path: Path, limit: int | None = None) -> Iterator[Frame]:
    """Yield the frames of a stream in order, (H, W, 3) uint8 RGB, at most `limit` of them.

    A cut-off end is no error: what was whole comes out. Yields nothing when there is no file.

    Raises:
        FileRefused: a link, or no regular file.
        FramesMissing: pictures of more pixels than any world has.
    """
    end = min(_size(path), LARGEST_OLD)
    if (whole := whole_frames(path, limit)) is not None:
        limit, end = whole
    elif not _begins(path):
        return
    if end == 0 or limit == 0:
        return
    import av

    container: Any = None
    part = _Part(path, end)
    try:
        # FFmpeg's own limit, for its look at the first frames and for what follows
        options = {"max_pixels": str(MOST_PIXELS)}
        container = av.open(part, format="h264", options=options, buffer_size=1 << 18)
        stream = container.streams.video[0]
        stream.codec_context.options = {"max_pixels": str(MOST_PIXELS)}
        if stream.width * stream.height > MOST_PIXELS:
            raise FramesMissing(
                f"{path} holds pictures of {stream.width}x{stream.height} pixels, and no world "
                f"has more than {MOST_PIXELS}"
            )
        for picture in islice(container.decode(stream), limit):
            yield picture.to_ndarray(format="rgb24")
    except (av.error.InvalidDataError, IndexError):
        return  # a piece cut off in the middle, and nothing follows it
    finally:
        if container is not None:
            container.close()
        part.close()


def _begins(path: Path) -> bool:
    """Return whether a file begins as an H.264 stream does."""
    return read_from(path, 0, 4)[-3:] == b"\x00\x00\x01" if _size(path) >= 4 else False


class _Part:
    """The first `end` bytes of a file, for FFmpeg to read and no further."""

    def __init__(self, path: Path, end: int) -> None:
        self._file, self._end = path.open("rb"), end

    def read(self, most: int) -> bytes:
        """Return what comes next."""
        return self._file.read(max(0, min(most, self._end - self._file.tell())))

    def close(self) -> None:
        """Close the file."""
        self._file.close()
