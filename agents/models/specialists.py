"""Models that a pilot asks instead of its own, in the tasks that they were taught for."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from functools import cached_property
from typing import TYPE_CHECKING

from helmsight.agents.asking_style import AskingStyle

if TYPE_CHECKING:
    from langchain_core.language_models import BaseChatModel


@dataclass(frozen=True)
class Specialist:
    """A model that is loaded when it is asked for the first time, and how it is asked."""

    style: AskingStyle
    load: Callable[[], BaseChatModel]

    @cached_property
    def model(self) -> BaseChatModel:
        """The loaded model."""
        return self.load()

    def through(self, wrap: Callable[[BaseChatModel], BaseChatModel]) -> Specialist:
        """Return one that asks the same model through what `wrap` makes of it."""
        return Specialist(self.style, lambda: wrap(self.model))


def fitting(specialists: Mapping[str, Specialist], task: str) -> Specialist | None:
    """Return the specialist for the task of a name such as PE1-E3-I2, None where there is none.

    It is the one under the longest beginning of the name.
    """
    words = task.split("-")
    begun = ("-".join(words[:count]) for count in range(len(words), 0, -1))
    return next((specialists[name] for name in begun if name in specialists), None)
