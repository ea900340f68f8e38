"""What people do to a robot while a pilot insists on moving it, and whether it moves against them.

A person presses a button or opens a door, stops it (from several threads at once, as a space bar,
Ctrl-C and a watchdog do), starts it unhomed, stops it while it homes, or gives homing too little
time. The pilot here goes on to
ask for motion whatever it is told. Every motion between a person's no and the next `reset` counts.
"""

from __future__ import annotations

import threading
import time
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field
from random import Random

from helmsight.contract.waiting import holds
from helmsight.hardware.emulators.device import Device
from helmsight.hardware.errors import HardwareError
from helmsight.hardware.robot import JointTargets
from helmsight.hardware.supervisor import Supervisor

TRIES = 5  # of the pilot, after which it would have moved
THREADS = (2, 8)  # that stop at once
APART_S = 0.03
HOMINGS = 3  # tries
WAIT_S = 20.0  # a deadline against hanging, no claim about speed
MOVED = 1e-4  # rad or m: more than a servo's last tick
REACH = 0.3  # of a joint's range, to either side of its middle


@dataclass
class Obeyed:
    """What came of it. acts: by kind; against: motions against a person; failed: what else."""

    acts: dict[str, int] = field(default_factory=dict)
    against: int = 0
    failed: list[str] = field(default_factory=list)

    def count(self, kind: str) -> None:
        """Write down that an act was done."""
        self.acts[kind] = self.acts.get(kind, 0) + 1

    @property
    def whole(self) -> bool:
        """Whether nothing moved against a person, every stop was confirmed, and it came back."""
        return not self.against and not self.failed


class InsistentPilot:
    """A loop that asks for motion again and again, whatever it is told. tries: how often it has."""

    def __init__(self, robot: Supervisor) -> None:
        self.robot = robot
        self.tries = 0
        self._tried = threading.Condition()
        self._over = threading.Event()
        self._thread = threading.Thread(target=self._insist, name="insistent pilot", daemon=True)

    def __enter__(self) -> InsistentPilot:
        self._thread.start()
        return self

    def __exit__(self, *_: object) -> None:
        self._over.set()
        self._thread.join()

    def _insist(self) -> None:
        ends = [self._end(-REACH), self._end(REACH)]
        while not self._over.is_set():
            with suppress(HardwareError):
                sent = self.robot.move(JointTargets(ends[0]))
                if abs(sent.positions[0] - ends[0][0]) < 1e-3:
                    ends.reverse()
            with self._tried:
                self.tries += 1
                self._tried.notify_all()
            self._over.wait(0.02)

    def _end(self, share: float) -> tuple[float, ...]:
        joint, home = self.robot.spec.joint[0], self.robot.spec.home
        return (0.5 * (joint.lower + joint.upper) + share * (joint.upper - joint.lower), *home[1:])

    def insists(self) -> None:
        """Return once it has tried TRIES times more."""
        with self._tried:
            enough = self.tries + TRIES
            if not holds(self._tried, lambda: self.tries >= enough, WAIT_S):
                raise TimeoutError("the pilot hangs in a move")


def acts_of(device: Device, robot: Supervisor) -> tuple[str, ...]:
    """Return the kinds of act that fit a device."""
    ends = robot.robot.can_home and robot.robot.ends_homing
    buttons = ("button", "door") if hasattr(device, "press") else ()
    return (*buttons, "stops", *(("homing",) if ends else ()))


def act(kind: str, device: Device, robot: Supervisor, random: Random, found: Obeyed) -> None:
    """Do one act on a connected robot that may move; it may move again afterwards."""
    found.count(kind)
    try:
        if kind == "homing":
            _stopped_homing(device, robot, found)
            return
        _find_home(robot)
        with InsistentPilot(robot) as pilot:
            _until(lambda: not device.standing, "it does not move")
            if kind == "stops":
                _stops(robot, random, found)
                with watched(device, found):
                    pilot.insists()
            else:
                _pressed("H" if kind == "button" else "D", device, pilot, found)
            robot.reset()
            _find_home(robot)
            _until(lambda: not device.standing, "it does not move again after the reset")
    except (HardwareError, TimeoutError) as error:
        found.failed.append(f"{kind}: {type(error).__name__}: {error}")


