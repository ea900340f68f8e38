"""What a screen shows: a window, a part of it or a whole monitor, as RGB pictures.

>>> with Screen.open("window:Kerbal Space Program", size=(1280, 720)) as screen:
...     shot = screen.look()  # fresh, not frozen, not black, or FrameRefused
"""

from __future__ import annotations

from helmsight.hardware.screen.capture import KINDS, Screen, Shot
from helmsight.hardware.screen.finding import find_window
from helmsight.hardware.screen.window import ScreenBox, Window, fitted

__all__ = ["KINDS", "Screen", "ScreenBox", "Shot", "Window", "find_window", "fitted"]
