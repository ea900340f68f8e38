"""Soaks every driver in a faulty line and compares what it says with what its device did.

    python benchmarks/soak.py --json soak.json
    python benchmarks/soak.py --robots community_arm,uarm --commands 2000
    python benchmarks/soak.py --minutes 10 --commands 200 --people 2 --unplugs 1 --seed 7

Every command has a target of its own within the limits. Of the messages 1 % is dropped and 0.5 %
has one bit turned over, 0.5 % of the replies come later than their deadline, and the plug is pulled
five times. Afterwards the device's journal says what became of every command:

lost: acknowledged but never in force. twice: in force again after another one. late: in force only
after the next command was given, or, on an arm that queues, the one after that. outside: beyond the
limits of the description. strange: targets in force that nobody asked for; noticed: those during a
command that was not plainly acknowledged.

In the same faulty line people then say no to a pilot that insists (`emulators.people`), --people
times each way: they press the feed hold, open the door, stop it from two to eight threads at once,
start it unhomed, stop it while it homes, and give homing too little time. against: motions between
such a no and the next reset.

--minutes: rounds of all that, each with another seed, until the time is over. Shown are then those
that are not clean, and whether memory, threads and descriptors of the process stay level.

Protocols without a checksum (NO_CHECKSUM) cannot tell a damaged command from another command: they
are soaked with damaged replies, and a second time, for the record, with damage either way.
"""

from __future__ import annotations

import argparse
import json
import os
import sys
import threading
import time
from collections import Counter
from collections.abc import Iterator, Sequence
from contextlib import ExitStack, contextmanager, suppress
from dataclasses import asdict, dataclass, field
from datetime import datetime
from itertools import count
from pathlib import Path
from random import Random

import numpy as np

from helmsight.errors import status_of
from helmsight.evals.errors import InvalidPlan
from helmsight.evals.machine import Machine
from helmsight.evals.tables import table
from helmsight.hardware.drivers import make_robot
from helmsight.hardware.emulators import emulate, make_device
from helmsight.hardware.emulators.audit import Audit, IssuedCommand, apart, audit
from helmsight.hardware.emulators.device import Device
from helmsight.hardware.emulators.people import Obeyed, act, acts_of, slow_homing, unhomed
from helmsight.hardware.emulators.serve import Emulation
from helmsight.hardware.emulators.simavr_line import FirmwareLine
from helmsight.hardware.errors import HardwareError
from helmsight.hardware.robot import JointTargets, Robot
from helmsight.hardware.spec import RobotSpec, load_spec, shipped
from helmsight.hardware.supervisor import Supervisor
from helmsight.testing.levels import COLUMNS as LEVELS
from helmsight.testing.levels import Levels

DROP, FLIP, LATE = 0.01, 0.005, 0.005
DEADLINES = 1.5  # how late a late reply is, in reply deadlines
GONE_S = 0.2
PACE_S = 0.02  # how long the way to a target takes at least, at half the speed
PIECE_S = 0.04  # and at most, where targets can be told apart that near
RAMPED = 2.5  # times sqrt(way / acceleration): a way from rest to rest, with room
MARGIN = 0.05  # of a joint's range that is kept free
NO_CHECKSUM = ("grbl", "linearm")
RECOVERY_S = 1.0
HOME_S = 15.0  # the emulated gantry needs up to 9; an answer that is lost is waited for
TOO_SHORT_S = 1.0
PATIENCE_S = 60.0
COLUMNS = (
    "robot", "damage", "commands", "plain", "retried", "reported", "lost", "twice", "late",
    "outside", "strange", "noticed", "unplugs", "back ms p50", "max", "people", "against", "min",
    "clean",
)  # fmt: skip


