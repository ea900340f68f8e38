"""The servo bus of the cell's arm: registers, ramps and protocol of the emulated bus, real joints.

What the registers say becomes targets and torque limits of MuJoCo's actuators, and what they show
is where the joints are, how fast they turn and how hard the motors push.
"""

from __future__ import annotations

from dataclasses import dataclass

from helmsight.envs.inspection.plant import Drive, Plant
from helmsight.hardware.emulators.feetech import FeetechBus
from helmsight.hardware.emulators.servos import STALL_TICKS, EmulatedServo
from helmsight.hardware.spec import load_spec

ALL = 0.98  # of the torque that a servo may give: as much as it can


@dataclass
class PlantShaft:
    """One joint of a plant, as what a servo turns.

    slipped: how far the joint is behind what the servo turns, since its horn slipped, rad.
    """

    plant: Plant
    joint: int
    slipped: float = 0.0

    @property
    def position(self) -> float:
        """Where the servo's own gear is, rad."""
        return self.plant.position(self.joint) + self.slipped

    @property
    def velocity(self) -> float:
        """How fast it turns, rad/s."""
        return self.plant.velocity(self.joint)


class CellServos(FeetechBus):
    """The bus of a plant's arm. Time passes in the plant as it passes for this device.

    It begins with the torque on, as a program leaves an arm that it was told to hold: without, the
    arm would have sunk before anybody opened the port.
    """

    def __init__(self, plant: Plant) -> None:
        self.plant = plant
        self._shafts = [PlantShaft(plant, index) for index in range(len(plant.spec.joint))]
        super().__init__(plant.spec, self._shafts)
        for servo in self.servos:
            servo["torque_enable"] = 1

    @property
    def positions(self) -> tuple[float, ...]:
        """Where the joints really are, rad."""
        return tuple(self.plant.position(index) for index in range(len(self.servos)))

    def slip(self, joint: str, by: float) -> None:
        """Let a joint slip on its servo by so many rad; nothing in the registers tells of it."""
        self._shafts[self.spec.names.index(joint)].slipped += by

    @property
    def standing(self) -> bool:
        """Whether no joint moves."""
        return not any(servo.moving for servo in self.servos)

    def _pass(self, seconds: float, now: float) -> list[bytes]:
        said = super()._pass(seconds, now)
        drives = map(self._drive, self.servos, self._shafts)
        self.plant.advance(seconds, list(drives))
        return said

    def _drive(self, servo: EmulatedServo, shaft: PlantShaft) -> Drive:
        on = servo.energised and servo["mode"] in self.position_modes
        torque = self._torque(servo) if on else 0.0
        return Drive(servo.axis.position - shaft.slipped, servo.axis.velocity, torque)

    def _effort(self, servo: EmulatedServo) -> float:
        sign = 1.0 if servo.scale.per_unit > 0 else -1.0
        return sign * self.plant.effort(self.servos.index(servo))

    def _stalls(self, servo: EmulatedServo) -> bool:
        if not servo.energised:
            return False
        lag = abs(servo.axis.position - servo.shaft.position) * abs(servo.scale.per_unit)
        if lag <= STALL_TICKS or abs(servo.velocity) >= STALL_TICKS:
            return False
        return abs(self._effort(servo)) >= ALL * self._torque(servo)


@dataclass(frozen=True)
class TableShaft:
    """The turntable of a plant, as what a servo turns."""

    plant: Plant
    velocity: float = 0.0  # it is too slow for its registers to matter

    @property
    def position(self) -> float:
        """Where it is, rad."""
        return self.plant.turntable


class TableServo(FeetechBus):
    """The bus of a plant's turntable: one servo. Time passes in the plant by the arm's bus."""

    def __init__(self, plant: Plant) -> None:
        self.plant = plant
        super().__init__(load_spec("turntable"), [TableShaft(plant)])
        self.servos[0]["torque_enable"] = 1

    @property
    def positions(self) -> tuple[float, ...]:
        """Where it really is, rad."""
        return (self.plant.turntable,)

    @property
    def standing(self) -> bool:
        """Whether it has come to where it was sent."""
        return not self.plant.turning

    def _pass(self, seconds: float, now: float) -> list[bytes]:
        said = super()._pass(seconds, now)
        if self.servos[0].energised:
            self.plant.turn(self.axes[0].position)
        return said
