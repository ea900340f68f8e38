"""Cells to look at, and an arm on a clock of the test's own."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace

import pytest

from helmsight.envs.inspection.cell import Cell
from helmsight.envs.inspection.plan import CellPlan, Defect
from helmsight.envs.inspection.plant import Plant
from helmsight.envs.inspection.servos import CellServos
from helmsight.hardware.framing import Packets
from helmsight.hardware.wire import feetech


@pytest.fixture(scope="module", autouse=True)
def _fair(fair: None) -> None:
    """Devices, drivers and tests go by the tests' own clock."""


@pytest.fixture
def cell(drawing: None) -> Iterator[Cell]:
    """A cell with several things wrong, without shadows."""
    wrong = (
        Defect("panel B", "missing cell", 0.5, (0.5, 0.5), 3),
        Defect("dish", "dent", 0.5, (0.3, 0.5), 4),
        Defect("thruster 1", "missing cap", 0.5, (0.5, 0.5), 5),
    )
    with Cell(CellPlan.draw(1, defects=wrong), shadows=False) as made:
        made.place(turntable=0.0)
        yield made


class Arm:
    """The arm's bus on a clock of the test's own."""

    def __init__(self, plant: Plant) -> None:
        self.plant, self.device, self.now = plant, CellServos(plant), 10.0
        self.device.tick(self.now)

    def write(self, joint: str, name: str, value: int) -> None:
        servo, register = self.device.servo(joint), feetech.REGISTERS[name]
        data = bytes((register.address, *register.encode(value)))
        packet = feetech.FeetechPacket(servo["id"], feetech.FeetechInstruction.WRITE, data)
        self.device.receive(feetech.encode(packet), self.now)

    def read(self, joint: str, name: str) -> int:
        servo, register = self.device.servo(joint), feetech.REGISTERS[name]
        data = bytes((register.address, register.size))
        packet = feetech.FeetechPacket(servo["id"], feetech.FeetechInstruction.READ, data)
        (reply,) = self.device.receive(feetech.encode(packet), self.now)
        return register.decode(Packets(feetech.scan).feed(reply)[0].parameters)

    def go(self, joint: str, place: float) -> None:
        """Send a joint to `place`, rad."""
        self.write(joint, "goal_position", self.device.servo(joint).scale.tick(place))

    def wait(self, seconds: float) -> None:
        """Let time pass in pieces, as a served device has it."""
        for _ in range(round(seconds / 0.01)):
            self.now += 0.01
            self.device.tick(self.now)


@pytest.fixture
def arm() -> Arm:
    """An arm before a satellite with nothing wrong, whose front it faces."""
    return Arm(Plant(replace(CellPlan.draw(1, defects=()), turntable=0.0)))