@dataclass(frozen=True)
class Soak:
    """One robot in one kind of damage."""

    robot: str
    damage: str
    commands: int
    outcomes: dict[str, int]
    verdict: Audit
    outside: int
    back_s: tuple[float, ...]
    unplugs: int
    seconds: float
    seed: int
    link: dict[str, float] = field(default_factory=dict)
    faults: dict[str, int] = field(default_factory=dict)
    ended: str = ""  # what ended the soak early
    people: Obeyed = field(default_factory=Obeyed)

    @property
    def clean(self) -> bool:
        """Whether nothing was lost, doubled, late, outside, slow to return or against people."""
        v = self.verdict
        return self.people.whole and not (
            v.lost or v.twice or v.late or v.strange or self.outside or self.ended
            or len(self.back_s) < self.unplugs or any(s >= RECOVERY_S for s in self.back_s)
        )  # fmt: skip

    def words(self) -> tuple[str, ...]:
        """Return the soak as text, one entry for each of COLUMNS."""
        v, plain, again = self.verdict, self.outcomes["plain"], self.outcomes["retried"]
        counts = (
            self.commands, plain, again, self.commands - plain - again,
            v.lost, v.twice, v.late, self.outside, v.strange, v.noticed, self.unplugs,
        )  # fmt: skip
        back = [1000.0 * s for s in self.back_s] or [float("nan")]
        return (
            self.robot, self.damage, *map(str, counts), f"{np.median(back):.0f}",
            f"{max(back):.0f}", str(sum(self.people.acts.values())), str(self.people.against),
            f"{self.seconds / 60:.1f}", "yes" if self.clean else "NO",
        )  # fmt: skip


class Targets:
    """Draws targets near by, in the limits, each unlike all before it."""

    def __init__(self, spec: RobotSpec, seed: int, n: int) -> None:
        self._random = np.random.default_rng(seed)
        lower = np.array([joint.lower for joint in spec.joint])
        upper = np.array([joint.upper for joint in spec.joint])
        self._lower = lower + MARGIN * (upper - lower)
        self._upper = upper - MARGIN * (upper - lower)
        speed = min(1.0, spec.limits.tool_speed / max(_slide(spec), 1e-9))
        self._step = np.array([0.5 * speed * joint.speed * PACE_S for joint in spec.joint])
        self._apart = 2.0 * apart(spec)
        ramp = np.array([joint.acceleration for joint in spec.joint])
        self._step = np.minimum(self._step, ramp * (PIECE_S / RAMPED) ** 2)
        self._step = np.maximum(self._step, 2.0 * self._apart)
        self.pace_s = max(PACE_S, float(RAMPED * np.sqrt(self._step / ramp).max()))
        if spec.driver == "grbl":
            # a jog is cut to what its time allows: with all there is none is, and every target
            # stays unlike every other
            self.pace_s = spec.limits.horizon_s
        self._drawn = np.empty((n, len(spec.joint)))
        self._count = 0

    def inside(self, here: Sequence[float]) -> tuple[float, ...]:
        """Return the place nearest to `here` from which targets are drawn."""
        return tuple(float(value) for value in np.clip(here, self._lower, self._upper))

    def draw(self, here: Sequence[float]) -> tuple[float, ...]:
        """Return a target within a step of `here`."""
        start = np.array(self.inside(here))
        for _ in range(1000):
            step = self._step * self._random.uniform(-1.0, 1.0, len(start))
            target = start + step
            beyond = (target < self._lower) | (target > self._upper)
            target = np.where(beyond, start - step, target)
            near = np.abs(self._drawn[: self._count] - target) < self._apart
            if not near.all(axis=1).any():
                self._drawn[self._count] = target
                self._count += 1
                return tuple(float(value) for value in target)
        raise InvalidPlan("no room for another target: take fewer --commands")


def _slide(spec: RobotSpec) -> float:
    speeds = [joint.speed for joint in spec.joint if joint.kind == "prismatic"]
    return float(np.linalg.norm(speeds)) if speeds else 0.0


class Unplugs:
    """Pulls the plug and measures from the port's return to the first acknowledged command."""

    def __init__(self, emulation: Emulation) -> None:
        self._emulation = emulation
        self._back_at: float | None = None
        self._watch: threading.Thread | None = None
        self.seconds: list[float] = []

    def pull(self) -> None:
        """Pull the plug for GONE_S."""
        self._back_at = None
        self._watch = threading.Thread(target=self._until_back, daemon=True)
        self._watch.start()
        self._emulation.unplug(GONE_S)

    def _until_back(self) -> None:
        for gone in (True, False):
            deadline = time.monotonic() + 10.0
            while os.path.exists(self._emulation.port) == gone and time.monotonic() < deadline:
                time.sleep(0.001)
        self._back_at = time.monotonic()

    def acknowledged(self, given_s: float) -> None:
        """Take note of a command acknowledged now and given at `given_s`."""
        if self._watch is not None and self._back_at is not None:
            self.seconds.append(max(0.0, time.monotonic() - self._back_at))
            self._watch = None


