"""Grounding: what is where in the frame, in verified words, before anything is decided."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace
from typing import Any, Protocol

import numpy as np

from helmsight.agents.errors import CannotBeAsked, UnknownStrategy
from helmsight.agents.grounding.asking import Asker, FailSafeAsker, PilotAsker
from helmsight.agents.grounding.oracle import PREFIX, Oracle, truth_of
from helmsight.agents.grounding.verify import Grounding, ground
from helmsight.agents.models.load import load_pilot
from helmsight.contract.calls import Call
from helmsight.contract.pilot import Pilot, Sighting
from helmsight.contract.task import Task
from helmsight.prompts.errors import suggestion
from helmsight.prompts.orders import Prompt, compose
from helmsight.prompts.relations import Claim, claim
from helmsight.prompts.sightlines import sightline
from helmsight.prompts.strategies import CALLED, RELATING, VERIFIED

BLANK = np.zeros((0, 0, 3), np.uint8)  # shown to an oracle where there is no frame
DIRECT = "direct"
STRATEGIES: Mapping[str, str] = {
    DIRECT: "asks nothing: the pilot decides on the picture alone",
    **{
        f"{order}{suffix}": f"asks for {CALLED[order]}{about}"
        for order in RELATING
        for suffix, about in (("", ", unchecked"), (VERIFIED, ", proves it and asks again"))
    },
}


class Grounder(Protocol):
    """A grounding strategy: returns the relations between the task's objects.

    One that `remembers` is asked again at every step of a run that is resumed.
    """

    remembers: bool

    def check(self, pilot: Pilot, task: Task) -> None:
        """Raise CannotBeAsked, before anything runs, where nothing could be grounded."""
        ...

    def prepare(self, pilot: Pilot, task: Task, world: Any, seed: int) -> None:
        """Get ready for an episode; raise what would keep every picture from being grounded.

        `world` is the environment: only what is called an oracle may look at it.
        """
        ...

    def ground(self, pilot: Pilot, task: Task, sighting: Sighting) -> Grounding:
        """Return what is where; asks `pilot` where the strategy needs answers."""
        ...

    def taken(self) -> tuple[Call, ...]:
        """Return the requests to another pilot's model since this was last called."""
        ...


class DirectGrounder:
    """Asks nothing: the pilot decides on the picture alone."""

    remembers = False

    def check(self, pilot: Pilot, task: Task) -> None:
        """Every pilot can fly without being asked."""

    def prepare(self, pilot: Pilot, task: Task, world: Any, seed: int) -> None:
        """Nothing to prepare."""

    def ground(self, pilot: Pilot, task: Task, sighting: Sighting) -> Grounding:
        """Return no relations."""
        return Grounding()

    def taken(self) -> tuple[Call, ...]:
        """Return nothing: nobody is asked."""
        return ()


class ModelGrounder:
    """Asks for the relations of the task's objects in one order, verified or not.

    An answer that fails or cannot be read leaves the pilot without relations; it is counted and
    the flight goes on. With `other`, the name of a pilot, that one is asked instead of who flies.
    """

    def __init__(self, order: str, *, verified: bool, other: str = "") -> None:
        self.order, self.verified, self.other = order, verified, other
        self.remembers = False
        self._asker: Asker
        self._prompts: dict[tuple[str, ...], Prompt] = {}

    def check(self, pilot: Pilot, task: Task) -> None:
        """Raise unless the task has objects and who flies, if it is asked, can be.

        Raises:
            CannotBeAsked: the task has fewer than two objects, the pilot is shown no frame, or
                there is no model behind it.
        """
        if not self.other:
            PilotAsker(pilot, task.regions)
        if "frame" not in pilot.needs.split("+"):
            raise CannotBeAsked(
                f'pilot "{pilot.name}" is shown no frame in which anything could be related; '
                f"give it one with --observation frame, or fly with the grounding {DIRECT}"
            )
        _check_objects(task)

    def prepare(self, pilot: Pilot, task: Task, world: Any, seed: int) -> None:
        """Compose the prompt of the episode.

        Raises:
            CannotBeAsked: as `check`, or the other one cannot be asked.
            UnknownPilot, ModelUnavailable: the other one cannot be loaded.
        """
        self._asker = self._who(pilot, task, world, seed)
        self._prompts = {}
        self._prompt(tuple(task.objects))

    def ground(self, pilot: Pilot, task: Task, sighting: Sighting) -> Grounding:
        """Return what the frame shows, as far as it could be read.

        Nothing is asked where fewer than two objects should be in it.
        """
        objects = in_view(task, sighting)
        if len(objects) < 2:
            return Grounding()
        asker = FailSafeAsker(self._asker)
        image = sighting.observation.get("frame", BLANK)
        known = [c for c in self._known(task, sighting) if {c.a, c.b} <= {*objects}]
        prompt = self._prompt(objects)
        grounding = ground(asker, image, prompt, verified=self.verified, known=known)
        deduced = _deduced(task, [*grounding.claims, *known]) if self.verified else ()
        counts = replace(grounding.counts, failed=asker.failed)
        return replace(grounding, counts=counts, deduced=deduced)

    def taken(self) -> tuple[Call, ...]:
        """Return the requests to the other one; those to who flies are among its own."""
        return self._asker.taken() if self.other and isinstance(self._asker, PilotAsker) else ()

    def _prompt(self, objects: tuple[str, ...]) -> Prompt:
        if objects not in self._prompts:
            self._prompts[objects] = compose(self.order, objects, thinking=False)
        return self._prompts[objects]

    def _who(self, pilot: Pilot, task: Task, world: Any, seed: int) -> Asker:
        if not self.other:
            return PilotAsker(pilot, task.regions)
        other = load_pilot(self.other)
        if looks_at := getattr(other, "looks_at", None):
            looks_at(task)
        return PilotAsker(other, task.regions)

    def _known(self, task: Task, sighting: Sighting) -> Sequence[Claim]:
        return known(task, sighting)


