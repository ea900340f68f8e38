"""The cockpit in a window of this screen, flown with keys."""

from __future__ import annotations

import os
import sys
import time
from dataclasses import dataclass
from typing import Any

import numpy as np

from helmsight.contract.signals import held_back
from helmsight.envs.errors import ScreenMissing
from helmsight.envs.orbital.cockpit import keys
from helmsight.envs.orbital.cockpit.layout import HEIGHT, WIDTH
from helmsight.envs.orbital.cockpit.lettering import Picture, write
from helmsight.envs.orbital.cockpit.picture import render
from helmsight.envs.orbital.cockpit.seat import Seat
from helmsight.hardware.screen import ScreenBox, fitted

STRIP = 40
"""Height of the strip below the picture, px at scale 1: what the picture itself must not show."""
RATE_HZ = 30.0
"""Pictures a second."""
NO_WINDOW = (
    "no window can be opened ({problem}): start this on a desktop, or on a virtual screen: "
    "xvfb-run -s '-noreset -screen 0 1280x800x24' COMMAND"
)
_INK, _DIM, _GOOD, _BAD = (222, 226, 222), (140, 150, 150), (120, 235, 130), (255, 150, 60)
_BACK = (16, 18, 22)


def check_display() -> None:
    """Raise ScreenMissing where it is known without a try that no window can be opened."""
    if sys.platform == "linux" and not {"DISPLAY", "WAYLAND_DISPLAY"} & os.environ.keys():
        raise ScreenMissing(NO_WINDOW.format(problem="DISPLAY is not set"))


def title(scenario: str) -> str:
    """Return the title of the window that shows `scenario`."""
    return f"Helmsight cockpit: {scenario}"


def picture_place(width: int, height: int) -> ScreenBox:
    """Return where in a window of width x height the picture is; the strip is right below it."""
    area = fitted(width, height, WIDTH / (HEIGHT + STRIP))
    return ScreenBox(
        area.left, area.top, area.width, round(area.height * HEIGHT / (HEIGHT + STRIP))
    )


@dataclass
class Rates:
    """How fast the window is: pictures shown, and their rate over the last second or so, 1/s."""

    pictures: int = 0
    hz: float = 0.0

    def __post_init__(self) -> None:
        self._since, self._from = time.perf_counter(), 0

    def count(self) -> None:
        """Note a picture that was shown."""
        self.pictures += 1
        passed = time.perf_counter() - self._since
        if passed >= 1.0:
            self.hz = (self.pictures - self._from) / passed
            self._since, self._from = time.perf_counter(), self.pictures


