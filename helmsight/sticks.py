"""A gamepad: where its sticks are, and what velocity that means."""

from __future__ import annotations

import os
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Protocol

from helmsight.errors import InvalidSetting

FASTEST, TURNING = 0.1, 0.8  # m/s and rad/s with a stick all the way
REST = 0.15  # of a stick's way that counts as none: sticks do not come back to the very middle


@dataclass(frozen=True)
class Sticks:
    """Where the sticks are, -1 to 1 (up and left are negative, as SDL has it), and the buttons."""

    left: tuple[float, float] = (0.0, 0.0)
    right: tuple[float, float] = (0.0, 0.0)
    shoulders: tuple[bool, bool] = (False, False)
    tool: bool = False
    stop: bool = False
    done: bool = False

    @property
    def buttons(self) -> tuple[bool, ...]:
        """The buttons that mean something."""
        return self.tool, self.stop, self.done

    def twist(self) -> dict[str, float]:
        """Return the velocity that the sticks mean, m/s and rad/s, as fields of a command."""
        roll = float(self.shoulders[1]) - float(self.shoulders[0])
        wished = {
            "vx": -FASTEST * eased(self.left[1]), "vy": -FASTEST * eased(self.left[0]),
            "vz": -FASTEST * eased(self.right[1]), "wz": -TURNING * eased(self.right[0]),
            "wx": TURNING / 2.0 * roll,
        }  # fmt: skip
        return {name: value for name, value in wished.items() if value}


def eased(way: float) -> float:
    """Return a stick's way without its rest, from nought to one again, and slow near nought."""
    size = max(0.0, min(1.0, (abs(way) - REST) / (1.0 - REST)))
    return size * size if way > 0.0 else -size * size


class Pad(Protocol):
    """A gamepad; opened, read and closed by one thread."""

    def open(self) -> str:
        """Return its name. Raises InvalidSetting where there is none."""
        ...

    def read(self) -> Sticks | None:
        """Return where its sticks are now, None once it is gone."""
        ...

    def close(self) -> None:
        """Let go of it."""
        ...


class SdlPad:
    """The first gamepad that SDL knows, through pygame."""

    def open(self) -> str:
        """Return its name. Raises InvalidSetting: no pygame, no gamepad, or one without a layout.

        SDL is told that there is no screen and that its window need not be in front.
        """
        try:
            os.environ.setdefault("PYGAME_HIDE_SUPPORT_PROMPT", "1")
            import pygame
            from pygame._sdl2 import controller
        except ImportError as error:
            raise InvalidSetting(
                f'a gamepad needs pygame ({error}): pip install "helmsight[screen]"'
            ) from error
        self._pygame, self._controller = pygame, controller
        with _environment(SDL_JOYSTICK_ALLOW_BACKGROUND_EVENTS="1", SDL_VIDEODRIVER="dummy"):
            self._opened_display = not pygame.display.get_init()
            pygame.display.init()
            controller.init()
        known = [at for at in range(controller.get_count()) if controller.is_controller(at)]
        if not known:
            self.close()
            raise InvalidSetting(
                "no gamepad is there whose layout is known; plug one in, or use --pilot keys"
            )
        self._pad = controller.Controller(known[0])
        return str(self._pad.name)

    def read(self) -> Sticks | None:
        """Return where its sticks are now."""
        pg, pad = self._pygame, self._pad
        pg.event.pump()
        if not pad.attached():
            return None

        def axis(number: int) -> float:
            return float(pad.get_axis(number)) / 32768.0

        return Sticks(
            left=(axis(pg.CONTROLLER_AXIS_LEFTX), axis(pg.CONTROLLER_AXIS_LEFTY)),
            right=(axis(pg.CONTROLLER_AXIS_RIGHTX), axis(pg.CONTROLLER_AXIS_RIGHTY)),
            shoulders=(
                bool(pad.get_button(pg.CONTROLLER_BUTTON_LEFTSHOULDER)),
                bool(pad.get_button(pg.CONTROLLER_BUTTON_RIGHTSHOULDER)),
            ),
            tool=bool(pad.get_button(pg.CONTROLLER_BUTTON_A)),
            stop=bool(pad.get_button(pg.CONTROLLER_BUTTON_B)),
            done=bool(pad.get_button(pg.CONTROLLER_BUTTON_START)),
        )

    def close(self) -> None:
        """Let go of it, and of SDL's display if this opened it."""
        self._controller.quit()
        if self._opened_display:
            self._pygame.display.quit()


@contextmanager
def _environment(**values: str) -> Iterator[None]:
    """Have variables that are not set be so while SDL starts; other programs see nothing of it."""
    added = [name for name in values if name not in os.environ]
    os.environ.update({name: values[name] for name in added})
    try:
        yield
    finally:
        for name in added:
            del os.environ[name]
