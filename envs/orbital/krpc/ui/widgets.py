"""Texts, buttons, fields and the like. Nobody reads or presses them: only clients change them."""

from __future__ import annotations

from typing import Any

from helmsight.envs.orbital.krpc.errors import (
    ArgumentException,
    ArgumentOutOfRangeException,
)
from helmsight.envs.orbital.krpc.registry import since
from helmsight.envs.orbital.krpc.scene import Removable, kept, newer
from helmsight.envs.orbital.krpc.stdlib import OPAQUE_WHITE, ColorRGBA
from helmsight.envs.orbital.krpc.types import Float
from helmsight.envs.orbital.krpc.ui.layouts import LayoutElement, RectTransform, UIThing
from helmsight.envs.orbital.krpc.ui.service import (
    FontStyle,
    InputContentType,
    TextAnchor,
    service,
)

FONTS = ["Arial"]


def check_font(name: str) -> None:
    """Raise ArgumentException for a font that is not there."""
    if name not in FONTS:
        raise ArgumentException(f"there is no font {name[:80]!r}; there is {', '.join(FONTS)}")


class Widget(UIThing, Removable):
    """What all widgets have."""

    visible = kept("visible", bool, True, "Whether it would be seen.")

    @property
    def rect_transform(self) -> RectTransform:
        """Its rectangle."""
        rectangle: RectTransform = self.part("rectangle", lambda: RectTransform(self.game, self))
        return rectangle

    @property
    @since("0.7.0")
    def layout_element(self) -> LayoutElement:
        """What it asks of the layout that it is in."""
        element: LayoutElement = self.part("element", lambda: LayoutElement(self.game, self))
        return element


class Interactive(Widget):
    """A widget that a mouse could be used on."""

    color = newer(kept("color", ColorRGBA, OPAQUE_WHITE, "Its colour."))
    interactable = newer(kept("interactable", bool, True, "Whether it could be used."))
    tooltip = newer(kept("tooltip", str, "", "What the mouse would show when it rests on it."))


@service.remote
class Text(Widget):
    """A text."""

    content = kept("content", str, "", "The text.")
    font = kept("font", str, FONTS[0], "The font.", check_font)
    size = kept("size", int, 14, "The size of its letters.")
    style = kept("style", FontStyle, FontStyle.NORMAL, "How its letters are written.")
    color = kept("color", ColorRGBA, OPAQUE_WHITE, "Its colour.")
    alignment = kept("alignment", TextAnchor, TextAnchor.UPPER_LEFT, "Where it lies.")
    line_spacing = kept("line_spacing", Float, 1.0, "Room between lines.")
    word_wrap = newer(kept("word_wrap", bool, True, "Whether long lines are broken."))

    @property
    def available_fonts(self) -> list[str]:
        """The fonts that there are."""
        return list(FONTS)


class Labelled(Interactive):
    """A widget with a text on it."""

    @property
    def text(self) -> Text:
        """The text on it."""
        made: Text = self.part("text", lambda: Text(self.game, self))
        return made


@service.remote
class Button(Labelled):
    """A button, which nobody presses."""

    clicked = kept("clicked", bool, False, "Whether it was pressed since this was set to false.")

    @property
    @since("0.7.0")
    def pressed(self) -> bool:
        """Whether it is held down: never."""
        self.check()
        return False


@service.remote
class InputField(Labelled):
    """A field for text, into which nobody writes."""

    value = kept("value", str, "", "What is in it.")
    changed = kept("changed", bool, False, "Whether it was written in since this was set to false.")
    character_limit = newer(kept("character_limit", int, 0, "Most letters; 0 for no limit."))
    content_type = newer(
        kept("content_type", InputContentType, InputContentType.STANDARD, "What it takes.")
    )
    read_only = newer(kept("read_only", bool, False, "Whether nothing can be written in it."))

    @property
    @since("0.7.0")
    def placeholder(self) -> Text:
        """The text that shows while it is empty."""
        made: Text = self.part("placeholder", lambda: Text(self.game, self))
        return made


