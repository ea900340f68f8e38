"""Measures a robot's loop: from a command to applied motion to a fresh picture before the pilot.

    python benchmarks/robot_loop.py --json robot_loop.json

An emulated SO-101 behind a serial device node, a camera of 60 pictures a second at 640x480 and a
pilot that takes no time, through operator, supervisor, driver and recorder (frames and video). Of
each step the motion's own duration, the wait for the camera's next picture and the waits for the
emulated servos' answers are taken off. What is left is ours: guard and supervisor, writing and
reading on the line, judging and fitting the picture, and the record. "With the line" leaves the
servos' answers in. Before every step the recorder has that step on the disk (`begun.json`, an
fsync each), in a temporary folder ($TMPDIR); the same loop is flown without that, too.
"""

from __future__ import annotations

import argparse
import sys
import tempfile
import time
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from helmsight.agents.operator import Operator
from helmsight.contract.observation import ObservationMode
from helmsight.contract.pilot import Decision, Sighting
from helmsight.contract.record import StepRecord
from helmsight.contract.task import Task
from helmsight.envs.robot.env import RobotEnv
from helmsight.errors import status_of
from helmsight.evals.figures import Figure, add_options, figure, show
from helmsight.hardware.cameras import Camera, Checks, Source
from helmsight.hardware.cameras.source import FramePacer
from helmsight.hardware.emulators import emulate
from helmsight.hardware.motion import Motion, Sent
from helmsight.tools.recorder import Recorder

ROBOT, SIZE, FPS = "so101", (640, 480), 60.0
STEPS, MOVES_S, SPEED = 300, 0.1, 0.02  # decisions; s and m/s of each
ASKED_MS = 15.0


class Drawn(Source):
    """Pictures that were drawn beforehand, at a camera's pace."""

    def __init__(self) -> None:
        super().__init__("drawn")
        numbers = np.random.default_rng(0)
        blocks = numbers.integers(40, 200, (8, 30, 40, 3), np.uint8)
        self._pictures = blocks.repeat(16, axis=1).repeat(16, axis=2)
        self._pace, self._at = FramePacer(FPS), 0

    def open(self) -> None:
        """Nothing to open."""

    def read(self) -> tuple[NDArray[np.uint8], float] | None:
        """Return the next picture when it is due."""
        stamp = self._pace.wait()
        self._at += 1
        return self._pictures[self._at % len(self._pictures)].copy(), stamp

    def close(self) -> None:
        """Nothing to close."""


class Stopwatch:
    """When what happened of a step, s of time.monotonic()."""

    def __init__(self) -> None:
        self.answered = self.acknowledged = self.taken = self.line = 0.0
        self.parts: dict[str, list[float]] = {
            "motion": [], "picture": [], "all": [], "ours": [], "written": [],
        }  # fmt: skip

    def watch(self, env: RobotEnv) -> None:
        """Note when a move was acknowledged, and when the picture was taken that is shown."""
        eyes: Any = env.eyes
        move, read, fresh = env.robot.move, env.robot.link.read, eyes.newest

        def moved(motion: Motion, seen_at: float | None = None) -> Sent:
            sent = move(motion, seen_at)
            self.acknowledged = sent.stamp_s
            return sent

        def answered(*arguments: Any, **options: Any) -> bytes:
            began = time.monotonic()
            data: bytes = read(*arguments, **options)
            self.line += time.monotonic() - began
            return data

        def taken(*arguments: Any, **options: Any) -> Any:
            frame = fresh(*arguments, **options)
            self.taken = frame.stamp_s
            return frame

        env.robot.move = moved  # type: ignore[method-assign]
        env.robot.link.read = answered  # type: ignore[method-assign]
        eyes.newest = taken

    def watch_writing(self, recorder: Recorder) -> None:
        """Note how long it takes to have a step on the disk before it begins."""
        begins = recorder.begins

        def timed(record: StepRecord) -> None:
            began = time.monotonic()
            begins(record)
            self.parts["written"].append((time.monotonic() - began) * 1e3)

        recorder.begins = timed  # type: ignore[method-assign]

    def seen(self) -> None:
        """Note that the pilot is shown the next picture."""
        if not self.answered:
            return
        now, ended = time.monotonic(), self.acknowledged + MOVES_S
        waited = max(0.0, self.taken - ended)
        self.parts["motion"].append((self.acknowledged - self.answered) * 1e3)
        self.parts["picture"].append((now - max(self.taken, ended)) * 1e3)
        whole = (now - self.answered - MOVES_S - waited) * 1e3
        self.parts["all"].append(whole)
        self.parts["ours"].append(whole - self.line * 1e3)


class UpAndDown:
    """Moves the tool up and down, and thinks for no time at all."""

    name, remembers = "up and down", False
    needs: ObservationMode = "frame+telemetry"

    def __init__(self, watch: Stopwatch) -> None:
        self._watch, self._sign = watch, 1.0

    def reset(self, task: Task, seed: int) -> None:
        """Take the commands of the robot."""
        self._kind = task.command

    def decide(self, sighting: Sighting) -> Decision:
        """Answer the other direction."""
        self._watch.seen()
        self._sign = -self._sign
        command = self._kind.model_validate(
            {"do": "twist", "vz": self._sign * SPEED, "duration": MOVES_S}
        )
        self._watch.line, self._watch.answered = 0.0, time.monotonic()
        return Decision(command)


def measure(scale: float = 1.0) -> Iterator[Figure]:
    """Yield what is ours of a step: in all, until the motion is acknowledged, and afterwards."""
    steps = max(8, round(STEPS * scale))
    parts, without = fly(steps), fly(steps, written=False)
    yield figure("command to motion to fresh picture, ours", "ms", parts["ours"], ASKED_MS)
    yield figure("the same, with the line", "ms", parts["all"])
    yield figure("answer to acknowledged motion", "ms", parts["motion"])
    yield figure("picture taken, or motion over, to pilot", "ms", parts["picture"])
    yield figure("step on the disk before it begins", "ms", parts["written"])
    yield figure("ours, nothing on the disk before it begins", "ms", without["ours"])


def fly(steps: int, *, written: bool = True) -> dict[str, list[float]]:
    """Return the parts of each step, ms; written: every step is on the disk before it begins."""
    watch = Stopwatch()
    with emulate(ROBOT) as arm, tempfile.TemporaryDirectory(prefix="helmsight-") as folder:
        camera = Camera(Drawn(), checks=Checks(frozen_s=None))
        env = RobotEnv(ROBOT, arm.port, camera, size=SIZE, settle_s=0.0)
        try:
            env.reset()
            env.step(env.task.command.model_validate({"do": "pose", "pose": "home"}).action())
            watch.watch(env)
            recorder = Recorder(Path(folder) / "run", page=False)
            if written:
                watch.watch_writing(recorder)
            else:
                recorder.begins = None  # type: ignore[assignment, method-assign]
            Operator(env, UpAndDown(watch), listeners=[recorder]).fly(max_steps=steps)
        finally:
            env.close()
    return watch.parts


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
