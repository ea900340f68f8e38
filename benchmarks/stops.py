"""Measures stops that several threads ask for at once, on every driver or on one robot.

    python benchmarks/stops.py --n 500 --json stops.json
    python benchmarks/stops.py --robots gantry --grbl grbl/grbl --n 500
    python benchmarks/stops.py --robot mill.toml --port /dev/ttyUSB0 --n 20 --yes

Two to eight threads call `stop()` within 30 ms of each other on a robot that moves, half of the
times through the supervisor. Counted are the slowest of these calls, from being asked to standstill
read back, and the frames that went out meanwhile. Emulated robots sweep one joint at full speed,
and the emulator says whether they stand; a robot at a port goes small and slow ways.

--grbl: grbl's own firmware (github.com/gnea/grbl, 1.1h: its sources or what was built of them) in
simavr instead of its twin, as robots that grbl drives. Its stop brakes, which is in the figures and
is told apart: `machine` is from the first byte that ends motion to the last step of the motors, by
the firmware's own clock, `ours` the rest of the slowest call.
"""

from __future__ import annotations

import argparse
import json
import sys
import threading
import time
from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import ExitStack
from dataclasses import asdict, dataclass, field
from datetime import datetime
from functools import partial
from itertools import count
from pathlib import Path
from random import Random
from tempfile import TemporaryDirectory
from typing import NamedTuple

import numpy as np

from helmsight.consent import agreed
from helmsight.errors import status_of
from helmsight.evals.errors import InvalidPlan
from helmsight.evals.machine import Machine
from helmsight.evals.tables import table
from helmsight.hardware.drivers import make_robot
from helmsight.hardware.emulators import emulate
from helmsight.hardware.emulators.grbl_firmware import GrblBoard, build_grbl
from helmsight.hardware.errors import HardwareError
from helmsight.hardware.robot import JointTargets
from helmsight.hardware.spec import RobotSpec, load_spec, shipped
from helmsight.hardware.supervisor import Supervisor
from helmsight.hardware.trial import plan

THREADS = (2, 8)
APART_S = 0.03  # between the first and the last of them, at most
LATER_S = 0.25  # of motion before the first, at most
STOP_MS = 100.0  # asked of the slowest stop in a hundred
FRAMES = 200  # asked of every stop
CREEP = 0.05  # of a joint's speed: what counts as standing, to the emulator
COLUMNS = (
    "robot", "n", "confirmed", "p5 ms", "p50", "p99", "max", "machine p50", "p99", "ours p50",
    "p99", "braking ms", "frames p50", "max", "held",
)  # fmt: skip


@dataclass
class Stops:
    """The stops of one robot. ms: of the slowest call; frames: that one stop sent.

    machine_ms, ours_ms: of which the machine went on after it was told, and the rest; by stop,
    where a firmware tells.
    """

    robot: str
    braking_ms: float  # of the slowest joint from full speed, by the description
    ms: list[float] = field(default_factory=list)
    machine_ms: list[float] = field(default_factory=list)
    ours_ms: list[float] = field(default_factory=list)
    frames: list[int] = field(default_factory=list)
    failed: list[str] = field(default_factory=list)

    @property
    def held(self) -> bool:
        """Whether all were confirmed, in time and in few frames."""
        return (
            bool(self.ms)
            and not self.failed
            and float(np.percentile(self.ms, 99)) <= STOP_MS
            and max(self.frames) <= FRAMES
        )

    def words(self) -> tuple[str, ...]:
        """Return it as text, one entry for each of COLUMNS."""
        ms = [f"{value:.0f}" for value in np.percentile(self.ms, [5, 50, 99, 100])]
        parts = [
            f"{value:.0f}"
            for part in (self.machine_ms, self.ours_ms)
            for value in (np.percentile(part, [50, 99]) if part else ())
        ] or ["-"] * 4
        frames = [f"{value:.0f}" for value in np.percentile(self.frames, [50, 100])]
        confirmed = str(len(self.ms) - len(self.failed))
        return (
            self.robot, str(len(self.ms)), confirmed, *ms, *parts, f"{self.braking_ms:.0f}",
            *frames, "yes" if self.held else "NO",
        )  # fmt: skip

    def part(self, machine_s: float | None) -> None:
        """Tell the last stop's time apart, where the machine says how long it went on."""
        if machine_s is not None:
            self.machine_ms.append(1e3 * machine_s)
            self.ours_ms.append(self.ms[-1] - self.machine_ms[-1])


