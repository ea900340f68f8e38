"""Windows of other programs: what each system's module offers, and what they have in common."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Protocol

from helmsight.hardware.errors import WindowUnavailable


@dataclass(frozen=True)
class ScreenBox:
    """A box on the screen, in the system's own units: pixels, on macOS points.

    left, top: of the whole desktop, so either can be negative beside another monitor.
    """

    left: int
    top: int
    width: int
    height: int

    def __str__(self) -> str:
        return f"{self.width}x{self.height} at {self.left},{self.top}"

    def inside(self, other: ScreenBox) -> bool:
        """Return whether no part of it sticks out of `other`."""
        return (
            other.left <= self.left
            and other.top <= self.top
            and self.left + self.width <= other.left + other.width
            and self.top + self.height <= other.top + other.height
        )


class Window(Protocol):
    """One window of another program. Every method raises WindowUnavailable once it is gone."""

    title: str

    def place(self) -> ScreenBox:
        """Return where its content is now, without frame and title bar.

        Raises:
            WindowUnavailable: it is gone, minimised or hidden.
        """
        ...

    def focused(self) -> bool:
        """Return whether keys that are pressed now go to it."""
        ...

    def focus(self) -> None:
        """Ask the system to bring it to the front and give it the keyboard; it may not comply."""
        ...

    def again(self) -> Window:
        """Return the same window on a connection of its own, for another thread."""
        ...

    def close(self) -> None:
        """Let go of it; the window itself stays. Never raises."""
        ...


def chosen(wanted: str, titles: Sequence[str]) -> int:
    """Return the index of the title that is `wanted`, or the only one that contains it.

    Raises:
        WindowUnavailable: none or several answer to it.
    """
    same = [index for index, title in enumerate(titles) if title == wanted]
    like = [index for index, title in enumerate(titles) if wanted.lower() in title.lower()]
    matches = same or like
    if wanted and len(matches) == 1:
        return matches[0]
    several = wanted and matches
    named = [titles[index] for index in matches] if several else titles
    there = ", ".join(repr(title) for title in dict.fromkeys(named)) or "none with a title"
    how = f"{len(matches)} windows answer to it" if several else "no window answers to it"
    raise WindowUnavailable(f"window {wanted!r}: {how}; there are {there}")


def gone(title: str) -> WindowUnavailable:
    """Return the error for a window that was there and is not any more."""
    return WindowUnavailable(f"window {title!r} is gone: its program ended or closed it")


def hidden(title: str, how: str) -> WindowUnavailable:
    """Return the error for a window that is there and shows nothing."""
    return WindowUnavailable(f"window {title!r} is {how}; bring it back to the screen")


def fitted(width: int, height: int, aspect: float) -> ScreenBox:
    """Return the largest box of `aspect` (width over height) centred in width x height.

    This is where a letterboxed picture is: what is left over are its bars.
    """
    if width > aspect * height:
        across = round(aspect * height)
        return ScreenBox((width - across) // 2, 0, across, height)
    down = round(width / aspect)
    return ScreenBox(0, (height - down) // 2, width, down)
