"""A robot in memory: the whole contract over emulated joints, on a clock that the test owns."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable, Iterator
from concurrent.futures import Future
from contextlib import contextmanager
from dataclasses import dataclass, field

import pytest

from helmsight.hardware import shared_stop
from helmsight.hardware.emulators.motion import EmulatedAxis
from helmsight.hardware.errors import HardwareError
from helmsight.hardware.link import LinkCounters
from helmsight.hardware.robot import JointTargets, Mode, Robot, RobotState, Sent, StopReport
from helmsight.hardware.spec import RobotSpec, load_spec, parse_spec

ARM = """
name = "arm"
driver = "memory"
[port]
baud = 1000000
reconnect_s = 0.02
[workspace]
lower = [-0.4, -0.4, 0.02]
upper = [0.4, 0.4, 0.6]
[tool]
kind = "joint"
joint = "jaw"
open = 1.0
closed = 0.0
offset = [0.0, 0.0, 0.08]
"""
JOINTS = (
    ("turn", "[0, 0, 0.06]", "[0, 0, 1]", -2.9, 2.9, 0.0),
    ("shoulder", "[0, 0, 0.05]", "[0, 1, 0]", -1.7, 1.7, 0.4),
    ("elbow", "[0, 0, 0.15]", "[0, 1, 0]", -2.4, 2.4, 1.2),
    ("roll", "[0, 0, 0.08]", "[0, 0, 1]", -2.9, 2.9, 0.0),
    ("wrist", "[0.02, 0, 0.08]", "[0, 1, 0]", -1.8, 1.8, 0.5),
    ("jaw", "[0, 0, 0.05]", "[1, 0, 0]", -0.1, 1.2, 0.5),
)
JOINT = """
[[joint]]
name = "{}"
kind = "revolute"
origin = {}
axis = {}
lower = {}
upper = {}
home = {}
speed = 1.5
acceleration = 8.0
rpy = [0.1, -0.05, 0.2]
"""


@dataclass
class Clock:
    """Seconds that pass when the test says so."""

    now: float = 100.0

    def __call__(self) -> float:
        return self.now


class MemoryLink:
    """A link with nothing at its end, for a robot that lives in memory."""

    port = "memory"

    def __init__(self) -> None:
        self.counters = LinkCounters()

    def now(self) -> float:
        return time.monotonic()

    def open(self) -> None: ...

    def close(self) -> None: ...

    def reopen(self, within_s: float, unless: Callable[[], bool] = lambda: False) -> None:
        self.counters.reconnects += 1

    @contextmanager
    def timed(self) -> Iterator[None]:
        yield


@dataclass
class Trouble:
    """What goes wrong: by kind of call, the errors it raises, in turn."""

    errors: dict[str, list[HardwareError]] = field(default_factory=dict)
    motors: set[str] = field(default_factory=set)  # that cannot be released
    runaway: bool = False  # motors that no stop stops


class MemoryRobot(Robot):
    """Moves emulated joints on the clock it is given; writes down what it is told."""

    def __init__(
        self, spec: RobotSpec, clock: Callable[[], float] = lambda: time.monotonic()
    ) -> None:
        super().__init__(spec, "memory")
        self._session.link = MemoryLink()  # type: ignore[assignment]
        self.clock, self._then = clock, clock()
        self.axes = [
            EmulatedAxis(j.home, 0.0, j.home, speed=j.speed, acceleration=j.acceleration)
            for j in spec.joint
        ]
        self.trouble = Trouble()
        self.calls: list[str] = []
        self.sent: list[JointTargets] = []
        self.released: list[str] = []

    def advance(self) -> tuple[float, ...]:
        """Move up to now; return where the joints really are."""
        now = self.clock()
        for axis in self.axes:
            axis.advance(now - self._then)
        self._then = now
        return tuple(axis.position for axis in self.axes)

    def _told(self, kind: str) -> None:
        self.calls.append(kind)
        self.advance()
        if self.trouble.errors.get(kind):
            raise self.trouble.errors[kind].pop(0)

    def _handshake(self) -> None:
        self._told("handshake")

    def _read_state(self) -> RobotState:
        self._told("read")
        moving = self.trouble.runaway or any(axis.moving for axis in self.axes)
        mode = Mode.moving if moving else Mode.ready
        velocities = tuple(axis.velocity for axis in self.axes)
        positions = tuple(axis.position for axis in self.axes)
        return RobotState(self.clock(), positions, velocities, mode)

    def _send(self, targets: JointTargets) -> Sent:
        self._told("send")
        self.sent.append(targets)
        assert targets.duration_s is not None
        for axis, target in zip(self.axes, targets.positions, strict=True):
            axis.target = target
            axis.speed = max(1e-4, abs(target - axis.position) / targets.duration_s)
        return Sent(targets.positions, targets.duration_s, targets.tool, self.clock())

    def _freeze(self) -> None:
        for axis in self.axes:
            axis.freeze()

    def _send_hold(self) -> None:
        self._told("hold")
        self._freeze()

    def _send_stop(self) -> None:
        self._told("stop")
        self._freeze()

    def _send_release(self) -> None:
        self._told("release")
        self.released += [name for name in self.spec.names if name not in self.trouble.motors]
        if self.trouble.motors:
            raise HardwareError(f"not released: {', '.join(sorted(self.trouble.motors))}")

    def _send_reset(self) -> None:
        self._told("reset")


@pytest.fixture(scope="module", autouse=True)
def _fair(fair: None) -> None:
    """Drivers, devices and tests go by the tests' own clock."""


@pytest.fixture
def clock() -> Clock:
    return Clock()


@pytest.fixture(scope="session")
def arm_spec() -> RobotSpec:
    return parse_spec(ARM + "".join(JOINT.format(*row) for row in JOINTS))


@pytest.fixture(scope="session")
def gantry_spec() -> RobotSpec:
    return load_spec("gantry")


@pytest.fixture
def arm(arm_spec: RobotSpec, clock: Clock) -> MemoryRobot:
    """Six joints, the last of which is the tool."""
    return MemoryRobot(arm_spec, clock)


@pytest.fixture
def real_arm(arm_spec: RobotSpec) -> MemoryRobot:
    """The same in real time."""
    return MemoryRobot(arm_spec)


@pytest.fixture
def sharing(monkeypatch: pytest.MonkeyPatch) -> threading.Semaphore:
    """Released once by every thread that waits for the stop of another."""
    waiting = threading.Semaphore(0)

    class Counted(Future[StopReport]):
        def result(self, timeout: float | None = None) -> StopReport:
            waiting.release()
            return super().result(timeout)

    monkeypatch.setattr(shared_stop, "Future", Counted)
    return waiting
