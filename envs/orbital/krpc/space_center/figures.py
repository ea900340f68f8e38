"""What a vessel weighs and can do: masses, thrusts, torques, as plain numbers."""

from __future__ import annotations

from helmsight.envs.orbital.krpc.registry import named
from helmsight.envs.orbital.krpc.space_center import thrust
from helmsight.envs.orbital.krpc.space_center.handle import VesselHandle
from helmsight.envs.orbital.krpc.space_center.service import NOTHING, AxisRange, both_ways
from helmsight.envs.orbital.krpc.space_center.vectors import Vector
from helmsight.envs.orbital.krpc.types import Float


class Figures(VesselHandle):
    """The figures of a vessel; `Vessel` has them as its own. The craft have one engine at most."""

    @property
    def mass(self) -> Float:
        """Mass with what is in the tanks, kg."""
        return float(self.game.fleet.mass[0, self.index()])

    @property
    def dry_mass(self) -> Float:
        """Mass without, kg."""
        return self.vehicle().dry_mass

    @property
    def thrust(self) -> Float:
        """Thrust of the engines now, N; thrusters do not count."""
        return thrust.current(self)

    @property
    def available_thrust(self) -> Float:
        """Thrust that the active engines would have at full throttle, N."""
        return thrust.available(self)

    @property
    def max_thrust(self) -> Float:
        """Thrust of the active engines at full throttle without limits, N."""
        engine = thrust.active_engine(self)
        return engine.thrust if engine else 0.0

    @property
    def max_vacuum_thrust(self) -> Float:
        """Thrust of the active engines in a vacuum, N."""
        return self.max_thrust

    @property
    def specific_impulse(self) -> Float:
        """Specific impulse of the active engines, s; 0 without one."""
        engine = thrust.active_engine(self)
        return engine.specific_impulse if engine else 0.0

    @property
    def vacuum_specific_impulse(self) -> Float:
        """Specific impulse of the active engines in a vacuum, s."""
        return self.specific_impulse

    def available_thrust_at(self, pressure: float) -> Float:
        """Thrust that the active engines would have in air of a pressure, atm, N."""
        return self.available_thrust * thrust.air_factor(self, pressure)

    def max_thrust_at(self, pressure: float) -> Float:
        """Thrust of the active engines without limits in air of a pressure, atm, N."""
        return self.max_thrust * thrust.air_factor(self, pressure)

    def specific_impulse_at(self, pressure: float) -> Float:
        """Specific impulse of the active engines in air of a pressure, atm, s; 0 without one."""
        return self.specific_impulse * thrust.air_factor(self, pressure)

    @property
    def kerbin_sea_level_specific_impulse(self) -> Float:
        """Specific impulse of the active engines at Kerbin's sea level, s; 0 without one."""
        return self.specific_impulse_at(1.0)

    @property
    def moment_of_inertia(self) -> Vector:
        """Moments of inertia in pitch, roll and yaw, kg m^2."""
        return self.vehicle().inertia

    @property
    def inertia_tensor(self) -> list[float]:
        """The inertia tensor in the vessel's frame, kg m^2, row by row."""
        pitch, roll, yaw = self.vehicle().inertia
        return [pitch, 0.0, 0.0, 0.0, roll, 0.0, 0.0, 0.0, yaw]

    @property
    def available_torque(self) -> AxisRange:
        """Torque in pitch, roll and yaw, N m: all of it is the reaction wheels'."""
        return self.available_reaction_wheel_torque

    @property
    def available_reaction_wheel_torque(self) -> AxisRange:
        """Torque of the reaction wheels in pitch, roll and yaw, N m."""
        torque = self.vehicle().wheel_torque
        return both_ways((torque, torque, torque))

    @property
    @named("AvailableRCSTorque")
    def available_rcs_torque(self) -> AxisRange:
        """Torque of the thrusters: the twin fires them for translation only."""
        self.index()
        return NOTHING

    @property
    def available_engine_torque(self) -> AxisRange:
        """Torque of the engines' gimbals, which the twin does not have."""
        self.index()
        return NOTHING

    @property
    def available_control_surface_torque(self) -> AxisRange:
        """Torque of control surfaces, of which there are none."""
        self.index()
        return NOTHING

    @property
    def available_other_torque(self) -> AxisRange:
        """Torque of anything else: none."""
        self.index()
        return NOTHING

    @property
    @named("AvailableRCSForce")
    def available_rcs_force(self) -> AxisRange:
        """Force of the thrusters along right, forward and down, N, while RCS is on and fed."""
        fleet, i = self.game.fleet, self.index()
        if not fleet.rcs[0, i] or fleet.propellant[0, i] <= 0.0:
            return NOTHING
        vehicle = self.vehicle()
        lateral = vehicle.lateral_thrust
        return both_ways((lateral, vehicle.forward_thrust, lateral))
