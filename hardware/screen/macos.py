"""Windows on macOS, by Quartz. Written to its documentation; no test here can run it."""

from __future__ import annotations

from importlib import import_module
from typing import Any

from helmsight.hardware.errors import WindowUnavailable
from helmsight.hardware.screen.window import ScreenBox, chosen, gone

TITLE_BAR = 28  # points; the window list gives the frame only, full screen has none


class MacWindow:
    """A window by its number in the window server's list."""

    def __init__(self, number: int, owner: int, title: str) -> None:
        self.title = title
        self._number, self._owner = number, owner

    def place(self) -> ScreenBox:
        entry = next((e for e in _entries() if e["kCGWindowNumber"] == self._number), None)
        if entry is None:  # minimised ones are not listed either
            raise gone(self.title)
        box = entry["kCGWindowBounds"]
        bar = 0 if box["Y"] == 0 else TITLE_BAR
        return ScreenBox(
            round(box["X"]), round(box["Y"]) + bar, round(box["Width"]), round(box["Height"]) - bar
        )

    def focused(self) -> bool:
        workspace = import_module("AppKit").NSWorkspace.sharedWorkspace()
        return bool(workspace.frontmostApplication().processIdentifier() == self._owner)

    def focus(self) -> None:
        kit = import_module("AppKit")
        program = kit.NSRunningApplication.runningApplicationWithProcessIdentifier_(self._owner)
        if program is None:
            raise gone(self.title)
        program.activateWithOptions_(kit.NSApplicationActivateIgnoringOtherApps)

    def again(self) -> MacWindow:
        return self

    def close(self) -> None:
        pass  # a number only


def find(title: str) -> MacWindow:
    """Return the window called `title`. Raises WindowUnavailable as `find_window`."""
    entries = [entry for entry in _entries() if entry.get("kCGWindowName")]
    if not entries:
        raise WindowUnavailable(
            f"window {title!r}: no titles can be read; allow this program Screen Recording and "
            "Accessibility in System Settings, Privacy & Security, and start it again"
        )
    index = chosen(title, [str(entry["kCGWindowName"]) for entry in entries])
    entry = entries[index]
    return MacWindow(
        int(entry["kCGWindowNumber"]), int(entry["kCGWindowOwnerPID"]), str(entry["kCGWindowName"])
    )


def _entries() -> list[Any]:
    quartz = import_module("Quartz")
    options = quartz.kCGWindowListOptionOnScreenOnly | quartz.kCGWindowListExcludeDesktopElements
    return list(quartz.CGWindowListCopyWindowInfo(options, quartz.kCGNullWindowID))
