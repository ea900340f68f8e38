"""CelestialBody: constants, places on the surface, frames. The twin's bodies are smooth spheres."""

from __future__ import annotations

from dataclasses import dataclass, field
from math import asin, atan2, cos, degrees, radians, sin
from typing import TYPE_CHECKING

from helmsight.envs.orbital.krpc.errors import ArgumentException, InvalidOperationException
from helmsight.envs.orbital.krpc.registry import hidden, named, since
from helmsight.envs.orbital.krpc.space_center.bodies import BODIES, SkyBody
from helmsight.envs.orbital.krpc.space_center.conic import Conic
from helmsight.envs.orbital.krpc.space_center.frames import (
    NORTH,
    BodyFrame,
    BodyKind,
    ReferenceFrame,
    RelativeFrame,
    axes_in,
    direction_in,
    position_in,
    position_of,
    spin_in,
    velocity_in,
)
from helmsight.envs.orbital.krpc.space_center.orbit import Orbit
from helmsight.envs.orbital.krpc.space_center.service import service
from helmsight.envs.orbital.krpc.space_center.vectors import (
    TWO_PI,
    ZERO,
    Quaternion,
    Vector,
    along,
    axes_of,
    cross,
    length,
    quaternion,
    scale,
    subtract,
)
from helmsight.envs.orbital.krpc.types import Float

if TYPE_CHECKING:
    from helmsight.envs.orbital.krpc.simulation import Simulation

GRAVITATION = 6.67408e-11
"""The gravitational constant of KSP 1.12, N m^2/kg^2: masses of bodies follow from it."""


def outward(latitude: float, longitude: float) -> Vector:
    """Return the unit vector to a place, degrees, in axes fixed to its body."""
    lat, lon = radians(latitude), radians(longitude)
    return (cos(lat) * cos(lon), sin(lat), cos(lat) * sin(lon))


def coordinates(fixed: Vector) -> tuple[float, float]:
    """Return latitude and longitude (-180..180), degrees, of a position in axes fixed to a body."""
    size = length(fixed)
    return (
        degrees(asin(max(-1.0, min(1.0, fixed[1] / size)))) if size > 0.0 else 0.0,
        degrees(atan2(fixed[2], fixed[0])),
    )


