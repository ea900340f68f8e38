"""What stands between a host and its servos: adapters that echo, that deliver in parts."""

from __future__ import annotations

import pytest

from helmsight.hardware.drivers import make_robot
from helmsight.hardware.emulators import make_device
from helmsight.hardware.emulators.device import Device
from helmsight.hardware.emulators.serve import Emulation
from helmsight.hardware.errors import WrongProtocol
from helmsight.hardware.robot import JointTargets
from helmsight.hardware.spec import RobotSpec, load_spec

pytestmark = pytest.mark.serial
both = pytest.mark.parametrize("name", ["so101", "openmanipulator_x"])
LATENCY_S, PART = 0.01, 62  # as of common USB chips: up to 16 ms, and what a packet holds


class Adapter(Device):
    """Passes on to a bus what it hears, and what the bus answers in its own way."""

    def __init__(self, spec: RobotSpec, bus: Device | None, *, echo: bool, parts: bool) -> None:
        super().__init__(spec)
        self.bus, self._echo, self._parts = bus, echo, parts
        self._queue: list[bytes] = []
        self._due = 0.0

    def receive(self, data: bytes, now: float) -> list[bytes]:
        answers = self.bus.receive(data, now) if self.bus else []
        out = b"".join([data if self._echo else b"", *answers])
        if not self._parts:
            return [out]
        if out and not self._queue:
            self._due = now + LATENCY_S
        self._queue += [out[i : i + PART] for i in range(0, len(out), PART)]
        return []

    def tick(self, now: float) -> list[bytes]:
        if self.bus:
            self.bus.tick(now)
        if not self._queue or now < self._due:
            return []
        self._due = now + LATENCY_S
        return [self._queue.pop(0)]


@both
@pytest.mark.parametrize(("echo", "parts"), [(True, False), (False, True), (True, True)])
def test_an_arm_moves_through_any_adapter(name: str, echo: bool, parts: bool) -> None:
    spec = load_spec(name)
    bus = make_device(spec)
    with Emulation(Adapter(spec, bus, echo=echo, parts=parts)) as emulation:
        robot = make_robot(spec, emulation.port)
        robot.connect()
        near = tuple(j.home + 0.05 * (j.upper - j.lower) for j in spec.joint)
        robot.move(JointTargets(near))
        assert [axis.target for axis in bus.axes] == pytest.approx(near, abs=2e-3)
        robot.hold()
        assert robot.stop().state.standing
        robot.close()


@both
def test_an_echo_alone_is_no_servo(name: str) -> None:
    spec = load_spec(name)
    told = r"no servo answered.*the echo of the question"
    device = Adapter(spec, None, echo=True, parts=False)
    with Emulation(device) as emulation, pytest.raises(WrongProtocol, match=told):
        make_robot(spec, emulation.port).connect()


class Curt(Device):
    """Answers every question with a status packet of no parameters."""

    def receive(self, data: bytes, now: float) -> list[bytes]:
        plain = bytes([data[2], 2, 0])
        return [b"\xff\xff" + plain + bytes([~sum(plain) & 0xFF])]


def test_answers_that_are_too_short_are_told() -> None:
    spec = load_spec("so101")
    with Emulation(Curt(spec)) as emulation, pytest.raises(WrongProtocol, match="no servo"):
        make_robot(spec, emulation.port).connect()
