"""Orbit: elements, anomalies and times of a vessel's or a body's orbit. Metres, seconds, radians.

An orbit follows its vessel: every answer is about the one that it is on now, and `epoch` is now.
Values that an escape orbit does not have are infinite (apoapsis, period) or NaN.
"""

from __future__ import annotations

from dataclasses import dataclass
from math import inf, nan, pi, sqrt
from typing import TYPE_CHECKING, Protocol

from helmsight.envs.orbital.krpc.errors import (
    ArgumentException,
    ArgumentOutOfRangeException,
    InvalidOperationException,
)
from helmsight.envs.orbital.krpc.registry import hidden, named, since, until
from helmsight.envs.orbital.krpc.space_center.approach import ClosestApproach
from helmsight.envs.orbital.krpc.space_center.conic import Conic, closest_approaches
from helmsight.envs.orbital.krpc.space_center.frames import (
    ReferenceFrame,
    direction_in,
    position_in,
    velocity_in,
)
from helmsight.envs.orbital.krpc.space_center.service import service, within
from helmsight.envs.orbital.krpc.space_center.vectors import Vector, add, length, swap

if TYPE_CHECKING:
    from helmsight.envs.orbital.krpc.simulation import Simulation
    from helmsight.envs.orbital.krpc.space_center.celestial_body import CelestialBody

MOST_ORBITS = 100  # that closest approaches are looked for in


class Orbiting(Protocol):
    """What has an orbit: a vessel or a body."""

    @property
    def game(self) -> Simulation: ...

    @property
    def orbital_reference_frame(self) -> ReferenceFrame: ...

    def conic(self) -> Conic: ...


