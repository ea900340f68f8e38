"""An emulated device behind a device node (a pty) or a TCP port, with the faults of a line."""

from __future__ import annotations

import contextlib
import os
import select
import tempfile
import threading
import time
from collections import deque
from collections.abc import Callable
from pathlib import Path
from random import Random
from typing import Protocol, Self

from helmsight.contract.errors import InvalidOption
from helmsight.hardware import line_clocks
from helmsight.hardware.emulators.device import Device
from helmsight.hardware.emulators.faults import Faults, Line
from helmsight.hardware.emulators.kernel_line import KernelLine

TICK_S = 0.002
REST_S = 0.01  # between two ticks of a device that rests; what is sent to it wakes it at once
GREETING_S = 0.02  # hosts throw away what came before their port was set up


class Wire(Protocol):
    """One plugged-in line: `read` returns None while nobody has it open."""

    address: str

    def read(self, within_s: float) -> bytes | None: ...

    def write(self, data: bytes) -> None: ...

    def waits(self) -> bool:
        """Return whether the system keeps what is written from the host."""
        ...

    def close(self) -> None: ...


class Pty:
    """A pseudo-terminal whose other end stands at a stable path. POSIX only."""

    def __init__(self, path: Path) -> None:
        import pty
        import tty

        self._master, slave = pty.openpty()
        tty.setraw(slave)
        os.set_blocking(self._master, False)
        self.address = str(path)
        fresh = path.with_name(f"{path.name}.{os.getpid()}")
        fresh.symlink_to(os.ttyname(slave))
        fresh.replace(path)
        os.close(slave)
        self._kernel = KernelLine()

    def read(self, within_s: float) -> bytes | None:
        """Return what the host sent, b"" if nothing came, None while nobody has it open."""
        if not select.select([self._master], [], [], within_s)[0]:
            return b""
        try:
            data = os.read(self._master, 4096)
        except BlockingIOError:
            return b""
        except OSError:  # EIO on Linux: the other end is closed
            data = b""
        if not data:
            time.sleep(within_s)
            return None
        return data

    def write(self, data: bytes) -> None:
        """Send to the host; what a host that does not read leaves no room for is lost."""
        with contextlib.suppress(OSError):
            os.write(self._master, data)

    def waits(self) -> bool:
        """Return whether the kernel is late now with what is written to pseudo-terminals."""
        return self._kernel.waits()

    def close(self) -> None:
        """Unplug: the host gets an I/O error, the path is gone."""
        Path(self.address).unlink(missing_ok=True)
        self._kernel.close()
        os.close(self._master)


class Emulation:
    """Serves a device until it is closed; a context manager that runs it in a thread.

    link: path of the device node; default: a new one in a temporary folder.
    wire: makes the line anew at every replug; default a Pty at `link`.
    seed: of the faults. `port` is what a client opens.
    """

    def __init__(
        self,
        device: Device,
        link: str | Path | None = None,
        *,
        faults: Faults | str = "",
        seed: int = 0,
        wire: Callable[[], Wire] | None = None,
    ) -> None:
        self.device = device
        self.faults = Faults.parse(faults) if isinstance(faults, str) else faults
        self.to_device = Line(self.faults, Random(seed), replies=False)
        self.to_host = Line(self.faults, Random(seed + 1), replies=True)
        self._folder: tempfile.TemporaryDirectory[str] | None = None
        if wire is None:
            if link is None:
                self._folder = tempfile.TemporaryDirectory(prefix="helmsight-")
                link = Path(self._folder.name) / self.device.spec.name
            path = Path(link)
            if path.exists() and not path.is_symlink():
                raise InvalidOption(f"{path} is there already; give another --link")
            wire = lambda: Pty(path)  # noqa: E731
        self._make = wire
        self._wire: Wire | None = wire()
        self.port = self._wire.address
        self._clock = line_clocks.TurnClock()
        line_clocks.served(self.port, self._clock)
        self._late: deque[tuple[float, bytes]] = deque()
        self._present = False
        self._done = threading.Event()
        self._unplug_for: float | None = None
        self._back_at = 0.0
        self._thread: threading.Thread | None = None
        self._failure: BaseException | None = None

    def unplug(self, seconds: float) -> None:
        """Pull the plug now and put it back after `seconds`. Motion goes on, as it would."""
        self._unplug_for = seconds

    def run(self) -> None:
        """Serve until `close` is called from another thread or a signal handler."""
        start = time.monotonic()
        plan = [(start + when, gone) for when, gone in self.faults.unplugs]
        while not self._done.is_set():
            self._clock.turned(waits=self._wire is not None and self._wire.waits())
            now = time.monotonic()
            if plan and now >= plan[0][0]:
                self._unplug_for = plan.pop(0)[1]
            if self._unplug_for is not None and self._wire is not None:
                self._back_at, self._unplug_for = now + self._unplug_for, None
                self._wire.close()
                self._wire, self._present = None, False
                self._late.clear()
            if self._wire is None:
                if now >= self._back_at:
                    self._wire = self._make()
                self.device.tick(now)
                time.sleep(TICK_S)
                continue
            self._turn(self._wire)

    def _turn(self, wire: Wire) -> None:
        """Take what came, let time pass, send what is due."""
        wait = REST_S if self.device.resting else TICK_S
        if self._late:
            wait = min(wait, max(0.0, self._late[0][0] - time.monotonic()))
        data = wire.read(wait)
        now = time.monotonic()
        out: list[bytes] = self.device.tick(now)
        if data is None:
            self._present = False
        elif not self._present:
            self._present = True
            for message in self.device.opened(now):
                self._post(message, now + GREETING_S)
        if data:
            # Faults hit what was read in one piece; hosts write whole commands.
            arrived, _ = self.to_device.carry(data)
            if arrived:
                out += self.device.receive(arrived, now)
        for message in out:
            self._post(message, now)
        while self._late and self._late[0][0] <= now:
            wire.write(self._late.popleft()[1])

    def _post(self, message: bytes, now: float) -> None:
        arrived, late = self.to_host.carry(message)
        if arrived:  # nothing overtakes on a line
            due = max(now + late, self._late[-1][0] if self._late else 0.0)
            self._late.append((due, arrived))

    def start(self) -> Self:
        """Serve in a thread."""
        self._thread = threading.Thread(target=self._guarded, name="emulator", daemon=True)
        self._thread.start()
        return self

    def _guarded(self) -> None:
        try:
            self.run()
        except BaseException as error:  # told to whoever closes the emulation
            self._failure = error

    def close(self) -> None:
        """Stop serving and remove the device node. Raises what made the emulator fail, if so."""
        self._done.set()
        line_clocks.unserved(self.port)
        if self._thread is not None:
            self._thread.join(timeout=60.0)
        if self._wire is not None:
            self._wire.close()
            self._wire = None
        if self._folder is not None:
            self._folder.cleanup()
        if self._failure is not None:
            failure, self._failure = self._failure, None
            raise failure

    def __enter__(self) -> Self:
        return self.start()

    def __exit__(self, *_: object) -> None:
        self.close()
