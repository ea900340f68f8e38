"""Reference frames: immutable values that say where an origin is and how axes lie and move.

All of a frame's methods tell it in game space (see `vectors`). A velocity in a frame is what is
left of it when the frame's own velocity and turning are taken away.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from enum import IntEnum
from typing import TYPE_CHECKING, ClassVar

from helmsight.envs.orbital.dynamics import MU
from helmsight.envs.orbital.krpc.errors import ArgumentException, InvalidOperationException
from helmsight.envs.orbital.krpc.registry import hidden
from helmsight.envs.orbital.krpc.space_center import motion
from helmsight.envs.orbital.krpc.space_center.bodies import KERBIN, SkyBody
from helmsight.envs.orbital.krpc.space_center.handle import VesselHandle
from helmsight.envs.orbital.krpc.space_center.service import MODERN, service
from helmsight.envs.orbital.krpc.space_center.vectors import (
    IDENTITY,
    UNROTATED,
    ZERO,
    FrameAxes,
    Quaternion,
    Vector,
    add,
    along,
    axes_of,
    axes_turned_by,
    cross,
    dot,
    length,
    scale,
    subtract,
    turned,
)

if TYPE_CHECKING:
    from helmsight.envs.orbital.krpc.simulation import Simulation

MOST = 64  # frames that one frame may be built of
NORTH: Vector = (0.0, 1.0, 0.0)


@service.remote
class ReferenceFrame:
    """An origin and axes that positions, directions, rotations and velocities are told in."""

    @staticmethod
    def create_relative(
        reference_frame: ReferenceFrame,
        position: Vector = ZERO,
        rotation: Quaternion = IDENTITY,
        velocity: Vector = ZERO,
        angular_velocity: Vector = ZERO,
    ) -> ReferenceFrame:
        """A frame that is offset from another by these, which are told in that other frame."""
        numbers = (*position, *rotation, *velocity, *angular_velocity)
        if not all(abs(number) < 1e18 for number in numbers):
            raise ArgumentException("an offset of a frame is NaN or beyond 1e18; give numbers")
        try:
            axes_turned_by(rotation)
        except ValueError as error:
            raise ArgumentException(str(error)) from None
        offsets = (position, rotation, velocity, angular_velocity)
        return _bounded(RelativeFrame(reference_frame, *offsets))

    @staticmethod
    def create_hybrid(
        position: ReferenceFrame,
        rotation: ReferenceFrame | None = None,
        velocity: ReferenceFrame | None = None,
        angular_velocity: ReferenceFrame | None = None,
    ) -> ReferenceFrame:
        """A frame with its origin, axes, velocity and turning from other frames.

        What is left out is taken from `position`.
        """
        others = (rotation, velocity, angular_velocity)
        return _bounded(HybridFrame(position, *(frame or position for frame in others)))

    @hidden
    def origin(self) -> Vector:
        """Return the origin, m."""
        raise NotImplementedError

    @hidden
    def axes(self) -> FrameAxes:
        """Return the axes."""
        raise NotImplementedError

    @hidden
    def velocity(self) -> Vector:
        """Return the velocity of the origin, m/s."""
        raise NotImplementedError

    @hidden
    def spin(self) -> Vector:
        """Return the angular velocity, rad/s."""
        raise NotImplementedError

    @hidden
    def size(self) -> int:
        """Return the number of frames that this one is built of."""
        return 1

    @hidden
    def turns_with(self, vessel: VesselHandle) -> bool:
        """Return whether the axes follow the attitude of `vessel`."""
        return False


class BodyKind(IntEnum):
    """How the axes of a body's frame lie."""

    FIXED = 0  # to the body: x to the prime meridian, y north
    INERTIAL = 1  # x in the equator, y north
    ORBITAL = 2  # x anti-radial, y prograde, z normal


@dataclass(frozen=True)
class BodyFrame(ReferenceFrame):
    """A frame at the centre of a body."""

    body: SkyBody
    kind: BodyKind
    game: Simulation = field(compare=False, repr=False)

    def origin(self) -> Vector:
        return self.body.place(self.game.ut)

    def velocity(self) -> Vector:
        return self.body.velocity(self.game.ut)

    def axes(self) -> FrameAxes:
        if self.kind is BodyKind.INERTIAL:
            return UNROTATED
        if self.kind is BodyKind.FIXED:
            return self.body.axes(self.game.ut)
        position, moving = self.body.about_parent(self.game.ut)
        return axes_of(moving, cross(moving, position))

    def spin(self) -> Vector:
        if self.kind is BodyKind.FIXED:
            return self.body.spin
        if self.kind is BodyKind.INERTIAL or self.game.version < MODERN:
            return ZERO
        return sweep(*self.body.about_parent(self.game.ut))


class VesselKind(IntEnum):
    """How the axes of a vessel's frame lie."""

    BODY = 0  # x right, y to the nose, z to the belly
    ORBITAL = 1  # x anti-radial, y prograde, z normal
    SURFACE = 2  # x up, y north, z east
    SURFACE_VELOCITY = 3  # y along the velocity over the ground, z level


