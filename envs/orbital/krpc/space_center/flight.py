"""Flight: the telemetry of a vessel in a frame. Above the atmosphere there is no air to feel."""

from __future__ import annotations

from dataclasses import dataclass
from math import atan2, degrees, hypot, sqrt

from helmsight.envs.orbital.dynamics import G0
from helmsight.envs.orbital.krpc.errors import InvalidOperationException
from helmsight.envs.orbital.krpc.registry import named, since
from helmsight.envs.orbital.krpc.space_center import motion, thrust
from helmsight.envs.orbital.krpc.space_center.bodies import KERBIN
from helmsight.envs.orbital.krpc.space_center.celestial_body import coordinates
from helmsight.envs.orbital.krpc.space_center.frames import (
    ReferenceFrame,
    axes_in,
    direction_in,
    position_in,
    velocity_in,
)
from helmsight.envs.orbital.krpc.space_center.handle import VesselHandle
from helmsight.envs.orbital.krpc.space_center.service import service
from helmsight.envs.orbital.krpc.space_center.vectors import (
    ZERO,
    Quaternion,
    Vector,
    along,
    cross,
    dot,
    length,
    pitch_heading_roll,
    quaternion,
    scale,
    subtract,
    unit,
)
from helmsight.envs.orbital.krpc.types import Float

SEA_LEVEL_PRESSURE = 101_325.0
"""Air pressure at Kerbin's sea level, Pa."""


