"""ClosestApproach: how kRPC 0.7 tells where two orbits come close."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from helmsight.envs.orbital.krpc.registry import hidden, since
from helmsight.envs.orbital.krpc.space_center.conic import Conic
from helmsight.envs.orbital.krpc.space_center.frames import (
    ReferenceFrame,
    direction_in,
    position_in,
    velocity_in,
)
from helmsight.envs.orbital.krpc.space_center.handle import VesselHandle
from helmsight.envs.orbital.krpc.space_center.service import service
from helmsight.envs.orbital.krpc.space_center.vectors import Vector, add, length, subtract, swap

if TYPE_CHECKING:
    from helmsight.envs.orbital.krpc.space_center.celestial_body import CelestialBody
    from helmsight.envs.orbital.krpc.space_center.orbit import Orbit
    from helmsight.envs.orbital.krpc.space_center.vessel import Vessel


@since("0.7.0")
@service.remote
@dataclass(frozen=True)
class ClosestApproach:
    """The closest approach of two orbits within a coming period, the first of them number 0.

    It follows the orbits: what it tells is what will be, as they are now. Positions and velocities
    are told in the orbital frame of what approaches, or in another that is given, as it is now.
    """

    orbit: Orbit
    target: Orbit
    number: int

    @hidden
    def when_and_how_close(self) -> tuple[float, float]:
        """Return (time, distance), s and m."""
        return self.orbit.approaches(self.target, self.number + 1)[self.number]

    @property
    def ut(self) -> float:
        """Its universal time, s."""
        return self.when_and_how_close()[0]

    @property
    def time_to(self) -> float:
        """Time until then, s."""
        return self.when_and_how_close()[0] - self.orbit.now()

    @property
    def distance(self) -> float:
        """Distance then, m."""
        return self.when_and_how_close()[1]

    @property
    def relative_speed(self) -> float:
        """Speed relative to each other then, m/s."""
        own, other = self._states()
        return length(subtract(own[1], other[1]))

    @property
    def vessel(self) -> Vessel | None:
        """The vessel that approaches; null if it is a body."""
        return _vessel(self.orbit)

    @property
    def target_vessel(self) -> Vessel | None:
        """The vessel that is approached; null if it is a body."""
        return _vessel(self.target)

    @property
    def body(self) -> CelestialBody | None:
        """The body that approaches; null if it is a vessel."""
        return _body(self.orbit)

    @property
    def target_body(self) -> CelestialBody | None:
        """The body that is approached; null if it is a vessel."""
        return _body(self.target)

    def position(self, reference_frame: ReferenceFrame | None = None) -> Vector:
        """Where what approaches is then, m."""
        return position_in(self._frame(reference_frame), self._placed(self._states()[0])[0])

    def target_position(self, reference_frame: ReferenceFrame | None = None) -> Vector:
        """Where what is approached is then, m."""
        return position_in(self._frame(reference_frame), self._placed(self._states()[1])[0])

    def velocity(self, reference_frame: ReferenceFrame | None = None) -> Vector:
        """How fast what approaches is then, m/s."""
        return velocity_in(self._frame(reference_frame), *self._placed(self._states()[0]))

    def target_velocity(self, reference_frame: ReferenceFrame | None = None) -> Vector:
        """How fast what is approached is then, m/s."""
        return velocity_in(self._frame(reference_frame), *self._placed(self._states()[1]))

    def relative_position(self, reference_frame: ReferenceFrame | None = None) -> Vector:
        """Where what is approached is from what approaches, m."""
        own, other = self._states()
        return direction_in(self._frame(reference_frame), subtract(other[0], own[0]))

    def relative_velocity(self, reference_frame: ReferenceFrame | None = None) -> Vector:
        """How fast what is approached is relative to what approaches, m/s."""
        own, other = self._states()
        return direction_in(self._frame(reference_frame), subtract(other[1], own[1]))

    def _states(self) -> tuple[tuple[Vector, Vector], tuple[Vector, Vector]]:
        """Return position and velocity of both about their body, in axes of game space."""
        ut = self.ut
        return _state(self.orbit.owner.conic(), ut), _state(self.target.owner.conic(), ut)

    def _placed(self, state: tuple[Vector, Vector]) -> tuple[Vector, Vector]:
        """Return a state about the body as one of game space."""
        body, now = self.orbit.centre.body, self.orbit.now()
        return add(body.place(now), state[0]), add(body.velocity(now), state[1])

    def _frame(self, given: ReferenceFrame | None) -> ReferenceFrame:
        return given or self.orbit.owner.orbital_reference_frame


def _state(conic: Conic, ut: float) -> tuple[Vector, Vector]:
    position, velocity = conic.state_at(ut)
    return swap(position), swap(velocity)


def _vessel(orbit: Orbit) -> Vessel | None:
    return orbit.owner if isinstance(orbit.owner, VesselHandle) else None  # type: ignore[return-value]


def _body(orbit: Orbit) -> CelestialBody | None:
    return None if isinstance(orbit.owner, VesselHandle) else orbit.owner  # type: ignore[return-value]
