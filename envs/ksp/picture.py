"""The frame of an observation: what the game's window shows, or a screenshot by the game."""

from __future__ import annotations

import tempfile
import time
from collections.abc import Mapping
from pathlib import Path
from typing import Any, Protocol

import cv2
import numpy as np
from numpy.typing import NDArray

from helmsight.contract.errors import InvalidOption
from helmsight.contract.observation import Box
from helmsight.envs.ksp.connection import GameConnection
from helmsight.envs.ksp.errors import PictureMissing
from helmsight.envs.orbital.cockpit.layout import HEIGHT, WIDTH

Frame = NDArray[np.uint8]
WAYS = ("window:", "region:", "monitor:")
DEVELOPED = 5.0
"""Seconds to wait for a screenshot: the game writes it after its next frame."""
POLL = 0.01


class Picture(Protocol):
    """Where frames come from."""

    def grab(self) -> Frame:
        """Return the newest frame, (720, 1280, 3) uint8 RGB."""
        ...

    def close(self) -> None:
        """Let go of whatever it holds."""
        ...


def check_capture(capture: str | None) -> None:
    """Raise InvalidOption unless `capture` is None or names a way to a picture."""
    if capture is None or capture == "screenshot" or capture.startswith(WAYS):
        return
    raise InvalidOption(
        f"capture={capture!r} is not known; choose screenshot, window:TITLE, region:x,y,w,h or "
        "monitor:N (--capture)"
    )


def check_regions(regions: Mapping[str, Any]) -> dict[str, Box]:
    """Return `regions` as boxes (x0, y0, x1, y1) in the 1280x720 frame.

    Raises:
        InvalidOption: for a box that is none, is empty or does not lie in the frame.
    """
    boxes: dict[str, Box] = {}
    for name, given in regions.items():
        integers = isinstance(given, list | tuple) and all(type(part) is int for part in given)
        if integers and len(given) == 4:
            x0, y0, x1, y1 = given
            if 0 <= x0 < x1 <= WIDTH and 0 <= y0 < y1 <= HEIGHT:
                boxes[str(name)] = (x0, y0, x1, y1)
                continue
        raise InvalidOption(
            f"region {name!r} = {given!r} is no box; give [x0, y0, x1, y1] in pixels of the "
            f"{WIDTH}x{HEIGHT} frame"
        )
    return boxes


def open_picture(capture: str, game: GameConnection) -> Picture:
    """Return where frames come from: "screenshot", or a part of the screen.

    Raises:
        InvalidOption: another word.
        HardwareError: no such window, or no screen.
    """
    check_capture(capture)
    if capture == "screenshot":
        return Screenshots(game)
    return ScreenCapture(capture)


class ScreenCapture:
    """Frames from the screen; see `helmsight.hardware.screen`."""

    def __init__(self, capture: str) -> None:
        from helmsight.hardware.screen import Screen

        self._screen = Screen.open(capture)

    def grab(self) -> Frame:
        """Return what the screen shows now.

        Raises:
            HardwareError: the window is gone or hidden, or its picture is black.
        """
        return letterboxed(self._screen.look().pixels)

    def close(self) -> None:
        """Let the screen go."""
        self._screen.close()


class Screenshots:
    """Frames that the game writes to files, by kRPC's SpaceCenter.Screenshot (0.5.0 and later).

    The game and this program have to see the same files.
    """

    def __init__(self, game: GameConnection) -> None:
        self._game = game
        self._folder = tempfile.TemporaryDirectory(prefix="helmsight-")
        self._count = 0

    def grab(self) -> Frame:
        """Ask for a screenshot and return it.

        Raises:
            PictureMissing: no readable picture came within five seconds.
        """
        self._count += 1
        path = Path(self._folder.name) / f"frame{self._count}.png"
        self._game.call(lambda connection: connection.space_center.screenshot(str(path)))
        deadline = time.monotonic() + DEVELOPED
        while time.monotonic() < deadline:
            if (picture := _read(path)) is not None:
                path.unlink(missing_ok=True)
                return letterboxed(picture)
            time.sleep(POLL)
        content = f"{path.stat().st_size} bytes that are no PNG" if path.exists() else "nothing"
        raise PictureMissing(
            f"the game at {self._game.address} was asked for a screenshot at {path} and there is "
            f"{content} after {DEVELOPED:g} s; a game on another machine writes on its own disk: "
            "run Helmsight there, or capture a window (--capture window:TITLE)"
        )

    def close(self) -> None:
        """Remove the files."""
        self._folder.cleanup()


def letterboxed(picture: Frame) -> Frame:
    """Return a picture (H, W, 3) sized to 1280x720, with black bars where its shape differs."""
    height, width = picture.shape[:2]
    scale = min(WIDTH / width, HEIGHT / height)
    size = min(WIDTH, round(width * scale)), min(HEIGHT, round(height * scale))
    if size != (width, height):
        picture = cv2.resize(picture, size, interpolation=cv2.INTER_AREA)
    frame = np.zeros((HEIGHT, WIDTH, 3), np.uint8)
    x, y = (WIDTH - size[0]) // 2, (HEIGHT - size[1]) // 2
    frame[y : y + size[1], x : x + size[0]] = picture
    return frame


def _read(path: Path) -> Frame | None:
    """Return the PNG at `path` in RGB, None while it is missing or half written."""
    try:
        data = path.read_bytes()
    except OSError:
        return None
    if b"IEND" not in data[-16:]:
        return None
    picture = cv2.imdecode(np.frombuffer(data, np.uint8), cv2.IMREAD_COLOR_RGB)
    return None if picture is None else np.asarray(picture, np.uint8)
