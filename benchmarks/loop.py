"""Measures what the loop itself costs a step on its thread: all but the pilot and the world.

    python benchmarks/loop.py --json loop.json

The pilot is a constant. The plain loop and the LangGraph over the same nodes are run in turn, so
that their ratio holds on a busy machine. "Recorded" is with the run folder written beside it,
"filmed" with frames and video too: there the twin flies, so that the encoder has the time that a
flight leaves it. "At full speed" the pictures were drawn beforehand and come faster than they can
be encoded: the loop then waits for its recording, and what is measured is the encoder.
"""

from __future__ import annotations

import argparse
import sys
import tempfile
import time
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any, Literal

import gymnasium
import numpy as np
from numpy.typing import NDArray

from helmsight.agents.config import OperatorConfig
from helmsight.agents.operator import Operator
from helmsight.contract.clock import Clock, TimeRule
from helmsight.contract.observation import ObservationMode
from helmsight.contract.pilot import Decision, Sighting
from helmsight.contract.record import Listener, RunSpec, StepRecord
from helmsight.contract.task import Task
from helmsight.envs.orbital.command import BurnCommand
from helmsight.envs.orbital.env import PursuitEnv
from helmsight.errors import status_of
from helmsight.evals.figures import Figure, add_options, figure, show
from helmsight.tools.player import load_run
from helmsight.tools.recorder import Recorder

SCENARIO = "PE1-E1-I2"
STEPS, TURNS = 200, 4
Drive = Literal["plain", "graph"]


class Rerun(gymnasium.Env[dict[str, Any], Any]):
    """What a flight showed, shown again: a step costs nothing."""

    def __init__(self, steps: int, observation: ObservationMode) -> None:
        self.clock, self.observation_mode = Clock(TimeRule.parse("paused")), observation
        with_flight = PursuitEnv(SCENARIO, observation=observation)
        self.task: Task = with_flight.task
        self._shown = [with_flight.reset(seed=0)]
        action = BurnCommand(forward=1.0, right=0.0, down=0.2).action()
        for _ in range(steps):
            shown, _, _, _, info = with_flight.step(action)
            self._shown.append((shown, info))

    def reset(self, *, seed: int | None = None, options: Any = None) -> Any:
        """Begin at the first picture."""
        self._at = 0
        self.clock.observed()
        return self._shown[0]

    def step(self, action: Any) -> Any:
        """Show the next one."""
        self._at += 1
        observation, info = self._shown[self._at]
        self.clock.observed()
        return observation, 0.0, False, False, info


class Constant:
    """Burns ahead, whatever it is shown."""

    name, remembers = "constant", False

    def __init__(self, needs: ObservationMode) -> None:
        self.needs = needs
        self._answer = Decision(BurnCommand(forward=0.4, right=0.0, down=0.0))

    def reset(self, task: Task, seed: int) -> None:
        """Nothing to prepare."""

    def decide(self, sighting: Sighting) -> Decision:
        """Answer the same burn."""
        return self._answer


class Stopwatch:
    """A listener that keeps what the loop spends on a step, ms: all but think and act."""

    def __init__(self) -> None:
        self.spent: list[float] = []
        self._last: float | None = None

    def start(self, spec: RunSpec) -> None:
        """Begin anew."""
        self._last = None

    def step(self, record: StepRecord, frame: NDArray[np.uint8] | None) -> None:
        """Note the time since the last step, less what the pilot and the world took."""
        now = time.perf_counter()
        if self._last is not None:
            self.spent.append((now - self._last) * 1e3 - record.think_ms - record.act_ms)
        self._last = time.perf_counter()

    def finish(self, reason: str, summary: dict[str, Any]) -> None:
        """Nothing to close."""


World = Rerun | PursuitEnv


def spend(world: World, drive: Drive, recorder: Recorder | None, steps: int) -> list[float]:
    """Return what the loop spent on each step of one flight, ms."""
    watch = Stopwatch()
    listeners: list[Listener] = [*([recorder] if recorder else []), watch]
    config = OperatorConfig(drive=drive)
    pilot = Constant(world.observation_mode)
    Operator(world, pilot, config, listeners).fly(0, steps)
    return watch.spent


def measure(scale: float = 1.0) -> Iterator[Figure]:
    """Yield what a step costs, plainly and by the graph, and how many frames were lost."""
    steps = max(4, round(STEPS * scale))
    kinds: tuple[tuple[str, World, bool, float | None], ...] = (
        ("telemetry", Rerun(steps, "telemetry"), False, 0.15),
        ("telemetry, recorded", Rerun(steps, "telemetry"), True, 0.15),
        ("frames, filmed", PursuitEnv(SCENARIO, observation="frame"), True, 0.5),
        ("frames, filmed, at full speed", Rerun(steps, "frame"), True, None),
    )
    for name, world, recorded, asked in kinds:
        spent: dict[Drive, list[float]] = {"plain": [], "graph": []}
        lost = 0
        for _ in range(TURNS):
            for drive, kept in spent.items():
                with tempfile.TemporaryDirectory(prefix="helmsight-") as folder:
                    recorder = Recorder(Path(folder) / "run", page=False) if recorded else None
                    kept += spend(world, drive, recorder, steps)
                    if recorder is not None and world.observation_mode == "frame":
                        lost += steps - sum(1 for _ in load_run(recorder.folder).frames())
        yield figure(f"loop, {name}", "ms/step", spent["plain"], asked)
        yield figure(f"loop, {name}, by the graph", "ms/step", spent["graph"])
        ratio = float(np.median(spent["plain"]) / np.median(spent["graph"]))
        yield figure(f"plain to graph, {name}", "ratio of medians", [ratio])
        if world.observation_mode == "frame":
            yield figure(f"frames lost, {name}", "frames", [float(lost)], 0.0)


def run(arguments: Sequence[str]) -> None:
    """Measure what `arguments` ask for and print the table on standard output."""
    options = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    add_options(options)
    chosen = options.parse_args(arguments)
    show(measure(chosen.scale), chosen)


def main(arguments: Sequence[str] | None = None) -> int:
    """Run the command and return its exit status; an error the caller can mend is one line."""
    return status_of(lambda: run(sys.argv[1:] if arguments is None else arguments))


if __name__ == "__main__":
    sys.exit(main())
