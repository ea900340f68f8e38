"""Measures how fast the parts are and prints them with the machine and the bounds asked.

    python benchmarks/speed.py --json speed.json

Everything is measured one after another in this process, on one thread where a figure says "one
core". The load in the header tells whether something else was computing at the same time.
"""

from __future__ import annotations

import argparse
import os
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator, Sequence
from contextlib import closing, contextmanager
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from helmsight.errors import status_of
from helmsight.evals.errors import InvalidPlan
from helmsight.evals.figures import Figure, add_options, figure, show, skipped, timed

if TYPE_CHECKING:
    from helmsight.contract.record import RunSpec, StepRecord
    from helmsight.envs.orbital.cockpit.state import CockpitState

STEPS_PER_DECISION = 25  # physics steps of 0.02 s in a command of 0.5 s
FLIGHT = "PE1-E1-I1"


def twin(
    n: int, worlds: int = 1024, asked: float | None = 200_000, code: str | None = None
) -> Figure:
    """Measure physics: every sample advances `worlds` worlds by half a second of their time.

    The worlds are all pursuits in turn with random throttles, so that every bot acts; each world
    holds two vessels. code: which takes the steps, see `envs.orbital.stepping`; None: the usual.
    """
    from helmsight.envs.orbital.scenarios import PURSUITS
    from helmsight.envs.orbital.stepping import step_code
    from helmsight.envs.orbital.world import World

    known = list(PURSUITS.values())
    with stepped_by(code or step_code()):
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
    name = f"twin, {batch}, {code or step_code()}, one core"
    return figure(name, "vessel-steps/s", rates, asked, least=True)


@contextmanager
def stepped_by(code: str) -> Iterator[None]:
    """Worlds that are made meanwhile have their steps taken by `code`."""
    from helmsight.envs.orbital.stepping import VARIABLE

    before = os.environ.get(VARIABLE)
    os.environ[VARIABLE] = code
    try:
        yield
    finally:
        os.environ.pop(VARIABLE)
        if before is not None:
            os.environ[VARIABLE] = before


def episodes(n: int) -> Figure:
    """Measure episodes of three vessels by `naive`, as `helmsight evaluate` flies them together.

    A lady and a guard that act, 240 s of their time, a decision every half second; the processor
    time of `n` is told for a thousand.
    """
    from helmsight.evals.batch import fly_batch
    from helmsight.evals.episode import Episode
    from helmsight.evals.runner.settings import Settings

    many = [
        Episode("flight", "LBG1-LG2-I2", "naive", seed, time="fixed:0.5", observation="telemetry")
        for seed in range(n)
    ]
    with tempfile.TemporaryDirectory() as folder:
        settings = Settings(Path(folder), "speed", cache=False)
        list(fly_batch([replace(many[0], max_steps=2)], settings))  # all is loaded
        began = time.process_time()
        flown = sum(row.status == "done" for _, row in fly_batch(many, settings))
        spent = time.process_time() - began
    name = f"1,000 episodes of 3 vessels (from {flown}), naive, one core"
    return figure(name, "s", [spent / flown * 1000], 60.0)


def whole_flight(n: int, spec: str = "bundled", steps: int | None = None) -> Figure:
    """Measure whole flights, or their first `steps`, with a model: world time over wall time.

    Skipped, with the reason, when the model is not there.
    """
    import gymnasium

    import helmsight.envs  # noqa: F401  registers the environments
    from helmsight.agents.errors import ModelUnavailable
    from helmsight.agents.models.load import load_pilot
    from helmsight.agents.operator import Operator
    from helmsight.envs.orbital.scenarios import find_pursuit

    name, unit = f"whole flight with {spec}", "x real time"
    try:
        pilot = load_pilot(spec)
    except ModelUnavailable as error:
        return skipped(name, unit, str(error), 60.0)
    rates = []
    options: dict[str, Any] = {"observation": pilot.needs, "time": "paused"}
    identity = find_pursuit(FLIGHT).environment_id
    for seed in range(n):
        with closing(gymnasium.make(identity, disable_env_checker=True, **options)) as env:
            summary = Operator(env, pilot).fly(seed, steps).summary
        rates.append(summary["sim_s"] / summary["wall_s"])
    return figure(name, unit, rates, 60.0, least=True)


def states(n: int) -> Iterator[CockpitState]:
    """Yield what the cockpit shows at up to n decisions of a flight by `rendezvous`."""
    from helmsight.agents.scripted.rendezvous import Rendezvous
    from helmsight.contract.pilot import Sighting
    from helmsight.envs.orbital.env import PursuitEnv
    from helmsight.envs.orbital.panel import cockpit_state, telemetry
    from helmsight.envs.orbital.scenarios import PURSUER, find_pursuit
    from helmsight.envs.orbital.world import World

    with closing(PursuitEnv(FLIGHT, observation="telemetry")) as env:
        task = env.task
    world, pilot = World([find_pursuit(FLIGHT)]), Rendezvous()
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

    from helmsight.envs.orbital.cockpit.layout import Layout
    from helmsight.envs.orbital.cockpit.picture import render

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
    from helmsight.agents.decide import ModelPilot
    from helmsight.agents.errors import ModelUnavailable
    from helmsight.agents.models.load import load_pilot
    from helmsight.contract.pilot import Sighting
    from helmsight.envs.orbital.cockpit.picture import render
    from helmsight.envs.orbital.env import PursuitEnv

    name, unit = f"decision of {spec}", "ms"
    try:
        pilot = load_pilot(spec)
    except ModelUnavailable as error:
        return [skipped(name, unit, str(error), 10.0)]
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
        figure(f"{name}{note}", unit, spent[1:] or spent, 10.0),
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

    import helmsight.envs  # noqa: F401  registers the environments
    from helmsight.agents.models.load import load_pilot
    from helmsight.agents.operator import Operator
    from helmsight.envs.orbital.scenarios import find_pursuit

    watch, pilot = Stopwatch(), load_pilot("rendezvous")
    identity = find_pursuit(FLIGHT).environment_id
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
    from helmsight.envs.orbital.stepping import NUMPY

    def times(n: int) -> int:
        return max(2, round(n * scale))

    yield twin(times(40))
    yield twin(times(200), worlds=1, asked=None)
    for worlds in (1024, 1):
        yield twin(times(20), worlds, None, NUMPY)
    yield episodes(times(1000))
    shown = list(states(times(300)))
    yield cockpit(shown, randomised=False)
    yield cockpit(shown, randomised=True)
    yield from decision(shown[: times(101)], model)
    yield whole_flight(max(1, round(3 * scale)), model, None if scale >= 1 else times(480))
    yield loop(times(300))
    yield start_up(times(10))


def run(arguments: Sequence[str]) -> None:
    """Measure what `arguments` ask for and print the table on standard output."""
    options = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    add_options(options)
    options.add_argument("--model", default="bundled", help="the pilot whose decisions are timed")
    asked = options.parse_args(arguments)
    show(measure(asked.scale, asked.model), asked)


def main(arguments: Sequence[str] | None = None) -> int:
    """Run the command and return its exit status; an error the caller can mend is one line."""
    return status_of(lambda: run(sys.argv[1:] if arguments is None else arguments))


if __name__ == "__main__":
    sys.exit(main())
