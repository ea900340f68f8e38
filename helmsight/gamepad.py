"""A person at a gamepad as the pilot of a robot: sticks are velocities, one button stops."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable
from typing import TYPE_CHECKING, Any

from helmsight.errors import InvalidSetting
from helmsight.keydesk import Stoppable, interrupt_main
from helmsight.sticks import Pad, Sticks

if TYPE_CHECKING:
    from helmsight.contract.observation import ObservationMode
    from helmsight.contract.pilot import Decision, Sighting
    from helmsight.contract.task import Task
    from helmsight.envs.robot.command import RobotCommand

HELP = (
    "left stick: x and y   right stick: z and yaw   shoulders: roll   A: tool   START: done   "
    "B or SPACE: stop"
)
BEAT_S, MOVE_S, IDLE_S = 0.02, 0.2, 1.0


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