@service.remote
@dataclass(frozen=True)
class CelestialBody:
    """A planet, a moon or the sun. Only Kerbin attracts the twin's vessels."""

    body: SkyBody
    game: Simulation = field(compare=False, repr=False)

    @hidden
    def conic(self) -> Conic:
        """Return its orbit."""
        assert self.body.orbit is not None
        return self.body.orbit

    @property
    def name(self) -> str:
        """Its name."""
        return self.body.name

    @property
    def satellites(self) -> list[CelestialBody]:
        """The bodies that orbit it."""
        return [CelestialBody(b, self.game) for b in BODIES.values() if b.parent is self.body]

    @property
    def orbit(self) -> Orbit | None:
        """Its orbit; null for the sun."""
        if self.body.parent is None:
            return None
        return Orbit(self, CelestialBody(self.body.parent, self.game))

    @property
    def mass(self) -> float:
        """Mass, kg."""
        return self.body.mu / GRAVITATION

    @property
    def gravitational_parameter(self) -> float:
        """Gravitational parameter, m^3/s^2."""
        return self.body.mu

    @property
    def surface_gravity(self) -> float:
        """Gravity at sea level, m/s^2."""
        return self.body.mu / self.body.radius**2

    @property
    def rotational_period(self) -> float:
        """Sidereal rotation period, s."""
        return self.body.rotation_period

    @property
    def rotational_speed(self) -> float:
        """Rotation rate, rad/s."""
        return TWO_PI / self.body.rotation_period

    @property
    def rotation_angle(self) -> float:
        """Present rotation angle, 0 to 2 pi."""
        return self.body.angle(self.game.ut)

    @property
    def initial_rotation(self) -> float:
        """Rotation angle at UT 0, rad."""
        return self.body.initial_rotation

    @property
    def equatorial_radius(self) -> float:
        """Radius, m."""
        return self.body.radius

    @property
    def sphere_of_influence(self) -> float:
        """Radius of the sphere of influence, m; infinite for the sun."""
        return self.body.sphere

    @property
    def is_star(self) -> bool:
        """Whether it is a star."""
        return self.body.parent is None

    @property
    def has_solid_surface(self) -> bool:
        """Whether one can land on it."""
        return self.body.solid

    @property
    def has_atmosphere(self) -> bool:
        """Whether it has an atmosphere."""
        return self.body.atmosphere > 0.0

    @property
    def has_atmospheric_oxygen(self) -> bool:
        """Whether jet engines breathe there."""
        return self.body.oxygen

    @property
    @since("0.7.0")
    def has_ocean(self) -> bool:
        """Whether it has an ocean."""
        return self.body.ocean

    @property
    def atmosphere_depth(self) -> float:
        """Altitude at which the atmosphere ends, m."""
        return self.body.atmosphere

    @property
    def flying_high_altitude_threshold(self) -> Float:
        """Altitude from which flying counts as high, m."""
        return self.body.flying_high

    @property
    def space_high_altitude_threshold(self) -> Float:
        """Altitude from which space counts as high, m."""
        return self.body.space_high

    @property
    def reference_frame(self) -> ReferenceFrame:
        """The frame that turns with the body: x to the prime meridian, y north."""
        return BodyFrame(self.body, BodyKind.FIXED, self.game)

    @property
    def non_rotating_reference_frame(self) -> ReferenceFrame:
        """The frame at the centre of the body that does not turn; y is north."""
        return BodyFrame(self.body, BodyKind.INERTIAL, self.game)

    @property
    def orbital_reference_frame(self) -> ReferenceFrame:
        """The frame along the body's own orbit: x anti-radial, y prograde, z normal."""
        if self.body.orbit is None:
            raise ArgumentException(f"{self.body.name} orbits nothing; it has no orbital frame")
        return BodyFrame(self.body, BodyKind.ORBITAL, self.game)

    @since("0.7.0")
    def surface_reference_frame(
        self, latitude: float, longitude: float, altitude: float = 0.0
    ) -> ReferenceFrame:
        """A frame on the surface, degrees and m: x up, y north, z east; it turns with the body."""
        up = outward(latitude, longitude)
        east = (-sin(radians(longitude)), 0.0, cos(radians(longitude)))
        north = cross(east, up)
        place = scale(up, self.body.radius + altitude)
        return RelativeFrame(
            self.reference_frame, place, quaternion(axes_of(north, east)), ZERO, ZERO
        )

    def position(self, reference_frame: ReferenceFrame) -> Vector:
        """The centre of the body, m."""
        return position_in(reference_frame, self.body.place(self.game.ut))

    def velocity(self, reference_frame: ReferenceFrame) -> Vector:
        """The velocity of its centre, m/s."""
        ut = self.game.ut
        return velocity_in(reference_frame, self.body.place(ut), self.body.velocity(ut))

    def rotation(self, reference_frame: ReferenceFrame) -> Quaternion:
        """How it lies, as a quaternion (x, y, z, w)."""
        return quaternion(axes_in(reference_frame, self.body.axes(self.game.ut)))

    def direction(self, reference_frame: ReferenceFrame) -> Vector:
        """Where its north pole points."""
        return direction_in(reference_frame, NORTH)

    def angular_velocity(self, reference_frame: ReferenceFrame) -> Vector:
        """Its angular velocity, rad/s."""
        return spin_in(reference_frame, self.body.spin)

    def surface_height(self, latitude: float, longitude: float) -> float:
        """Height of the surface above sea level, m: the twin's bodies are smooth."""
        return 0.0

    def bedrock_height(self, latitude: float, longitude: float) -> float:
        """Height of the ground above sea level, m: the twin's bodies are smooth."""
        return 0.0

    @named("MSLPosition")
    def sea_level_position(
        self, latitude: float, longitude: float, reference_frame: ReferenceFrame
    ) -> Vector:
        """The place at sea level at these degrees, m."""
        return self.position_at_altitude(latitude, longitude, 0.0, reference_frame)

    def surface_position(
        self, latitude: float, longitude: float, reference_frame: ReferenceFrame
    ) -> Vector:
        """The place on the surface at these degrees, m."""
        return self.position_at_altitude(latitude, longitude, 0.0, reference_frame)

    def bedrock_position(
        self, latitude: float, longitude: float, reference_frame: ReferenceFrame
    ) -> Vector:
        """The place on the ground at these degrees, m."""
        return self.position_at_altitude(latitude, longitude, 0.0, reference_frame)

    def position_at_altitude(
        self, latitude: float, longitude: float, altitude: float, reference_frame: ReferenceFrame
    ) -> Vector:
        """The place at these degrees and this altitude, m."""
        fixed = scale(outward(latitude, longitude), self.body.radius + altitude)
        return position_in(reference_frame, position_of(self.reference_frame, fixed))

    def altitude_at_position(self, position: Vector, reference_frame: ReferenceFrame) -> float:
        """The altitude of a position above sea level, m."""
        return length(self._fixed(position, reference_frame)) - self.body.radius

    def latitude_at_position(self, position: Vector, reference_frame: ReferenceFrame) -> float:
        """The latitude of a position, degrees."""
        return coordinates(self._fixed(position, reference_frame))[0]

    def longitude_at_position(self, position: Vector, reference_frame: ReferenceFrame) -> float:
        """The longitude of a position, -180 to 180 degrees."""
        return coordinates(self._fixed(position, reference_frame))[1]

    def pressure_at(self, altitude: float) -> float:
        """Air pressure at an altitude, Pa: none above the atmosphere."""
        return self._airless(altitude)

    def density_at(self, altitude: float) -> float:
        """Air density at an altitude, kg/m^3: none above the atmosphere."""
        return self._airless(altitude)

    def atmospheric_density_at_position(
        self, position: Vector, reference_frame: ReferenceFrame
    ) -> float:
        """Air density at a position, kg/m^3: none above the atmosphere."""
        return self._airless(self.altitude_at_position(position, reference_frame))

    def _fixed(self, position: Vector, frame: ReferenceFrame) -> Vector:
        ut = self.game.ut
        return along(
            self.body.axes(ut), subtract(position_of(frame, position), self.body.place(ut))
        )

    def _airless(self, altitude: float) -> float:
        if altitude < self.body.atmosphere:
            raise InvalidOperationException(
                f"the twin has no air below {self.body.atmosphere:g} m over {self.body.name}; "
                f"{altitude:g} m is not reckoned"
            )
        return 0.0
