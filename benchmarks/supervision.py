"""Measures the supervisor: what it costs, how soon a stop is one, what follows a killed loop.

    python benchmarks/supervision.py --json supervision.json
    python benchmarks/supervision.py --scale 0.1 so101 gantry

Emulated robots on device nodes; standstill is what the emulator knows, not what the driver reads.
A stop is asked from another thread while the loop is streaming and the robot moves. The killed
loop is a process of its own that gets SIGKILL in mid-motion; motion is timed from its death on.
"""

from __future__ import annotations

import argparse
import signal
import subprocess
import sys
import threading
import time
from collections.abc import Iterator, Sequence
from functools import partial
from itertools import count
from random import Random

from helmsight.errors import status_of
from helmsight.evals.figures import Figure, add_options, figure, show, skipped, timed
from helmsight.hardware.emulators import DEVICES, emulate
from helmsight.hardware.emulators.serve import Emulation
from helmsight.hardware.errors import HardwareError, RobotStopped
from helmsight.hardware.robot import JointTargets
from helmsight.hardware.spec import RobotSpec
from helmsight.hardware.supervisor import Supervisor, supervised

ROBOTS = tuple(robot for _, robot in DEVICES.values())
TIMED = "so101"  # whose moves are timed: its bus is the fastest, so the supervisor shows most
PERIOD_S = 0.1  # of a streaming loop
STOP_MS = 100.0  # asked of the slowest stop in a hundred
LAST_MOTION_S = 0.7  # asked of motion after a loop was killed
WATCHED_S = 2.0  # how long the joints are watched for it


def sweep(spec: RobotSpec) -> Iterator[tuple[float, ...]]:
    """Yield targets of the first joint, back and forth about home; the others stay there."""
    joint, home = spec.joint[0], list(spec.home)
    reach = 0.8 * min(joint.upper - joint.home, joint.home - joint.lower)
    for number in count():
        home[0] = joint.home + (reach if number % 2 == 0 else -reach)
        yield tuple(home)


def stream(supervisor: Supervisor, done: threading.Event) -> None:
    """Be the loop: sweep in supervised steps until the robot is stopped or `done` is set."""
    goals = sweep(supervisor.spec)
    goal, reading = next(goals), supervisor.state()
    joint = supervisor.spec.joint[0]
    while not done.is_set():
        if abs(reading.positions[0] - goal[0]) < 0.1 * (joint.upper - joint.lower):
            goal = next(goals)
        try:
            supervisor.move(JointTargets(goal))
            reading = supervisor.state()
        except RobotStopped:
            return
        done.wait(PERIOD_S)


def overhead(robot: str, n: int) -> Iterator[Figure]:
    """Measure moves with and without supervision, and the reading that each supervised one takes.

    One of each in turn, so that what else the machine does falls on all alike.
    """
    bare, reading, guarded, own = [], [], [], []
    with emulate(robot, homed=True) as emulation, supervised(robot, emulation.port) as supervisor:
        driver, random = supervisor.robot, Random(0)
        place = list(supervisor.spec.home)
        for _ in range(n):
            place[0] = supervisor.spec.home[0] + random.uniform(-0.05, 0.05)
            wish = JointTargets(tuple(place), 0.5)
            works = (partial(driver.move, wish), driver.state, partial(supervisor.move, wish))
            spent = [timed(work) * 1e3 for work in works]
            bare.append(spent[0])
            reading.append(spent[1])
            guarded.append(spent[2])
            own.append(spent[2] - spent[1] - spent[0])
    yield figure(f"{robot}: move of the bare driver", "ms", bare)
    yield figure(f"{robot}: reading of the bare driver", "ms", reading)
    yield figure(f"{robot}: supervised move, its reading included", "ms", guarded)
    yield figure(f"{robot}: the supervisor's own part of it", "ms", own)


