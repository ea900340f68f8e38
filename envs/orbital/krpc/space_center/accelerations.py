"""What a vessel's thrusts and torques do to it, as plain numbers; kRPC tells these from 0.7 on."""

from __future__ import annotations

from typing import Any

from helmsight.envs.orbital.krpc.registry import named, since
from helmsight.envs.orbital.krpc.space_center.figures import Figures
from helmsight.envs.orbital.krpc.space_center.service import AxisRange
from helmsight.envs.orbital.krpc.space_center.vectors import Vector, scale
from helmsight.envs.orbital.krpc.types import Float

FIRST = "0.7.0"


def _angular(torque: str, name: str, doc: str) -> Any:
    """Return the property of the angular acceleration that one of the torques gives."""

    def get(self: Accelerations) -> AxisRange:
        inertia = self.moment_of_inertia

        def over(most: Vector) -> Vector:
            return (most[0] / inertia[0], most[1] / inertia[1], most[2] / inertia[2])

        return AxisRange(*map(over, getattr(self, torque)))

    get.__doc__ = f"{doc} in pitch, roll and yaw, rad/s^2."
    get.__annotations__ = {"return": AxisRange}
    return property(since(FIRST)(named(name)(get)))


class Accelerations(Figures):
    """The accelerations of a vessel; `Vessel` has them as its own."""

    available_angular_acceleration = _angular(
        "available_torque", "AvailableAngularAcceleration", "Angular acceleration"
    )
    available_reaction_wheel_angular_acceleration = _angular(
        "available_reaction_wheel_torque", "AvailableReactionWheelAngularAcceleration",
        "Angular acceleration by the wheels",
    )  # fmt: skip
    available_rcs_angular_acceleration = _angular(
        "available_rcs_torque", "AvailableRCSAngularAcceleration",
        "Angular acceleration by the thrusters",
    )  # fmt: skip
    available_engine_angular_acceleration = _angular(
        "available_engine_torque", "AvailableEngineAngularAcceleration",
        "Angular acceleration by gimbals",
    )  # fmt: skip
    available_control_surface_angular_acceleration = _angular(
        "available_control_surface_torque", "AvailableControlSurfaceAngularAcceleration",
        "Angular acceleration by control surfaces",
    )  # fmt: skip
    available_other_angular_acceleration = _angular(
        "available_other_torque", "AvailableOtherAngularAcceleration",
        "Angular acceleration by anything else",
    )  # fmt: skip

    @property
    @since(FIRST)
    @named("AvailableRCSAcceleration")
    def available_rcs_acceleration(self) -> AxisRange:
        """Acceleration that the thrusters give along right, forward and down, m/s^2."""
        return AxisRange(*(scale(most, 1.0 / self.mass) for most in self.available_rcs_force))

    @property
    @since(FIRST)
    def acceleration(self) -> Float:
        """Acceleration that the engines give now, m/s^2."""
        return self.thrust / self.mass

    @property
    @since(FIRST)
    def available_acceleration(self) -> Float:
        """Acceleration that the active engines would give at full throttle, m/s^2."""
        return self.available_thrust / self.mass

    @since(FIRST)
    def available_acceleration_at(self, pressure: float) -> Float:
        """The same in air of a pressure, atm, m/s^2."""
        return self.available_thrust_at(pressure) / self.mass

    @property
    @since(FIRST)
    def max_acceleration(self) -> Float:
        """Acceleration that the active engines would give without limits, m/s^2."""
        return self.max_thrust / self.mass

    @since(FIRST)
    def max_acceleration_at(self, pressure: float) -> Float:
        """The same in air of a pressure, atm, m/s^2."""
        return self.max_thrust_at(pressure) / self.mass

    @property
    @since(FIRST)
    def max_vacuum_acceleration(self) -> Float:
        """The same in a vacuum, m/s^2."""
        return self.max_vacuum_thrust / self.mass