def soak(
    name: str,
    n: int,
    *,
    unplugs: int,
    damage: str = "both",
    seed: int = 0,
    people: int = 0,
    quiet: bool = False,
    simavr: bool = False,
) -> Soak:
    """Give `n` commands to a robot on its emulator and compare. damage: `both` or `replies`.

    people: how often each kind of person's act is done then. simavr: the real firmware of `helm` in
    place of its twin.
    """
    spec = load_spec(name)
    side = "" if damage == "both" else f":{damage}"
    late_ms = DEADLINES * spec.port.reply_s * 1000.0
    faults = f"drop={DROP},flip={FLIP}{side},delay={late_ms:.0f}ms:{LATE}"
    began = time.monotonic()
    with ExitStack() as stack:
        device = FirmwareLine(spec) if simavr else make_device(spec, homed=True)
        if isinstance(device, FirmwareLine):
            stack.callback(device.close)
        emulation = stack.enter_context(Emulation(device, faults=faults, seed=seed))
        robot = make_robot(spec, emulation.port)
        commands, back, ended = _give(robot, emulation, n, unplugs, seed, quiet)
        journal = [entry for entry in emulation.device.journal if entry.kind == "move"]
        journal = [entry for entry in journal if commands and entry.at_s >= commands[0].at_s]
        counts = Counter(emulation.to_device.counts) + Counter(emulation.to_host.counts)
        outside = len(emulation.device.outside)
    obeyed = Obeyed() if simavr else peopled(spec, people, faults, seed)
    outcomes = Counter(command.outcome for command in commands)
    outcomes.update(plain=0, retried=0)
    return Soak(
        name, damage, len(commands), dict(outcomes),
        audit(commands, journal, apart(spec), ahead=spec.device.get("target") == "queues"),
        outside, tuple(back), unplugs, time.monotonic() - began, seed,
        robot.link.counters.summary(), dict(counts), ended, obeyed,
    )  # fmt: skip


def peopled(spec: RobotSpec, many: int, faults: str, seed: int) -> Obeyed:
    """Let people act `many` times in each way that fits the robot, beginning with a cold start."""
    found, random = Obeyed(), Random(seed)
    if many:
        with meeting(homing_within(spec, HOME_S), faults, seed, found) as (device, robot):
            if robot.robot.is_homed is False:
                unhomed(device, robot, found)
            for kind in acts_of(device, robot) * many:
                act(kind, device, robot, random, found)
    for number in range(many if spec.driver == "grbl" else 0):
        short = homing_within(spec, TOO_SHORT_S)
        with meeting(short, faults, seed + number, found) as (device, robot):
            slow_homing(device, robot, found)
    return found


def homing_within(spec: RobotSpec, seconds: float) -> RobotSpec:
    """Return a description whose homing may take so long; only grbl's has that key."""
    if spec.driver != "grbl":
        return spec
    return spec.model_copy(update={"device": spec.device | {"home_s": seconds}})


@contextmanager
def meeting(
    spec: RobotSpec, faults: str, seed: int, found: Obeyed
) -> Iterator[tuple[Device, Supervisor]]:
    """Serve and connect a robot for people to act on; what ends that early is written down."""
    with emulate(spec, faults=faults, seed=seed) as emulation:
        robot = Supervisor(make_robot(spec, emulation.port))
        try:
            begun(robot)
            yield emulation.device, robot
        except (HardwareError, TimeoutError) as error:
            found.failed.append(f"{type(error).__name__}: {error}")
        finally:
            with suppress(HardwareError):
                robot.close()


def begun(robot: Robot | Supervisor) -> None:
    """Connect; a faulty line may take several tries."""
    for attempt in range(5):
        try:
            robot.connect()
            return
        except HardwareError:
            if attempt == 4:
                raise


