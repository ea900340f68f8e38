"""Where a vessel is, how it moves and how it lies, in game space."""

from __future__ import annotations

from helmsight.envs.orbital.dynamics import MU
from helmsight.envs.orbital.krpc.space_center.conic import Conic
from helmsight.envs.orbital.krpc.space_center.handle import VesselHandle
from helmsight.envs.orbital.krpc.space_center.vectors import (
    FrameAxes,
    Vector,
    add,
    cross,
    scale,
    swap,
)


def place(vessel: VesselHandle) -> Vector:
    """Return the centre of mass, m from Kerbin's centre."""
    x, y, z = vessel.game.fleet.position[0, vessel.index()].tolist()
    return (x, z, y)


def velocity(vessel: VesselHandle) -> Vector:
    """Return the velocity relative to Kerbin, m/s."""
    x, y, z = vessel.game.fleet.velocity[0, vessel.index()].tolist()
    return (x, z, y)


def attitude(vessel: VesselHandle) -> FrameAxes:
    """Return the right wing, the nose and the belly."""
    nose, right, belly = vessel.game.fleet.axes[0, vessel.index()].tolist()
    return FrameAxes(swap(right), swap(nose), swap(belly))


def spin(vessel: VesselHandle) -> Vector:
    """Return the angular velocity, rad/s, by the left hand."""
    x, y, z = vessel.game.spins()[vessel.index()]
    return (-x, -z, -y)


def rate(before: FrameAxes, after: FrameAxes, seconds: float) -> Vector:
    """Return the angular velocity, rad/s by the left hand, of axes that turned a little.

    Half the sum of the products of each axis with its change.
    """
    total = (0.0, 0.0, 0.0)
    for old, new in zip(before, after, strict=True):
        total = add(total, cross(old, new))
    return scale(total, 0.5 / seconds)


def orbit(vessel: VesselHandle) -> Conic:
    """Return the orbit about Kerbin that the vessel is on."""
    game = vessel.game
    return Conic.through(swap(place(vessel)), swap(velocity(vessel)), MU, game.ut)
