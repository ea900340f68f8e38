"""The poses pilot: goes through named poses of a robot, one after the other."""

from __future__ import annotations

from collections.abc import Sequence

from helmsight.agents.errors import UnknownPilot
from helmsight.contract.errors import PilotUnfit
from helmsight.contract.observation import ObservationMode
from helmsight.contract.pilot import Decision, Sighting
from helmsight.contract.task import Task
from helmsight.envs.robot.command import RobotCommand

FORM = "poses:NAME,NAME,..."


class Poses:
    """Asks for each pose once and then says done; what was not reached is in the run's notes."""

    needs: ObservationMode = "telemetry"
    command = RobotCommand

    def __init__(self, names: Sequence[str]) -> None:
        self.name = self.spec = f"poses:{','.join(names)}"
        self._names = tuple(names)

    @classmethod
    def named(cls, spec: str) -> Poses:
        """Return the pilot of a spec `poses:NAME,NAME`. Raises UnknownPilot."""
        names = [name.strip() for name in spec.partition(":")[2].split(",")]
        if not all(names):
            raise UnknownPilot(f'pilot "{spec}" names no poses; give {FORM}, as poses:home')
        return cls(names)

    def check_task(self, task: Task) -> None:
        """Raise PilotUnfit for a pose that the robot does not have, before it is opened."""
        command = _command(task)
        strange = [name for name in self._names if name not in command.poses]
        if strange:
            raise PilotUnfit(
                f'pilot "{self.name}" goes to {", ".join(strange)} and the poses of '
                f'"{task.name}" are: {", ".join(command.poses)}; give others with --poses FILE'
            )

    def reset(self, task: Task, seed: int) -> None:
        """Begin with the first pose. Raises PilotUnfit as `check_task`."""
        self.check_task(task)
        self._command, self._left = _command(task), list(self._names)

    def decide(self, sighting: Sighting) -> Decision:
        """Answer the next pose, or done after the last one."""
        if not self._left:
            verdict = f"went through {', '.join(self._names)}"
            return Decision(self._command(do="done", verdict=verdict))
        return Decision(self._command(do="pose", pose=self._left.pop(0)))


def _command(task: Task) -> type[RobotCommand]:
    assert issubclass(task.command, RobotCommand)
    return task.command