@service.remote
@dataclass(frozen=True)
class Orbit:
    """The orbit of a vessel or a body about `centre`."""

    owner: Orbiting
    centre: CelestialBody

    @hidden
    def now(self) -> float:
        """Return the universal time, s."""
        return self.owner.game.ut

    @property
    def body(self) -> CelestialBody:
        """The body that it goes about."""
        return self.centre

    @property
    def apoapsis(self) -> float:
        """Apoapsis from the centre of the body."""
        return self.owner.conic().apoapsis

    @property
    def periapsis(self) -> float:
        """Periapsis from the centre of the body."""
        return self.owner.conic().periapsis

    @property
    def apoapsis_altitude(self) -> float:
        """Apoapsis above sea level."""
        return self.apoapsis - self.centre.equatorial_radius

    @property
    def periapsis_altitude(self) -> float:
        """Periapsis above sea level."""
        return self.periapsis - self.centre.equatorial_radius

    @property
    @since("0.7.0")
    def altitude(self) -> float:
        """Present height above sea level."""
        return self.radius - self.centre.equatorial_radius

    @property
    def semi_major_axis(self) -> float:
        """Semi-major axis, negative for an escape orbit."""
        return self.owner.conic().sma

    @property
    def semi_minor_axis(self) -> float:
        """Semi-minor axis; NaN for an escape orbit."""
        conic = self.owner.conic()
        return conic.sma * sqrt(1.0 - conic.ecc**2) if conic.bound else nan

    @property
    def radius(self) -> float:
        """Present distance from the centre of the body."""
        return length(self.owner.conic().state_at(self.now())[0])

    @property
    def speed(self) -> float:
        """Present speed about the body."""
        return length(self.owner.conic().state_at(self.now())[1])

    @property
    def orbital_speed(self) -> float:
        """Present speed about the body."""
        return self.speed

    @property
    def period(self) -> float:
        """Period; infinite for an escape orbit."""
        return self.owner.conic().period

    @property
    @since("0.7.0")
    def mean_motion(self) -> float:
        """Mean motion, rad/s."""
        return self.owner.conic().motion

    @property
    @since("0.7.0")
    def semi_latus_rectum(self) -> float:
        """Semi-latus rectum."""
        return self.owner.conic().parameter

    @property
    @since("0.7.0")
    def specific_energy(self) -> float:
        """Energy, J/kg: negative for a bound orbit."""
        conic = self.owner.conic()
        return -conic.mu / (2.0 * conic.sma)

    @property
    @since("0.7.0")
    def specific_angular_momentum(self) -> float:
        """Angular momentum, m^2/s."""
        conic = self.owner.conic()
        return sqrt(conic.mu * conic.parameter)

    @property
    def time_to_apoapsis(self) -> float:
        """Time until the apoapsis; infinite for an escape orbit."""
        conic = self.owner.conic()
        return conic.next_at(pi, self.now()) - self.now() if conic.bound else inf

    @property
    def time_to_periapsis(self) -> float:
        """Time until the periapsis; negative when an escape orbit has passed it."""
        return self.owner.conic().next_at(0.0, self.now()) - self.now()

    @property
    def time_to_soi_change(self) -> float:
        """Time until another body attracts: never in the twin, NaN."""
        self.owner.conic()
        return nan

    @property
    def next_orbit(self) -> Orbit | None:
        """The orbit about the next body: none in the twin, null."""
        self.owner.conic()
        return None

    @property
    def eccentricity(self) -> float:
        """Eccentricity."""
        return self.owner.conic().ecc

    @property
    def inclination(self) -> float:
        """Inclination to the equator."""
        return self.owner.conic().inc

    @property
    def longitude_of_ascending_node(self) -> float:
        """Longitude of the ascending node; 0 where there is none."""
        return self.owner.conic().lan

    @property
    def argument_of_periapsis(self) -> float:
        """Argument of periapsis; 0 for a circle."""
        return self.owner.conic().lpe

    @property
    def mean_anomaly_at_epoch(self) -> float:
        """Mean anomaly at the epoch."""
        return self.owner.conic().mean

    @property
    def epoch(self) -> float:
        """The time that the elements are told for: now for a vessel, 0 for a body."""
        return self.owner.conic().epoch

    @property
    def mean_anomaly(self) -> float:
        """Present mean anomaly."""
        return self.owner.conic().mean_at(self.now())

    @property
    def eccentric_anomaly(self) -> float:
        """Present eccentric anomaly; the hyperbolic one of an escape orbit."""
        return self.owner.conic().eccentric_at(self.now())

    @property
    def true_anomaly(self) -> float:
        """Present true anomaly."""
        return self.owner.conic().true_at(self.now())

    def mean_anomaly_at_ut(self, ut: float) -> float:
        """Mean anomaly at a time."""
        return self.owner.conic().mean_at(_time(ut))

    def eccentric_anomaly_at_ut(self, ut: float) -> float:
        """Eccentric anomaly at a time."""
        return self.owner.conic().eccentric_at(_time(ut))

    def true_anomaly_at_ut(self, ut: float) -> float:
        """True anomaly at a time."""
        return self.owner.conic().true_at(_time(ut))

    def true_anomaly_at_radius(self, radius: float) -> float:
        """True anomaly at a radius, 0 to pi; NaN where the orbit never is."""
        return self.owner.conic().true_at_radius(radius)

    @named("UTAtTrueAnomaly")
    def ut_at_true_anomaly(self, true_anomaly: float) -> float:
        """The next time at which it has a true anomaly."""
        try:
            return self.owner.conic().next_at(_time(true_anomaly), self.now())
        except ValueError as error:
            raise ArgumentException(str(error)) from None

    def radius_at(self, ut: float) -> float:
        """Radius at a time."""
        return length(self.owner.conic().state_at(_time(ut))[0])

    def radius_at_true_anomaly(self, true_anomaly: float) -> float:
        """Radius at a true anomaly; NaN where an escape orbit has no point."""
        return self.owner.conic().radius_of(_time(true_anomaly))

    @until("0.7.0")
    def orbital_speed_at(self, time: float) -> float:
        """Speed after `time` seconds from now."""
        return length(self.owner.conic().state_at(self.now() + _time(time))[1])

    @since("0.7.0")
    def speed_at(self, ut: float) -> float:
        """Speed at a time."""
        return length(self.owner.conic().state_at(_time(ut))[1])

    @since("0.7.0")
    def speed_at_radius(self, radius: float) -> float:
        """Speed at a radius; NaN where the orbit never is."""
        return self.owner.conic().speed_at_radius(radius)

    def position_at(self, ut: float, reference_frame: ReferenceFrame | None = None) -> Vector:
        """Position at a time, in the frame as it is now; by default one that does not turn."""
        place = swap(self.owner.conic().state_at(_time(ut))[0])
        return position_in(
            reference_frame or self.centre.non_rotating_reference_frame,
            add(self.centre.body.place(self.now()), place),
        )

    @since("0.7.0")
    def velocity_at(self, ut: float, reference_frame: ReferenceFrame | None = None) -> Vector:
        """Velocity at a time, in the frame as it is now; by default one that does not turn."""
        position, velocity = self.owner.conic().state_at(_time(ut))
        body, now = self.centre.body, self.now()
        return velocity_in(
            reference_frame or self.centre.non_rotating_reference_frame,
            add(body.place(now), swap(position)),
            add(body.velocity(now), swap(velocity)),
        )

    def relative_inclination(self, target: Orbit) -> float:
        """Angle between the planes of this orbit and another."""
        return self._pair(target)[0].tilt_to(target.owner.conic())

    @named("TrueAnomalyAtAN")
    def true_anomaly_at_an(self, target: Orbit) -> float:
        """True anomaly at which it rises through another's plane; NaN if both are the same."""
        own, other = self._pair(target)
        return own.node_with(other)

    @named("TrueAnomalyAtDN")
    def true_anomaly_at_dn(self, target: Orbit) -> float:
        """True anomaly at which it sinks through another's plane; NaN if both are the same."""
        return (self.true_anomaly_at_an(target) + pi) % (2.0 * pi)

    @until("0.7.0")
    def distance_at_closest_approach(self, target: Orbit) -> float:
        """Distance at the closest approach within the next period."""
        return self.approaches(target, 1)[0][1]

    @until("0.7.0")
    def time_of_closest_approach(self, target: Orbit) -> float:
        """Time of the closest approach within the next period."""
        return self.approaches(target, 1)[0][0]

    @until("0.7.0")
    def list_closest_approaches(self, target: Orbit, orbits: int) -> list[list[float]]:
        """Times and distances of the closest approach in each of the next periods."""
        approaches = self.approaches(target, orbits)
        return [[time for time, _ in approaches], [distance for _, distance in approaches]]

    @since("0.7.0")
    def next_closest_approach(self, target: Orbit) -> ClosestApproach:
        """The closest approach within the next period."""
        self.approaches(target, 1)
        return ClosestApproach(self, target, 0)

    @named("ClosestApproaches")
    @since("0.7.0")
    def coming_approaches(self, target: Orbit, orbits: int) -> list[ClosestApproach]:
        """The closest approach in each of the next periods."""
        count = len(self.approaches(target, orbits))
        return [ClosestApproach(self, target, number) for number in range(count)]

    @staticmethod
    def reference_plane_normal(reference_frame: ReferenceFrame) -> Vector:
        """The normal of the plane that inclinations count from: north."""
        return direction_in(reference_frame, (0.0, 1.0, 0.0))

    @staticmethod
    def reference_plane_direction(reference_frame: ReferenceFrame) -> Vector:
        """The direction that longitudes of nodes count from."""
        return direction_in(reference_frame, (1.0, 0.0, 0.0))

    def _pair(self, target: Orbit) -> tuple[Conic, Conic]:
        if target.centre != self.centre:
            raise InvalidOperationException(
                f"these orbits go about {self.centre.name} and {target.centre.name}; "
                "compare two about one body"
            )
        return self.owner.conic(), target.owner.conic()

    @hidden
    def approaches(self, target: Orbit, turns: int) -> list[tuple[float, float]]:
        """Return (time, distance) of the closest approach in each of the next periods."""
        within(turns, 1, MOST_ORBITS, "the number of orbits")
        own, other = self._pair(target)
        try:
            return closest_approaches(own, other, self.now(), turns)
        except ValueError as error:
            raise InvalidOperationException(str(error)) from None


def _time(value: float) -> float:
    """Return a time or an angle.

    Raises:
        ArgumentOutOfRangeException: it is NaN, infinite or beyond 1e12.
    """
    if not abs(value) < 1e12:
        raise ArgumentOutOfRangeException(f"{value} is no time or angle to reckon with")
    return value
