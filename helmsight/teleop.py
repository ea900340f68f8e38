"""A person at the keys as the pilot of a robot: the same commands, the same records."""

from __future__ import annotations

import time
from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING

from helmsight.keyboard import END

if TYPE_CHECKING:
    from helmsight.contract.observation import ObservationMode
    from helmsight.contract.pilot import Decision, Sighting
    from helmsight.contract.task import Task
    from helmsight.envs.robot.command import RobotCommand
    from helmsight.keydesk import KeyDesk

HELP = (
    "w s: +x -x   a d: +y -y   r f: +z -z   arrows: pitch, yaw   z x: roll   [ ]: speed\n"
    "g: tool   1-9: a pose   p: keep this pose   h: hold   q: done   SPACE: stop"
)
MOVES: dict[str, tuple[str, float]] = {
    "w": ("vx", 1.0), "s": ("vx", -1.0), "a": ("vy", 1.0), "d": ("vy", -1.0),
    "r": ("vz", 1.0), "f": ("vz", -1.0), "z": ("wx", 1.0), "x": ("wx", -1.0),
    "up": ("wy", 1.0), "down": ("wy", -1.0), "left": ("wz", 1.0), "right": ("wz", -1.0),
}  # fmt: skip
PRESS_S = 0.2  # of motion a key press; a key that is held repeats faster than that
SLOW = {"v": 0.05, "w": 0.4}  # m/s and rad/s to begin with
FASTEST = {"v": 0.25, "w": 1.6}
IDLE_S = 1.0  # without a key, after which the world is looked at again


class Keys:
    """A pilot that answers what a person presses; keys held together are one motion.

    keep: is given a name and the joint positions (rad or m) of a pose to be kept, and returns what
    is said of that. show: how a line is shown to the person.
    """

    name = spec = "keys"
    needs: ObservationMode = "telemetry"
    remembers = False

    def __init__(
        self,
        desk: KeyDesk,
        keep: Callable[[tuple[str, ...], tuple[float, ...]], str],
        show: Callable[[str], None],
    ) -> None:
        from helmsight.envs.robot.command import RobotCommand

        self.command: type[RobotCommand] = RobotCommand
        self._desk, self._keep, self._show = desk, keep, show
        self._speed, self._tool = 1.0, False
        self._left: list[str] = []  # pressed, and not answered yet

    def reset(self, task: Task, seed: int) -> None:
        """Tell the person the keys and the poses."""
        self._kind: type[RobotCommand] = task.command  # type: ignore[assignment]
        many = len(self._kind.joint_limits)
        self._names = tuple(field.name for field in task.fields[:many])
        poses = ", ".join(f"{n}: {name}" for n, name in enumerate(self._kind.poses[:9], start=1))
        self._show(f"{HELP}\nposes   {poses}")

    def decide(self, sighting: Sighting) -> Decision:
        """Answer what is pressed next; hold where nothing is for a while."""
        from helmsight.contract.pilot import Decision

        for note in sighting.notes:
            self._show(note)
        positions = tuple(map(float, sighting.observation["telemetry"][: len(self._names)]))
        until = time.monotonic() + IDLE_S
        while (left := until - time.monotonic()) > 0.0:
            self._left += self._desk.take(0.0 if self._left else left)
            command = self._answer(positions)
            if command is not None:
                return Decision(command)
        return Decision(self._kind.model_validate({"do": "hold", "duration": 0.02}))

    def _answer(self, positions: tuple[float, ...]) -> RobotCommand | None:
        """Return the command of the next keys: of one, or of moves that go together."""
        twist: dict[str, float] = {}
        while self._left and self._left[0] in MOVES:
            field, sign = MOVES[self._left.pop(0)]
            twist[field] = sign * self._rate(field[0])
        if twist:
            return self._kind.model_validate({"do": "twist", "duration": PRESS_S, **twist})
        while self._left and self._left[0] not in MOVES:
            alone = self._alone(self._left.pop(0), positions)
            if alone is not None:
                return self._kind.model_validate(alone)
        return None

    def _alone(self, key: str, positions: tuple[float, ...]) -> dict[str, object] | None:
        """Return the command of a key that goes with no other, None for one that moves nothing."""
        if key in ("q", END, "\x04"):
            return {"do": "done", "verdict": "a person ended it"}
        if key == "h":
            return {"do": "hold", "duration": 0.02}
        if key == "g" and self._kind.has_tool:
            self._tool = not self._tool
            return {"do": "tool", "tool": self._tool}
        if key.isdecimal() and 1 <= int(key) <= len(self._kind.poses):
            return {"do": "pose", "pose": self._kind.poses[int(key) - 1]}
        if key in ("[", "]"):
            self._speed = min(4.0, max(0.125, self._speed * (2.0 if key == "]" else 0.5)))
            self._show(f"{self._rate('v'):.3g} m/s, {self._rate('w'):.3g} rad/s")
        elif key == "p":
            self._show(self._keep(self._names, positions))
        elif key not in "\r\n":
            self._show(f"no key {key!r}\n{HELP}")
        return None

    def _rate(self, kind: str) -> float:
        return min(FASTEST[kind], SLOW[kind] * self._speed)


def keeper(path: Path, name: str) -> Callable[[tuple[str, ...], tuple[float, ...]], str]:
    """Return what keeps poses in the file at `path`, the first under `name`."""
    from helmsight.envs.robot.poses import write_pose

    def keep(joints: tuple[str, ...], positions: tuple[float, ...]) -> str:
        return f"kept as {write_pose(path, name, joints, positions)} in {path}"

    return keep
