"""What a model was sent, as the record of a run keeps it: every text in full, pictures named."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Annotated, Any, Literal

from pydantic import ConfigDict, Field, TypeAdapter, ValidationError
from pydantic.dataclasses import dataclass

from helmsight.contract.errors import RecordUnusable
from helmsight.contract.observation import Box
from helmsight.contract.validation import wrong

PIXELS: Literal["pixels"] = "pixels"
"""The type of a picture that a model in this process was given as it is."""
MediaType = Annotated[str, Field(pattern="^image/[a-z]{1,10}$")]
Pixels = Annotated[int, Field(ge=0, le=1 << 16)]
Coefficient = Annotated[float, Field(ge=-1e5, le=1e5)]
Matrix = tuple[Coefficient, Coefficient, Coefficient, Coefficient, Coefficient, Coefficient]
"""Where a pixel (x, y) is found: at the first three numbers times (x, y, 1), and the last three."""
STRAIGHT: Matrix = (1.0, 0.0, 0.0, 0.0, 1.0, 0.0)
_FORM = ConfigDict(extra="forbid")


@dataclass(frozen=True, config=_FORM)
class Text:
    """Words, all of them."""

    text: str


@dataclass(frozen=True, config=_FORM)
class View:
    """A part of the step's frame: what it is called, its `box` in the frame and the `size` (width,
    height) that it was shown in, pixels. `stamp` is the world time of an earlier step, s, if it is
    of the frame of that. `quality` is a JPEG's. Where the frame's picture was set right first,
    `matrix` tells where it lay and `turn` by how many degrees its hues were turned.
    """

    view: str
    box: Annotated[Box, Field(strict=False)]
    size: tuple[Pixels, Pixels]
    type: Literal["pixels", "image/png", "image/jpeg"]
    stamp: float | None = None
    quality: Annotated[int, Field(ge=1, le=100)] | None = None
    matrix: Annotated[Matrix, Field(strict=False)] | None = None
    turn: Annotated[int, Field(ge=0, lt=360)] | None = None


@dataclass(frozen=True, config=_FORM)
class Picture:
    """Any other picture, by the SHA-256 of its file: of an example, or made out of a frame."""

    picture: Annotated[str, Field(pattern="^[0-9a-f]{64}$")]
    type: MediaType


Part = Text | View | Picture
Role = Literal["system", "user", "assistant"]


@dataclass(frozen=True, config=_FORM)
class Message:
    """One message of a request: whose it is, and its parts in their order."""

    role: Role
    parts: tuple[Part, ...]

    def to_dict(self) -> dict[str, Any]:
        """Return it as JSON data."""
        return {"role": self.role, "parts": [_plain(part) for part in self.parts]}

    @property
    def text(self) -> str:
        """All its words."""
        return "\n".join(part.text for part in self.parts if isinstance(part, Text))


_MESSAGES = TypeAdapter(tuple[Message, ...])


def messages_in(call: Mapping[str, Any], where: str) -> tuple[Message, ...]:
    """Return the messages of a recorded request, none where it was recorded without them.

    Raises:
        RecordUnusable: they are of another form; names `where` they are.
    """
    try:
        return _MESSAGES.validate_python(call.get("messages", ()))
    except ValidationError as error:
        raise RecordUnusable(
            f"{where} holds no messages to a model ({wrong(error)}); the record was changed"
        ) from None


def deciding(calls: Sequence[Mapping[str, Any]]) -> Mapping[str, Any] | None:
    """Return the first of a step's requests that was for its command, None where there is none."""
    return next((call for call in calls if call.get("purpose") == "command"), None)


def _plain(part: Part) -> dict[str, Any]:
    if isinstance(part, Text):
        return {"text": part.text}
    if isinstance(part, Picture):
        return {"picture": part.picture, "type": part.type}
    further = {
        "stamp": part.stamp,
        "quality": part.quality,
        "matrix": None if part.matrix is None else list(part.matrix),
        "turn": part.turn,
    }
    return {
        "view": part.view, "box": list(part.box), "size": list(part.size), "type": part.type,
        **{key: value for key, value in further.items() if value is not None},
    }  # fmt: skip