def measure(
    robot: str, n: int, seed: int, port: str | None = None, grbl: Path | None = None
) -> Stops:
    """Stop `robot` in mid-motion `n` times: an emulated one, or the one at `port`. It MOVES.

    grbl: sources of grbl, or its firmware, to run in place of its twin.
    """
    random, spec = Random(seed), load_spec(robot)
    with ExitStack() as stack:
        machine: Emulated | None = None
        if port is None and grbl is not None and spec.driver == "grbl":
            machine = firmware(spec, grbl, stack)
        elif port is None:
            machine = twin(robot, stack)
        bare = make_robot(robot, port or machine.port)  # type: ignore[union-attr]
        supervisor = stack.enter_context(Supervisor(bare))
        if bare.is_homed is False:
            supervisor.home()
            supervisor.reset()
        name = robot if port or grbl is None or spec.driver != "grbl" else f"{robot} (firmware)"
        found = Stops(name, 1e3 * max(joint.speed / joint.acceleration for joint in spec.joint))
        for number in range(n):
            done, refused = threading.Event(), list[HardwareError]()
            move = sweep(supervisor, spec) if machine else small(supervisor, spec)
            loop = threading.Thread(target=stream, args=(move, done, refused))
            loop.start()
            try:
                moving(supervisor, refused)
                time.sleep(random.uniform(0.0, LATER_S))
                stop = bare.stop if number % 2 else partial(supervisor.stop, "benchmark")
                if machine is not None:
                    machine.ending_s()  # what was before does not count
                together(found, stop, bare.link.counters, random)
                if machine is not None:
                    found.failed += creeping(spec, machine.positions)
                    found.part(machine.ending_s())
            finally:
                done.set()
                loop.join()
            ready(supervisor, found)
    return found


def ready(supervisor: Supervisor, found: Stops) -> None:
    """Let the robot move again; a stop that has cost the position is written down."""
    try:
        supervisor.reset()
    except HardwareError as error:
        found.failed.append(f"{type(error).__name__}: {error}")
        supervisor.reset()  # a grbl is deaf for half a second after an alarm
    if supervisor.robot.is_homed is False:
        found.failed.append("the stop has cost the position")
        supervisor.home()
        supervisor.reset()


class Emulated(NamedTuple):
    """What stands in for a robot: its port, and who says where it really is, m or rad.

    ending_s: how long it went on after it was told to stop, since this was last asked, if it tells.
    """

    port: str
    positions: Callable[[], Sequence[float]]
    ending_s: Callable[[], float | None] = lambda: None


def twin(robot: str, stack: ExitStack) -> Emulated:
    """Return an emulated robot that runs until `stack` is left."""
    emulation = stack.enter_context(emulate(robot))
    return Emulated(emulation.port, lambda: emulation.device.positions)


def firmware(spec: RobotSpec, grbl: Path, stack: ExitStack) -> Emulated:
    """Return a machine with grbl's own firmware that runs until `stack` is left."""
    folder = Path(stack.enter_context(TemporaryDirectory(prefix="helmsight-")))
    elf = build_grbl(grbl, folder / "grbl") if grbl.is_dir() else grbl
    board = GrblBoard(elf, spec, trace=True)
    stack.callback(board.close)
    return Emulated(board.port, lambda: board.positions, board.ending_s)


def together(found: Stops, stop: Callable[[], object], counters: object, random: Random) -> None:
    """Let several threads stop the robot at once; write down what became of it."""
    waits = [random.uniform(0.0, APART_S) for _ in range(random.randint(*THREADS))]
    before = counters.frames_out  # type: ignore[attr-defined]

    def call(wait: float) -> tuple[float, str]:
        time.sleep(wait)
        asked, error = time.perf_counter(), ""
        try:
            stop()
        except Exception as failure:  # whatever it is, the stop has failed
            error = f"{type(failure).__name__}: {failure}"
        return 1e3 * (time.perf_counter() - asked), error

    with ThreadPoolExecutor(len(waits)) as threads:
        ends = list(threads.map(call, waits))
    found.ms.append(max(ms for ms, _ in ends))
    found.frames.append(counters.frames_out - before)  # type: ignore[attr-defined]
    found.failed += [error for _, error in ends if error][:1]