@dataclass(frozen=True)
class VesselFrame(ReferenceFrame):
    """A frame at the centre of mass of a vessel."""

    vessel: VesselHandle
    kind: VesselKind

    def origin(self) -> Vector:
        return motion.place(self.vessel)

    def velocity(self) -> Vector:
        return motion.velocity(self.vessel)

    def axes(self) -> FrameAxes:
        if self.kind is VesselKind.BODY:
            return motion.attitude(self.vessel)
        return self._orbiting(self.origin(), self.velocity())

    def spin(self) -> Vector:
        if self.kind is VesselKind.BODY:
            return motion.spin(self.vessel)
        if self.vessel.game.version < MODERN:
            return ZERO
        place, moving = self.origin(), self.velocity()
        swept = sweep(place, moving)
        if self.kind is VesselKind.ORBITAL:
            return swept
        if self.kind is VesselKind.SURFACE:  # the zenith sweeps, north turns about it
            level = place[0] ** 2 + place[2] ** 2
            turning = dot(NORTH, cross(place, moving)) * place[1]
            return add(swept, scale(place, turning / max(level * dot(place, place), 1e-30)))
        seconds = 1e-3
        pull = scale(place, -MU / length(place) ** 3)
        later = add(place, scale(moving, seconds)), add(moving, scale(pull, seconds))
        return motion.rate(self._orbiting(place, moving), self._orbiting(*later), seconds)

    def turns_with(self, vessel: VesselHandle) -> bool:
        return self.kind is VesselKind.BODY and self.vessel == vessel

    def _orbiting(self, place: Vector, moving: Vector) -> FrameAxes:
        """Return the axes that follow from position and velocity alone."""
        if self.kind is VesselKind.ORBITAL:
            return axes_of(moving, cross(moving, place))
        if self.kind is VesselKind.SURFACE:
            north = subtract(NORTH, scale(place, place[1] / dot(place, place)))
            return axes_of(north, cross(place, north))
        ground = subtract(moving, cross(KERBIN.spin, place))
        return axes_of(ground, cross(place, ground))


@dataclass(frozen=True)
class RelativeFrame(ReferenceFrame):
    """A frame at a constant offset from another, told in that other."""

    krpc_owned: ClassVar = True
    parent: ReferenceFrame
    offset: Vector
    rotation: Quaternion
    moving: Vector
    turning: Vector

    def origin(self) -> Vector:
        return add(self.parent.origin(), turned(self.parent.axes(), self.offset))

    def axes(self) -> FrameAxes:
        parent = self.parent.axes()
        return FrameAxes(*(turned(parent, axis) for axis in axes_turned_by(self.rotation)))

    def velocity(self) -> Vector:
        return velocity_of(self.parent, self.offset, self.moving)

    def spin(self) -> Vector:
        return add(self.parent.spin(), turned(self.parent.axes(), self.turning))

    def size(self) -> int:
        return 1 + self.parent.size()

    def turns_with(self, vessel: VesselHandle) -> bool:
        return self.parent.turns_with(vessel)


@dataclass(frozen=True)
class HybridFrame(ReferenceFrame):
    """A frame that takes each of its four parts from another."""

    krpc_owned: ClassVar = True
    placed_by: ReferenceFrame
    turned_by: ReferenceFrame
    moved_by: ReferenceFrame
    spun_by: ReferenceFrame

    def origin(self) -> Vector:
        return self.placed_by.origin()

    def axes(self) -> FrameAxes:
        return self.turned_by.axes()

    def velocity(self) -> Vector:
        return self.moved_by.velocity()

    def spin(self) -> Vector:
        return self.spun_by.spin()

    def size(self) -> int:
        parts = (self.placed_by, self.turned_by, self.moved_by, self.spun_by)
        return 1 + sum(part.size() for part in parts)

    def turns_with(self, vessel: VesselHandle) -> bool:
        return self.turned_by.turns_with(vessel)


def _bounded(frame: ReferenceFrame) -> ReferenceFrame:
    if frame.size() > MOST:
        raise InvalidOperationException(
            f"this frame is built of {frame.size()} others; at most {MOST} are possible"
        )
    return frame


def sweep(place: Vector, moving: Vector) -> Vector:
    """Return the angular velocity of the line from the centre to a body that moves, rad/s."""
    return scale(cross(place, moving), 1.0 / dot(place, place))


def position_in(frame: ReferenceFrame, place: Vector) -> Vector:
    """Return a position of game space as `frame` tells it."""
    return along(frame.axes(), subtract(place, frame.origin()))


def position_of(frame: ReferenceFrame, position: Vector) -> Vector:
    """Return in game space a position that is told in `frame`."""
    return add(frame.origin(), turned(frame.axes(), position))


def direction_in(frame: ReferenceFrame, direction: Vector) -> Vector:
    """Return a direction of game space as `frame` tells it; its length stays."""
    return along(frame.axes(), direction)


def direction_of(frame: ReferenceFrame, direction: Vector) -> Vector:
    """Return in game space a direction that is told in `frame`; its length stays."""
    return turned(frame.axes(), direction)


def velocity_in(frame: ReferenceFrame, place: Vector, velocity: Vector) -> Vector:
    """Return the velocity of what is at `place`, both of game space, as `frame` tells it."""
    relative = subtract(velocity, frame.velocity())
    spin = frame.spin()
    if spin != ZERO:
        relative = subtract(relative, cross(spin, subtract(place, frame.origin())))
    return along(frame.axes(), relative)


def velocity_of(frame: ReferenceFrame, position: Vector, velocity: Vector) -> Vector:
    """Return in game space the velocity of what is at `position`, both told in `frame`."""
    axes = frame.axes()
    moving = add(frame.velocity(), turned(axes, velocity))
    spin = frame.spin()
    return add(moving, cross(spin, turned(axes, position))) if spin != ZERO else moving


def axes_in(frame: ReferenceFrame, axes: FrameAxes) -> FrameAxes:
    """Return axes of game space as `frame` tells them."""
    own = frame.axes()
    return FrameAxes(*(along(own, axis) for axis in axes))


def spin_in(frame: ReferenceFrame, spin: Vector) -> Vector:
    """Return an angular velocity of game space as `frame` tells it."""
    return along(frame.axes(), subtract(spin, frame.spin()))
