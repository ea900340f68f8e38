"""How a model wants to be asked."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Annotated, Any, Self

from pydantic import BaseModel, ConfigDict, Field, ValidationError

from helmsight.contract.errors import InvalidOption
from helmsight.contract.observation import ObservationMode
from helmsight.contract.ranges import MOST_EARLIER
from helmsight.prompts.thinking import Think

WORDS = "pilot"
"""The prompt for any model: a system message with the world's briefing, then a question a step."""


Part = Annotated[float, Field(gt=-0.5, lt=0.5)]


class Views(BaseModel):
    """Which views of a frame a model is shown: `names`, of "radar|frame" the first that a world
    has; None: all that there are. `size` None keeps the pixels there are, `jpeg` None sends PNG,
    which loses nothing; else it is the quality of a JPEG. A model in this process is given pixels.
    """

    model_config = ConfigDict(frozen=True, extra="forbid", allow_inf_nan=False)

    size: int | None = Field(default=None, gt=0, le=4096)
    names: tuple[str, ...] | None = None
    jpeg: int | None = Field(default=None, ge=1, le=100)


class AskingStyle(BaseModel):
    """How a model wants to be asked; a model folder carries it as `helmsight.json`.

    `prompt` is the template that it is asked with, of this or any other distribution; `WORDS` is
    for a model that was trained on none. `relates` tells whether it answers spatial prompts; by
    default a model that is asked in the words for any model does, one with its own prompt not.
    `heat` is by what the log-odds of its answers are divided, by what they are about, as was found
    out after its training: 1 where nothing is said. After `most_errors` decisions in a row without
    an answer a run ends. Without `system_role` the briefing goes into the first question. `think`
    is for `WORDS` only. Of `history_frames` earlier observations the whole frame is shown, too.
    `cannot` is what a model with a prompt of its own answers instead of a command where it cannot
    read what it is shown: that counts as `unreadable`, and the safe default flies. `looks` are how
    far, in sides, the picture of a free question is moved to the right and down: a model of this
    machine then writes one answer from the mean of what every look says.
    """

    model_config = ConfigDict(frozen=True, extra="forbid", allow_inf_nan=False)

    views: Views = Views()
    prompt: str = WORDS
    constrained: bool = True
    few_shot: int = Field(default=0, ge=0, le=100)
    needs: ObservationMode = "frame"
    max_new_tokens: int = Field(default=256, gt=0, le=65536)
    relates: bool | None = None
    heat: Mapping[str, Annotated[float, Field(gt=0)]] = {}
    most_errors: int = Field(default=5, gt=0, le=1_000_000)
    system_role: bool = True
    think: Think = "brief"
    history_frames: int = Field(default=0, ge=0, le=MOST_EARLIER)
    cannot: Annotated[str, Field(max_length=200)] = ""
    looks: tuple[tuple[Part, Part], ...] = Field(default=(), max_length=16)


class Asked(BaseModel):
    """What of a model's style the caller asks for otherwise; None: as it is.

    `views` are names with commas between them ("frame" is the whole), `view_size` is in pixels,
    `jpeg` a quality. Without `specialists` a model answers itself in the tasks for which its card
    names others.
    """

    model_config = ConfigDict(frozen=True, extra="forbid")

    few_shot: int | None = Field(default=None, ge=0, le=100)
    views: str | None = None
    view_size: int | None = Field(default=None, gt=0, le=4096)
    jpeg: int | None = Field(default=None, ge=1, le=100)
    system_role: bool | None = None
    most_errors: int | None = Field(default=None, gt=0, le=1_000_000)
    constrained: bool | None = None
    think: Think | None = None
    history_frames: int | None = Field(default=None, ge=0, le=MOST_EARLIER)
    specialists: bool | None = None

    @classmethod
    def out_of(cls, options: Mapping[str, Any]) -> tuple[Self, dict[str, Any]]:
        """Return what is asked for among the options of a pilot, and the options that are other.

        Raises:
            InvalidOption: a value that it cannot have.
        """
        own = {key: value for key, value in options.items() if key in cls.model_fields}
        try:
            asked = cls.model_validate(own)
        except ValidationError as error:
            wrong = "; ".join(f"{e['loc'][0]}={e['input']!r}: {e['msg']}" for e in error.errors())
            raise InvalidOption(f"a model cannot be asked so: {wrong}") from error
        return asked, {key: value for key, value in options.items() if key not in own}

    def on(self, style: AskingStyle) -> AskingStyle:
        """Return a style with what is asked for.

        Raises:
            InvalidOption: thinking of a model that was trained on a prompt of its own.
        """
        if style.prompt != WORDS and self.think not in (None, "none"):
            raise InvalidOption(
                f"think={self.think!r}: this model was trained to answer commands alone; choose "
                "think=none, or a general model"
            )
        update = self.model_dump(
            exclude_none=True, exclude={"views", "view_size", "jpeg", "specialists"}
        )
        views = style.views
        if self.views is not None:
            names = tuple(name.strip() for name in self.views.split(","))
            views = views.model_copy(update={"names": names})
        if self.view_size is not None:
            views = views.model_copy(update={"size": self.view_size})
        if self.jpeg is not None:
            views = views.model_copy(update={"jpeg": self.jpeg})
        return style.model_copy(update={**update, "views": views})

    def kept(self) -> dict[str, Any]:
        """Return what is asked for as the record of a run keeps it."""
        return self.model_dump(exclude_none=True)
