"""A serial port that is opened alone, never waits without end, and comes back after an unplug.

pyserial: the one serial library that runs on Linux, macOS and Windows; it is also what the vendor
SDKs stand on.
"""

from __future__ import annotations

import os
import select
import time
from collections import deque
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import numpy as np
import serial
from serial.tools import list_ports

from helmsight.hardware import line_clocks
from helmsight.hardware.errors import LinkLost, NoReply, PortUnavailable
from helmsight.hardware.frame_pace import FramePace
from helmsight.hardware.framing import Lines, Packets

try:  # POSIX only; flushing a port that went away raises it (pyserial lets it through)
    from termios import error as _TermiosError
except ImportError:  # Windows

    class _TermiosError(Exception):  # type: ignore[no-redef]
        """Never raised."""


FAULTS = (OSError, _TermiosError)  # serial.SerialException is an OSError
FLUSH_S = 0.05
SHORTEST_S = 0.001  # of a wait: an emulator's clock may stand still meanwhile
SLICE_S = 0.01  # the longest single wait without select: how late a deadline is noticed


@dataclass
class LinkCounters:
    """What went over a link since it was first opened."""

    bytes_in: int = 0
    bytes_out: int = 0
    frames_in: int = 0
    frames_out: int = 0
    retries: int = 0
    timeouts: int = 0
    bad_frames: int = 0  # wrong checksum, not ASCII, not an answer
    reconnects: int = 0
    paced: int = 0  # frames that waited for `FramePace`: a loop has run away
    reconnect_s: list[float] = field(default_factory=list)
    round_trips: deque[float] = field(default_factory=lambda: deque(maxlen=4096))

    def summary(self) -> dict[str, float]:
        """Return the counts and the percentiles of the last 4,096 round trips, ms."""
        counts = {
            name: float(getattr(self, name))
            for name in (
                "bytes_in", "bytes_out", "frames_in", "frames_out",
                "retries", "timeouts", "bad_frames", "reconnects", "paced",
            )
        }  # fmt: skip
        if self.round_trips:
            p50, p95, p99 = np.percentile(list(self.round_trips), [50, 95, 99]) * 1000.0
            counts |= {"round_trip_ms_p50": p50, "round_trip_ms_p95": p95, "round_trip_ms_p99": p99}
        return counts


class SerialLink:
    """One open serial port, for one owner.

    port: device node, COM name or pyserial URL (`socket://host:port`).
    write_s: seconds that a write may take (a stalled peer blocks writes after a few KB).
    Every fault of the operating system becomes LinkLost here and nowhere else.
    """

    def __init__(self, port: str, baud: int, *, write_s: float = 0.25) -> None:
        self.port = port
        self.baud = baud
        self.counters = LinkCounters()
        self._pace = FramePace()
        self._write_s = write_s
        self._serial: serial.SerialBase | None = None
        self._stable = port
        self._identity: str | None = None

    @property
    def is_open(self) -> bool:
        """Whether the port was opened and not closed; an unplugged one still says True."""
        return self._serial is not None

    def now(self) -> float:
        """Return the time by which an answer is late, s: see `hardware.line_clocks`."""
        return line_clocks.now(self.port)

    @property
    def is_there(self) -> bool:
        """Whether there is something to open; what has no device node (COM, URLs) counts as so."""
        if os.name != "posix" or "://" in self.port:
            return True
        return os.path.exists(self._stable) or _find(self._identity) is not None

    def open(self) -> None:
        """Open the port for this process alone.

        Raises:
            PortUnavailable: not there, busy, or not permitted, each with the likely fix.
        """
        if self._serial is None:
            self._serial = _open(self.port, self.baud, self._write_s)
            # After an unplug the device may come back under another name (/dev/ttyACM1 for 0):
            # path by id and USB identity are what `reopen` can find it by.
            self._stable, self._identity = stable_path(self.port)

    def close(self) -> None:
        """Close the port. Never raises: what is gone is closed."""
        port, self._serial = self._serial, None
        if port is not None:
            with suppress(*FAULTS):
                port.close()

    def reopen(self, within_s: float, unless: Callable[[], bool] = lambda: False) -> None:
        """Close, then open the same device again as soon as it is back.

        Raises:
            LinkLost: when it is not back `within_s` seconds, or `unless` says to leave it.
        """
        self.close()
        start = time.monotonic()
        while True:
            path = self._stable if os.path.exists(self._stable) else _find(self._identity)
            try:
                # Also where there is no path: the error then says why it cannot be opened.
                self._serial = _open(path or self._stable, self.baud, self._write_s)
            except PortUnavailable as error:
                waited = time.monotonic() - start
                if waited > within_s or unless():
                    raise LinkLost(
                        f"{self.port} went away and was not back within "
                        f"{min(waited, within_s):.2g} s ({error})"
                    ) from None
                time.sleep(SLICE_S)
                continue
            self.counters.reconnects += 1
            self.counters.reconnect_s.append(time.monotonic() - start)
            return

    def write(self, data: bytes) -> None:
        """Send all of `data`, at the pace of `FramePace`.

        Raises:
            LinkLost: also when the peer takes nothing any more.
        """
        self.counters.paced += self._pace.wait()
        with self._faults("write") as port:
            sent = port.write(data)
            if sent is not None and sent != len(data):
                raise OSError(f"{sent} of {len(data)} bytes were taken")
        self.counters.bytes_out += len(data)
        self.counters.frames_out += 1

    def read(self, within_s: float = 0.0, size: int = 4096) -> bytes:
        """Return what has arrived, up to `size` bytes; waits `within_s` s for the first byte.

        What is there when the time is over counts, even if this thread was kept from looking.
        """
        deadline = self.now() + within_s
        with self._faults("read") as port:
            while True:
                left = deadline - self.now()
                waiting = port.in_waiting
                if waiting:
                    data = bytes(port.read(min(waiting, size)))
                    self.counters.bytes_in += len(data)
                    return data
                if left <= 0.0:
                    return b""
                if not _arrives(port, max(left, SHORTEST_S)):
                    continue
                # On POSIX a byte is there, or the port is gone and this raises. On Windows this is
                # the wait itself, SLICE_S at most.
                data = bytes(port.read(1))
                if data:
                    self.counters.bytes_in += 1
                    more = port.in_waiting
                    if more and size > 1:
                        rest = bytes(port.read(min(more, size - 1)))
                        self.counters.bytes_in += len(rest)
                        data += rest
                    return data

    def flush_input(self) -> int:
        """Throw away what has arrived (late replies must not pass for fresh); return how much.

        For FLUSH_S at most: a device that never ends would keep its reader for ever.
        """
        count, deadline = 0, time.monotonic() + FLUSH_S
        while (data := self.read()) and time.monotonic() < deadline:
            count += len(data)
        return count + len(data)

    def frames(self, framer: Packets[Any] | Lines, within_s: float) -> Iterator[Any]:
        """Yield frames as they arrive until `within_s` seconds are over, as `read` has it."""
        deadline = self.now() + within_s
        while True:
            left = deadline - self.now()
            for frame in framer.feed(self.read(max(0.0, left))):
                self.counters.frames_in += 1
                yield frame
            if left <= 0.0:
                return

    @contextmanager
    def timed(self) -> Iterator[None]:
        """Count the round trip of what is done inside, if it gets an answer."""
        start = time.perf_counter()
        try:
            yield
        except NoReply:
            self.counters.timeouts += 1
            raise
        self.counters.round_trips.append(time.perf_counter() - start)

    @contextmanager
    def _faults(self, what: str) -> Iterator[Any]:
        """Turn the faults of the operating system into LinkLost."""
        port = self._serial
        if port is None:
            raise LinkLost(f"{self.port} is not open")
        try:
            yield port
        except FAULTS as error:
            raise LinkLost(f"{self.port} was lost at a {what}: {error}") from None
        except TypeError:  # pyserial, when another thread has closed the port meanwhile
            raise LinkLost(f"{self.port} was closed during a {what}") from None


