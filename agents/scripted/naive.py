"""The naive pilot: full thrust towards the target, always."""

from __future__ import annotations

from helmsight.contract.observation import ObservationMode
from helmsight.contract.pilot import Decision, Sighting
from helmsight.contract.task import Task
from helmsight.envs.orbital.command import BurnCommand


class Naive:
    """Burns forward at full throttle: SAS keeps the nose on the target (KSPDG's own example).

    It looks at nothing, so that it flies every family. A latency changes nothing: the answer is the
    same wherever the target will be.
    """

    name = "naive"
    needs: ObservationMode = "telemetry"
    command = BurnCommand
    remembers = False

    def reset(self, task: Task, seed: int) -> None:
        """Nothing to prepare."""

    def decide(self, sighting: Sighting) -> Decision:
        """Answer full forward thrust."""
        return Decision(BurnCommand(forward=1.0, right=0.0, down=0.0))
