"""A chat model with given answers: for tests, demonstrations and dry runs of a loop."""

from __future__ import annotations

from pathlib import Path
from typing import Any, ClassVar, Self

from langchain_core.callbacks import CallbackManagerForLLMRun
from langchain_core.language_models import BaseChatModel
from langchain_core.messages import AIMessage, BaseMessage
from langchain_core.outputs import ChatGeneration, ChatResult
from pydantic import Field, PrivateAttr

from helmsight.agents.errors import ModelUnavailable
from helmsight.contract.errors import NotUtf8
from helmsight.contract.textfiles import read_lines


class ScriptedVLM(BaseChatModel):
    """Answers with `answers` one after another, whatever it is shown.

    After the last answer it begins again (`cycle`), or says nothing. `calls` keeps what it was
    asked, newest last, for whoever wants to look.
    """

    remembers: ClassVar[bool] = True  # which answer is next

    answers: list[str]
    cycle: bool = True
    calls: list[list[BaseMessage]] = Field(default_factory=list)
    _next: int = PrivateAttr(default=0)

    @classmethod
    def from_file(cls, path: Path, *, cycle: bool = True) -> Self:
        """Return the model that answers the lines of the text file at `path`.

        Raises:
            ModelUnavailable: there is no such file, or it holds no line.
        """
        try:
            lines = read_lines(path)
        except (OSError, NotUtf8) as error:
            raise ModelUnavailable(
                f'no answers in "{path}": {error}; give a text file with one answer a line, '
                "as in --pilot scripted:FILE"
            ) from None
        if not lines:
            raise ModelUnavailable(f'"{path}" is empty; write one answer a line into it')
        return cls(answers=lines, cycle=cycle)

    @property
    def _llm_type(self) -> str:
        return "helmsight-scripted"

    def _generate(
        self,
        messages: list[BaseMessage],
        stop: list[str] | None = None,
        run_manager: CallbackManagerForLLMRun | None = None,
        **kwargs: Any,
    ) -> ChatResult:
        self.calls.append(messages)
        at, self._next = self._next, self._next + 1
        if self.cycle and self.answers:
            at %= len(self.answers)
        text = self.answers[at] if at < len(self.answers) else ""
        return ChatResult(generations=[ChatGeneration(message=AIMessage(text))])
