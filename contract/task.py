"""The task: what a world tells of itself to whoever operates it."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from numpy.typing import NDArray

from helmsight.contract.command import Command
from helmsight.contract.observation import Box, TelemetryField


@dataclass(frozen=True)
class Task:
    """What an operator is told about the episode it is to fly; holds no state of the world.

    `objects` are what can be related in a frame (for grounding); `regions` are named pixel boxes
    (x0, y0, x1, y1) of the instruments in the frame, to be shown enlarged; `fields` name the
    telemetry vector in its order. `known`, where given, tells from the telemetry of an observation
    the relations that are certain, as (object, other object, axis, sign): axes and signs are those
    of `helmsight.prompts.relations`. It is asked only for pilots that are shown telemetry.
    """

    name: str
    goal: str
    command: type[Command]
    objects: tuple[str, ...] = ()
    regions: Mapping[str, Box] = field(default_factory=dict)
    fields: tuple[TelemetryField, ...] = ()
    known: Callable[[NDArray[Any]], Sequence[tuple[str, str, str, int]]] | None = None
