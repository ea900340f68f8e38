"""The vehicles of the public KSPDG scenarios, as numbers."""

from __future__ import annotations

from dataclasses import dataclass

from helmsight.envs.orbital.dynamics import G0

FUEL_UNIT_MASS = 5.0
"""Mass of a unit of liquid fuel or oxidizer in KSP, kg."""


@dataclass(frozen=True)
class MainEngine:
    """A main engine along the nose, off until it is activated: vacuum figures, N and s.

    It burns liquid fuel and oxidizer, `fuel_units` and `oxidizer_units` when full, at that ratio.
    """

    name: str
    thrust: float
    specific_impulse: float
    fuel_units: float
    oxidizer_units: float


@dataclass(frozen=True)
class Vehicle:
    """A craft with translation thrusters on three body axes, reaction wheels, maybe an engine.

    Thrusts in N at full throttle, masses in kg, `specific_impulse` in s, `wheel_torque` in N m (the
    reaction wheels' about every axis), `slew_rate` in rad/s (what SAS turns at about each axis at
    most). `inertia` are the moments about (right, forward, down), kg m^2: those of its parts as
    points, tanks full.
    """

    name: str
    dry_mass: float
    propellant_units: float
    unit_mass: float
    forward_thrust: float
    lateral_thrust: float
    specific_impulse: float
    slew_rate: float
    wheel_torque: float
    inertia: tuple[float, float, float] = (5456.0, 618.0, 5456.0)
    engine: MainEngine | None = None

    @property
    def exhaust_velocity(self) -> float:
        """Effective exhaust velocity of the thrusters, m/s."""
        return self.specific_impulse * G0

    @property
    def flows(self) -> tuple[float, float, float]:
        """Flow of propellant at full throttle along (forward, right, down), units/s."""
        unit = self.exhaust_velocity * self.unit_mass
        return self.forward_thrust / unit, self.lateral_thrust / unit, self.lateral_thrust / unit

    @property
    def angular_acceleration(self) -> tuple[float, float, float]:
        """What the wheels give about (forward, right, down), rad/s^2."""
        pitch, roll, yaw = (self.wheel_torque / moment for moment in self.inertia)
        return roll, pitch, yaw

    @property
    def fuel_capacity(self) -> float:
        """Liquid fuel and oxidizer of the main engine together, units."""
        return self.engine.fuel_units + self.engine.oxidizer_units if self.engine else 0.0


DRONE = Vehicle(
    name="GrapplerDrone",
    dry_mass=1885.0,
    propellant_units=1200.0,
    unit_mass=4.0,
    forward_thrust=8000.0,
    lateral_thrust=4000.0,
    specific_impulse=240.0,
    slew_rate=2.5,
    wheel_torque=25_000.0,
)
"""Pursuer, evader, bandit and guard: 8 kN fore and aft, 4 kN sideways, 1,200 units of
mono-propellant; the wheels of its probe core and of its large wheel module, 10 and 15 kN m."""

SCISAT = Vehicle(
    name="SciSat",
    dry_mass=2010.0,
    propellant_units=0.0,
    unit_mass=4.0,
    forward_thrust=0.0,
    lateral_thrust=0.0,
    specific_impulse=240.0,
    slew_rate=2.5,
    wheel_torque=10_000.0,
    inertia=(2411.0, 254.0, 2328.0),
    engine=MainEngine("LV-T91 Cheetah", 125_000.0, 355.0, fuel_units=198.0, oxidizer_units=242.0),
)
"""The Lady of LBG1: no thrusters, one main engine; wheels of 10 kN m, as a stock HECS2 has."""

VEHICLES = {vehicle.name: vehicle for vehicle in (DRONE, SCISAT)}
