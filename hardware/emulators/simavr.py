"""Real firmware in simavr, an emulator of the AVR, behind a device node or step by step.

Helm's own, or any other for an ATmega328P at 16 MHz, with its pins and with motors at them.

Built with avr-gcc and cc into the user's cache folder, once per state of the sources. simavr is
linked into the rig by whoever builds it and is not part of this distribution.
"""

from __future__ import annotations

import hashlib
import os
import shutil
import subprocess
import tempfile
import time
from collections.abc import Iterable
from dataclasses import dataclass
from importlib.resources import files
from pathlib import Path
from typing import Self

from helmsight.contract.errors import InvalidOption
from helmsight.contract.textfiles import read_text
from helmsight.hardware.errors import HardwareError

PACKAGES = "gcc make gcc-avr avr-libc libsimavr-dev libelf-dev"
START_S = 10.0
LINE = 1024  # bytes in one command to the rig
# What must be there: a compiler with its arguments, and a header that it must find.
TOOLS = {
    "avr-gcc": (("-mmcu=atmega328p",), ("avr/io.h", "util/crc16.h")),
    "cc": ((), ("simavr/sim_avr.h", "libelf.h")),
    "make": ((), ()),
}


class SimavrUnavailable(HardwareError):
    """The firmware cannot be built or run here; says what to install. Halts."""


@dataclass(frozen=True)
class Event:
    """Something on the board's pins. at_s: the board's own time.

    kind: `rx` and `tx` with `byte`, `pulse` with `channel` and `width_us` (at its end), or `slip`
    (the machine was too busy for real time).
    """

    at_s: float
    kind: str
    byte: int = 0
    channel: int = 0
    width_us: float = 0.0


def missing() -> str | None:
    """Return what keeps the firmware from being built here and how to mend it, None if nothing."""
    for tool, (arguments, headers) in TOOLS.items():
        path = shutil.which(tool)
        if path is None:
            return f"{tool} is not installed (Debian: apt-get install {PACKAGES})"
        if not headers:
            continue
        source = "".join(f"#include <{header}>\n" for header in headers)
        command = [path, *arguments, "-E", "-x", "c", "-"]
        if subprocess.run(command, input=source, text=True, capture_output=True).returncode:
            wanted = " and ".join(headers)
            return f"{tool} does not find {wanted} (Debian: apt-get install {PACKAGES})"
    return None


def firmware() -> Path:
    """Return the folder of the firmware's sources."""
    return Path(str(files("helmsight.hardware"))) / "firmware"


def build() -> Path:
    """Return the folder with `helm.elf` and `rig`, built if they are not there yet.

    Raises:
        SimavrUnavailable: what is missing, or what the compiler said.
    """
    sources = sorted(path for path in firmware().iterdir() if path.is_file())
    state = hashlib.sha256(b"".join(path.read_bytes() for path in sources)).hexdigest()[:16]
    caches = Path(os.environ.get("XDG_CACHE_HOME") or Path.home() / ".cache") / "helmsight"
    result = caches / f"helm-{state}"
    if result.is_dir():
        return result
    if lack := missing():
        raise SimavrUnavailable(lack)
    caches.mkdir(parents=True, exist_ok=True)
    fresh = Path(tempfile.mkdtemp(dir=caches))
    try:
        command = ["make", "-C", str(firmware()), f"BUILD={fresh}", f"{fresh}/helm.elf", "rig"]
        done = subprocess.run(command, text=True, capture_output=True)
        if done.returncode:
            raise SimavrUnavailable(f"the firmware does not build:\n{done.stdout}{done.stderr}")
        try:
            fresh.rename(result)  # whole or not at all, also when two build at once
        except OSError:
            if not result.is_dir():
                raise
        return result
    finally:
        shutil.rmtree(fresh, ignore_errors=True)


def events(lines: Iterable[str]) -> list[Event]:
    """Return what the lines of a trace tell; a last line that is not whole is left out."""
    trace = []
    for line in lines:
        if not line.endswith("\n"):
            break
        at, kind, *values = line.split()
        at_s = float(at) * 1e-6
        if kind in ("rx", "tx"):
            trace.append(Event(at_s, kind, byte=int(values[0], 16)))
        elif kind == "pulse":
            channel, width_us = int(values[0]), float(values[1])
            trace.append(Event(at_s, kind, channel=channel, width_us=width_us))
        else:
            trace.append(Event(at_s, kind))
    return trace


class _Rig:
    """The emulator in a process of its own, which ends with this one."""

    def __init__(
        self, *arguments: str, stdout: int | None = None, elf: str | Path | None = None
    ) -> None:
        folder = build()
        self.process = subprocess.Popen(
            [str(folder / "rig"), str(elf or folder / "helm.elf"), *arguments],
            stdin=subprocess.PIPE,
            stdout=stdout,
            encoding="ascii",
        )

    def tell(self, line: str) -> None:
        """Give the rig a command. Raises SimavrUnavailable when it has ended."""
        assert self.process.stdin is not None
        try:
            print(line, file=self.process.stdin, flush=True)
        except OSError:
            raise SimavrUnavailable(
                f"the rig has ended with status {self.process.poll()}"
            ) from None

    def end(self) -> None:
        """End the rig."""
        assert self.process.stdin is not None
        try:
            self.process.stdin.close()
            self.process.wait(timeout=5.0)
        except (OSError, subprocess.TimeoutExpired):
            self.process.kill()
            self.process.wait()
        if self.process.stdout is not None:
            self.process.stdout.close()


