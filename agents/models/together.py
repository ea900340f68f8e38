"""A local model that several pilots ask at once: their questions go into one pass."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from langchain_core.messages import AIMessage, BaseMessage

if TYPE_CHECKING:
    from helmsight.agents.models.local import LocalVLM

MOST = 32
"""Questions of one pass; with more, a pass of the bundled model leaves the processor's caches."""


@dataclass(frozen=True)
class Question:
    """What one pilot asks: `room` are the keywords of `LocalVLM`'s `invoke`."""

    model: LocalVLM
    messages: tuple[BaseMessage, ...]
    room: tuple[tuple[str, Any], ...]


class Together:
    """Stands for `model` before one pilot; `ask` gives its answer when others ask as well."""

    remembers = False

    def __init__(self, model: LocalVLM, ask: Callable[[Question], str | AIMessage]) -> None:
        self.model, self._ask = model, ask
        self._llm_type = model._llm_type

    def invoke(self, messages: Sequence[BaseMessage], **room: Any) -> AIMessage:
        """Return the model's answer."""
        answer = self._ask(Question(self.model, tuple(messages), tuple(sorted(room.items()))))
        return answer if isinstance(answer, AIMessage) else AIMessage(answer)


def answers(questions: Sequence[Question]) -> list[str | AIMessage]:
    """Return the answer to each question: the very one that it gets when it is asked alone.

    Those that are held to the same texts are asked together, `MOST` at a time; free ones alone.
    """
    given: dict[int, str | AIMessage] = {}
    alike: dict[tuple[int, Any], list[int]] = {}
    for number, question in enumerate(questions):
        if [key for key, _ in question.room] == ["allowed"]:
            alike.setdefault((id(question.model), question.room), []).append(number)
        else:
            room = dict(question.room)
            given[number] = question.model.invoke(list(question.messages), **room)
    for (_, room), numbers in alike.items():
        model = questions[numbers[0]].model
        for begin in range(0, len(numbers), MOST):
            some = numbers[begin : begin + MOST]
            texts = model.choose_batch([questions[i].messages for i in some], dict(room)["allowed"])
            given.update(zip(some, texts, strict=True))
    return [given[number] for number in range(len(questions))]
