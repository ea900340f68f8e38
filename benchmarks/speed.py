"""Measures how fast the parts are and prints them with the machine and the bounds asked.

    python benchmarks/speed.py --json speed.json

Everything is measured one after another in this process, on one thread where a figure says "one
core". The load in the header tells whether something else was computing at the same time.
"""

from __future__ import annotations

import argparse
import json
import os
import subprocess
import sys
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import closing
from dataclasses import asdict, dataclass
from datetime import datetime
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from evals.errors import InvalidPlan
from evals.machine import Machine
from evals.report import table
from helmsight.errors import status_of

if TYPE_CHECKING:
    from envs.orbital.cockpit.state import CockpitState
    from tools.records import RunSpec, StepRecord

COLUMNS = ("figure", "n", "p5", "p50", "p95", "unit", "asked of p50", "held")
STEPS_PER_DECISION = 25  # physics steps of 0.02 s in a command of 0.5 s
FLIGHT = "PE1-E1-I1"


@dataclass(frozen=True)
class Figure:
    """A measured quantity: percentiles of `n` samples, and the bound asked of the median.

    `asked` None means that no bound was asked; `least` whether it is a lower bound. A figure that
    could not be taken has n = 0 and says why in `skipped`.
    """

    name: str
    unit: str
    n: int
    p5: float
    p50: float
    p95: float
    asked: float | None = None
    least: bool = False
    skipped: str = ""

    @property
    def held(self) -> bool | None:
        """Whether the median keeps the bound; None without a bound or without a sample."""
        if self.asked is None or not self.n:
            return None
        return self.p50 >= self.asked if self.least else self.p50 <= self.asked

    def words(self) -> tuple[str, ...]:
        """Return the figure as text, one entry for each of `COLUMNS`."""
        bound = "at least" if self.least else "at most"
        asked = "-" if self.asked is None else f"{bound} {_number(self.asked)}"
        if not self.n:
            return (self.name, "0", "-", "-", "-", self.unit, asked, "skipped")
        held = {None: "-", True: "yes", False: "NO"}[self.held]
        spread = [_number(value) for value in (self.p5, self.p50, self.p95)]
        return (self.name, str(self.n), *spread, self.unit, asked, held)


def figure(
    name: str,
    unit: str,
    samples: Sequence[float],
    asked: float | None = None,
    *,
    least: bool = False,
) -> Figure:
    """Return the figure of `samples`."""
    p5, p50, p95 = (float(value) for value in np.percentile(samples, [5, 50, 95]))
    return Figure(name, unit, len(samples), p5, p50, p95, asked, least)


def timed(work: Callable[[], object]) -> float:
    """Return how long `work` takes, wall seconds."""
    began = time.perf_counter()
    work()
    return time.perf_counter() - began


def twin(n: int, worlds: int = 1024, asked: float | None = 200_000) -> Figure:
    """Measure physics: every sample advances `worlds` worlds by half a second of their time.

    The worlds are all sixteen scenarios in turn with random throttles, so that every bot acts;
    each world holds two vessels.
    """
    from envs.orbital.scenarios import SCENARIOS
    from envs.orbital.world import World

    known = list(SCENARIOS.values())
    world = World([known[i % len(known)] for i in range(worlds)], list(range(worlds)))
    world.advance(STEPS_PER_DECISION)
    rng = np.random.default_rng(0)
    rates = []
    for _ in range(n):
        world.burn(rng.uniform(-1.0, 1.0, (worlds, 3)))
        vessels = 2 * int((~world.over).sum())
        seconds = timed(lambda: world.advance(STEPS_PER_DECISION))
        rates.append(vessels * STEPS_PER_DECISION / seconds)
    batch = f"batch of {worlds:,}" if worlds > 1 else "1 world"
    return figure(f"twin, {batch}, one core", "vessel-steps/s", rates, asked, least=True)


