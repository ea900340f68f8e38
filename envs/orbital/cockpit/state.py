"""What the cockpit shows: the plain numbers behind one picture."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

Vector = NDArray[np.float64]


@dataclass(frozen=True)
class Contact:
    """A craft that the cockpit points out besides the target, in the viewer's body axes.

    `place` is its position relative to the viewer, m; `velocity` the viewer's velocity relative to
    it, m/s; `axes` are its body axes as rows (forward, right, down); `hull` is its vehicle's name.
    """

    name: str
    place: Vector
    velocity: Vector
    axes: NDArray[np.float64]
    hull: str = "GrapplerDrone"

    @property
    def range(self) -> float:
        """Distance to it, m."""
        return float(np.linalg.norm(self.place))

    @property
    def closing(self) -> float:
        """How fast the distance shrinks, m/s."""
        return closing(self.place, self.velocity)


@dataclass(frozen=True)
class CockpitState:
    """The state of one vessel as its instruments see it.

    All vectors are in the vessel's own right-handed body axes (forward, right, down).
    `velocity` is the vessel's velocity relative to the target, m/s: it points at the prograde
    marker of the navball in target mode. `target` is the target's position relative to the
    vessel, m. Without a target its name is empty, its position zero and `velocity` the orbit's.
    `up` points away from the planet's centre, `north` is the horizontal north, `sun` points at
    the sun (unit vectors). `target_axes` holds the target's body axes as rows (forward, right,
    down), each in the viewer's body axes. `contacts` are further craft, which the view outside,
    the navball and a panel of their own show. `sunlit` is set where the place of the sun is what
    the flight is about: then these show it.
    """

    velocity: Vector
    target: Vector
    up: Vector
    north: Vector
    sun: Vector
    target_axes: NDArray[np.float64]
    altitude: float  # m above the planet's surface
    met: float  # mission elapsed time, s
    mass: float  # kg
    propellant: float  # units of mono-propellant
    propellant_capacity: float  # units
    throttle: Vector  # applied translation (forward, right, down), each in [-1, 1]
    rcs: bool = True
    sas: str = "target"
    target_name: str = "Evader"
    planet_radius: float = 600_000.0  # m
    target_hull: str = "GrapplerDrone"  # its vehicle
    contacts: tuple[Contact, ...] = ()
    sunlit: bool = False
    felt: float = 0.0  # what the thrusters push with, g

    @property
    def tracks(self) -> bool:
        """Whether a target is set."""
        return bool(self.target_name)

    @property
    def range(self) -> float:
        """Distance to the target, m."""
        return float(np.linalg.norm(self.target))

    @property
    def speed(self) -> float:
        """Speed relative to the target, m/s."""
        return float(np.linalg.norm(self.velocity))

    @property
    def closing(self) -> float:
        """How fast the distance to the target shrinks, m/s."""
        return closing(self.target, self.velocity)

    @property
    def phase(self) -> float:
        """The angle at the target between the vessel and the sun, degrees: 0 is sunward of it."""
        return angle(-self.target, self.sun)


def closing(place: Vector, velocity: Vector) -> float:
    """Return how fast the distance to `place`, m, shrinks at a `velocity` relative to it, m/s."""
    return float(velocity @ place) / max(float(np.linalg.norm(place)), 1e-9)


def angle(one: Vector, other: Vector) -> float:
    """Return the angle between two vectors (3,), degrees."""
    lengths = float(np.linalg.norm(one) * np.linalg.norm(other))
    return float(np.degrees(np.arccos(np.clip(one @ other / max(lengths, 1e-9), -1.0, 1.0))))
