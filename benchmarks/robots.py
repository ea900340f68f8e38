"""Measures what drivers add to the wire, against emulated devices in processes of their own.

    python benchmarks/robots.py --json robots.json

Overhead is the time of a call less the time spent inside the link (bytes going out, waiting for
the answer). An emulated line has no baud rate: a real one adds ten bit times a byte to the totals
and nothing to the overhead.
"""

from __future__ import annotations

import argparse
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from helmsight.errors import status_of
from helmsight.evals.figures import Figure, add_options, figure, show
from helmsight.hardware.drivers import make_robot
from helmsight.hardware.emulators import DEVICES
from helmsight.hardware.errors import PortUnavailable
from helmsight.hardware.robot import JointTargets, Robot

HZ = 100.0
EMULATE = "from helmsight.cli import main; main()"


class Meter:
    """Adds up the time that a robot spends inside its link."""

    def __init__(self, robot: Robot) -> None:
        self.seconds = 0.0
        link: Any = robot.link
        link.read, link.write = self._within(link.read), self._within(link.write)

    def _within(self, work: Any) -> Any:
        def call(*given: Any, **named: Any) -> Any:
            start = time.perf_counter()
            try:
                return work(*given, **named)
            finally:
                self.seconds += time.perf_counter() - start

        return call

    def split(self, work: Any) -> tuple[float, float]:
        """Return (ms in all, ms outside the link) of one call."""
        self.seconds, start = 0.0, time.perf_counter()
        work()
        total = time.perf_counter() - start
        return total * 1000.0, (total - self.seconds) * 1000.0


@contextmanager
def emulated(kind: str) -> Iterator[Robot]:
    """Yield the connected robot of an emulator that runs in a process of its own."""
    with tempfile.TemporaryDirectory(prefix="helmsight-") as folder:
        port = str(Path(folder) / kind)
        command = [sys.executable, "-c", EMULATE, "emulate", kind, "--link", port]
        with subprocess.Popen(command, stdout=subprocess.DEVNULL) as process:
            try:
                robot = make_robot(DEVICES[kind][1], port)
                _connect(robot)
                try:
                    yield robot
                finally:
                    robot.close()
            finally:
                process.terminate()


def _connect(robot: Robot, within_s: float = 20.0) -> None:
    deadline = time.monotonic() + within_s
    while True:
        try:
            robot.connect()
            return
        except PortUnavailable:
            if time.monotonic() > deadline:
                raise
            time.sleep(0.05)


def small_moves(robot: Robot, n: int) -> Iterator[JointTargets]:
    """Yield `n` absolute targets that go to and fro near home."""
    for k in range(n):
        way = 0.01 * (1 + k % 5)
        yield JointTargets(
            tuple(
                min(joint.home + way * (joint.upper - joint.home), joint.upper)
                for joint in robot.spec.joint
            )
        )


def calls(kind: str, n: int) -> Iterator[Figure]:
    """Measure `move` and `state` of one driver."""
    with emulated(kind) as robot:
        ready(robot)
        meter = Meter(robot)
        for motion in small_moves(robot, 5):
            robot.move(motion)
        moves = [meter.split(lambda m=m: robot.move(m)) for m in small_moves(robot, n)]
        states = [meter.split(robot.state) for _ in range(n)]
        for name, samples in (("move", moves), ("state", states)):
            yield figure(f"{kind} {name}", "ms", [total for total, _ in samples])
            yield figure(f"{kind} {name}, overhead", "ms", [own for _, own in samples], 1.0)


def ready(robot: Robot) -> None:
    """Home a machine that does not know where it is."""
    if robot.can_home:
        robot.home()


def rate(n: int) -> Figure:
    """Measure how late a loop at 100 Hz gets the state of six joints on a servo bus."""
    with emulated("feetech") as robot:
        late, start = [], time.perf_counter()
        for k in range(1, n + 1):
            robot.state()
            now = time.perf_counter() - start
            late.append(max(0.0, now - k / HZ) * 1000.0)
            time.sleep(max(0.0, k / HZ - now))
    return figure("feetech, six joints at 100 Hz, late by", "ms", late, 1.0 / HZ * 1000, of="p99")


def measure(scale: float, kinds: Sequence[str]) -> Iterator[Figure]:
    """Yield every figure; `scale` multiplies the number of samples."""
    for kind in kinds:
        yield from calls(kind, max(2, round(300 * scale)))
    if "feetech" in kinds:
        yield rate(max(2, round(1000 * scale)))


def run(arguments: Sequence[str]) -> None:
    """Measure what `arguments` ask for and print the table on standard output."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    add_options(parser)
    parser.add_argument("--drivers", default=",".join(DEVICES), help="names, with commas")
    options = parser.parse_args(arguments)
    show(measure(options.scale, options.drivers.split(",")), options)


def main(arguments: Sequence[str] | None = None) -> int:
    """Run the command and return its exit status; an error the caller can mend is one line."""
    return status_of(lambda: run(sys.argv[1:] if arguments is None else arguments))


if __name__ == "__main__":
    sys.exit(main())
