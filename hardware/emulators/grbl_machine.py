"""The mechanics under an emulated grbl: where it believes to be, and where it really is."""

from __future__ import annotations

from helmsight.hardware.emulators.device import Device
from helmsight.hardware.emulators.grbl_motion import UNITS, Planner, Point
from helmsight.hardware.emulators.grbl_report import factory_settings
from helmsight.hardware.spec import Joint, RobotSpec


class GrblMachine(Device):
    """A gantry with a planner; `settings` are set up as the description says.

    astray: where it really is, less what the controller believes, mm.
    """

    def __init__(self, spec: RobotSpec) -> None:
        super().__init__(spec)
        self._origins = [float(j.device.get("origin_mm", 0.0)) for j in spec.joint]
        self._signs = [float(j.device.get("sign", 1)) for j in spec.joint]
        self.settings = factory_settings(spec, dict(enumerate(map(self._travel, spec.joint))))
        home = tuple(
            o + s * joint.home * 1000.0
            for o, s, joint in zip(self._origins, self._signs, spec.joint, strict=True)
        )
        self.planner = Planner(self.settings, home)
        self.astray: Point = (0.0,) * len(home)
        self.clock = 0.0

    def _travel(self, joint: Joint) -> float:
        """Return the travel of an axis, mm: from machine zero to the far end of the joint."""
        origin, sign = float(joint.device.get("origin_mm", 0.0)), int(joint.device.get("sign", 1))
        return -min(origin + sign * 1000.0 * end for end in (joint.lower, joint.upper))

    def mirror(self, *, moving: bool) -> None:
        """Show the truth in `axes`, in the joints' units."""
        speeds = self.planner.velocity
        for index, axis in enumerate(self.axes):
            really = self.planner.position[index] + self.astray[index]
            axis.position = self._joint(index, really)
            axis.velocity = self._signs[index] * speeds[index] / 1000.0
            axis.target = axis.position
            if moving:
                axis.target = self._joint(index, self.planner.end[index] + self.astray[index])

    def _joint(self, index: int, machine: float) -> float:
        return (machine - self._origins[index]) * self._signs[index] / 1000.0

    def lose_home(self) -> None:
        """Forget where the machine is, as after power-up."""
        self.planner.flush()
        really = tuple(p + a for p, a in zip(self.planner.position, self.astray, strict=True))
        self.planner.position = (0.0,) * len(really)
        self.astray = really

    def lose_position(self) -> None:
        """Stop the steppers dead: they overshoot their count by what the speed was worth."""
        skid = tuple(0.002 * v for v in self.planner.velocity)
        self.planner.flush()
        self.astray = tuple(a + s for a, s in zip(self.astray, skid, strict=True))

    def beyond(self, target: Point) -> bool:
        """Whether a machine position lies outside the travel: from -$130 to 0."""
        return any(
            not -self.settings[UNITS[3] + axis] - 1e-6 <= value <= 1e-6
            for axis, value in enumerate(target)
        )

    def planned(self) -> None:
        """Write down where the machine will go."""
        for index, axis in enumerate(self.axes):
            axis.target = self._joint(index, self.planner.end[index] + self.astray[index])
        self.record("move", self.clock)