def _give(
    robot: Robot, emulation: Emulation, n: int, unplugs: int, seed: int, quiet: bool
) -> tuple[list[IssuedCommand], list[float], str]:
    """Return the commands that were given, the recovery times, and what ended it early."""
    commands: list[IssuedCommand] = []
    plug, targets = Unplugs(emulation), Targets(robot.spec, seed, n)
    pulls = {round(n * (k + 1) / (unplugs + 1)) for k in range(unplugs)}
    ended = ""
    try:
        here = begin(robot, targets)
        for k in range(n):
            if k in pulls:
                plug.pull()
            command = give(robot, targets.draw(here), targets.pace_s)
            commands.append(command)
            if command.acknowledged:
                plug.acknowledged(command.at_s)
                here = command.target
            else:
                here = recovered(robot, targets)
            if not quiet and (k + 1) % 500 == 0:
                print(f"{robot.spec.name}: {k + 1} of {n}", file=sys.stderr, flush=True)
        time.sleep(2.0 * robot.spec.limits.horizon_s)  # what is still to come, comes
    except HardwareError as error:
        ended = f"{type(error).__name__}: {error}"
    finally:
        try:
            robot.close()
        except HardwareError as error:
            print(f"{robot.spec.name}: close: {error}", file=sys.stderr)
    return commands, plug.seconds, ended


def begin(robot: Robot, targets: Targets) -> tuple[float, ...]:
    """Connect, home what does not know where it is, and return the place."""
    begun(robot)
    return recovered(robot, targets)


def give(robot: Robot, target: tuple[float, ...], seconds: float) -> IssuedCommand:
    """Give one command and return it with its outcome."""
    at_s = time.monotonic()
    try:
        sent = robot.move(JointTargets(target, seconds))
    except HardwareError as error:
        return IssuedCommand(target, at_s, type(error).__name__, time.monotonic(), target)
    outcome = "plain" if sent.attempts == 1 else "retried"
    return IssuedCommand(sent.positions, at_s, outcome, time.monotonic(), target)


def recovered(robot: Robot, targets: Targets) -> tuple[float, ...]:
    """Return where the robot is after an error, brought back to where targets are drawn.

    Patient: an arm that was told to go far away may not answer before it is there. One that has
    lost its position, by a reset after a long silence, is homed, as its person would.
    Raises the last error when it cannot tell.
    """
    deadline = time.monotonic() + PATIENCE_S
    while True:
        try:
            state = robot.state()
            if state.mode in ("alarm", "stopped"):
                state = robot.reset()
            if robot.is_homed is False:
                state = robot.home()
            inside = targets.inside(state.positions)
            beyond = np.abs(np.array(inside) - state.positions)
            if (beyond < 10.0 * apart(robot.spec)).all():
                return state.positions
            robot.move(JointTargets(inside))
            time.sleep(robot.spec.limits.horizon_s)
        except HardwareError:
            if time.monotonic() > deadline:
                raise


def measure(
    robots: Sequence[str],
    n: int,
    unplugs: int,
    seed: int,
    *,
    people: int = 0,
    simavr: bool = False,
) -> Iterator[Soak]:
    """Yield the soak of every robot; those without a checksum a second time, damaged both ways."""
    for name in robots:
        open_lines = load_spec(name).driver in NO_CHECKSUM
        damage = "replies" if open_lines else "both"
        yield soak(name, n, unplugs=unplugs, damage=damage, seed=seed, people=people, simavr=simavr)
        if open_lines:
            yield soak(name, n, unplugs=unplugs, seed=seed)


def rounds(
    robots: Sequence[str], n: int, unplugs: int, seed: int, minutes: float, people: int
) -> tuple[list[Soak], Levels]:
    """Soak the robots again and again; return every soak, and what the process held after each."""
    soaks: list[Soak] = []
    levels, until = Levels(), time.monotonic() + 60.0 * minutes
    for turn in count():
        for soaked in measure(robots, n, unplugs, seed + turn, people=people):
            soaks.append(soaked)
            levels.sample()
            print(" ".join(soaked.words()), file=sys.stderr, flush=True)
            if time.monotonic() > until:
                return soaks, levels
    raise AssertionError


