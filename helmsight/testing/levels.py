"""Memory, threads and open files of a process over time: what a soak should leave level.

>>> levels = Levels()
>>> levels.sample()  # again and again
>>> levels.rise["threads"]
"""

from __future__ import annotations

import os
from dataclasses import dataclass, field
from pathlib import Path

import numpy as np

from helmsight.contract.textfiles import read_lines

WARM = 0.25  # the share of the samples in which caches fill
MOST = {"MB": 32.0, "threads": 2.0, "descriptors": 4.0}
"""How much more there may be in the last quarter of the samples than after the first, at most."""
COLUMNS = ("of the process", "samples", "after a quarter", "in the end", "most", "rise", "level")


@dataclass
class Levels:
    """Samples of one process, of this one by default. Only Linux tells (`/proc`)."""

    process: int = field(default_factory=os.getpid)
    taken: dict[str, list[float]] = field(default_factory=lambda: {name: [] for name in MOST})

    def sample(self) -> None:
        """Take one sample. Raises OSError where the system does not tell."""
        home = Path(f"/proc/{self.process}")
        status = dict(line.split(":", 1) for line in read_lines(home / "status"))
        self.taken["MB"].append(int(status["VmRSS"].split()[0]) / 1024)
        self.taken["threads"].append(float(status["Threads"]))
        self.taken["descriptors"].append(float(len(os.listdir(home / "fd"))))

    @property
    def rise(self) -> dict[str, float]:
        """By how much each has risen, from the second quarter of the samples to the last."""
        return {name: late - early for name, (early, late) in self._quarters().items()}

    @property
    def held(self) -> bool:
        """Whether all stayed level; False for fewer than eight samples."""
        enough = len(self.taken["MB"]) >= 8
        return enough and all(rise <= MOST[name] for name, rise in self.rise.items())

    def rows(self) -> list[tuple[str, ...]]:
        """Return a row for each, one entry for each of COLUMNS."""
        return [
            (
                name, str(len(self.taken[name])), f"{early:.0f}", f"{late:.0f}",
                f"{max(self.taken[name]):.0f}", f"{late - early:+.1f}",
                "yes" if late - early <= MOST[name] else "NO",
            )
            for name, (early, late) in self._quarters().items()
        ]  # fmt: skip

    def _quarters(self) -> dict[str, tuple[float, float]]:
        quarter = max(1, round(WARM * len(self.taken["MB"])))
        return {
            name: (
                float(np.median(values[quarter : 2 * quarter] or values)),
                float(np.median(values[-quarter:])),
            )
            for name, values in self.taken.items()
        }
