"""One thing to learn: what a model is sent, and the right answer to it."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from helmsight.contract.sent import Message, Text


@dataclass(frozen=True)
class File:
    """A picture file: its bytes and its type, as "image/png"."""

    data: bytes
    type: str


@dataclass(frozen=True)
class Lesson:
    """What a model is sent at a step of a run, and what it should answer.

    `pictures` are the files of all pictures in the messages, in their order. `score` and `success`
    are those of the whole run.
    """

    run: str
    step: int
    messages: tuple[Message, ...]
    pictures: tuple[File, ...]
    answer: str
    score: float | None
    success: bool

    def turns(self) -> list[dict[str, Any]]:
        """Return the conversation in the form that chat templates and trainers read: the answer
        last, "image" where a picture stands.
        """
        turns: list[dict[str, Any]] = [
            {"role": message.role, "content": [_block(part) for part in message.parts]}
            for message in self.messages
        ]
        return [*turns, {"role": "assistant", "content": [_block(Text(self.answer))]}]


def _block(part: object) -> dict[str, Any]:
    return {"type": "text", "text": part.text} if isinstance(part, Text) else {"type": "image"}
