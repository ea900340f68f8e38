"""Measures what recording costs the thread that flies, and whether anything is lost.

    python benchmarks/recording.py --json recording.json

The cost of `Recorder.step` is measured while its queues have room, with the cockpit's own pictures
of 1280x720. Then the same at full speed, where the flight waits for the encoder; work of a
millisecond beside the recording, and alone; and flights side by side in processes of their own, of
which every frame is read back and compared.
"""

from __future__ import annotations

import argparse
import json
import subprocess
import sys
import time
from collections.abc import Iterator, Sequence
from dataclasses import replace
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import TYPE_CHECKING
from zlib import crc32

import numpy as np

from helmsight.contract.record import Frame, RunSpec, StepRecord
from helmsight.errors import status_of
from helmsight.evals.figures import Figure, add_options, figure, show, timed
from helmsight.tools.player import load_run
from helmsight.tools.recorder import Recorder
from helmsight.tools.writing import FRAMES_WAITING

if TYPE_CHECKING:
    from helmsight.envs.orbital.world import World

SCENARIO = "PE1-E1-I1"
FLIGHTS, STEPS = 8, 200
BURST = 8  # steps that there is room for
KINDS = {"frames and video": 0.2, "frames": 0.2, "telemetry": 0.03}  # ms asked


def world() -> World:
    """Return a world in which the pursuer burns forwards, so that every picture is another."""
    from helmsight.envs.orbital.scenarios import find_pursuit
    from helmsight.envs.orbital.world import World

    made = World([find_pursuit(SCENARIO)])
    made.settle()
    made.burn(np.array([[1.0, 0.3, 0.0]]))
    return made


def flown(
    there: World, steps: int, start: int = 0, *, drawn: bool = True
) -> Iterator[tuple[StepRecord, Frame | None]]:
    """Yield the steps of a flight with their frames, or with None where nothing is drawn."""
    from helmsight.envs.orbital.cockpit.picture import render
    from helmsight.envs.orbital.panel import cockpit_state, measures

    command = {"forward": 1.0, "right": 0.3, "down": 0.0, "duration": 0.5, "frame": "body"}
    raw = json.dumps(command)
    for index in range(start, start + steps):
        there.advance(25)
        yield (
            StepRecord(
                index, float(there.met[0]), 0.1, 40.0, 8.0, "0" * 64, raw, command, command, {},
                [], False, [], measures(there, 0), 0.04,
            ),
            render(cockpit_state(there, 0)) if drawn else None,
        )  # fmt: skip


class Recording:
    """A recorder of one of `KINDS` in a folder of its own, and the time of its steps, ms."""

    def __init__(self, folder: Path, kind: str) -> None:
        self.recorder = Recorder(
            folder, frames=kind != "telemetry", video="video" in kind, page=False
        )
        self.recorder.start(RunSpec(f"helmsight/{SCENARIO}-v0", "benchmark"))
        self.times: list[float] = []

    def step(self, record: StepRecord, frame: Frame | None) -> None:
        """Record one step."""
        self.times.append(1e3 * timed(lambda: self.recorder.step(record, frame)))


def with_room(kind: str, n: int) -> Figure:
    """Measure `n` steps, of which at most `BURST` wait at any time."""
    with TemporaryDirectory() as folder:
        recording, there = Recording(Path(folder) / "run", kind), world()
        drawn = kind != "telemetry"
        for start in range(0, n, BURST):
            for record, frame in flown(there, min(BURST, n - start), start, drawn=drawn):
                recording.step(record, frame)
            recording.recorder.flush()
        recording.recorder.finish("steps", {})
    return figure(f"step with {kind}", "ms", recording.times, KINDS[kind])


def at_full_speed(kind: str, n: int) -> Figure:
    """Measure `n` steps that come as fast as they are taken, but those that there is room for."""
    with TemporaryDirectory() as folder:
        recording = Recording(Path(folder) / "run", kind)
        steps = list(flown(world(), 25, drawn=kind != "telemetry"))
        for index in range(n):
            record, frame = steps[index % len(steps)]
            recording.step(replace(record, index=index), frame)
        recording.recorder.finish("steps", {})
    return figure(f"step with {kind}, at full speed", "ms", recording.times[FRAMES_WAITING:])