def sweep(supervisor: Supervisor, spec: RobotSpec) -> Callable[[], object]:
    """Return a step of the first joint's way to its farther end, at full speed."""
    joint, here = spec.joint[0], supervisor.state().positions
    middle = 0.5 * (joint.lower + joint.upper)
    side = 0.4 if here[0] < middle else -0.4
    goal = (middle + side * (joint.upper - joint.lower), *spec.home[1:])
    return lambda: supervisor.move(JointTargets(goal))


def small(supervisor: Supervisor, spec: RobotSpec) -> Callable[[], object]:
    """Return a small slow way there, and back, of the first joint that has one."""
    for index in spec.chain:
        way = plan(spec, supervisor.kinematics, supervisor.state(), [index], slow=True)
        if way is not None:
            turns = count()
            return lambda: supervisor.move(way.there if next(turns) % 10 < 5 else way.back) and None
    raise InvalidPlan("no small way stays in limits and workspace: move it to their middle by hand")


def stream(move: Callable[[], object], done: threading.Event, refused: list[HardwareError]) -> None:
    """Be the loop: move on until the robot is stopped."""
    while not done.is_set():
        try:
            move()
        except HardwareError as error:
            refused.append(error)
            return
        done.wait(0.1)


def moving(supervisor: Supervisor, refused: list[HardwareError]) -> None:
    """Wait until the robot says that it moves. Raises what kept it from that."""
    deadline = time.monotonic() + 10.0
    while supervisor.state().standing:
        if refused:
            raise refused[0]
        if time.monotonic() > deadline:
            raise InvalidPlan(f"{supervisor.spec.name} does not move")
        time.sleep(0.005)


def creeping(
    spec: RobotSpec, positions: Callable[[], Sequence[float]], seconds: float = 0.05
) -> list[str]:
    """Return what still moves although the stop was confirmed, by the emulator's own account."""
    before = positions()
    time.sleep(seconds)
    return [
        f"confirmed, yet {joint.name} went on from {then:.5f} to {now:.5f} in {seconds:g} s"
        for joint, then, now in zip(spec.joint, before, positions(), strict=True)
        if abs(now - then) > CREEP * joint.speed * seconds
    ]


def run(arguments: Sequence[str]) -> None:
    """Measure what `arguments` ask for and print the table on standard output."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--robots", default=",".join(shipped()), help="emulated, with commas")
    parser.add_argument("--grbl", type=Path, help="grbl's sources, or its firmware (.elf)")
    parser.add_argument("--robot", help="a real one instead: name or .toml, with --port")
    parser.add_argument("--port", help="where it is; it MOVES, and homes if it has to")
    parser.add_argument("--yes", action="store_true", help="the robot at --port may move")
    parser.add_argument("--n", type=int, default=50, help="stops a robot (50)")
    parser.add_argument("--seed", type=int, default=0)
    parser.add_argument("--json", type=Path, metavar="FILE", help="write everything there too")
    parser.add_argument("--markdown", action="store_true", help="print the table as Markdown")
    options = parser.parse_args(arguments)
    if options.n < 1 or bool(options.robot) != bool(options.port):
        raise InvalidPlan("expected --n 1 or more, and --robot with --port or neither")
    if options.port:
        agreed(options.yes, f"{options.robot} at {options.port} will move and may home")
    machine, taken = Machine.here(), []
    for name in [options.robot] if options.port else options.robots.split(","):
        taken.append(measure(name, options.n, options.seed, options.port, options.grbl))
        print(" ".join(taken[-1].words()), *taken[-1].failed[:5], sep="\n", file=sys.stderr)
    date = f"{datetime.now().astimezone():%Y-%m-%d %H:%M %Z}"
    print(*machine.lines(), f"Date: {date}. Seed: {options.seed}.", sep="\n", end="\n\n")
    print(table(COLUMNS, [entry.words() for entry in taken], markdown=options.markdown))
    if options.json is not None:
        from helmsight.contract.writing import write_whole

        options.json.parent.mkdir(parents=True, exist_ok=True)
        entries = [{**asdict(entry), "held": entry.held} for entry in taken]
        about = {"machine": machine.to_dict(), "date": date, "stops": entries}
        write_whole(options.json, json.dumps(about, indent=2) + "\n")


def main(arguments: Sequence[str] | None = None) -> int:
    """Run the command and return its exit status; an error the caller can mend is one line."""
    return status_of(lambda: run(sys.argv[1:] if arguments is None else arguments))


if __name__ == "__main__":
    sys.exit(main())
