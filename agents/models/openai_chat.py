"""OpenAI's protocol as LangChain speaks it, with the reasoning that other servers put beside an
answer (vLLM, llama.cpp, DeepSeek, OpenRouter): LangChain's own class leaves it out.
"""

from __future__ import annotations

from collections.abc import Mapping
from functools import cache
from typing import Any

FIELDS = ("reasoning_content", "reasoning")
DETAILS = "reasoning_details"  # OpenRouter's, in parts: words, a summary, or what is encrypted


@cache
def openai_chat() -> Any:
    """Return the class; raises ImportError where langchain-openai is missing."""
    from langchain_openai import ChatOpenAI as Plain

    class ChatOpenAI(Plain):  # type: ignore[misc]  # LangChain's package may be missing
        """As LangChain's, with `reasoning_content` among the `additional_kwargs` of a message."""

        def _create_chat_result(self, response: Any, generation_info: Any = None) -> Any:
            if _strange(response):
                raise ValueError(f"Response missing 'choices': {_filled(response)}")
            if failed := _failed(response):
                raise ValueError({"error": failed})
            result = super()._create_chat_result(response, generation_info)
            choices = response["choices"] if isinstance(response, dict) else response.choices
            for generation, choice in zip(result.generations, choices, strict=True):
                _keep(generation.message, _of(choice, "message"))
            return result

        def _convert_chunk_to_generation_chunk(
            self, chunk: dict[str, Any], kind: type, info: dict[str, Any] | None
        ) -> Any:
            part = super()._convert_chunk_to_generation_chunk(chunk, kind, info)
            if part is not None and (choices := chunk.get("choices")):
                _keep(part.message, choices[0].get("delta") or {})
            return part

    return ChatOpenAI


def _strange(response: Any) -> bool:
    """Whether an answer is of another protocol: OpenAI's client takes any JSON for one of its own.

    A provider whose own source failed answers without choices, but with the rest.
    """
    told = [_of(response, field) for field in ("choices", "id", "error")]
    return not isinstance(response, str) and not any(told)


def _failed(response: Any) -> Any:
    """Return the error that stands in the place of an answer: OpenRouter tells it so."""
    choices = _of(response, "choices")
    return _of(choices[0], "error") if isinstance(choices, list) and choices else None


def _filled(response: Any) -> Any:
    """Return what an answer holds, without the fields that it lacks."""
    return response.model_dump(exclude_none=True) if hasattr(response, "model_dump") else response


def _keep(message: Any, sent: Any) -> None:
    words = next((text for field in FIELDS if isinstance(text := _of(sent, field), str)), "")
    if words:
        message.additional_kwargs["reasoning_content"] = words
    elif isinstance(details := _of(sent, DETAILS), list) and details:
        message.additional_kwargs.setdefault(DETAILS, []).extend(details)


def _of(holder: Any, key: str) -> Any:
    return holder.get(key) if isinstance(holder, Mapping) else getattr(holder, key, None)
