"""The pilot contract: anything that answers a command for an observation."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Protocol, runtime_checkable

from helmsight.contract.calls import Call
from helmsight.contract.command import Command, Rotation
from helmsight.contract.observation import Observation, ObservationMode
from helmsight.contract.task import Task
from helmsight.contract.timing import Timing


@dataclass(frozen=True)
class Sighting:
    """What a pilot is shown for one decision.

    `stamp` is the world time of the observation, s. `relations` are verified spatial relations in
    words. `history` are the commands applied so far, newest last. `notes` say what was clamped,
    what the world did other than asked, and what budget is left; those of a guard hold no numbers
    of the world, for pilots without telemetry.
    `rotations` are those from each other frame of a command to its home frame, as they are now:
    (3, 3) each; empty where the world does not tell.
    `timing` says under which time rule the world runs, how many seconds of it pass until the
    answer takes effect, and which command is applied until then.
    """

    observation: Observation
    stamp: float
    relations: tuple[str, ...] = ()
    history: tuple[Command, ...] = ()
    notes: tuple[str, ...] = ()
    timing: Timing = field(default_factory=Timing)
    rotations: Mapping[str, Rotation] = field(default_factory=dict)


@dataclass(frozen=True)
class Decision:
    """What a pilot answered: `command` is None when nothing usable came.

    `raw` is the answer as given, `repairs` counts the rungs of the repair ladder that were used
    (constrained, local, reask, retry) and why there was no command: `unreadable` for answers
    without one, `errors` for a provider that failed, `default` for any other pilot. Of the frame
    it counts that it was set right (`aligned`), that its picture was not found (`unmatched`), and
    that a part of it was covered, so that nothing was asked (`covered`).
    `prompt_hash` is the SHA-256 of what the model was shown, `calls` are the requests that were
    made for it.
    """

    command: Command | None
    raw: str = ""
    repairs: Counter[str] = field(default_factory=Counter)
    prompt_hash: str = ""
    calls: tuple[Call, ...] = ()


@runtime_checkable
class Pilot(Protocol):
    """Anything that operates a world: a model, a scripted expert, a person.

    A pilot may also have, for the check before a run (`contract.fit`): `command`, the class of the
    commands it answers; `telemetry`, the names of the fields it reads; `regions`, those it looks
    at. `remembers` is False for one whose answer depends on the sighting alone: when a run is
    resumed, any other pilot is asked again at every recorded step, so that it knows what it knew;
    one that is not, and that has `watch(sighting)`, is shown what it was shown there.
    `spec` and `options` are what it can be made from again, `texts` what it read in files that
    options name: they are kept in the record, by these options. `probe()` finds out whether it can
    answer at all: it is called once before a world is started. `pictures()` are the files, by their
    SHA-256, that the messages in its calls name and that are no part of a frame, since it was last
    called.
    """

    name: str
    needs: ObservationMode

    def reset(self, task: Task, seed: int) -> None:
        """Forget the last episode and prepare for this one."""
        ...

    def decide(self, sighting: Sighting) -> Decision:
        """Answer one command for what is shown."""
        ...
