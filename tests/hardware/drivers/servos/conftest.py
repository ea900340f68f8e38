"""A driver and the emulated servo bus at its other end."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator
from random import Random

import pytest

from helmsight.hardware.drivers import make_robot
from helmsight.hardware.drivers.bus import ServoBus as Driver
from helmsight.hardware.emulators import emulate
from helmsight.hardware.emulators.device import Device
from helmsight.hardware.emulators.serve import Emulation
from helmsight.hardware.emulators.servos import EmulatedServoBus as Bus

ARMS = ("so101", "openmanipulator_x")


class Arm:
    """A driver and the emulated bus at its other end."""

    def __init__(self, emulation: Emulation) -> None:
        self.emulation = emulation
        assert isinstance(emulation.device, Bus)
        self.device = emulation.device
        robot = make_robot(emulation.device.spec, emulation.port)
        assert isinstance(robot, Driver)
        self.robot = robot

    def near(self, share: float = 0.05) -> tuple[float, ...]:
        """Return a place that every joint can reach in one go."""
        return tuple(j.home + share * (j.upper - j.lower) for j in self.robot.spec.joint)

    def kinds(self) -> list[str]:
        """Return what the servos carried out, in order."""
        return [entry.kind for entry in self.device.journal]

    def energised(self) -> list[bool]:
        """Return which servos hold."""
        return [servo.energised for servo in self.device.servos]

    @property
    def targets(self) -> tuple[float, ...]:
        """Where the servos really go."""
        return tuple(axis.target for axis in self.device.axes)

    @staticmethod
    def wait_for(condition: Callable[[], bool], within_s: float = 600.0) -> None:
        """Wait until `condition` holds."""
        deadline = time.monotonic() + within_s
        while not condition():
            assert time.monotonic() < deadline, "waited in vain"
            time.sleep(0.005)


class Garbage(Device):
    """Answers everything with bytes that look like the beginning of something."""

    random = Random(1)

    def receive(self, data: bytes, now: float) -> list[bytes]:
        header = self.random.choice([b"\xff\xff\x01", b"\xff\xff\xfd\x00\x0b", b"\xff", b"ok\r\n"])
        return [header + self.random.randbytes(self.random.randint(0, 20))]


@pytest.fixture
def garbage() -> type[Device]:
    """A device that answers everything, and never rightly."""
    return Garbage


@pytest.fixture
def arm_at() -> type[Arm]:
    """Make an arm out of an emulation of the test's own."""
    return Arm


def _arm(name: str) -> Iterator[Arm]:
    with emulate(name) as emulation:
        arm = Arm(emulation)
        yield arm
        arm.robot.link.close()


@pytest.fixture(params=ARMS)
def arm(request: pytest.FixtureRequest) -> Iterator[Arm]:
    yield from _arm(str(request.param))


@pytest.fixture
def sts() -> Iterator[Arm]:
    yield from _arm("so101")


@pytest.fixture
def x() -> Iterator[Arm]:
    yield from _arm("openmanipulator_x")