class CockpitWindow:
    """The window around a seat: it draws, and turns key events into what they mean.

    scale: of the picture, 1 is 1280x720. Resizable: the picture keeps its shape.

    Raises:
        ScreenMissing: no screen to open a window on, or pygame is not installed.
    """

    def __init__(
        self, seat: Seat, *, scale: float = 1.0, help_shown: bool = True, name: str = ""
    ) -> None:
        self.seat = seat
        self.rates = Rates()
        self.quit = False
        self._help = help_shown
        self._pressed: set[str] = set()
        self._pygame = _pygame()
        self._open((round(WIDTH * scale), round((HEIGHT + STRIP) * scale)))
        self._pygame.display.set_caption(name or title(seat.scenario.name))
        self._due = 0.0
        self.drawn = 0
        """The run of the seat that the last picture showed."""

    def turn(self) -> None:
        """Take the keys that came, let the world follow the clock, and draw when it is time."""
        pygame = self._pygame
        now = time.perf_counter()
        wait = max(0.001, min(self._due - now, 0.01))
        event = pygame.event.wait(max(1, int(wait * 1e3)))
        # up to here the keys were as they were
        self.seat.advance(time.perf_counter(), self._pressed)
        for pending in (event, *pygame.event.get()):
            self._take(pending)
        if time.perf_counter() >= self._due:
            self.draw()
            self._due = max(self._due + 1.0 / RATE_HZ, time.perf_counter())

    @held_back()  # as `picture.render`, for what it writes itself
    def draw(self) -> None:
        """Draw the picture and the strip, and show them."""
        surface = self._pygame.display.get_surface()
        place = picture_place(*surface.get_size())
        surface.fill(_BACK)
        if place.width > 0 and place.height > 0:
            picture = render(self.seat.state())
            if self._help:
                _write_help(picture)
            self._put(surface, picture, place)
            below = round(place.width * STRIP / WIDTH)
            if below > 0:
                under = ScreenBox(place.left, place.top + place.height, place.width, below)
                self._put(surface, self._strip(), under)
        self._pygame.display.flip()
        self.drawn = self.seat.runs
        self.rates.count()

    def close(self) -> None:
        """Close the window. Idempotent."""
        self._pygame.display.quit()

    def __enter__(self) -> CockpitWindow:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    def _open(self, size: tuple[int, int]) -> None:
        check_display()
        pygame = self._pygame
        try:
            pygame.display.init()
            driver = pygame.display.get_driver()
            if driver in ("dummy", "offscreen"):
                raise pygame.error(f"the video driver {driver!r} shows nothing")
            pygame.display.set_mode(size, pygame.RESIZABLE)
        except pygame.error as error:
            pygame.display.quit()
            raise ScreenMissing(NO_WINDOW.format(problem=error)) from None

    def _put(self, surface: Any, picture: Picture, place: ScreenBox) -> None:
        import cv2

        size = (place.width, place.height)
        if size != picture.shape[1::-1]:
            shrinks = place.width < picture.shape[1]
            how = cv2.INTER_AREA if shrinks else cv2.INTER_LINEAR
            picture = np.asarray(cv2.resize(picture, size, interpolation=how))
        image = self._pygame.image.frombuffer(picture, size, "RGB")
        surface.blit(image, (place.left, place.top))

    def _take(self, event: Any) -> None:
        pygame = self._pygame
        if event.type == pygame.QUIT:
            self.quit = True
        elif event.type == pygame.WINDOWFOCUSLOST:
            self._pressed.clear()
        elif event.type in (pygame.KEYDOWN, pygame.KEYUP):
            key = pygame.key.name(event.key).removeprefix("left ").removeprefix("right ")
            if event.type == pygame.KEYUP:
                self._pressed.discard(key)
            elif key in keys.TRANSLATION or key == keys.FINE:
                self._pressed.add(key)
            else:
                self._act(key)

    def _act(self, key: str) -> None:
        seat = self.seat
        if key == keys.RCS:
            seat.switch_rcs()
        elif key == keys.SAS:
            seat.switch_sas()
        elif key in keys.PAUSE:
            seat.paused = not seat.paused
        elif key in keys.RESTART:
            seat.restart(seat.seed)
        elif key == keys.HELP:
            self._help = not self._help
        elif key == keys.QUIT:
            self.quit = True

    def _strip(self) -> Picture:
        strip: Picture = np.full((STRIP, WIDTH, 3), _BACK, np.uint8)
        words, colour = self._said()
        write(strip, words, (16, 27), colour, 20, weight=600)
        hint = "F1 help   F5 from the start   Esc end"
        write(strip, hint, (WIDTH - 16, 27), _DIM, 17, align="right")
        return strip

    def _said(self) -> tuple[str, tuple[int, int, int]]:
        """Return what the strip says, and in which colour."""
        report = self.seat.report()
        if self.seat.captured:
            return (
                f"CAPTURED  score {report['score']:.1f}  fuel {report['fuel_used']:.0f} kg",
                _GOOD,
            )
        if self.seat.over:
            why = "CAUGHT BY THE GUARD" if report.get("caught") else "TIME IS OVER"
            most = self.seat.outcome.terms[0]
            known = f"{most.label or most.name} {report[most.source]:.1f} {most.unit}".rstrip()
            return f"{why}  score {report['score']:.1f}  {known}", _BAD
        if self.seat.paused:
            return "PAUSED  Space goes on", _BAD
        if self.seat.held:
            return "ready", _DIM
        fine = keys.FINE in self._pressed
        return f"{self.seat.scenario.name}{'  fine control' if fine else ''}", _INK


def _write_help(picture: Picture) -> None:
    """Write what the keys do into the upper left of the picture, over a darkened box."""
    box = picture[70 : 96 + 26 * len(keys.WORDS), 16:510]
    box //= 3
    for row, (key, meaning) in enumerate(keys.WORDS):
        y = 100 + 26 * row
        write(picture, key, (30, y), _GOOD, 18, weight=600)
        write(picture, meaning, (170, y), _INK, 18)


def _pygame() -> Any:
    os.environ.setdefault("PYGAME_HIDE_SUPPORT_PROMPT", "1")
    # straight to the window: by way of a texture a picture costs twice the time without a GPU
    os.environ.setdefault("SDL_FRAMEBUFFER_ACCELERATION", "0")
    try:
        import pygame
    except ImportError as error:
        raise ScreenMissing(
            f"the cockpit's window needs pygame ({error}): pip install 'helmsight[screen]'"
        ) from None
    return pygame