def beside(n: int) -> Iterator[Figure]:
    """Measure work of about a millisecond that holds Python's lock, alone and beside a recording.

    One step is recorded for 16 of them, as in a flight that the encoder keeps up with.
    """
    loops = 1000

    def work() -> float:
        return 1e3 * timed(lambda: sum(range(loops)))

    spent = 0.0  # of this thread's processor time: a wall clock may stand still, in tests it does
    while spent < 1e-3:
        loops *= 2
        began = time.thread_time()
        sum(range(loops))
        spent = time.thread_time() - began
    yield figure("work, alone", "ms", [work() for _ in range(n)])
    with TemporaryDirectory() as folder:
        recording, times = Recording(Path(folder) / "run", "frames and video"), []
        for record, frame in list(flown(world(), max(1, n // 16))):
            recording.step(record, frame)
            times += [work() for _ in range(16)]
        recording.recorder.finish("steps", {})
    yield figure("work, beside a recording", "ms", times)
    yield figure("step beside that work", "ms", recording.times)


def side_by_side(flights: int, steps: int) -> Iterator[Figure]:
    """Measure flights in processes of their own: what they lost, and their steps."""
    with TemporaryDirectory() as folder:
        command = [sys.executable, __file__, "--steps", str(steps), "--flight"]
        processes = [
            subprocess.Popen([*command, f"{folder}/{number}"], stdout=subprocess.PIPE, text=True)
            for number in range(flights)
        ]
        told = [json.loads(process.communicate()[0]) for process in processes]
    name = f"{flights} flights of {steps} steps:"
    yield figure(f"{name} steps lost", "", [one["steps_lost"] for one in told], 0, of="p99")
    yield figure(f"{name} frames lost", "", [one["frames_lost"] for one in told], 0, of="p99")
    yield figure(f"{name} a step", "ms", [time for one in told for time in one["times"]])


def fly(folder: Path, steps: int) -> dict[str, object]:
    """Record one flight, read it back, and return what was lost and how long each step took."""
    recording, sums = Recording(folder, "frames and video"), []
    for record, frame in flown(world(), steps):
        assert frame is not None
        sums.append(crc32(frame.data))
        recording.step(record, frame)
    recording.recorder.finish("steps", {})
    run = load_run(folder)
    back = [crc32(np.ascontiguousarray(frame).data) for frame in run.frames()]
    whole = sum(one == other for one, other in zip(sums, back, strict=False))
    lost = steps - len(run.records)
    return {"steps_lost": lost, "frames_lost": steps - whole, "times": recording.times}


def measure(scale: float) -> Iterator[Figure]:
    """Yield every figure; `scale` multiplies the number of samples."""
    for kind in KINDS:
        yield with_room(kind, max(BURST, round(scale * 240)))
    for kind in KINDS:
        yield at_full_speed(kind, FRAMES_WAITING + max(1, round(scale * 200)))
    yield from beside(max(16, round(scale * 1600)))
    yield from side_by_side(FLIGHTS, max(1, round(scale * STEPS)))


def run(arguments: Sequence[str]) -> None:
    """Measure what `arguments` ask for and print the table on standard output."""
    options = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    add_options(options)
    options.add_argument("--flight", type=Path, metavar="FOLDER", help="one flight only, as JSON")
    options.add_argument("--steps", type=int, default=STEPS, help=f"steps of that ({STEPS})")
    asked = options.parse_args(arguments)
    if asked.flight is not None:
        print(json.dumps(fly(asked.flight, asked.steps)))
    else:
        show(measure(asked.scale), asked)


def main(arguments: Sequence[str] | None = None) -> int:
    """Run the command and return its exit status; an error the caller can mend is one line."""
    return status_of(lambda: run(sys.argv[1:] if arguments is None else arguments))


if __name__ == "__main__":
    sys.exit(main())
