"""A person at a gamepad as the pilot of a robot: sticks are velocities, one button stops."""

from __future__ import annotations

import os
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Protocol

from helmsight.errors import InvalidSetting
from helmsight.keydesk import Stoppable, interrupt_main

if TYPE_CHECKING:
    from helmsight.contract.observation import ObservationMode
    from helmsight.contract.pilot import Decision, Sighting
    from helmsight.contract.task import Task
    from helmsight.envs.robot.command import RobotCommand

HELP = (
    "left stick: x and y   right stick: z and yaw   shoulders: roll   A: tool   START: done   "
    "B or SPACE: stop"
)
FASTEST, TURNING = 0.1, 0.8  # m/s and rad/s with a stick all the way
REST = 0.15  # of a stick's way that counts as none: sticks do not come back to the very middle
BEAT_S, MOVE_S, IDLE_S = 0.02, 0.2, 1.0


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


class PadDesk:
    """Reads a gamepad in a thread of its own, so that its button stops whatever goes on.

    A gamepad that is gone stops as well: nobody could end the motion with it any more.
    """

    def __init__(self, pad: Pad) -> None:
        self._pad = pad
        self._world: Stoppable | None = None
        self._now, self._lock = Sticks(), threading.Condition()
        self._closing = threading.Event()
        self._failure: InvalidSetting | None = None
        self.name = ""
        opened = threading.Event()
        self._thread = threading.Thread(
            target=self._listen, args=(opened,), name="gamepad", daemon=True
        )
        self._thread.start()
        opened.wait()
        if self._failure is not None:
            raise self._failure

    def watch(self, world: Stoppable) -> None:
        """Have the button stop `world` from now on."""
        self._world = world

    def wait(self, within_s: float, before: Sticks) -> Sticks:
        """Return where the sticks are, at once where they are out of rest or a button changed."""
        deadline = time.monotonic() + within_s
        with self._lock:
            while not self._now.twist() and self._now.buttons == before.buttons:
                if (left := deadline - time.monotonic()) <= 0.0:
                    break
                self._lock.wait(left)
            return self._now

    def close(self) -> None:
        """Stop reading. Idempotent."""
        self._closing.set()
        self._thread.join(1.0)

    def _listen(self, opened: threading.Event) -> None:
        try:
            self.name = self._pad.open()
        except InvalidSetting as error:
            self._failure = error
            return
        finally:
            opened.set()
        while not self._closing.wait(BEAT_S):
            now = self._pad.read()
            if now is None or (now.stop and not self._now.stop):
                self._stop("the gamepad is gone" if now is None else "button B of the gamepad")
            with self._lock:
                self._now = Sticks() if now is None else now
                self._lock.notify_all()
            if now is None:
                break
        self._pad.close()

    def _stop(self, reason: str) -> None:
        world = self._world
        if world is None:
            return
        interrupts = world.operating
        try:
            world.stop(reason, interrupts=interrupts)
        finally:
            if interrupts:
                interrupt_main()


class Gamepad:
    """A pilot that answers where the sticks are; without a motion it holds."""

    name = spec = "gamepad"
    needs: ObservationMode = "telemetry"
    remembers = False

    def __init__(self, desk: PadDesk, show: Callable[[str], None]) -> None:
        from helmsight.envs.robot.command import RobotCommand

        self.command: type[RobotCommand] = RobotCommand
        self._desk, self._show = desk, show
        self._before, self._tool = Sticks(), False

    def reset(self, task: Task, seed: int) -> None:
        """Tell the person what is what."""
        self._kind: type[RobotCommand] = task.command  # type: ignore[assignment]
        self._show(f"{self._desk.name}\n{HELP}")

    def decide(self, sighting: Sighting) -> Decision:
        """Answer what the sticks and buttons mean now; hold where they rest for a while."""
        from helmsight.contract.pilot import Decision

        for note in sighting.notes:
            self._show(note)
        now = self._desk.wait(IDLE_S, self._before)
        before, self._before = self._before, now
        return Decision(self._kind.model_validate(self._meant(before, now)))

    def _meant(self, before: Sticks, now: Sticks) -> dict[str, Any]:
        if now.done:
            return {"do": "done", "verdict": "a person ended it"}
        if now.tool and not before.tool and self._kind.has_tool:
            self._tool = not self._tool
            return {"do": "tool", "tool": self._tool}
        twist = now.twist()
        if twist:
            return {"do": "twist", "duration": MOVE_S, **twist}
        return {"do": "hold", "duration": BEAT_S}
