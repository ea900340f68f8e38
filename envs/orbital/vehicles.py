"""The vehicles of the public KSPDG scenarios, as numbers."""

from __future__ import annotations

from dataclasses import dataclass

from envs.orbital.dynamics import G0


@dataclass(frozen=True)
class Vehicle:
    """A craft with translation thrusters on three body axes and reaction wheels.

    Thrusts in N at full throttle, masses in kg, `specific_impulse` in s, `slew_rate` in rad/s and
    `slew_acceleration` in rad/s^2 (reaction wheels over the pitch and yaw inertia).
    """

    name: str
    dry_mass: float
    propellant_units: float
    unit_mass: float
    forward_thrust: float
    lateral_thrust: float
    specific_impulse: float
    slew_rate: float
    slew_acceleration: float

    @property
    def exhaust_velocity(self) -> float:
        """Effective exhaust velocity, m/s."""
        return self.specific_impulse * G0


DRONE = Vehicle(
    name="GrapplerDrone",
    dry_mass=1885.0,
    propellant_units=1200.0,
    unit_mass=4.0,
    forward_thrust=8000.0,
    lateral_thrust=4000.0,
    specific_impulse=240.0,
    slew_rate=2.5,
    slew_acceleration=4.6,
)
"""Pursuer and evader of PE1: 8 kN fore and aft, 4 kN sideways, 1,200 units of mono-propellant."""
