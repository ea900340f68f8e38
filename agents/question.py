"""Messages that know what a record keeps of them."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, Self

from langchain_core.messages import AIMessage, BaseMessage, HumanMessage, SystemMessage
from pydantic import PrivateAttr

from helmsight.contract.sent import Message, Part, Role, Text


class Question(HumanMessage):
    """A message with pictures: its content blocks hold them, its parts name them."""

    _parts: tuple[Part, ...] = PrivateAttr(default=())

    @classmethod
    def of(cls, blocks: list[str | dict[str, Any]], parts: Sequence[Part]) -> Self:
        """Return the message of content blocks, of which `parts` are kept."""
        question = cls(content=blocks)
        question._parts = tuple(parts)
        return question


def without_system(messages: Sequence[BaseMessage]) -> list[BaseMessage]:
    """Return messages with the words of the system at the beginning of the first question."""
    if not messages or not isinstance(messages[0], SystemMessage):
        return list(messages)
    system, first, *rest = messages
    blocks = [{"type": "text", "text": system.text}, *first.content]
    return [Question.of(blocks, [Text(str(system.text)), *_parts(first)]), *rest]


def kept(messages: Sequence[BaseMessage]) -> tuple[Message, ...]:
    """Return what a record keeps of a request."""
    return tuple(Message(_role(each), tuple(_parts(each))) for each in messages)


def _role(sent: BaseMessage) -> Role:
    if isinstance(sent, SystemMessage):
        return "system"
    return "assistant" if isinstance(sent, AIMessage) else "user"


def _parts(sent: BaseMessage) -> Sequence[Part]:
    return sent._parts if isinstance(sent, Question) else (Text(str(sent.text)),)
