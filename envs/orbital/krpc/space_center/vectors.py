"""Vectors and rotations as tuples of floats: a call answers about one vessel, where numpy is slow.

Game space, in which this package reckons, is Kerbin-centred, does not rotate and is left-handed as
Unity is: x and z in the equator's plane, y north. It is the inertial frame of the dynamics with y
and z exchanged. The formula of a vector product is the same in both, but a product that is told in
one changes its sign in the other: angular velocities follow the left hand here, as they do in
kRPC.
"""

from __future__ import annotations

from math import atan2, cos, degrees, hypot, pi, radians, sin, sqrt
from typing import NamedTuple

Vector = tuple[float, float, float]
Quaternion = tuple[float, float, float, float]
ZERO: Vector = (0.0, 0.0, 0.0)
IDENTITY: Quaternion = (0.0, 0.0, 0.0, 1.0)
TWO_PI = 2.0 * pi


class FrameAxes(NamedTuple):
    """The axes of a frame as unit vectors in game space."""

    x: Vector
    y: Vector
    z: Vector


UNROTATED = FrameAxes((1.0, 0.0, 0.0), (0.0, 1.0, 0.0), (0.0, 0.0, 1.0))


def add(a: Vector, b: Vector) -> Vector:
    """Return a + b."""
    return (a[0] + b[0], a[1] + b[1], a[2] + b[2])


def subtract(a: Vector, b: Vector) -> Vector:
    """Return a - b."""
    return (a[0] - b[0], a[1] - b[1], a[2] - b[2])


def scale(a: Vector, factor: float) -> Vector:
    """Return a vector made longer by `factor`."""
    return (a[0] * factor, a[1] * factor, a[2] * factor)


def dot(a: Vector, b: Vector) -> float:
    """Return the scalar product."""
    return a[0] * b[0] + a[1] * b[1] + a[2] * b[2]


def cross(a: Vector, b: Vector) -> Vector:
    """Return the vector product by its formula, whatever hand the frame has."""
    return (
        a[1] * b[2] - a[2] * b[1],
        a[2] * b[0] - a[0] * b[2],
        a[0] * b[1] - a[1] * b[0],
    )


def length(a: Vector) -> float:
    """Return the length of a vector."""
    return hypot(a[0], a[1], a[2])


def unit(a: Vector) -> Vector:
    """Return a vector scaled to length one; the zero vector stays as it is."""
    size = hypot(a[0], a[1], a[2])
    return scale(a, 1.0 / size) if size > 0.0 else a


def angle(a: Vector, b: Vector) -> float:
    """Return the angle between two vectors, rad."""
    return atan2(length(cross(a, b)), dot(a, b))


def swap(a: Vector) -> Vector:
    """Return a vector of game space in the inertial frame of the dynamics, or the other way."""
    return (a[0], a[2], a[1])


def axes_of(y: Vector, z: Vector) -> FrameAxes:
    """Return the axes of a frame with its y along `y`, and z as near to `z` as that allows."""
    y = unit(y)
    z = unit(subtract(z, scale(y, dot(z, y))))
    return FrameAxes(cross(y, z), y, z)


def turned(axes: FrameAxes, a: Vector) -> Vector:
    """Return in game space what is `a` in the frame with these axes."""
    x, y, z = axes
    return (
        x[0] * a[0] + y[0] * a[1] + z[0] * a[2],
        x[1] * a[0] + y[1] * a[1] + z[1] * a[2],
        x[2] * a[0] + y[2] * a[1] + z[2] * a[2],
    )


def along(axes: FrameAxes, a: Vector) -> Vector:
    """Return in the frame with these axes what is `a` in game space."""
    return (dot(axes.x, a), dot(axes.y, a), dot(axes.z, a))


def quaternion(axes: FrameAxes) -> Quaternion:
    """Return the rotation (x, y, z, w) that turns the unrotated axes into these.

    The largest of the four is found first, so that no small number is divided by (Shepperd 1978).
    """
    (a, b, c), (d, e, f), (g, h, i) = axes
    trace = a + e + i
    if trace >= max(a, e, i):
        parts = (f - h, g - c, b - d, 1.0 + trace)
    elif a >= max(e, i):
        parts = (1.0 + a - e - i, b + d, g + c, f - h)
    elif e >= i:
        parts = (b + d, 1.0 + e - i - a, f + h, g - c)
    else:
        parts = (g + c, f + h, 1.0 + i - a - e, b - d)
    size = sqrt(sum(part * part for part in parts))
    x, y, z, w = (part / size for part in parts)
    return (x, y, z, w) if w >= 0.0 else (-x, -y, -z, -w)


def axes_turned_by(q: Quaternion) -> FrameAxes:
    """Return the axes that a rotation (x, y, z, w) turns the unrotated ones into.

    Raises:
        ValueError: its length is zero or not finite.
    """
    size = sqrt(sum(part * part for part in q))
    if not 0.0 < size < float("inf"):
        raise ValueError(f"{q} is no rotation; give a quaternion (x, y, z, w) of length one")
    x, y, z, w = (part / size for part in q)
    return FrameAxes(
        (1 - 2 * (y * y + z * z), 2 * (x * y + z * w), 2 * (x * z - y * w)),
        (2 * (x * y - z * w), 1 - 2 * (x * x + z * z), 2 * (y * z + x * w)),
        (2 * (x * z + y * w), 2 * (y * z - x * w), 1 - 2 * (x * x + y * y)),
    )


def direction_at(pitch: float, heading: float) -> Vector:
    """Return where a nose points, degrees: up is x, north (heading 0) is y, east (90) is z."""
    p, h = radians(pitch), radians(heading)
    return (sin(p), cos(p) * cos(h), cos(p) * sin(h))


def wings_at(direction: Vector) -> tuple[Vector, Vector]:
    """Return the right wing and the belly, wings level, of a craft whose nose is `direction`.

    Up is x. A nose straight up or down is taken to head for y.
    """
    heading = atan2(direction[2], direction[1])
    right = (0.0, -sin(heading), cos(heading))
    return right, cross(right, direction)


def pitch_heading_roll(axes: FrameAxes) -> Vector:
    """Return pitch (-90..90), heading (0..360) and roll (-180..180), degrees, of a craft.

    `axes` are its right wing, nose and belly in a frame whose x is up and whose y is north; a
    positive roll is right wing down.
    """
    nose = axes.y
    right, belly = wings_at(nose)
    pitch = atan2(nose[0], hypot(nose[1], nose[2]))
    heading = atan2(nose[2], nose[1]) % TWO_PI
    roll = atan2(dot(axes.x, belly), dot(axes.x, right))
    return (degrees(pitch), degrees(heading), degrees(roll))
