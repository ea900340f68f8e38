"""The machine that a number was taken on."""

from __future__ import annotations

import os
import platform
from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass
from importlib import metadata
from typing import Any

from helmsight.contract.making import cores, cpu


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
        return cls(cpu(), cores(), f"{platform.system()} {platform.release()}", versions, load)

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
