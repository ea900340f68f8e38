"""The command: one action in the words of a world."""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Iterator, Mapping, Sequence
from typing import Any, ClassVar, Self

from pydantic import BaseModel, ConfigDict
from pydantic.dataclasses import dataclass

Rotation = Sequence[Sequence[float]]
"""A matrix (3, 3) that turns the components of a vector in one frame into those in another."""


@dataclass(frozen=True)
class CommandForm:
    """What has to be known of a kind of command to show it, compare it and average it.

    `vector` names three fields that are one vector in space, given in the frame that the field
    "frame" names; it is shown in the frame `home`, the body's. Empty where a command has none.
    `full` is what a whole deflection is, None where there is no such thing.
    """

    vector: tuple[str, ...] = ()
    home: str = ""
    full: float | None = 1.0


class Command(BaseModel, ABC):
    """One action in the words of an environment: validated, JSON-able, encodable for gymnasium.

    The JSON schema of the subclass goes into the prompt, validates the answer and constrains
    decoding. Unknown fields, NaN and values out of range are refused by pydantic. A command may
    have a field `duration`, world seconds. One that holds a vector in space says so in `form`.
    `whole`: an answer that breaks off in the middle, or is prose, is none: what is missing would
    make another command of it.
    """

    model_config = ConfigDict(extra="forbid", allow_inf_nan=False, frozen=True, strict=False)

    form: ClassVar[CommandForm] = CommandForm()
    whole: ClassVar[bool] = False

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

    @property
    def repeatable(self) -> bool:
        """Whether giving it once more leads no further than giving it once: to a place, say."""
        return True


def words(command: Mapping[str, Any]) -> str:
    """Return what a command says besides numbers: its texts, but for its frame, lists, and bits."""
    said = []
    for name, value in command.items():
        if isinstance(value, bool):
            said.append(f"{name} {'on' if value else 'off'}")
        elif isinstance(value, str) and name != "frame":
            said.append(value)
        elif isinstance(value, list | tuple):
            said.append(f"({', '.join(map(_short, value))})")
    return " ".join(filter(None, said))


def lasts(command: Mapping[str, Any]) -> float | None:
    """Return the duration of a command, world seconds, None for one that has none."""
    duration = command.get("duration")
    return float(duration) if isinstance(duration, int | float) else None


def _short(value: Any) -> str:
    return "-" if value is None else f"{value:.2f}" if isinstance(value, float) else str(value)


def shown(
    command: Mapping[str, Any], form: CommandForm, rotations: Mapping[str, Rotation]
) -> dict[str, float]:
    """Return the numeric fields of a command as they are shown: its vector in the home frame.

    `duration` is left out, negative zero becomes zero. `rotations` hold that from each other
    frame to the home frame when the command took effect; where the one that is needed is missing,
    the names say in which frame the numbers are.
    """
    fields = {
        name: float(value) + 0.0
        for name, value in command.items()
        if name != "duration" and isinstance(value, int | float) and not isinstance(value, bool)
    }
    frame = command.get("frame", form.home)
    if not form.vector or frame == form.home or not set(form.vector) <= fields.keys():
        return fields
    if frame not in rotations:
        turned = {f"{name} ({frame})": fields.pop(name) for name in form.vector}
        return turned | fields
    vector = [fields[name] for name in form.vector]
    for name, row in zip(form.vector, rotations[frame], strict=True):
        fields[name] = sum(a * b for a, b in zip(row, vector, strict=True)) + 0.0
    return fields