def shown(soaks: Sequence[Soak], levels: Levels, *, markdown: bool) -> str:
    """Return how many of many soaks are clean, the others, and the levels of the process."""
    bad = [soaked for soaked in soaks if not soaked.clean]
    commands = sum(soaked.commands for soaked in soaks)
    acts = sum(sum(soaked.people.acts.values()) for soaked in soaks)
    record = [s for s in bad if s.damage == "both" and load_spec(s.robot).driver in NO_CHECKSUM]
    parts = [
        f"{len(soaks)} soaks, {commands} commands, {acts} acts of people: {len(bad)} not clean, "
        f"{len(record)} of them without a checksum and damaged both ways, for the record.",
        table(LEVELS, levels.rows(), markdown=markdown),
    ]
    if bad:
        parts.insert(1, table(COLUMNS, [soaked.words() for soaked in bad], markdown=markdown))
    return "\n\n".join(parts)


def run(arguments: Sequence[str]) -> None:
    """Soak what `arguments` ask for and print the table on standard output."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    many = [name for name in shipped() if len(load_spec(name).joint) > 1]
    parser.add_argument(
        "--robots", default=",".join(many), help="names, with commas (all of more than one joint)"
    )
    parser.add_argument("--commands", type=int, default=20_000)
    parser.add_argument("--unplugs", type=int, default=5)
    parser.add_argument("--people", type=int, default=20, help="acts of each kind (20)")
    parser.add_argument("--seed", type=int, default=0)
    parser.add_argument(
        "--on",
        choices=("emulator", "simavr"),
        default="emulator",
        help="simavr: helm's real firmware (--robots helm_arm)",
    )
    parser.add_argument("--minutes", type=float, default=0.0, help="rounds, for so long")
    parser.add_argument("--json", type=Path, metavar="FILE", help="write everything there too")
    parser.add_argument("--markdown", action="store_true", help="print the table as Markdown")
    options = parser.parse_args(arguments)
    if options.commands < 2 * (options.unplugs + 1):
        raise InvalidPlan(f"--commands {options.commands}: expected two an unplug at least")
    names, simavr = options.robots.split(","), options.on == "simavr"
    if simavr and any(load_spec(name).driver != "helm" for name in names):
        raise InvalidPlan("--on simavr runs the firmware of helm: expected --robots helm_arm")
    machine, soaks, levels = Machine.here(), list[Soak](), None
    if options.minutes > 0.0:
        soaks, levels = rounds(
            names, options.commands, options.unplugs, options.seed, options.minutes, options.people
        )
    for soaked in () if levels else measure(
        names, options.commands, options.unplugs, options.seed,
        people=options.people, simavr=simavr,
    ):  # fmt: skip
        soaks.append(soaked)
        print(
            " ".join(soaked.words()),
            *soaked.verdict.examples,
            soaked.ended,
            *soaked.people.failed[:5],
            sep="\n",
            file=sys.stderr,
        )
    date = f"{datetime.now().astimezone():%Y-%m-%d %H:%M %Z}"
    print(*machine.lines(), f"Date: {date}. Seed: {options.seed}.", sep="\n", end="\n\n")
    if levels is not None:
        print(shown(soaks, levels, markdown=options.markdown))
    else:
        print(table(COLUMNS, [soaked.words() for soaked in soaks], markdown=options.markdown))
    if options.json is not None:
        from helmsight.contract.writing import write_whole

        options.json.parent.mkdir(parents=True, exist_ok=True)
        entries = [{**asdict(soaked), "clean": soaked.clean} for soaked in soaks]
        about = {"machine": machine.to_dict(), "date": date, "soaks": entries}
        about |= {} if levels is None else {"levels": levels.taken}
        write_whole(options.json, json.dumps(about, indent=2) + "\n")


def main(arguments: Sequence[str] | None = None) -> int:
    """Run the command and return its exit status; an error the caller can mend is one line."""
    return status_of(lambda: run(sys.argv[1:] if arguments is None else arguments))


if __name__ == "__main__":
    sys.exit(main())
