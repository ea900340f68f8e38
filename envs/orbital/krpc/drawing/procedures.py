"""The service's own procedures: what can be drawn, and the wiping of it."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from helmsight.envs.orbital.krpc.drawing.markers import (
    Image,
    MapMarker,
    NavballMarker,
    Text,
    size_of,
)
from helmsight.envs.orbital.krpc.drawing.service import MapMarkerIcon, service
from helmsight.envs.orbital.krpc.drawing.shapes import (
    Arc,
    Box,
    Circle,
    Line,
    OrbitPath,
    Point,
    Polygon,
    Polyline,
    Sphere,
)
from helmsight.envs.orbital.krpc.registry import since
from helmsight.envs.orbital.krpc.scene import scene
from helmsight.envs.orbital.krpc.space_center.frames import ReferenceFrame
from helmsight.envs.orbital.krpc.space_center.orbit import Orbit
from helmsight.envs.orbital.krpc.space_center.procedures import active_vessel
from helmsight.envs.orbital.krpc.space_center.vectors import (
    IDENTITY,
    ZERO,
    Quaternion,
    Vector,
    scale,
)
from helmsight.envs.orbital.krpc.types import Float

if TYPE_CHECKING:
    from helmsight.envs.orbital.krpc.simulation import Simulation


@service.procedure
def add_line(
    game: Simulation,
    start: Vector,
    end: Vector,
    reference_frame: ReferenceFrame,
    visible: bool = True,
) -> Line:
    """Draw a line from one place to another."""
    return Line(game, start=start, end=end, reference_frame=reference_frame, visible=visible)


@service.procedure
def add_direction(
    game: Simulation,
    direction: Vector,
    reference_frame: ReferenceFrame,
    length: Float = 10.0,
    visible: bool = True,
) -> Line:
    """Draw a direction from the origin of a frame."""
    end = scale(direction, length)
    return Line(game, start=ZERO, end=end, reference_frame=reference_frame, visible=visible)


@service.procedure
def add_direction_from_com(
    game: Simulation,
    direction: Vector,
    reference_frame: ReferenceFrame,
    length: Float = 10.0,
    visible: bool = True,
) -> Line:
    """Draw a direction of a frame from the centre of mass of the active vessel."""
    place = active_vessel(game).reference_frame
    frame = ReferenceFrame.create_hybrid(place, reference_frame, reference_frame, reference_frame)
    return add_direction(game, direction, frame, length, visible)


@service.procedure
def add_polygon(
    game: Simulation,
    vertices: list[Vector],
    reference_frame: ReferenceFrame,
    visible: bool = True,
) -> Polygon:
    """Draw a closed row of lines."""
    return Polygon(game, vertices=vertices, reference_frame=reference_frame, visible=visible)


@service.procedure
def add_text(
    game: Simulation,
    text: str,
    reference_frame: ReferenceFrame,
    position: Vector,
    rotation: Quaternion,
    visible: bool = True,
) -> Text:
    """Write a text into space."""
    values: dict[str, Any] = {"position": position, "rotation": rotation, "visible": visible}
    return Text(game, content=text, reference_frame=reference_frame, **values)


@service.procedure
def clear(game: Simulation, client_only: bool = False) -> None:
    """Remove all that is drawn, or what the client that asks drew."""
    scene(game, "Drawing").clear(game.caller if client_only else None)


@service.procedure
@since("0.7.0")
def add_axes(
    game: Simulation, reference_frame: ReferenceFrame, length: Float = 10.0, visible: bool = True
) -> list[Line]:
    """Draw the axes of a frame: x red, y green, z blue."""
    lines = []
    for axis in ((1.0, 0.0, 0.0), (0.0, 1.0, 0.0), (0.0, 0.0, 1.0)):
        line = add_direction(game, axis, reference_frame, length, visible)
        line.values["color"] = axis
        lines.append(line)
    return lines


@service.procedure
@since("0.7.0")
def add_arc(
    game: Simulation,
    center: Vector,
    normal: Vector,
    start_direction: Vector,
    angle: float,
    radius: float,
    reference_frame: ReferenceFrame,
    visible: bool = True,
) -> Arc:
    """Draw a part of a circle."""
    return Arc(
        game, center=center, normal=normal, start_direction=start_direction, angle=angle,
        radius=radius, reference_frame=reference_frame, visible=visible,
    )  # fmt: skip


@service.procedure
@since("0.7.0")
def add_box(
    game: Simulation,
    center: Vector,
    size: Vector,
    reference_frame: ReferenceFrame,
    rotation: Quaternion = IDENTITY,
    visible: bool = True,
) -> Box:
    """Draw a box."""
    return Box(
        game, center=center, size=size, reference_frame=reference_frame, rotation=rotation,
        visible=visible,
    )  # fmt: skip


@service.procedure
@since("0.7.0")
def add_circle(
    game: Simulation,
    center: Vector,
    normal: Vector,
    radius: float,
    reference_frame: ReferenceFrame,
    visible: bool = True,
) -> Circle:
    """Draw a circle."""
    values: dict[str, Any] = {"reference_frame": reference_frame, "visible": visible}
    return Circle(game, center=center, normal=normal, radius=radius, **values)


@service.procedure
@since("0.7.0")
def add_image(game: Simulation, data: bytes) -> Image:
    """Take a PNG file as a picture for marks."""
    return Image(game, size=size_of(data))


@service.procedure
@since("0.7.0")
def add_map_marker(
    game: Simulation,
    position: Vector,
    reference_frame: ReferenceFrame,
    icon: MapMarkerIcon = MapMarkerIcon.GENERIC,
    caption: str = "",
    visible: bool = True,
) -> MapMarker:
    """Mark a place on the map."""
    values: dict[str, Any] = {"icon": icon, "caption": caption, "visible": visible}
    return MapMarker(game, position=position, reference_frame=reference_frame, **values)


@service.procedure
@since("0.7.0")
def add_navball_marker(
    game: Simulation, direction: Vector, reference_frame: ReferenceFrame, visible: bool = True
) -> NavballMarker:
    """Mark a direction on the navball."""
    values: dict[str, Any] = {"reference_frame": reference_frame, "visible": visible}
    return NavballMarker(game, direction=direction, **values)


@service.procedure
@since("0.7.0")
def add_orbit(game: Simulation, orbit: Orbit, visible: bool = True) -> OrbitPath:
    """Draw an orbit."""
    return OrbitPath(game, orbit=orbit, visible=visible)


@service.procedure
@since("0.7.0")
def add_point(
    game: Simulation, position: Vector, reference_frame: ReferenceFrame, visible: bool = True
) -> Point:
    """Draw a point."""
    return Point(game, position=position, reference_frame=reference_frame, visible=visible)


@service.procedure
@since("0.7.0")
def add_polyline(
    game: Simulation,
    vertices: list[Vector],
    reference_frame: ReferenceFrame,
    visible: bool = True,
) -> Polyline:
    """Draw a row of lines."""
    return Polyline(game, vertices=vertices, reference_frame=reference_frame, visible=visible)


@service.procedure
@since("0.7.0")
def add_sphere(
    game: Simulation,
    center: Vector,
    radius: float,
    reference_frame: ReferenceFrame,
    visible: bool = True,
) -> Sphere:
    """Draw a sphere."""
    values: dict[str, Any] = {"reference_frame": reference_frame, "visible": visible}
    return Sphere(game, center=center, radius=radius, **values)
