"""Windows by their title, on whatever system this is."""

from __future__ import annotations

import sys

from helmsight.hardware.screen.window import Window


def find_window(title: str) -> Window:
    """Return the window called `title`, or the only one whose title contains it (any case).

    Raises:
        WindowUnavailable: no screen, no such window, or several; with the titles there are.
    """
    if sys.platform == "win32":
        from helmsight.hardware.screen import win32 as system
    elif sys.platform == "darwin":
        from helmsight.hardware.screen import macos as system
    else:
        from helmsight.hardware.screen import x11 as system
    return system.find(title)
