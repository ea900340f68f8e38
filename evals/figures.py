"""Measured quantities with their spread and the bound that was asked, as a table and as JSON."""

from __future__ import annotations

import argparse
import json
import sys
import time
from collections.abc import Callable, Iterable, Sequence
from dataclasses import asdict, dataclass
from datetime import datetime
from pathlib import Path
from typing import Any

import numpy as np

from helmsight.evals.machine import Machine
from helmsight.evals.tables import table

COLUMNS = ("figure", "n", "p5", "p50", "p95", "p99", "unit", "asked", "held")


@dataclass(frozen=True)
class Figure:
    """A measured quantity: percentiles of `n` samples, and the bound asked of one of them.

    `asked` None means that no bound was asked; `of` which percentile it is asked of; `least`
    whether it is a lower bound. A figure that could not be taken has n = 0 and says why in
    `skipped`.
    """

    name: str
    unit: str
    n: int
    p5: float
    p50: float
    p95: float
    p99: float
    asked: float | None = None
    least: bool = False
    of: str = "p50"
    skipped: str = ""

    @property
    def held(self) -> bool | None:
        """Whether the bound is kept; None without a bound or without a sample."""
        if self.asked is None or not self.n:
            return None
        value = float(getattr(self, self.of))
        return value >= self.asked if self.least else value <= self.asked

    def words(self) -> tuple[str, ...]:
        """Return the figure as text, one entry for each of `COLUMNS`."""
        bound = "at least" if self.least else "at most"
        wanted = "-" if self.asked is None else f"{self.of} {bound} {number(self.asked)}"
        if not self.n:
            return (self.name, "0", "-", "-", "-", "-", self.unit, wanted, "skipped")
        held = {None: "-", True: "yes", False: "NO"}[self.held]
        spread = [number(value) for value in (self.p5, self.p50, self.p95, self.p99)]
        return (self.name, str(self.n), *spread, self.unit, wanted, held)


def figure(
    name: str,
    unit: str,
    samples: Sequence[float],
    asked: float | None = None,
    *,
    least: bool = False,
    of: str = "p50",
) -> Figure:
    """Return the figure of `samples`."""
    p5, p50, p95, p99 = (float(value) for value in np.percentile(samples, [5, 50, 95, 99]))
    return Figure(name, unit, len(samples), p5, p50, p95, p99, asked, least, of)


def skipped(name: str, unit: str, why: str, asked: float | None = None) -> Figure:
    """Return the figure that could not be taken."""
    return Figure(name, unit, 0, 0.0, 0.0, 0.0, 0.0, asked, skipped=why)


def timed(work: Callable[[], object]) -> float:
    """Return how long `work` takes, wall seconds."""
    began = time.perf_counter()
    work()
    return time.perf_counter() - began


def number(value: float) -> str:
    """Return `value` as people read it in a table."""
    return f"{value:,.0f}" if value >= 1000 else f"{value:.3g}"


def say(line: str) -> None:
    """Print a line of progress on standard error."""
    print(line, file=sys.stderr, flush=True)


def add_options(options: argparse.ArgumentParser) -> None:
    """Add what every program that prints figures takes."""
    options.add_argument("--json", type=Path, metavar="FILE", help="write the figures there too")
    options.add_argument("--markdown", action="store_true", help="print the table as Markdown")
    options.add_argument("--scale", type=float, default=1.0, help="times the samples (1.0)")


def show(figures: Iterable[Figure], options: argparse.Namespace) -> list[Figure]:
    """Take `figures` one by one with a line of progress; print and write what `options` say."""
    machine = Machine.here()
    taken = []
    for measured in figures:
        taken.append(measured)
        say(f"{measured.name}: {' '.join(measured.words()[1:])}")
    date = f"{datetime.now().astimezone():%Y-%m-%d %H:%M %Z}"
    print(*machine.lines(), f"Date: {date}.", sep="\n", end="\n\n")
    print(table(COLUMNS, [entry.words() for entry in taken], markdown=options.markdown))
    for entry in taken:
        if entry.skipped:
            print(f"\n{entry.name} was skipped: {entry.skipped}")
    if options.json is not None:
        keep(options.json, machine, date, figures=taken)
    return taken


def keep(path: Path, machine: Machine, date: str, **taken: Sequence[Any]) -> None:
    """Write what was taken as JSON to `path`, with where and when; each is a dataclass that `held`
    or not what was asked of it.
    """
    from helmsight.contract.writing import write_whole

    path.parent.mkdir(parents=True, exist_ok=True)
    entries = {
        name: [{**asdict(entry), "held": entry.held} for entry in several]
        for name, several in taken.items()
    }
    about = {"machine": machine.to_dict(), "date": date, **entries}
    write_whole(path, json.dumps(about, indent=2) + "\n")
