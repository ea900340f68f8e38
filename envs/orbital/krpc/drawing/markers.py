"""Texts in space, pictures, and marks on the map and on the navball."""

from __future__ import annotations

from helmsight.envs.orbital.krpc.drawing.service import MapMarkerIcon, Placed, service
from helmsight.envs.orbital.krpc.errors import ArgumentException
from helmsight.envs.orbital.krpc.registry import since
from helmsight.envs.orbital.krpc.scene import Removable, kept, newer
from helmsight.envs.orbital.krpc.screenshot import SIGNATURE
from helmsight.envs.orbital.krpc.space_center.vectors import IDENTITY, ZERO, Quaternion, Vector
from helmsight.envs.orbital.krpc.types import Float
from helmsight.envs.orbital.krpc.ui.service import FontStyle, TextAlignment, TextAnchor
from helmsight.envs.orbital.krpc.ui.widgets import FONTS, check_font

ICONS = ["default", "marker"]


def _check_icon(name: str) -> None:
    if name not in ICONS:
        raise ArgumentException(f"there is no icon {name[:80]!r}; there are {', '.join(ICONS)}")


def size_of(data: bytes) -> tuple[int, int]:
    """Return width and height of a PNG file.

    Raises:
        ArgumentException: it is none.
    """
    if data[: len(SIGNATURE)] != SIGNATURE or len(data) < 24:
        raise ArgumentException(f"{len(data)} bytes that are no PNG file; give the bytes of one")
    return int.from_bytes(data[16:20], "big"), int.from_bytes(data[20:24], "big")


@service.remote
class Text(Placed):
    """A text in space."""

    content = kept("content", str, "", "The text.")
    position = kept("position", Vector, ZERO, "Where it is.")
    rotation = kept("rotation", Quaternion, IDENTITY, "How it lies.")
    font = kept("font", str, FONTS[0], "The font.", check_font)
    size = kept("size", int, 12, "The size of its letters.")
    character_size = kept("character_size", Float, 1.0, "How large its letters are in space.")
    style = kept("style", FontStyle, FontStyle.NORMAL, "How its letters are written.")
    alignment = kept("alignment", TextAlignment, TextAlignment.LEFT, "How its lines lie.")
    anchor = kept("anchor", TextAnchor, TextAnchor.UPPER_LEFT, "Which corner is at its place.")
    line_spacing = kept("line_spacing", Float, 1.0, "Room between lines.")
    material = kept("material", str, "GUI/Text Shader", "The material that it is drawn with.")
    face_camera = newer(kept("face_camera", bool, False, "Whether it turns to the camera."))

    @staticmethod
    def available_fonts() -> list[str]:
        """The fonts that there are."""
        return list(FONTS)


@service.remote
@since("0.7.0")
class Image(Removable):
    """A picture for marks."""

    scene_name = "Drawing"

    @property
    def width(self) -> int:
        """Its width, pixels."""
        self.check()
        return int(self.values["size"][0])

    @property
    def height(self) -> int:
        """Its height, pixels."""
        self.check()
        return int(self.values["size"][1])


@service.remote
@since("0.7.0")
class MapMarker(Placed):
    """A mark on the map."""

    caption = kept("caption", str, "", "The text beside it.")
    icon = kept("icon", MapMarkerIcon, MapMarkerIcon.GENERIC, "Its picture.")
    image = kept("image", Image | None, None, "A picture of one's own, or null.")
    position = kept("position", Vector, ZERO, "Where it is.")


@service.remote
@since("0.7.0")
class NavballMarker(Placed):
    """A mark on the navball."""

    direction = kept("direction", Vector, ZERO, "The direction that it marks.")
    icon = kept("icon", str, ICONS[0], "Its picture.", _check_icon)
    image = kept("image", Image | None, None, "A picture of one's own, or null.")
    size = kept("size", Float, 1.0, "How large it is.")

    @staticmethod
    def available_icons() -> list[str]:
        """The pictures that there are."""
        return list(ICONS)