@service.remote
@since("0.7.0")
class Image(Widget):
    """A picture. Its bytes are kept and not looked at."""

    color = kept("color", ColorRGBA, OPAQUE_WHITE, "The colour that it is multiplied with.")
    content = kept("content", bytes, b"", "The file that it shows.")

    def set_pixels(self, data: bytes, width: int, height: int) -> None:
        """Show pixels, RGBA, row by row from below."""
        self.check()
        _check_pixels(data, width, height)
        self.values["pixels"] = (width, height)

    def update_pixels(self, data: bytes, x: int, y: int, width: int, height: int) -> None:
        """Change some of the pixels."""
        self.check()
        _check_pixels(data, width, height)
        whole = self.values.get("pixels", (0, 0))
        if not (0 <= x <= whole[0] - width and 0 <= y <= whole[1] - height):
            raise ArgumentOutOfRangeException(
                f"{width} x {height} pixels at ({x}, {y}) do not lie in {whole[0]} x {whole[1]}"
            )


def _check_pixels(data: bytes, width: int, height: int) -> None:
    if width < 1 or height < 1 or len(data) != 4 * width * height:
        raise ArgumentException(
            f"{len(data)} bytes for {width} x {height} pixels; give {4 * width * height}"
        )


@service.remote
@since("0.7.0")
class Slider(Interactive):
    """A slider, which nobody moves."""

    changed = kept("changed", bool, False, "Whether it was moved since this was set to false.")

    @property
    def min(self) -> Float:
        """Its least value."""
        self.check()
        return float(self.values.get("min", 0.0))

    @min.setter
    def min(self, value: Float) -> None:
        self._set_range(value, self.max)

    @property
    def max(self) -> Float:
        """Its greatest value."""
        self.check()
        return float(self.values.get("max", 1.0))

    @max.setter
    def max(self, value: Float) -> None:
        self._set_range(self.min, value)

    @property
    def value(self) -> Float:
        """Its value, from `min` to `max`."""
        self.check()
        return float(self.values.get("value", 0.0))

    @value.setter
    def value(self, value: Float) -> None:
        if not self.min <= value <= self.max:
            raise ArgumentOutOfRangeException(f"value is {value}; give {self.min} to {self.max}")
        self.values["value"] = value

    def _set_range(self, low: float, high: float) -> None:
        if not low < high:
            raise ArgumentException(f"min is {low} and max {high}; min has to be less")
        self.values.update(min=low, max=high, value=sorted((low, self.value, high))[1])


@service.remote
@since("0.7.0")
class Dropdown(Interactive):
    """A list to choose from, from which nobody chooses."""

    changed = kept("changed", bool, False, "Whether another was chosen since this was false.")

    @property
    def options(self) -> list[str]:
        """What can be chosen."""
        self.check()
        return list(self.values.get("options", []))

    @options.setter
    def options(self, value: list[str]) -> None:
        self.check()
        self.values.update(options=list(value), selected_index=0)

    @property
    def selected_index(self) -> int:
        """The place of what is chosen."""
        self.check()
        return int(self.values.get("selected_index", 0))

    @selected_index.setter
    def selected_index(self, value: int) -> None:
        if not 0 <= value < len(self.options):
            raise ArgumentOutOfRangeException(
                f"selected_index is {value}; there are {len(self.options)} options"
            )
        self.values["selected_index"] = value


@service.remote
@since("0.7.0")
class ToggleGroup(Widget):
    """Toggles of which one at most is on."""

    allow_switch_off = kept("allow_switch_off", bool, True, "Whether all may be off.")

    @property
    def selected(self) -> Toggle | None:
        """The one that is on, or null."""
        self.check()
        for member in self.values.get("members", []):
            if member.checked and not member.krpc_removed:
                toggle: Toggle = member
                return toggle
        return None


@service.remote
@since("0.7.0")
class Toggle(Labelled):
    """A box to tick, which nobody ticks."""

    changed = kept("changed", bool, False, "Whether it was ticked since this was set to false.")

    @property
    def checked(self) -> bool:
        """Whether it is on."""
        return bool(self.values.get("checked", False))

    @checked.setter
    def checked(self, value: bool) -> None:
        self.check()
        if value and self.group is not None:
            for other in self.group.values["members"]:
                other.values["checked"] = False
        self.values["checked"] = value

    @property
    def group(self) -> ToggleGroup | None:
        """The group that it is in, or null."""
        self.check()
        group: ToggleGroup | None = self.values.get("group")
        return None if group is None or group.krpc_removed else group

    @group.setter
    def group(self, value: ToggleGroup | None) -> None:
        if self.group is not None:
            self.group.values["members"].remove(self)
        self.values["group"] = value
        if value is not None:
            members: list[Any] = value.values.setdefault("members", [])
            members.append(self)
