"""The bodies of the twin's sky: KSP's own constants and orbits. Only Kerbin attracts."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property
from math import cos, inf, radians, sin

from helmsight.envs.orbital.dynamics import DAY, MU, PRIME_MERIDIAN, RADIUS
from helmsight.envs.orbital.krpc.space_center.conic import Conic
from helmsight.envs.orbital.krpc.space_center.vectors import (
    TWO_PI,
    ZERO,
    FrameAxes,
    Vector,
    scale,
    subtract,
    swap,
)

SUN_MU = 1.17233279483249e18


@dataclass(frozen=True, eq=False)
class SkyBody:
    """A celestial body: SI units, rad; `orbit` is about `parent`, angles from +x at UT 0.

    `initial_rotation` is the angle from +x of its prime meridian at UT 0. `atmosphere` is the
    depth of its air, m, or 0; `flying_high` and `space_high` are the altitudes, m, that divide
    KSP's science situations.
    """

    name: str
    mu: float
    radius: float
    sphere: float
    rotation_period: float
    initial_rotation: float
    atmosphere: float
    space_high: float
    flying_high: float = 18_000.0
    orbit: Conic | None = None
    parent: SkyBody | None = None

    @cached_property
    def spin(self) -> Vector:
        """Angular velocity in game space, rad/s by the left hand."""
        return (0.0, -TWO_PI / self.rotation_period, 0.0)

    def angle(self, ut: float) -> float:
        """Return the angle from +x of the prime meridian at `ut`, 0 to 2 pi."""
        return (self.initial_rotation + TWO_PI * ut / self.rotation_period) % TWO_PI

    def axes(self, ut: float) -> FrameAxes:
        """Return the axes fixed to the body: prime meridian, north, 90 degrees east."""
        angle = self.angle(ut)
        cosine, sine = cos(angle), sin(angle)
        return FrameAxes((cosine, 0.0, sine), (0.0, 1.0, 0.0), (-sine, 0.0, cosine))

    def about_parent(self, ut: float) -> tuple[Vector, Vector]:
        """Return position and velocity about the body that this one orbits, in game space.

        Raises:
            ValueError: it orbits nothing.
        """
        if self.orbit is None:
            raise ValueError(f"{self.name} orbits nothing")
        position, velocity = self.orbit.state_at(ut)
        return swap(position), swap(velocity)

    def place(self, ut: float) -> Vector:
        """Return the position at `ut` from Kerbin's centre, m in game space."""
        return self._from_kerbin(ut)[0]

    def velocity(self, ut: float) -> Vector:
        """Return the velocity at `ut` relative to Kerbin, m/s in game space."""
        return self._from_kerbin(ut)[1]

    def _from_kerbin(self, ut: float) -> tuple[Vector, Vector]:
        if self is KERBIN:
            return ZERO, ZERO
        if self is SUN:
            position, velocity = KERBIN.about_parent(ut)
            return subtract(ZERO, position), scale(velocity, -1.0)
        return self.about_parent(ut)  # Kerbin's moons


SUN = SkyBody(
    "Sun", SUN_MU, 261_600_000.0, inf, 432_000.0, 0.0,
    atmosphere=600_000.0, space_high=1e9,
)  # fmt: skip
KERBIN = SkyBody(
    "Kerbin", MU, RADIUS, 84_159_286.4796305, DAY, PRIME_MERIDIAN,
    atmosphere=70_000.0, space_high=250_000.0,
    orbit=Conic(SUN_MU, 13_599_840_256.0, 0.0, 0.0, 0.0, 0.0, 3.14, 0.0), parent=SUN,
)  # fmt: skip
MUN = SkyBody(
    "Mun", 6.51383975207806e10, 200_000.0, 2_429_559.11656475, 138_984.376574476, radians(230.0),
    atmosphere=0.0, space_high=60_000.0,
    orbit=Conic(MU, 12_000_000.0, 0.0, 0.0, 0.0, 0.0, 1.7, 0.0), parent=KERBIN,
)  # fmt: skip
MINMUS = SkyBody(
    "Minmus", 1.76580002663128e9, 60_000.0, 2_247_428.3879023, 40_400.0, radians(230.0),
    atmosphere=0.0, space_high=30_000.0,
    orbit=Conic(MU, 47_000_000.0, 0.0, radians(6.0), radians(78.0), radians(38.0), 0.9, 0.0),
    parent=KERBIN,
)  # fmt: skip
BODIES = {body.name: body for body in (SUN, KERBIN, MUN, MINMUS)}
