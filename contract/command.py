"""The command: one action in the words of a world."""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Iterator
from typing import Any, Self

from pydantic import BaseModel, ConfigDict


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
