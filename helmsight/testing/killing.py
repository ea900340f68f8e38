"""Commands of ours that get a signal at a random moment, are gone on with, and are compared.

>>> trials = Trials(Mine(root), root, np.random.default_rng(0))
>>> trials.run(0, KILL)
>>> trials.hits.held
True
"""

from __future__ import annotations

import os
import shutil
import signal
import subprocess
import sys
import time
from collections import Counter
from collections.abc import Sequence
from contextlib import AbstractContextManager, nullcontext
from dataclasses import dataclass, field
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Self

import numpy as np

from helmsight.contract.errors import Error
from helmsight.errors import FAILED

MOMENTS = {"start": 0.2, "middle": 0.5, "end": 0.3}
"""When a signal comes, and which share of them comes so."""
AGAIN = 0.3  # the share of trials in which the command that goes on is hit as well
MISSES = 10  # draws, at most, until a signal comes before the command has ended
DELAY_S = 0.05  # after a thing was done, at most
LEAVES_S = 30.0  # that a command may take to end after SIGTERM
WAIT_S = 300.0
LOOK_S, SHOWN = 0.004, 6
TERM, KILL = int(signal.SIGTERM), int(getattr(signal, "SIGKILL", 9))
FAULTS = ("unread", "lost", "more", "differs", "stuck", "left", "badly")
"""unread: what could not be read after a signal. lost, more, differs: against the undisturbed run.
stuck: what could not be gone on with. left: processes that outlived theirs. badly: SIGTERM answered
by another status than 143, or after more than LEAVES_S.
"""
Unit = tuple[str, str]
"""A thing that a run holds: its name, and what it is; what may differ is left out."""


class CommandFailed(Error):
    """A command that nobody disturbed has failed; says its last words. Halts."""

    exit_status = FAILED


class Command:
    """A command to be hit, and what it leaves in a folder.

    name: for people. log: a file in the folder that has a line for each thing done. begun: a file
    that is there once there is something to read.
    """

    name = ""
    log = "steps.jsonl"
    begun = "run.json"

    def __init__(self, root: Path) -> None:
        self.root = root

    def begin(self, folder: Path) -> Sequence[object]:
        """Return the arguments by which it is begun."""
        raise NotImplementedError

    def go_on(self, folder: Path) -> Sequence[object]:
        """Return the arguments by which it is gone on with."""
        return self.begin(folder)

    def done(self, folder: Path) -> int:
        """Return how many things have been done so far."""
        log = folder / self.log
        return log.read_bytes().count(b"\n") if log.is_file() else 0

    def units(self, folder: Path) -> list[Unit]:
        """Return what the folder holds; raises where something cannot be read."""
        raise NotImplementedError

    def scene(self, folder: Path) -> AbstractContextManager[object]:
        """Return what has to be there while it runs and is gone on with."""
        return nullcontext()


@dataclass
class Hits:
    """What came of the signals to one command."""

    command: str
    kills: int = 0
    terms: int = 0
    moments: dict[str, int] = field(default_factory=lambda: dict.fromkeys(MOMENTS, 0))
    again: int = 0
    found: dict[str, list[str]] = field(default_factory=lambda: {fault: [] for fault in FAULTS})
    leaves_s: list[float] = field(default_factory=list)  # from SIGTERM to the end
    seconds: tuple[float, float, float] = (0.0, 0.0, 0.0)  # start, middle and end, undisturbed

    @property
    def held(self) -> bool:
        """Whether nothing is wrong."""
        return not any(self.found.values())


class Process:
    """One of our commands in a session of its own. What it says stands beside its folder."""

    def __init__(self, arguments: Sequence[object], said: Path) -> None:
        code = "from helmsight.cli import main; main()"
        self.arguments, self._said = arguments, said
        with said.open("ab") as out:
            self.running = subprocess.Popen(
                [sys.executable, "-c", code, *map(str, arguments)],
                stdout=out, stderr=subprocess.STDOUT, stdin=subprocess.DEVNULL,
                cwd=said.parent, start_new_session=True,
            )  # fmt: skip

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        if not self.ended():  # whoever waited for it was interrupted
            self.running.kill()
            self.running.wait()

    def ended(self) -> bool:
        """Return whether it has ended."""
        return self.running.poll() is not None

    def wait(self, seconds: float = WAIT_S) -> int:
        """Return the exit status; raises TimeoutExpired."""
        return self.running.wait(seconds)

    def send(self, number: int) -> None:
        """Send a signal to the command alone, as a scheduler or the system's killer does."""
        os.kill(self.running.pid, number)

    def leftovers(self, seconds: float = 10.0) -> bool:
        """Return whether a process of it is still there after so long."""
        deadline = time.monotonic() + seconds
        while time.monotonic() < deadline:
            try:
                os.killpg(self.running.pid, 0)
            except ProcessLookupError:
                return False
            time.sleep(0.05)
        return True

    def last_words(self) -> str:
        """Return the end of what it has said."""
        return " ".join(self._said.read_bytes().decode("utf-8", "replace").split())[-300:]


def finish(arguments: Sequence[object]) -> None:
    """Run a command of ours to its end. Raises CommandFailed."""
    with (
        TemporaryDirectory(prefix="helmsight-") as name,
        Process(arguments, Path(name) / "said") as process,
    ):
        if process.wait():
            raise CommandFailed(f"{arguments[0]} failed: {process.last_words()}")


