"""The contract between an environment and whoever operates it: commands, observations, tasks."""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, Literal, Self, get_args

from numpy.typing import NDArray
from pydantic import BaseModel, ConfigDict

from helmsight.envs.errors import InvalidOption

ObservationMode = Literal["frame", "frame+telemetry", "telemetry"]
Box = tuple[int, int, int, int]


class Command(BaseModel, ABC):
    """One action in the words of an environment: validated, JSON-able, encodable for gymnasium.

    The JSON schema of the subclass goes into the prompt, validates the answer and constrains
    decoding. Unknown fields, NaN and values out of range are refused by pydantic.
    """

    model_config = ConfigDict(extra="forbid", allow_inf_nan=False, frozen=True, strict=False)

    duration: float

    @classmethod
    @abstractmethod
    def null(cls) -> Self:
        """Return the command that changes nothing: the safe default of the loop."""

    @classmethod
    @abstractmethod
    def choices(cls) -> Iterator[Self]:
        """Yield the finite set of commands that constrained decoding chooses from."""

    @abstractmethod
    def action(self) -> Any:
        """Return the gymnasium action that encodes this command."""

    def text(self) -> str:
        """Return the canonical JSON text: what a model is trained and asked to write."""
        return self.model_dump_json()


@dataclass(frozen=True)
class Field:
    """One telemetry entry: `name`, SI `unit` ("" when dimensionless) and the `frame` it is in."""

    name: str
    unit: str
    frame: str = ""


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
    fields: tuple[Field, ...] = ()
    known: Callable[[NDArray[Any]], Sequence[tuple[str, str, str, int]]] | None = None


def observation_mode(value: str) -> ObservationMode:
    """Return `value` as an observation mode, or raise InvalidOption naming the three there are."""
    if value not in get_args(ObservationMode):
        modes = ", ".join(get_args(ObservationMode))
        raise InvalidOption(f"observation={value!r} is not known; choose one of: {modes}")
    return value  # type: ignore[return-value]


def hold_rule(value: str) -> str:
    """Return `value` as what a thruster does while its pilot thinks, or raise InvalidOption."""
    if value not in ("repeat", "coast"):
        raise InvalidOption(f"hold={value!r} is not known; choose repeat or coast")
    return value


Observation = dict[str, NDArray[Any]]
