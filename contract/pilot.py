"""The pilot contract: anything that answers a command for an observation."""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass, field
from typing import Protocol, runtime_checkable

from helmsight.contract.command import Command
from helmsight.contract.observation import Observation, ObservationMode
from helmsight.contract.task import Task


@dataclass(frozen=True)
class Sighting:
    """What a pilot is shown for one decision.

    `stamp` is the world time of the observation, s. `relations` are verified spatial relations in
    words. `history` are the commands applied so far, newest last. `notes` say what was clamped
    and what budget is left; for pilots without telemetry they hold no numbers of the world.
    """

    observation: Observation
    stamp: float
    relations: tuple[str, ...] = ()
    history: tuple[Command, ...] = ()
    notes: tuple[str, ...] = ()


@dataclass(frozen=True)
class Decision:
    """What a pilot answered: `command` is None when nothing usable came.

    `raw` is the answer as given, `repairs` counts the rungs of the repair ladder that were used
    (constrained, local, reask, default), `prompt_hash` is the SHA-256 of what the model was shown.
    """

    command: Command | None
    raw: str = ""
    repairs: Counter[str] = field(default_factory=Counter)
    prompt_hash: str = ""


@runtime_checkable
class Pilot(Protocol):
    """Anything that flies: a model behind the operator, a scripted expert, a person."""

    name: str
    needs: ObservationMode

    def reset(self, task: Task, seed: int) -> None:
        """Forget the last episode and prepare for this one."""
        ...

    def decide(self, sighting: Sighting) -> Decision:
        """Answer one command for what is shown."""
        ...