def unhomed(device: Device, robot: Supervisor, found: Obeyed) -> None:
    """Insist on moving a robot whose position nobody knows; home it afterwards."""
    found.count("unhomed")
    with watched(device, found), InsistentPilot(robot) as pilot:
        pilot.insists()
    _home(robot)


def slow_homing(device: Device, robot: Supervisor, found: Obeyed) -> None:
    """Home a robot whose description allows too little time for it: it has to stand afterwards."""
    found.count("slow homing")
    with ThreadPoolExecutor(1) as threads:
        error = threads.submit(robot.home).exception()
    if not isinstance(error, HardwareError):
        found.failed.append(f"slow homing: out of time, yet it ended with {error!r}")
    with watched(device, found), InsistentPilot(robot) as pilot:
        pilot.insists()


@contextmanager
def watched(device: Device, found: Obeyed) -> Iterator[None]:
    """Count what is set in motion from here on; what moved before may brake."""
    begun = len(device.journal)

    def commands() -> int:
        entries = device.journal[begun:]
        return sum(entry.kind in ("move", "home") for entry in entries)

    _until(lambda: device.standing or commands() > 0, "it does not come to rest")
    place = device.positions
    yield
    moved = max(abs(now - then) for now, then in zip(device.positions, place, strict=True))
    found.against += max(commands(), int(moved > MOVED))


def _pressed(button: str, device: Device, pilot: InsistentPilot, found: Obeyed) -> None:
    """Press, insist, let go, insist: a door that closes again is no leave to go on."""
    device.press(button)  # type: ignore[attr-defined]
    with watched(device, found):
        pilot.insists()
        device.let_go(button)  # type: ignore[attr-defined]
        pilot.insists()


def _stops(robot: Supervisor, random: Random, found: Obeyed) -> None:
    waits = [random.uniform(0.0, APART_S) for _ in range(random.randint(*THREADS))]

    def stop(wait: float) -> None:
        time.sleep(wait)
        robot.stop("a person")

    with ThreadPoolExecutor(len(waits)) as threads:
        for asked in [threads.submit(stop, wait) for wait in waits]:
            error = asked.exception()
            if error is not None:
                found.failed.append(f"stops: {error}")


def _stopped_homing(device: Device, robot: Supervisor, found: Obeyed) -> None:
    """Stop it while it homes; then it is not homed, and does not move before it is."""
    with InsistentPilot(robot) as pilot:
        pilot.insists()  # away from where homing would end at once
    robot.hold()
    _until(lambda: device.standing, "a hold does not end its motion")
    robot.reset()
    with ThreadPoolExecutor(1) as threads:
        homing = threads.submit(robot.home)
        _until(lambda: not device.standing or homing.done(), "it does not begin to home")
        if homing.done():  # before anybody could stop it
            return
        robot.stop("a person")
        error = homing.exception(WAIT_S)
    if not isinstance(error, HardwareError):
        found.failed.append(f"homing: stopped, yet it ended with {error!r}")
    robot.reset()
    with watched(device, found), InsistentPilot(robot) as pilot:
        pilot.insists()
    _home(robot)


def _find_home(robot: Supervisor) -> None:
    """Home a robot whose position a stop has cost: one that was late ends by a reset."""
    if robot.robot.is_homed is False:
        _home(robot)


def _home(robot: Supervisor) -> None:
    """Home, again where a faulty line has swallowed the answer, in threads that end.

    The thread that homes is the loop's as long as it lives, and no other might move.
    """
    for attempt in range(HOMINGS):
        with ThreadPoolExecutor(1) as threads:
            error = threads.submit(robot.home).exception()
        if error is None:
            return
        if not isinstance(error, HardwareError) or attempt == HOMINGS - 1:
            raise error
        with suppress(HardwareError):
            robot.reset()


def _until(true: Callable[[], bool], otherwise: str) -> None:
    deadline = time.monotonic() + WAIT_S
    while not true():
        if time.monotonic() > deadline:
            raise TimeoutError(otherwise)
        time.sleep(0.002)