def stops(robot: str, n: int) -> Iterator[Figure]:
    """Measure `n` stops in mid-motion, from being asked to standstill read back and confirmed."""
    spent, rng = [], Random(0)
    with emulate(robot, homed=True) as emulation, supervised(robot, emulation.port) as supervisor:
        for _ in range(n):
            done = threading.Event()
            loop = threading.Thread(target=stream, args=(supervisor, done))
            loop.start()
            try:
                moves(emulation)
                time.sleep(rng.uniform(0.0, 0.2))
                moves(emulation)
                spent.append(timed(partial(supervisor.stop, "benchmark")) * 1e3)
                stands(emulation)
            finally:
                done.set()
                loop.join()
            supervisor.reset()
    yield figure(f"{robot}: stop to confirmed standstill", "ms", spent, STOP_MS, of="p99")


def stands(emulation: Emulation, seconds: float = 0.05) -> None:
    """See that the emulated joints do stand: that the truth agrees with a confirmed stop.

    A joint that creeps at less than a twentieth of its speed is the read-back's own tolerance.
    """
    device, before = emulation.device, emulation.device.positions
    time.sleep(seconds)
    for joint, then, now in zip(device.spec.joint, before, device.positions, strict=True):
        if abs(now - then) > 0.05 * joint.speed * seconds:
            raise RuntimeError(
                f"{device.spec.name}: the stop was confirmed, yet {joint.name} went on from "
                f"{then:.5f} to {now:.5f} in {seconds:g} s"
            )


def moves(emulation: Emulation, within_s: float = 10.0) -> None:
    """Wait until the emulated joints really move."""
    deadline = time.monotonic() + within_s
    while time.monotonic() < deadline:
        before = emulation.device.positions
        time.sleep(0.01)
        if emulation.device.positions != before:
            return
    raise RuntimeError(f"{emulation.device.spec.name} did not move within {within_s:g} s")


def killed(robot: str, after_s: float = 0.5) -> float:
    """Return how long an emulated robot moved on after the loop that streamed to it was killed, s.

    after_s: of motion, before the kill.
    """
    with emulate(robot, homed=True) as emulation:
        command = [sys.executable, __file__, "--stream", emulation.port, robot]
        loop = subprocess.Popen(command, stdout=subprocess.PIPE)
        try:
            assert loop.stdout is not None
            if not loop.stdout.readline():
                raise RuntimeError(f"the loop of {robot} ended with status {loop.wait()}")
            moves(emulation)
            time.sleep(after_s)
            moves(emulation)
            loop.send_signal(signal.SIGKILL)
            dead = last = time.monotonic()
            before = emulation.device.positions
            while time.monotonic() - dead < WATCHED_S:
                now, here = time.monotonic(), emulation.device.positions
                if here != before:
                    before, last = here, now
                time.sleep(0.001)
        finally:
            loop.kill()
            loop.communicate()
    return last - dead


def kills(robot: str, n: int) -> Iterator[Figure]:
    """Measure `n` killed loops."""
    rng = Random(0)
    spent = [killed(robot, rng.uniform(0.2, 0.8)) for _ in range(n)]
    name = f"{robot}: last motion after SIGKILL of the loop"
    yield figure(name, "s", spent, LAST_MOTION_S, of="p99")


def measure(robots: Sequence[str], scale: float) -> Iterator[Figure]:
    """Yield every figure; `scale` multiplies the number of samples."""
    for name, work, n in (("moves", overhead, 300), ("stops", stops, 120), ("kills", kills, 12)):
        for robot in robots:
            if work is overhead and robot != TIMED:
                continue
            try:
                yield from work(robot, max(2, round(n * scale)))
            except (HardwareError, RuntimeError) as error:
                yield skipped(f"{robot}: {name}", "ms", str(error))


def run(arguments: Sequence[str]) -> None:
    """Measure what `arguments` ask for and print the table on standard output."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("robots", nargs="*", help=f"default: {' '.join(ROBOTS)}")
    parser.add_argument("--stream", metavar="PORT", help="only stream to the robot at a port")
    add_options(parser)
    options = parser.parse_args(arguments)
    robots = options.robots or ROBOTS
    if options.stream:
        with supervised(robots[0], options.stream) as supervisor:
            print("streaming", flush=True)
            stream(supervisor, threading.Event())
        return
    show(measure(robots, options.scale), options)


def main(arguments: Sequence[str] | None = None) -> int:
    """Run the command and return its exit status; an error the caller can mend is one line."""
    return status_of(lambda: run(sys.argv[1:] if arguments is None else arguments))


if __name__ == "__main__":
    sys.exit(main())