def _open(port: str, baud: int, write_s: float) -> serial.SerialBase:
    # A second program on one bus would get answers to questions of the first.
    own = {} if "://" in port else {"exclusive": True}
    try:
        return serial.serial_for_url(
            port, baudrate=baud, timeout=SLICE_S, write_timeout=write_s, **own
        )
    except (*FAULTS, ValueError) as error:
        raise PortUnavailable(f"{port}: {_why(port, error)}") from None


def _arrives(port: Any, within_s: float) -> bool:
    """Wait up to `within_s`; return whether something may have arrived."""
    if os.name != "posix":  # no select on COM ports: the caller's short read waits
        return True
    return bool(select.select([port.fileno()], [], [], within_s)[0])


def _why(port: str, error: BaseException) -> str:
    """Return what stands in the way of opening `port`, and the likely fix."""
    text = str(error)
    if isinstance(error, ValueError):
        return f"not a port that can be opened: {text}"
    code = getattr(error, "errno", None)
    if code == 13 or "ermission denied" in text or "Access is denied" in text:
        return (
            "permission denied, or in use by another program (Windows). On Linux: "
            "sudo usermod -aG dialout $USER, then log in again"
        )
    if code in (11, 16) or "lock" in text or "busy" in text.lower():
        return "busy: another program has it open. Close that one (Linux: fuser -v shows which)"
    if "://" not in port and not os.path.exists(port):
        there = ", ".join(entry.device for entry in list_ports.comports()) or "none"
        return f"not there. Ports that are: {there}. Is the cable in, the power on?"
    return f"cannot be opened as a serial port: {text}"


def stable_path(port: str) -> tuple[str, str | None]:
    """Return (a path that survives a replug, the device's USB identity if it has one)."""
    identity = None
    for entry in list_ports.comports():
        if entry.device == port and entry.serial_number:
            identity = f"{entry.vid}:{entry.pid}:{entry.serial_number}"
    folder = Path("/dev/serial/by-id")
    if folder.is_dir():
        real = os.path.realpath(port)
        for path in sorted(folder.iterdir()):
            if os.path.realpath(path) == real:
                return str(path), identity
    return port, identity


def _find(identity: str | None) -> str | None:
    """Return where the device with a USB identity is now, None if it is not there."""
    if identity is not None:
        for entry in list_ports.comports():
            if f"{entry.vid}:{entry.pid}:{entry.serial_number}" == identity:
                return str(entry.device)
    return None