class Trials:
    """The trials of one command, held against one undisturbed run of it."""

    def __init__(self, command: Command, root: Path, draw: np.random.Generator) -> None:
        self.command, self._root, self._draw = command, root, draw
        self.hits = Hits(command.name)
        self._moment = ""
        whole = root / "whole"
        with command.scene(whole):
            self._took = self._undisturbed(whole)
            self._whole = Counter(command.units(whole))
        self._all = command.done(whole)
        self.hits.seconds = self._took

    def _undisturbed(self, folder: Path) -> tuple[float, float, float]:
        """Run it; return how long it starts, does what it does, and writes its end, s."""
        began, first, last, there = time.monotonic(), 0.0, 0.0, 0
        with Process(self.command.begin(folder), self._said(folder)) as process:
            while not process.ended():
                done, now = self.command.done(folder), time.monotonic() - began
                first = first or (now if done else 0.0)
                last = now if done > there else last
                there = done
                time.sleep(LOOK_S)
            if process.wait():
                raise CommandFailed(f"{self.command.name} failed: {process.last_words()}")
        over = time.monotonic() - began
        return (first, last - first, over - last) if there else (over, 0.0, 0.0)

    def run(self, number: int, sent: int) -> None:
        """Hit the command with a signal once or twice, go on with it, and compare."""
        for attempt in range(MISSES):
            folder = self._root / f"{number}-{attempt}"
            with self.command.scene(folder):
                if self._hit(self.command.begin(folder), folder, sent):
                    if self._draw.random() < AGAIN:
                        self.hits.again += self._hit(self.command.go_on(folder), folder, sent)
                    self._count(sent)
                    self._gone_on(folder)
                    return
            shutil.rmtree(folder, ignore_errors=True)

    def _hit(self, arguments: Sequence[object], folder: Path, sent: int) -> bool:
        """Start a command and send it a signal; return whether that came before its end."""
        with Process(arguments, self._said(folder)) as process:
            self._moment = self._wait(process, folder)
            if process.ended():
                return False
            process.send(sent)
            self._see_it_end(process, sent)
        if (folder / self.command.begun).is_file():
            self._read(folder)
        return True

    def _read(self, folder: Path) -> Counter[Unit]:
        """Return what a folder holds, nothing where it cannot be read, which is noted."""
        try:
            return Counter(self.command.units(folder))
        except Exception as error:  # whatever keeps it from being read
            self._note("unread", f"{folder.name}: {type(error).__name__}: {error}")
            return Counter()

    def _wait(self, process: Process, folder: Path) -> str:
        """Wait for a moment drawn at random and return which kind it is."""
        starts, _, ends = self._took
        kinds = list(MOMENTS) if self._all else ["start"]
        chances = np.array([MOMENTS[kind] for kind in kinds])
        kind = str(self._draw.choice(kinds, p=chances / chances.sum()))
        if kind == "start":
            time.sleep(float(self._draw.uniform(0.0, starts)))
            return kind
        there = self.command.done(folder)
        until = self._all if kind == "end" else int(self._draw.integers(there, self._all + 1))
        while not process.ended() and self.command.done(folder) < until:
            time.sleep(LOOK_S)
        time.sleep(float(self._draw.uniform(0.0, ends if kind == "end" else DELAY_S)))
        return kind

    def _see_it_end(self, process: Process, sent: int) -> None:
        began = time.monotonic()
        try:
            status = process.wait()
        except subprocess.TimeoutExpired:
            self._note("badly", f"it did not end within {WAIT_S:g} s after signal {sent}")
            process.send(KILL)
            process.wait()
            return
        took = time.monotonic() - began
        if sent == TERM:
            self.hits.leaves_s.append(took)
            # -15: before Python runs a line of ours; 0: its end was written already
            if status not in (128 + TERM, -TERM, 0) or took > LEAVES_S:
                self._note("badly", f"status {status} after {took:.1f} s: {process.last_words()}")
        if process.leftovers():
            self._note("left", "a process of it is still there")

    def _gone_on(self, folder: Path) -> None:
        """Let the command end, and compare what it leaves with the undisturbed run."""
        with Process(self.command.go_on(folder), self._said(folder)) as process:
            status = process.wait()
        if status and "has ended" not in process.last_words():
            self._note("stuck", f"{process.arguments[0]}: status {status}: {process.last_words()}")
            return
        units = self._read(folder)
        there, whole = _names(units), _names(self._whole)
        shutil.rmtree(folder, ignore_errors=True)
        for fault, names in {
            "lost": whole - there,
            "more": there - whole,
            "differs": _names(units - self._whole) - (there - whole),
        }.items():
            if names:
                shown = ", ".join(sorted(names)[:SHOWN])
                self._note(fault, f"{folder.name}: {names.total()}: {shown}")

    def _count(self, sent: int) -> None:
        self.hits.kills += sent == KILL
        self.hits.terms += sent == TERM
        self.hits.moments[self._moment] += 1

    def _note(self, fault: str, what: str) -> None:
        self.hits.found[fault].append(f"hit at its {self._moment}: {what}")
        print(f"{self.command.name}: {fault}: {what}", file=sys.stderr, flush=True)

    def _said(self, folder: Path) -> Path:
        return folder.with_name(f"{folder.name}.said")


def _names(units: Counter[Unit]) -> Counter[str]:
    return Counter(name for name, _ in units.elements())