class OracleGrounder(ModelGrounder):
    """As `ModelGrounder`, asked of the world itself: for evaluations of proving and flying alone.

    Telemetry is left out of it: what is measured is what the claims prove of each other.
    """

    def __init__(self, order: str, *, verified: bool, flips: float) -> None:
        super().__init__(order, verified=verified)
        self.flips, self.remembers = flips, True  # which lines come next is drawn

    def check(self, pilot: Pilot, task: Task) -> None:
        """Raise CannotBeAsked for a task without objects; the world is asked, not the pilot."""
        _check_objects(task)

    def _who(self, pilot: Pilot, task: Task, world: Any, seed: int) -> Asker:
        return Oracle(truth_of(world), self.flips, seed)

    def _known(self, task: Task, sighting: Sighting) -> Sequence[Claim]:
        return ()


def grounder(name: str) -> Grounder:
    """Return the strategy called `name`: one of `STRATEGIES`; "NAME@PILOT", which asks another
    pilot than the one that flies; or "oracle:NAME[,flips=SHARE]".

    Raises:
        UnknownStrategy: for any other name; suggests the nearest one.
    """
    flips = None
    spec, at, other = name.partition("@")
    if name.startswith(PREFIX):
        spec, _, option = name.removeprefix(PREFIX).partition(",")
        flips = _flips(name, option)
    if spec not in STRATEGIES or (spec == DIRECT and spec != name) or (at and not other):
        raise UnknownStrategy(
            f'no grounding strategy is called "{name}".{suggestion(spec, STRATEGIES)} '
            f"Known strategies: {', '.join(STRATEGIES)}"
        )
    order, verified = spec.removesuffix(VERIFIED), spec.endswith(VERIFIED)
    if flips is not None:
        return OracleGrounder(order, verified=verified, flips=flips)
    return (
        DirectGrounder() if spec == DIRECT else ModelGrounder(order, verified=verified, other=other)
    )


def _check_objects(task: Task) -> None:
    if len(task.objects) < 2:
        raise CannotBeAsked(
            f'"{task.name}" declares {len(task.objects)} objects to relate and grounding needs '
            f"two; fly it with the grounding {DIRECT}"
        )


def known(task: Task, sighting: Sighting) -> Sequence[Claim]:
    """Return the relations that telemetry makes certain; none for who is not shown telemetry."""
    telemetry = sighting.observation.get("telemetry")
    if task.known is None or telemetry is None:
        return ()
    return [claim(a, axis, sign, b) for a, b, axis, sign in task.known(telemetry)]


def _deduced(task: Task, claims: Sequence[Claim]) -> tuple[str, ...]:
    """Return what verified relations prove of the task's lines of sight."""
    return tuple(line for a, b in task.sightlines if (line := sightline(claims, a, b)))


def in_view(task: Task, sighting: Sighting) -> tuple[str, ...]:
    """Return the objects that telemetry puts in the picture; all for who is not shown telemetry."""
    telemetry = sighting.observation.get("telemetry")
    if task.in_view is None or telemetry is None:
        return tuple(task.objects)
    return tuple(task.in_view(telemetry))


def _flips(name: str, option: str) -> float:
    """Return the share in "flips=SHARE", 0 for nothing."""
    if not option:
        return 0.0
    key, _, value = option.partition("=")
    try:
        share = float(value)
    except ValueError:
        share = -1.0
    if key != "flips" or not 0.0 <= share <= 1.0:
        raise UnknownStrategy(f'"{name}": give flips=SHARE with a share from 0 to 1, or nothing')
    return share
