"""A client as the pilot: what it proposes is guarded, approved and recorded like any answer."""

from __future__ import annotations

import threading
from collections.abc import Callable
from typing import TYPE_CHECKING, Any

from helmsight.contract.pilot import Decision, Sighting

if TYPE_CHECKING:
    from helmsight.contract.observation import ObservationMode
    from helmsight.contract.task import Task

BEAT_S = 0.2  # between two looks at whether somebody has stopped the run


class Proposer:
    """A pilot whose answers come from another thread. `given_up` says that none will come."""

    name = spec = "mcp"
    remembers = False

    def __init__(self, needs: ObservationMode, given_up: Callable[[], bool]) -> None:
        self.needs = needs
        self.changed = threading.Condition()
        self.sighting: Sighting | None = None
        self.task: Task | None = None
        self._given_up = given_up
        self._proposed: dict[str, Any] | None = None

    def reset(self, task: Task, seed: int) -> None:
        """Take the task, which the client is told."""
        self.task = task

    def decide(self, sighting: Sighting) -> Decision:
        """Show the client what is seen, and answer what it proposes."""
        assert self.task is not None
        with self.changed:
            self.sighting, self._proposed = sighting, None
            self.changed.notify_all()
            while not self.changed.wait_for(lambda: self._proposed is not None, BEAT_S):
                if self._given_up():
                    raise KeyboardInterrupt
            command = self.task.command.model_validate(self._proposed)
        return Decision(command, command.text())

    def propose(self, command: dict[str, Any]) -> None:
        """Answer the decision that waits.

        Raises:
            ValueError: none waits, or it is no command of this world (pydantic's ValidationError).
        """
        with self.changed:
            if self.sighting is None or self.task is None:
                raise ValueError("no decision waits for you: look first")
            self.task.command.model_validate(command)
            self._proposed = command
            self.sighting = None
            self.changed.notify_all()
