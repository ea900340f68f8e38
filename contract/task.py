"""The task: what a world tells of itself to whoever operates it."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from numpy.typing import NDArray

from helmsight.contract.clock import ClockRules
from helmsight.contract.command import Command, Rotation
from helmsight.contract.description import Description
from helmsight.contract.guard import Guard
from helmsight.contract.measures import Measure
from helmsight.contract.observation import Box, TelemetryField
from helmsight.contract.outcome import Outcome
from helmsight.contract.plots import Plot


@dataclass(frozen=True)
class Example:
    """One few-shot example: a frame (encoded PNG or JPEG bytes), why, and the answer to it."""

    image: bytes
    media_type: str
    why: str
    answer: str


@dataclass(frozen=True)
class Task:
    """What an operator is told about the episode; holds no state of the world.

    To a pilot: `goal` in a sentence; `command`; `objects`, what can be related in a frame;
    `regions`, named pixel boxes (x0, y0, x1, y1) of the frame, to be shown enlarged; `fields`,
    which name the telemetry vector in its order; `briefing`, the words of its prompt, a Jinja2
    template that is given `goal`, `pictures`, `telemetry` (whether it is shown) and whatever is in
    `facts`; `examples`, frames with answers.

    To the loop and whoever shows or judges a run: `measures`, kept of every step out of `info`;
    `guard`, a class with limits that are on by default; `outcome`; `plots`; `clock`, the time
    rules that the world can keep; `note`, what has to be said with every result.

    `consent` says in words what a person has to agree to before it begins: that a machine moves.

    `known`, where given, tells from the telemetry of an observation the relations that are
    certain, as (object, other object, axis, sign): axes and signs are those of
    `prompts.relations`. It is asked only for pilots that are shown telemetry. So is `in_view`,
    where given: it tells which of `objects` should be in the picture; of others nothing is asked.

    `tells`, where given, says the telemetry in words for a model to read, a figure a line, in the
    axes of its commands; it is given the telemetry and the rotations of a sighting. Otherwise each
    field is told as it is.
    `stills`, where given, draws pictures of the frame at moments that have nothing in common: what
    they share stands in every frame where it stands in them, by which a frame is found out whose
    picture is moved or of other colours. It is one function for the same look.
    `sightlines` are pairs of objects (a, b) of which a pilot is told, once relations prove it,
    whether a stands between it and b.
    """

    name: str
    goal: str
    command: type[Command]
    objects: tuple[str, ...] = ()
    regions: Mapping[str, Box] = field(default_factory=dict)
    fields: tuple[TelemetryField, ...] = ()
    briefing: str = ""
    facts: Mapping[str, Any] = field(default_factory=dict)
    examples: tuple[Example, ...] = ()
    measures: tuple[Measure, ...] = ()
    guard: type[Guard] = Guard
    outcome: Outcome = field(default_factory=Outcome)
    plots: tuple[Plot, ...] = ()
    clock: ClockRules = field(default_factory=ClockRules)
    note: str = ""
    consent: str = ""
    known: Callable[[NDArray[Any]], Sequence[tuple[str, str, str, int]]] | None = None
    in_view: Callable[[NDArray[Any]], Sequence[str]] | None = None
    tells: Callable[[NDArray[Any], Mapping[str, Rotation]], Sequence[str]] | None = None
    stills: Callable[[], Sequence[NDArray[Any]]] | None = None
    sightlines: tuple[tuple[str, str], ...] = ()

    def description(self) -> Description:
        """Return what a record keeps of this task."""
        return Description(
            self.name, self.note, self.command.form, self.measures, self.outcome, self.plots,
            {name: tuple(map(int, box)) for name, box in self.regions.items()},  # type: ignore[misc]
            self.guard.limits_model.units(),
        )  # fmt: skip