def states(n: int) -> Iterator[CockpitState]:
    """Yield what the cockpit shows at up to n decisions of a flight by `rendezvous`."""
    from agents.pilot import Sighting
    from agents.scripted.rendezvous import Rendezvous
    from envs.orbital.env import PursuitEnv
    from envs.orbital.panel import cockpit_state, telemetry
    from envs.orbital.scenarios import PURSUER, find_scenario
    from envs.orbital.world import World

    with closing(PursuitEnv(FLIGHT, observation="telemetry")) as env:
        task = env.task
    world, pilot = World([find_scenario(FLIGHT)]), Rendezvous()
    world.settle()
    pilot.reset(task, 0)
    for _ in range(n):
        if world.over[0]:
            return
        yield cockpit_state(world, 0)
        seen = {"telemetry": telemetry(world, 0)}
        command = pilot.decide(Sighting(seen, float(world.met[0]))).command
        assert command is not None
        wanted = np.asarray(command.action()["burn"])[:3]  # along the inertial axes
        world.burn((world.axes[0, PURSUER] @ wanted)[None])
        world.advance(STEPS_PER_DECISION)


def cockpit(shown: Sequence[CockpitState], *, randomised: bool) -> Figure:
    """Measure drawing: one frame for each state; with `randomised`, each in a layout of its own."""
    import cv2

    from envs.orbital.cockpit.layout import Layout
    from envs.orbital.cockpit.picture import render

    cv2.setNumThreads(1)
    rng = np.random.default_rng(0)
    layouts = [Layout.random(rng) if randomised else Layout() for _ in shown]
    grain = rng if randomised else None
    pairs = list(zip(shown, layouts, strict=True))
    for state, layout in pairs[:3]:  # fonts and grain are made at first use
        render(state, layout, grain)
    spent = []
    for state, layout in pairs:
        began = time.perf_counter()
        render(state, layout, grain)
        spent.append((time.perf_counter() - began) * 1e3)
    name = "cockpit, randomised layouts" if randomised else "cockpit, nominal layout"
    return figure(f"{name}, one core", "ms/frame", spent, 8.0)


def decision(shown: Sequence[CockpitState], spec: str = "bundled") -> list[Figure]:
    """Measure a model pilot's decisions on the pictures of `shown`, the first apart.

    Skipped, with the reason, when the model is not there.
    """
    from agents.decide import ModelPilot
    from agents.errors import ModelUnavailable
    from agents.models.load import load_pilot
    from agents.pilot import Sighting
    from envs.orbital.cockpit.picture import render
    from envs.orbital.env import PursuitEnv

    name, unit = f"decision of {spec}", "ms"
    try:
        pilot = load_pilot(spec)
    except ModelUnavailable as error:
        return [Figure(name, unit, 0, 0.0, 0.0, 0.0, 60.0, skipped=str(error))]
    if not isinstance(pilot, ModelPilot) or pilot.needs != "frame":
        raise InvalidPlan(f"{spec} is no model that flies from frames; give one with --model")
    with closing(PursuitEnv(FLIGHT, observation="frame")) as env:
        pilot.reset(env.task, 0)
    spent, unanswered = [], 0
    for state in shown:
        sighting = Sighting({"frame": render(state)}, state.met)
        began = time.perf_counter()
        answer = pilot.decide(sighting)
        spent.append((time.perf_counter() - began) * 1e3)
        unanswered += answer.command is None
    note = f", {unanswered} without a command" if unanswered else ""
    return [
        figure(f"{name}{note}", unit, spent[1:] or spent, 60.0),
        figure(f"first {name}", unit, spent[:1]),
    ]


class Stopwatch:
    """A listener that keeps what the loop itself spends on a step, ms: all but think and act."""

    def __init__(self) -> None:
        self.overheads: list[float] = []
        self._last: float | None = None

    def start(self, spec: RunSpec) -> None:
        """Nothing to prepare."""

    def step(self, record: StepRecord, frame: NDArray[np.uint8] | None) -> None:
        """Note the time since the last step, less what the pilot and the world took."""
        now = time.perf_counter()
        if self._last is not None:
            spent = (now - self._last) * 1e3
            self.overheads.append(spent - record.think_ms - record.act_ms)
        self._last = now

    def finish(self, reason: str, summary: dict[str, Any]) -> None:
        """Nothing to close."""