@service.remote
@dataclass(frozen=True)
class Flight:
    """How a vessel flies, told in `frame`."""

    vessel: VesselHandle
    frame: ReferenceFrame

    @property
    def g_force(self) -> Float:
        """Acceleration that is felt, in units of standard gravity: thrust, not gravity."""
        return thrust.felt(self.vessel) / G0

    @property
    def mean_altitude(self) -> float:
        """Altitude above sea level, m."""
        return length(motion.place(self.vessel)) - KERBIN.radius

    @property
    def surface_altitude(self) -> float:
        """Altitude above the ground or the sea, m: the twin's Kerbin is smooth."""
        return self.mean_altitude

    @property
    def bedrock_altitude(self) -> float:
        """Altitude above the ground, m: the twin's Kerbin is smooth."""
        return self.mean_altitude

    @property
    def elevation(self) -> float:
        """Height of the ground below above sea level, m: the twin's Kerbin is smooth."""
        self.vessel.index()
        return 0.0

    @property
    def latitude(self) -> float:
        """Latitude, degrees."""
        return self._coordinates()[0]

    @property
    def longitude(self) -> float:
        """Longitude, -180 to 180 degrees."""
        return self._coordinates()[1]

    @property
    def velocity(self) -> Vector:
        """Velocity, m/s."""
        return velocity_in(self.frame, motion.place(self.vessel), motion.velocity(self.vessel))

    @property
    def speed(self) -> float:
        """Speed, m/s."""
        return length(self.velocity)

    @property
    def horizontal_speed(self) -> float:
        """The part of the speed that is level, m/s."""
        return sqrt(max(0.0, self.speed**2 - self.vertical_speed**2))

    @property
    def vertical_speed(self) -> float:
        """The part of the velocity that goes up, m/s."""
        return dot(self.velocity, direction_in(self.frame, unit(motion.place(self.vessel))))

    @property
    def center_of_mass(self) -> Vector:
        """Centre of mass, m."""
        return position_in(self.frame, motion.place(self.vessel))

    @property
    def rotation(self) -> Quaternion:
        """How the vessel lies, as a quaternion (x, y, z, w)."""
        return quaternion(axes_in(self.frame, motion.attitude(self.vessel)))

    @property
    def direction(self) -> Vector:
        """Where the nose points."""
        return direction_in(self.frame, motion.attitude(self.vessel).y)

    @property
    def pitch(self) -> Float:
        """Pitch, degrees: the nose above the plane of the frame's y and z."""
        return self._angles()[0]

    @property
    def heading(self) -> Float:
        """Heading, 0 to 360 degrees from the frame's y towards z."""
        return self._angles()[1]

    @property
    def roll(self) -> Float:
        """Roll, -180 to 180 degrees, right wing down."""
        return self._angles()[2]

    @property
    def prograde(self) -> Vector:
        """Direction of the orbit."""
        return direction_in(self.frame, self._orbital()[0])

    @property
    def retrograde(self) -> Vector:
        """Direction against the orbit."""
        return direction_in(self.frame, scale(self._orbital()[0], -1.0))

    @property
    def normal(self) -> Vector:
        """Normal of the orbit."""
        return direction_in(self.frame, self._orbital()[1])

    @property
    def anti_normal(self) -> Vector:
        """Direction against the orbit's normal."""
        return direction_in(self.frame, scale(self._orbital()[1], -1.0))

    @property
    def radial(self) -> Vector:
        """Direction outwards, in the orbit's plane and square to prograde."""
        return direction_in(self.frame, self._orbital()[2])

    @property
    def anti_radial(self) -> Vector:
        """Direction inwards, in the orbit's plane and square to prograde."""
        return direction_in(self.frame, scale(self._orbital()[2], -1.0))

    @property
    @since("0.7.0")
    def surface_prograde(self) -> Vector:
        """Direction of the velocity over the ground."""
        return direction_in(self.frame, unit(self._ground_velocity()))

    @property
    @since("0.7.0")
    def surface_retrograde(self) -> Vector:
        """Direction against the velocity over the ground."""
        return direction_in(self.frame, scale(unit(self._ground_velocity()), -1.0))

    @property
    def true_air_speed(self) -> Float:
        """Speed over the turning ground, m/s."""
        return length(self._ground_velocity())

    @property
    def angle_of_attack(self) -> Float:
        """Angle in pitch between the nose and the velocity over the ground, degrees."""
        return self._wind()[0]

    @property
    def sideslip_angle(self) -> Float:
        """Angle in yaw between the nose and the velocity over the ground, degrees."""
        return self._wind()[1]

    @property
    def atmosphere_density(self) -> Float:
        """Air density, kg/m^3."""
        return self._airless()

    @property
    def dynamic_pressure(self) -> Float:
        """Dynamic pressure, Pa."""
        return self._airless()

    @property
    def static_pressure(self) -> Float:
        """Air pressure, Pa."""
        return self._airless()

    @property
    @named("StaticPressureAtMSL")
    def static_pressure_at_sea_level(self) -> Float:
        """Air pressure at sea level, Pa."""
        self.vessel.index()
        return SEA_LEVEL_PRESSURE

    @property
    def equivalent_air_speed(self) -> Float:
        """Air speed that would press as much at sea level, m/s."""
        return self._airless()

    @property
    def mach(self) -> Float:
        """Speed over the speed of sound, of which there is none."""
        return self._airless()

    @property
    def speed_of_sound(self) -> Float:
        """Speed of sound, m/s."""
        return self._airless()

    @property
    def aerodynamic_force(self) -> Vector:
        """Force of the air, N."""
        self._airless()
        return ZERO

    @property
    def drag(self) -> Vector:
        """Drag, N."""
        self._airless()
        return ZERO

    @property
    def lift(self) -> Vector:
        """Lift, N."""
        self._airless()
        return ZERO

    def _coordinates(self) -> tuple[float, float]:
        fixed = along(KERBIN.axes(self.vessel.game.ut), motion.place(self.vessel))
        return coordinates(fixed)

    def _angles(self) -> Vector:
        return pitch_heading_roll(axes_in(self.frame, motion.attitude(self.vessel)))

    def _orbital(self) -> tuple[Vector, Vector, Vector]:
        """Return prograde, normal and radial in game space."""
        place, velocity = motion.place(self.vessel), motion.velocity(self.vessel)
        prograde, normal = unit(velocity), unit(cross(velocity, place))
        return prograde, normal, cross(normal, prograde)

    def _ground_velocity(self) -> Vector:
        place = motion.place(self.vessel)
        return subtract(motion.velocity(self.vessel), cross(KERBIN.spin, place))

    def _wind(self) -> tuple[float, float]:
        right, ahead, down = along(motion.attitude(self.vessel), self._ground_velocity())
        return degrees(atan2(down, ahead)), degrees(atan2(right, hypot(ahead, down)))

    def _airless(self) -> float:
        """Return 0: there is no air here.

        Raises:
            InvalidOperationException: there should be some, and the twin has none.
        """
        altitude = self.mean_altitude
        if altitude < KERBIN.atmosphere:
            raise InvalidOperationException(
                f"the twin has no air below {KERBIN.atmosphere:g} m, and this is {altitude:.0f} m"
            )
        return 0.0
