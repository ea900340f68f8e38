"""Lines and shapes."""

from __future__ import annotations

from helmsight.envs.orbital.krpc.drawing.service import Placed, Solid, Stroked, service
from helmsight.envs.orbital.krpc.registry import since
from helmsight.envs.orbital.krpc.scene import kept
from helmsight.envs.orbital.krpc.space_center.orbit import Orbit
from helmsight.envs.orbital.krpc.space_center.vectors import IDENTITY, ZERO, Quaternion, Vector
from helmsight.envs.orbital.krpc.types import Float

UP: Vector = (0.0, 1.0, 0.0)
FORWARD: Vector = (0.0, 0.0, 1.0)


@service.remote
class Line(Stroked, Placed):
    """A line."""

    start = kept("start", Vector, ZERO, "Where it begins.")
    end = kept("end", Vector, ZERO, "Where it ends.")


@service.remote
class Polygon(Stroked, Placed):
    """A closed row of lines."""

    vertices = kept("vertices", list[Vector], [], "Its corners.")


@service.remote
@since("0.7.0")
class Polyline(Stroked, Placed):
    """A row of lines."""

    vertices = kept("vertices", list[Vector], [], "Its corners.")


@service.remote
@since("0.7.0")
class Circle(Stroked, Placed):
    """A circle."""

    center = kept("center", Vector, ZERO, "Its centre.")
    normal = kept("normal", Vector, UP, "What its plane is square to.")
    radius = kept("radius", float, 1.0, "Its radius, m.")


@service.remote
@since("0.7.0")
class Arc(Stroked, Placed):
    """A part of a circle."""

    center = kept("center", Vector, ZERO, "The centre of the circle.")
    normal = kept("normal", Vector, UP, "What its plane is square to.")
    start_direction = kept("start_direction", Vector, FORWARD, "Where it begins.")
    angle = kept("angle", float, 0.0, "How far it goes, degrees.")
    radius = kept("radius", float, 1.0, "Its radius, m.")


@service.remote
@since("0.7.0")
class Box(Solid):
    """The edges of a box."""

    center = kept("center", Vector, ZERO, "Its centre.")
    size = kept("size", Vector, (1.0, 1.0, 1.0), "Its edges, m.")
    rotation = kept("rotation", Quaternion, IDENTITY, "How it lies.")
    thickness = kept("thickness", Float, 0.1, "How thick its edges are, m.")


@service.remote
@since("0.7.0")
class Sphere(Solid):
    """A sphere."""

    center = kept("center", Vector, ZERO, "Its centre.")
    radius = kept("radius", float, 1.0, "Its radius, m.")


@service.remote
@since("0.7.0")
class Point(Solid):
    """A point."""

    position = kept("position", Vector, ZERO, "Where it is.")
    size = kept("size", Float, 1.0, "How large it is.")


@service.remote
@since("0.7.0")
class OrbitPath(Stroked):
    """The line of an orbit."""

    orbit = kept("orbit", Orbit, None, "The orbit.")
    start_true_anomaly = kept("start_true_anomaly", float, 0.0, "Where it begins, rad.")
    end_true_anomaly = kept("end_true_anomaly", float, 0.0, "Where it ends, rad.")
    whole_orbit = kept("whole_orbit", bool, True, "Whether all of the orbit is drawn.")
