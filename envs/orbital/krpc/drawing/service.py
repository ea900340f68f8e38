"""The Drawing service, which the modules of this package fill, and what all its objects have."""

from __future__ import annotations

from enum import IntEnum

from helmsight.envs.orbital.krpc.registry import Service, since
from helmsight.envs.orbital.krpc.scene import Removable, kept, newer
from helmsight.envs.orbital.krpc.space_center.frames import ReferenceFrame
from helmsight.envs.orbital.krpc.stdlib import WHITE, ColorRGB
from helmsight.envs.orbital.krpc.types import Float

service = Service("Drawing", "Lines and texts in space, which nobody sees.")
GLOWING = "Legacy Shaders/Particles/Additive"


@service.enum
@since("0.7.0")
class MapMarkerIcon(IntEnum):
    """The pictures of the map."""

    GENERIC = 0
    CELESTIAL_BODY = 1
    APOAPSIS = 2
    PERIAPSIS = 3
    ASCENDING_NODE = 4
    DESCENDING_NODE = 5
    MANEUVER_NODE = 6
    ENCOUNTER = 7
    ESCAPE = 8
    IMPACT = 9
    CLOSE_APPROACH = 10
    INTERSECT = 11
    SHIP = 12
    PROBE = 13
    RELAY = 14
    STATION = 15
    BASE = 16
    LANDER = 17
    ROVER = 18
    PLANE = 19
    EVA = 20
    FLAG = 21
    DEBRIS = 22
    SPACE_OBJECT = 23
    DEPLOYED_SCIENCE = 24
    LAUNCH_SITE = 25
    RUNWAY = 26
    KSC = 27


class Drawn(Removable):
    """What all that is drawn has."""

    scene_name = "Drawing"
    color = kept("color", ColorRGB, WHITE, "Its colour.")
    visible = kept("visible", bool, True, "Whether it would be seen.")


class Placed(Drawn):
    """What is drawn in a frame."""

    reference_frame = kept("reference_frame", ReferenceFrame, None, "The frame that it lies in.")


class Solid(Placed):
    """What is drawn in a frame with a material."""

    material = kept("material", str, GLOWING, "The material that it is drawn with.")


class Stroked(Drawn):
    """What is drawn as a stroke, which may have arrows, dashes and a label from 0.7 on."""

    material = kept("material", str, GLOWING, "The material that it is drawn with.")
    thickness = kept("thickness", Float, 0.1, "How thick it is, m.")
    arrow_size = newer(kept("arrow_size", Float, 1.0, "How large its arrows are."))
    colors = newer(kept("colors", list[ColorRGB], [], "Colours along it; none for one colour."))
    dashed = newer(kept("dashed", bool, False, "Whether it is dashed."))
    end_arrow = newer(kept("end_arrow", bool, False, "Whether it ends in an arrow."))
    start_arrow = newer(kept("start_arrow", bool, False, "Whether it begins with an arrow."))
    label = newer(kept("label", str, "", "The text beside it."))
