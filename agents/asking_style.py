"""How a model wants to be asked."""

from __future__ import annotations

from collections.abc import Mapping

from pydantic import BaseModel, ConfigDict, Field

from helmsight.contract.observation import ObservationMode

WORDS = "pilot"
"""The prompt for any model: a system message with the world's briefing, then a question a step."""


class Views(BaseModel):
    """Which views of a frame a model is shown: `size` None keeps the pixels there are."""

    model_config = ConfigDict(frozen=True)

    size: int | None = Field(default=None, gt=0)
    names: tuple[str, ...] | None = None


class AskingStyle(BaseModel):
    """How a model wants to be asked; a model folder carries it as `helmsight.json`.

    `prompt` is the template that it is asked with, of this or any other distribution; `WORDS` is
    for a model that was trained on none. `relates` tells whether it answers spatial prompts; by
    default a model that is asked in the words for any model does, one with its own prompt not.
    `heat` is by what the log-odds of its answers are divided, by what they are about, as was found
    out after its training: 1 where nothing is said.
    """

    model_config = ConfigDict(frozen=True)

    views: Views = Views()
    prompt: str = WORDS
    constrained: bool = True
    few_shot: int = Field(default=0, ge=0)
    needs: ObservationMode = "frame"
    max_new_tokens: int = Field(default=128, gt=0)
    relates: bool | None = None
    heat: Mapping[str, float] = {}
