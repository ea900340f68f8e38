"""Pictures of the screen, by mss: stamped, of the size that was asked, and checked."""

from __future__ import annotations

import re
import time
from collections.abc import Callable
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any, Self

import numpy as np

from helmsight.contract.errors import InvalidOption
from helmsight.contract.still import StillPicture
from helmsight.hardware.cameras.frame import Checks, Frame, Pixels, Trouble, refusal
from helmsight.hardware.cameras.source import Size
from helmsight.hardware.errors import WindowUnavailable
from helmsight.hardware.screen.finding import find_window
from helmsight.hardware.screen.window import ScreenBox, Window

if TYPE_CHECKING:
    from numpy.typing import NDArray

KINDS = "window:TITLE, region:X,Y,WIDTH,HEIGHT (pixels of the desktop) or monitor:N (from 1)"
# A paused game stands still for as long as a person likes, and a picture is as old as the machine
# took to grab it: a busy one takes its time.
CHECKS = Checks(max_age_s=2.0, frozen_s=None)
MEND: dict[Trouble, str] = {
    "stale": "this machine is too busy to grab the screen; raise max_age_s",
    "frozen": "its program hangs or is paused; raise frozen_s where that may be",
    "black": "it is covered, locked or not drawn yet; bring it to the front",
}
Within = Callable[[int, int], ScreenBox]


@dataclass(frozen=True)
class Shot(Frame):
    """One picture of the screen; wall_s: time.time() when it was taken."""

    wall_s: float


class Screen:
    """What is shown in a window, a region or a monitor. A context manager.

    A window is followed where it moves and however it is resized. What covers it is in the
    picture: a screen shows no more than a person sees.
    """

    def __init__(
        self,
        name: str,
        grabber: Any,
        *,
        window: Window | None = None,
        place: ScreenBox | None = None,
        size: Size | None = None,
        within: Within | None = None,
        checks: Checks | None = None,
    ) -> None:
        self.name = name
        self.window = window
        self.checks = CHECKS if checks is None else checks
        self._grabber, self._fixed = grabber, place
        self._size, self._within = size, within
        whole = grabber.monitors[0]
        self._desktop = ScreenBox(whole["left"], whole["top"], whole["width"], whole["height"])
        self._last: Shot | None = None
        self._still = StillPicture()

    @classmethod
    def open(
        cls,
        text: str,
        *,
        size: Size | None = None,
        within: Within | None = None,
        checks: Checks | None = None,
    ) -> Self:
        """Return the screen that `text` names, one of KINDS.

        size: (width, height) of the pictures; None: as they are shown. within: where in the
        window, region or monitor the picture is, from its width and height (see `fitted`).

        Raises:
            InvalidOption: a text or a size that names nothing.
            WindowUnavailable: no screen to grab, no such window or monitor.
        """
        if size is not None and not all(0 < side <= 16384 for side in size):
            raise InvalidOption(f"size {size}: expected width and height of 1 to 16384 pixels")
        kind, _, rest = text.partition(":")
        region = re.fullmatch(r"(-?\d+),(-?\d+),(\d+),(\d+)", rest)
        known = {"window": bool(rest), "region": region is not None, "monitor": rest.isdecimal()}
        if not known.get(kind):
            raise InvalidOption(f"screen {text!r}: expected {KINDS}")
        grabber = _grabber(text)
        window, place = None, None
        try:
            if kind == "window":
                window = find_window(rest)
            elif region is not None and kind == "region":
                place = ScreenBox(*(int(number) for number in region.groups()))
            else:
                place = _monitor(grabber, text, int(rest))
        except WindowUnavailable:
            grabber.close()
            raise
        return cls(
            text, grabber, window=window, place=place, size=size, within=within, checks=checks
        )

    def place(self) -> ScreenBox:
        """Return where on the screen the picture is now.

        Raises:
            WindowUnavailable: the window is gone, minimised, or partly off the screen.
        """
        outer = self._fixed if self.window is None else self.window.place()
        assert outer is not None
        box = outer
        if self._within is not None:
            inner = self._within(outer.width, outer.height)
            box = replace(inner, left=outer.left + inner.left, top=outer.top + inner.top)
        if box.width <= 0 or box.height <= 0 or not box.inside(self._desktop):
            raise WindowUnavailable(
                f"{self.name} is at {box}, and the screen is {self._desktop}: all of it has to be "
                "on the screen; move it, make it smaller, or use a larger screen"
            )
        return box

    def grab(self) -> Shot:
        """Return what is shown now, RGB uint8 (height, width, 3); it is not judged: see `look`.

        Raises:
            WindowUnavailable: as `place`, and when the screen itself is gone.
        """
        from mss.exception import ScreenShotError

        box = self.place()
        area = {"left": box.left, "top": box.top, "width": box.width, "height": box.height}
        stamp, wall = time.monotonic(), time.time()
        try:
            grabbed = self._grabber.grab(area)
        except ScreenShotError as error:
            raise WindowUnavailable(f"{self.name} at {box} cannot be grabbed: {error}") from None
        shape = (grabbed.size.height, grabbed.size.width, 4)
        pixels = _rgb(np.frombuffer(grabbed.raw, np.uint8).reshape(shape), self._size)
        pixels.setflags(write=False)
        before = self._last
        self._last = Shot(
            pixels=pixels,
            stamp_s=stamp,
            number=before.number + 1 if before is not None else 1,
            same_since_s=self._still.since(pixels, stamp),
            wall_s=wall,
        )
        return self._last

    def look(self) -> Shot:
        """Return what is shown now once it has passed the checks.

        Raises:
            FrameRefused: it is black, or frozen where `checks.frozen_s` says so.
            WindowUnavailable: as `grab`.
        """
        shot = self.grab()
        trouble = self.checks.trouble(shot)
        if trouble is not None:
            raise refusal(self.name, trouble, mend=MEND)
        return shot

    def close(self) -> None:
        """Let go of the screen. Idempotent."""
        self._grabber.close()
        if self.window is not None:
            self.window.close()

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()


def _grabber(text: str) -> Any:
    """Return what grabs the screen. Raises WindowUnavailable where there is none."""
    try:
        import mss
        from mss.exception import ScreenShotError
    except ImportError:
        raise WindowUnavailable(
            f"screen {text!r} needs the package mss: pip install 'helmsight[screen]'"
        ) from None
    try:
        return mss.MSS()
    except ScreenShotError as error:
        raise WindowUnavailable(
            f"screen {text!r}: there is no screen to grab ({error}); start a desktop or set "
            "DISPLAY. Without a monitor: xvfb-run -s '-noreset -screen 0 1280x800x24' COMMAND"
        ) from None


def _monitor(grabber: Any, text: str, number: int) -> ScreenBox:
    there = grabber.monitors[1:]
    if not 1 <= number <= len(there):
        raise WindowUnavailable(f"screen {text!r}: the monitors are 1 to {len(there)}")
    monitor = there[number - 1]
    return ScreenBox(monitor["left"], monitor["top"], monitor["width"], monitor["height"])


def _rgb(picture: NDArray[np.uint8], size: Size | None) -> Pixels:
    """Return BGRA pixels as RGB of `size`; resized before they are converted, which is cheaper."""
    import cv2

    height, width = picture.shape[:2]
    if size is not None and size != (width, height):
        shrinks = size[0] <= width and size[1] <= height
        how = cv2.INTER_AREA if shrinks else cv2.INTER_CUBIC
        picture = cv2.resize(picture, size, interpolation=how)
    return np.asarray(cv2.cvtColor(picture, cv2.COLOR_BGRA2RGB))
