"""Windows on Windows, by user32. Written to its documentation; no test here can run it."""

from __future__ import annotations

import ctypes
from typing import Any

from helmsight.hardware.screen.window import ScreenBox, chosen, gone, hidden

ALT = 0x12
KEY_UP = 0x0002


class Win32Window:
    """A top-level window by its handle."""

    def __init__(self, user32: Any, handle: int, title: str) -> None:
        self.title = title
        self._user32, self._handle = user32, handle

    def place(self) -> ScreenBox:
        from ctypes import wintypes

        self._check()
        if self._user32.IsIconic(self._handle):
            raise hidden(self.title, "minimised")
        if not self._user32.IsWindowVisible(self._handle):
            raise hidden(self.title, "hidden")
        size, corner = wintypes.RECT(), wintypes.POINT(0, 0)
        self._user32.GetClientRect(self._handle, ctypes.byref(size))
        self._user32.ClientToScreen(self._handle, ctypes.byref(corner))
        return ScreenBox(corner.x, corner.y, size.right, size.bottom)

    def focused(self) -> bool:
        self._check()
        return bool(self._user32.GetForegroundWindow() == self._handle)

    def focus(self) -> None:
        self._check()
        # Windows lets only the program that had the last input change the foreground window
        self._user32.keybd_event(ALT, 0, 0, 0)
        self._user32.keybd_event(ALT, 0, KEY_UP, 0)
        self._user32.SetForegroundWindow(self._handle)

    def again(self) -> Win32Window:
        return self

    def close(self) -> None:
        pass  # a handle is only a number

    def _check(self) -> None:
        if not self._user32.IsWindow(self._handle):
            raise gone(self.title)


def find(title: str) -> Win32Window:
    """Return the window called `title`. Raises WindowUnavailable as `find_window`."""
    from ctypes import wintypes

    user32 = ctypes.windll.user32  # type: ignore[attr-defined]
    # real pixels, as mss counts them, whatever the display's scale
    user32.SetProcessDPIAware()
    user32.GetForegroundWindow.restype = wintypes.HWND
    for name in ("IsIconic", "IsWindow", "IsWindowVisible", "SetForegroundWindow"):
        getattr(user32, name).argtypes = [wintypes.HWND]
    windows: list[tuple[str, int]] = []

    def note(handle: int, _: int) -> bool:
        length = user32.GetWindowTextLengthW(handle)
        if length and user32.IsWindowVisible(handle):
            text = ctypes.create_unicode_buffer(length + 1)
            user32.GetWindowTextW(handle, text, length + 1)
            windows.append((text.value, handle))
        return True

    kind = ctypes.WINFUNCTYPE(  # type: ignore[attr-defined]
        wintypes.BOOL, wintypes.HWND, wintypes.LPARAM
    )
    user32.EnumWindows(kind(note), 0)
    index = chosen(title, [text for text, _ in windows])
    return Win32Window(user32, windows[index][1], windows[index][0])
