"""A model of Inspect as a chat model of LangChain, which our pilots ask."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from inspect_ai.model import (
    ChatMessage,
    ChatMessageAssistant,
    ChatMessageSystem,
    ChatMessageUser,
    Content,
    ContentImage,
    ContentText,
    ModelOutput,
)
from langchain_core.callbacks import CallbackManagerForLLMRun
from langchain_core.language_models import BaseChatModel
from langchain_core.messages import AIMessage, BaseMessage, SystemMessage
from langchain_core.messages.ai import UsageMetadata
from langchain_core.outputs import ChatGeneration, ChatResult


class InspectChat(BaseChatModel):
    """Answers what `ask` answers, which is given the messages in Inspect's own form."""

    ask: Callable[[list[ChatMessage]], ModelOutput]

    @property
    def _llm_type(self) -> str:
        return "helmsight-inspect"

    def _generate(
        self,
        messages: list[BaseMessage],
        stop: list[str] | None = None,
        run_manager: CallbackManagerForLLMRun | None = None,
        **kwargs: Any,
    ) -> ChatResult:
        output = self.ask([theirs(message) for message in messages])
        used = None
        if output.usage is not None:
            tokens = output.usage.input_tokens, output.usage.output_tokens
            used = UsageMetadata(
                input_tokens=tokens[0], output_tokens=tokens[1], total_tokens=sum(tokens)
            )
        message = AIMessage(
            output.completion,
            usage_metadata=used,
            response_metadata={"model_name": output.model},
        )
        return ChatResult(generations=[ChatGeneration(message=message)])


def theirs(message: BaseMessage) -> ChatMessage:
    """Return a message of LangChain as one of Inspect: texts and pictures in their order."""
    content = message.content
    said = content if isinstance(content, str) else [_part(part) for part in content]
    if isinstance(message, SystemMessage):
        return ChatMessageSystem(content=said)
    if isinstance(message, AIMessage):
        return ChatMessageAssistant(content=said)
    return ChatMessageUser(content=said)


def _part(part: str | dict[str, Any]) -> Content:
    """Return one part of a message's content: pictures are data URLs on either side."""
    if isinstance(part, str):
        return ContentText(text=part)
    if part["type"] == "image_url":
        return ContentImage(image=part["image_url"]["url"])
    return ContentText(text=part["text"])
