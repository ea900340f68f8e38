"""The machine that a number was taken on."""

from __future__ import annotations

import os
import platform
from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass
from importlib import metadata
from pathlib import Path
from typing import Any

from helmsight.contract.textfiles import read_text


@dataclass(frozen=True)
class Machine:
    """CPU model, usable cores, operating system, versions; `load` is the 1-minute load average.

    A load near or above the number of cores says that others were computing as well. It is None
    where the system does not tell.
    """

    cpu: str
    cores: int
    system: str
    versions: Mapping[str, str]
    load: float | None

    @classmethod
    def here(cls, packages: Sequence[str] = ("helmsight", "numpy", "torch")) -> Machine:
        """Return this machine now, with the versions of Python and of `packages`."""
        versions = {"python": platform.python_version()} | {p: _version(p) for p in packages}
        load = os.getloadavg()[0] if hasattr(os, "getloadavg") else None
        return cls(_cpu(), _cores(), f"{platform.system()} {platform.release()}", versions, load)

    def lines(self) -> list[str]:
        """Return the machine in words, two lines."""
        load = "" if self.load is None else f", load {self.load:.1f} before the start"
        software = ", ".join(f"{name} {number}" for name, number in self.versions.items())
        return [
            f"Machine: {self.cpu}, {self.cores} cores, {self.system}{load}.",
            f"Versions: {software}.",
        ]

    def to_dict(self) -> dict[str, Any]:
        """Return the machine as JSON data."""
        return asdict(self)


def _version(package: str) -> str:
    try:
        return metadata.version(package)
    except metadata.PackageNotFoundError:
        return "missing"


def _cores() -> int:
    """Return the cores this process may use, where the system tells, else those there are."""
    if hasattr(os, "sched_getaffinity"):
        return len(os.sched_getaffinity(0))
    return os.cpu_count() or 1


def _cpu() -> str:
    try:
        text = read_text(Path("/proc/cpuinfo"))
    except OSError:
        text = ""
    for line in text.splitlines():
        key, _, value = line.partition(":")
        if key.strip() == "model name":
            return value.strip()
    return platform.processor() or platform.machine()
