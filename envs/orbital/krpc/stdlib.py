"""The StdLib service, which kRPC has from 0.7 on: here only the structures that others use."""

from __future__ import annotations

from typing import NamedTuple

from helmsight.envs.orbital.krpc.registry import Service, since

service = Service("StdLib", "Colours and rotations as other services tell them.")


@service.struct
@since("0.7.0")
class ColorRGB(NamedTuple):
    """A colour: red, green and blue, 0 to 1."""

    r: float
    g: float
    b: float


@service.struct
@since("0.7.0")
class ColorRGBA(NamedTuple):
    """A colour: red, green, blue, 0 to 1, and how opaque it is. Before 0.7 all were opaque."""

    r: float
    g: float
    b: float
    a: float = 1.0


ColorRGBA.krpc_legacy_fields = 3  # type: ignore[attr-defined]


@service.struct
@since("0.7.0")
class AxisAngle(NamedTuple):
    """A rotation: the axis, a unit vector, and the angle, rad."""

    axis: tuple[float, float, float]
    angle: float


WHITE = ColorRGB(1.0, 1.0, 1.0)
OPAQUE_WHITE = ColorRGBA(1.0, 1.0, 1.0)