def loop(steps: int) -> Figure:
    """Measure the operator's loop around a scripted pilot that reads telemetry."""
    import gymnasium

    import envs  # noqa: F401  registers the environments
    from agents.models.load import load_pilot
    from agents.operator import Operator
    from envs.orbital.scenarios import find_scenario

    watch, pilot = Stopwatch(), load_pilot("rendezvous")
    identity = find_scenario(FLIGHT).environment_id
    options: dict[str, Any] = {"observation": pilot.needs, "time": "paused"}
    with closing(gymnasium.make(identity, disable_env_checker=True, **options)) as env:
        Operator(env, pilot, listeners=(watch,)).fly(max_steps=steps)
    return figure("loop, without pilot and world", "ms/step", watch.overheads)


def start_up(n: int) -> Figure:
    """Measure `helmsight --help` in a process of its own, from start to exit."""
    script = Path(sys.executable).with_name("helmsight.exe" if os.name == "nt" else "helmsight")
    plain = [sys.executable, "-c", "from helmsight.cli import main; main()"]
    command = [*([str(script)] if script.is_file() else plain), "--help"]

    def call() -> None:
        subprocess.run(command, capture_output=True, check=True)

    return figure("helmsight --help", "s", [timed(call) for _ in range(n)], 0.5)


def measure(scale: float = 1.0, model: str = "bundled") -> Iterator[Figure]:
    """Yield every figure; `scale` multiplies the number of samples."""

    def times(n: int) -> int:
        return max(2, round(n * scale))

    yield twin(times(40))
    yield twin(times(200), worlds=1, asked=None)
    shown = list(states(times(300)))
    yield cockpit(shown, randomised=False)
    yield cockpit(shown, randomised=True)
    yield from decision(shown[: times(101)], model)
    yield loop(times(300))
    yield start_up(times(10))


def run(arguments: Sequence[str]) -> None:
    """Measure what `arguments` ask for and print the table on standard output."""
    options = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    options.add_argument("--json", type=Path, metavar="FILE", help="write the figures there too")
    options.add_argument("--markdown", action="store_true", help="print the table as Markdown")
    options.add_argument("--scale", type=float, default=1.0, help="times the samples (1.0)")
    options.add_argument("--model", default="bundled", help="the pilot whose decisions are timed")
    asked = options.parse_args(arguments)
    machine = Machine.here()
    found = []
    for one in measure(asked.scale, asked.model):
        found.append(one)
        print(f"{one.name}: {' '.join(one.words()[1:])}", file=sys.stderr, flush=True)
    date = f"{datetime.now().astimezone():%Y-%m-%d %H:%M %Z}"
    lines = [one.words() for one in found]
    print(*machine.lines(), f"Date: {date}.", sep="\n", end="\n\n")
    print(table(COLUMNS, lines, markdown=asked.markdown))
    for one in found:
        if one.skipped:
            print(f"\n{one.name} was skipped: {one.skipped}")
    if asked.json is not None:
        _write(asked.json, {"machine": machine.to_dict(), "date": date}, found)


def _write(path: Path, about: dict[str, Any], found: Sequence[Figure]) -> None:
    from tools.recorder import write_whole

    path.parent.mkdir(parents=True, exist_ok=True)
    figures = [{**asdict(one), "held": one.held} for one in found]
    write_whole(path, json.dumps({**about, "figures": figures}, indent=2) + "\n")


def _number(value: float) -> str:
    return f"{value:,.0f}" if value >= 1000 else f"{value:.3g}"


def main(arguments: Sequence[str] | None = None) -> int:
    """Run the command and return its exit status; an error the caller can mend is one line."""
    return status_of(lambda: run(sys.argv[1:] if arguments is None else arguments))


if __name__ == "__main__":
    sys.exit(main())
