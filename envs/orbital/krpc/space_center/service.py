"""The SpaceCenter service, which the modules of this package fill, and types that they share."""

from __future__ import annotations

import math
from typing import Any, NamedTuple

from helmsight.envs.orbital.krpc.errors import ArgumentException, ArgumentOutOfRangeException
from helmsight.envs.orbital.krpc.registry import Service
from helmsight.envs.orbital.krpc.space_center.vectors import Vector, scale

service = Service(
    "SpaceCenter", "Vessels about Kerbin, their orbits and controls, as in Kerbal Space Program."
)
MODERN = (0, 6)
"""The version of kRPC from which on the frames of orbits and surfaces turn."""


@service.struct
class AxisRange(NamedTuple):
    """What can be had of a torque or a force about or along the vessel's axes, either way."""

    positive: Vector
    negative: Vector


@service.struct
class BoundingBox(NamedTuple):
    """The corners of a box along the axes of a frame."""

    min: Vector
    max: Vector


NOTHING = AxisRange((0.0, 0.0, 0.0), (0.0, 0.0, 0.0))


def both_ways(most: Vector) -> AxisRange:
    """Return the range from -`most` to `most`."""
    return AxisRange(most, scale(most, -1.0))


def kept_property(get: Any, put: Any, kind: Any, doc: str) -> property:
    """Return a property of these functions with the wire type `kind`."""
    get.__doc__ = put.__doc__ = doc
    get.__annotations__ = {"return": kind}
    put.__annotations__ = {"value": kind, "return": None}
    return property(get, put)


def finite(value: float, what: str) -> float:
    """Return `value`; infinity counts as a number here, to be clamped.

    Raises:
        ArgumentException: it is not a number.
    """
    if value != value:
        raise ArgumentException(f"{what} is NaN; give a number")
    return value


def clamped(value: float, low: float, high: float, what: str) -> float:
    """Return `value` brought between two limits, as the game does with inputs.

    Raises:
        ArgumentException: it is not a number.
    """
    return min(max(finite(value, what), low), high)


def within(value: float, low: float, high: float, what: str) -> float:
    """Return `value`.

    Raises:
        ArgumentOutOfRangeException: it is not between the limits.
    """
    if not low <= value <= high or not math.isfinite(value):
        raise ArgumentOutOfRangeException(f"{what} is {value}; give {low:g} to {high:g}")
    return value
