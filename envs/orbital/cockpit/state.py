"""What the cockpit shows: the plain numbers behind one picture."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

Vector = NDArray[np.float64]


@dataclass(frozen=True)
class CockpitState:
    """The state of one vessel as its instruments see it.

    All vectors are in the vessel's own right-handed body axes (forward, right, down).
    `velocity` is the vessel's velocity relative to the target, m/s: it points at the prograde
    marker of the navball in target mode. `target` is the target's position relative to the
    vessel, m. Without a target its name is empty, its position zero and `velocity` the orbit's.
    `up` points away from the planet's centre, `north` is the horizontal north, `sun` points at
    the sun (unit vectors). `target_axes` holds the target's body axes as rows (forward, right,
    down), each in the viewer's body axes.
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
