"""Bytes to frames: incremental, bounded, back in step after noise. No I/O here."""

from __future__ import annotations

from collections.abc import Callable
from typing import Generic, TypeVar

Frame = TypeVar("Frame")
# What a scan says about the start of a buffer: bytes to drop and the frame in them, if any;
# None: more bytes are needed.
Scan = Callable[[bytes], tuple[int, "Frame | None"] | None]


class Packets(Generic[Frame]):
    """Cuts a byte stream into packets.

    scan: looks at the start of the buffer and returns (length, frame) for a whole frame,
    (length, None) for bytes that cannot begin one, None when more bytes are needed.
    limit: bytes kept at most while a frame is incomplete; beyond it one byte is dropped at a time,
    so a forged length cannot swallow what follows it.
    """

    def __init__(self, scan: Scan[Frame], limit: int = 512) -> None:
        self._scan = scan
        self._limit = limit
        self._buffer = bytearray()
        self.dropped = 0  # bytes that belonged to no frame

    def feed(self, data: bytes) -> list[Frame]:
        """Return the frames that `data` completes, in order."""
        # A damaged packet cannot be told from an unfinished one until its length has arrived. So a
        # scan is never believed beyond one frame: after a bad checksum it drops a single byte, and
        # the next frame may begin inside what was taken for this one.
        self._buffer += data
        frames: list[Frame] = []
        start = 0
        view = bytes(self._buffer)
        while start < len(view):
            scanned = self._scan(view[start : start + self._limit])
            if scanned is None:
                if len(view) - start < self._limit:
                    break  # wait for the rest
                scanned = (1, None)
            length, frame = scanned
            start += max(1, length)
            if frame is None:
                self.dropped += max(1, length)
            else:
                frames.append(frame)
        del self._buffer[:start]
        return frames

    def clear(self) -> None:
        """Forget an incomplete frame: after a reconnect nothing of before counts."""
        self.dropped += len(self._buffer)
        self._buffer.clear()

    def __len__(self) -> int:
        return len(self._buffer)


class Lines:
    """Cuts a byte stream into lines of strict ASCII.

    A line ends at CR, LF or both; empty lines are left out. Lines with other bytes than printable
    ASCII and tab, and lines over `limit` bytes, are dropped whole and counted in `dropped`.
    """

    def __init__(self, limit: int = 256) -> None:
        self._limit = limit
        self._buffer = bytearray()
        self._skipping = False
        self.dropped = 0

    def feed(self, data: bytes) -> list[str]:
        """Return the lines that `data` completes, without their ends."""
        self._buffer += data.replace(b"\r", b"\n")
        *whole, rest = bytes(self._buffer).split(b"\n")
        lines = []
        for line in whole:
            if self._skipping:
                self._skipping = False
                self.dropped += len(line)
            elif len(line) > self._limit or not printable(line):
                self.dropped += len(line)
            elif line.strip():
                lines.append(line.decode("ascii"))
        # A line without an end would fill the memory: what is over the limit is dropped up to its
        # end, whenever that comes.
        if len(rest) > self._limit:
            self._skipping = True
        if self._skipping:
            self.dropped += len(rest)
            rest = b""
        self._buffer = bytearray(rest)
        return lines

    def clear(self) -> None:
        """Forget an unfinished line."""
        self.dropped += len(self._buffer)
        self._buffer.clear()
        self._skipping = False

    def __len__(self) -> int:
        return len(self._buffer)


def printable(line: bytes) -> bool:
    """Return whether `line` is printable ASCII (and tabs) only."""
    return all(32 <= byte < 127 or byte == 9 for byte in line)
