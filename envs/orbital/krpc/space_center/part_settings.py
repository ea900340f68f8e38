"""What can be set on a part, which is kept and changes no flight and no picture."""

from __future__ import annotations

from typing import Any

from helmsight.envs.orbital.krpc.errors import ArgumentException
from helmsight.envs.orbital.krpc.registry import named, since, until
from helmsight.envs.orbital.krpc.space_center import fitted
from helmsight.envs.orbital.krpc.space_center.part_handle import PartHandle
from helmsight.envs.orbital.krpc.space_center.vectors import Vector
from helmsight.envs.orbital.krpc.stdlib import ColorRGB

GREEN = (0.0, 1.0, 0.0)
FLAG = "Squad/Flags/default"
MOST_LETTERS = 1000  # of a tag or a flag


class PartSettings(PartHandle):
    """The tag, flag and highlight of a part; `Part` has them as its own."""

    @property
    def tag(self) -> str:
        """Its name tag, none at first."""
        return str(self._get("tag", ""))

    @tag.setter
    def tag(self, value: str) -> None:
        self._put("tag", _short(value))

    @property
    @named("FlagURL")
    def flag_url(self) -> str:
        """The flag that it shows."""
        return str(self._get("flag", FLAG))

    @flag_url.setter
    @named("FlagURL")
    def flag_url(self, value: str) -> None:
        self._put("flag", _short(value))

    @property
    def highlighted(self) -> bool:
        """Whether it is highlighted, which no picture shows."""
        return bool(self._get("highlighted", False))

    @highlighted.setter
    def highlighted(self, value: bool) -> None:
        self._put("highlighted", value)

    @property
    @named("HighlightColor")
    @until("0.7.0")
    def highlight_color_before(self) -> Vector:
        """The colour that it is highlighted in: red, green and blue."""
        red, green, blue = self._get("highlight colour", GREEN)
        return (red, green, blue)

    @highlight_color_before.setter
    @named("HighlightColor")
    @until("0.7.0")
    def highlight_color_before(self, value: Vector) -> None:
        self._put("highlight colour", fitted.colour(value))

    @property
    @since("0.7.0")
    def highlight_color(self) -> ColorRGB:
        """The colour that it is highlighted in."""
        return ColorRGB(*self._get("highlight colour", GREEN))

    @highlight_color.setter
    @since("0.7.0")
    def highlight_color(self, value: ColorRGB) -> None:
        self._put("highlight colour", fitted.colour(value))

    @named("set_Glow")
    def set_glow(self, value: bool) -> None:
        """Let it glow, which no picture shows."""
        self.check()

    def _get(self, name: str, at_first: Any) -> Any:
        return fitted.setting(self.owner, self.number, name, at_first)

    def _put(self, name: str, value: Any) -> None:
        fitted.put(self.owner, self.number, name, value)


def _short(text: str) -> str:
    if len(text) > MOST_LETTERS:
        raise ArgumentException(f"a text of {len(text)} letters; give up to {MOST_LETTERS}")
    return text