class Simavr:
    """A firmware in real time; a context manager like Emulation. `port` is what a client opens.

    link: path of the device node; default: a new one in a temporary folder.
    trace: keep what happens on the pins, for `trace`. elf: another firmware than helm's.
    """

    def __init__(
        self,
        link: str | Path | None = None,
        *,
        trace: bool = False,
        elf: str | Path | None = None,
    ) -> None:
        self._folder = tempfile.TemporaryDirectory(prefix="helmsight-")
        path = Path(link) if link else Path(self._folder.name) / "helm"
        if path.exists() and not path.is_symlink():
            raise InvalidOption(f"{path} is there already; give another --link")
        path.unlink(missing_ok=True)
        self.port = str(path)
        self._trace = Path(self._folder.name) / "trace" if trace else None
        self._told = 0  # bytes of the trace that `news` has handed out
        self._rig = _Rig(self.port, str(self._trace or "-"), stdout=subprocess.PIPE, elf=elf)
        deadline = time.monotonic() + START_S
        while not path.is_symlink():
            if self._rig.process.poll() is not None or time.monotonic() > deadline:
                self.close()
                raise SimavrUnavailable(f"the rig did not start ({self._rig.process.returncode})")
            time.sleep(0.002)

    @property
    def pid(self) -> int:
        """The process of the emulator."""
        return self._rig.process.pid

    def unplug(self, seconds: float) -> None:
        """Pull the plug now and put it back after `seconds`. The board has a supply of its own."""
        self._rig.tell(f"unplug {round(1000 * seconds)}")

    def restart(self) -> None:
        """Press the reset button, which is also what opening the port of a real Uno does."""
        self._rig.tell("reset")

    def wedge(self) -> None:
        """Let the firmware's main program hang; its interrupts go on."""
        self._rig.tell("wedge")

    def pin(self, name: str, level: bool | None) -> None:
        """Drive an input, named like `C1`; None lets go of it, and its pull-up holds it."""
        self._rig.tell(f"pin {name} {'-' if level is None else int(level)}")

    def axis(self, step: str, direction: str, switch: str, at: int) -> None:
        """Put a motor to a step and a direction pin; `at` steps up it closes a switch to ground."""
        self._rig.tell(f"axis {step} {direction} {switch} {at}")

    def where(self) -> tuple[int, ...]:
        """Return the steps that every axis has made, positive ones up."""
        self._rig.tell("where")
        assert self._rig.process.stdout is not None
        line = self._rig.process.stdout.readline()
        return tuple(map(int, line.partition("where")[2].split()))

    def trace(self) -> list[Event]:
        """Return what has happened on the pins so far; empty without `trace`."""
        if self._trace is None or not self._trace.exists():
            return []
        return events(read_text(self._trace).splitlines(keepends=True))

    def news(self) -> list[Event]:
        """Return what has happened on the pins since this was last asked; empty without `trace`."""
        if self._trace is None or not self._trace.exists():
            return []
        with self._trace.open("rb") as file:
            file.seek(self._told)
            data = file.read()
        data = data[: data.rfind(b"\n") + 1]
        self._told += len(data)
        return events(data.decode("ascii").splitlines(keepends=True))

    def close(self) -> None:
        """End the emulator and remove the device node."""
        self._rig.end()
        Path(self.port).unlink(missing_ok=True)
        self._folder.cleanup()

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()


class SimavrBench:
    """The firmware step by step: its time passes in `run` only, so that tests own the clock."""

    def __init__(self) -> None:
        self._rig = _Rig(stdout=subprocess.PIPE)

    def run(self, seconds: float, data: bytes = b"") -> list[Event]:
        """Send `data` and let time pass; return what happened on the pins."""
        for start in range(0, len(data), LINE):
            self._rig.tell(f"rx {data[start : start + LINE].hex()}")
        self._rig.tell(f"run {round(1e6 * seconds)}")
        assert self._rig.process.stdout is not None
        lines: list[str] = []
        for line in self._rig.process.stdout:
            if line.endswith("done\n"):
                return events(lines)
            lines.append(line)
        raise SimavrUnavailable(f"the rig has ended with status {self._rig.process.wait()}")

    def restart(self) -> None:
        """Press the reset button."""
        self._rig.tell("reset")

    def wedge(self) -> None:
        """Let the firmware's main program hang; its interrupts go on."""
        self._rig.tell("wedge")

    def close(self) -> None:
        """End the emulator."""
        self._rig.end()

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()
