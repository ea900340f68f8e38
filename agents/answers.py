"""What a model answered, whichever provider's form it came in: one text, and how it ended."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any

from helmsight.contract.calls import Call

if TYPE_CHECKING:
    from langchain_core.messages import AIMessage

CUT = frozenset({"length", "max_tokens", "model_context_window_exceeded"})
REFUSED = frozenset({
    "refusal", "content_filter", "safety", "prohibited_content", "recitation", "blocklist", "spii",
    "image_safety", "guardrail_intervened", "sensitive",
})  # fmt: skip
MOST_TOKENS = 10**12  # of one request; more is no count of tokens
LONGEST_REASONING = 4000  # characters that a step keeps
HIDDEN = "the answer is hidden reasoning alone, without a word: think less, and answer"


@dataclass(frozen=True)
class Answer:
    """The text of an answer, its call, and the words for what is wrong with it as a whole: it was
    cut off, or refused. `logprobs` are its tokens with their logarithms, where they are told.
    """

    text: str
    call: Call
    wrong: str = ""
    logprobs: tuple[tuple[str, float], ...] = ()


def answer_of(message: AIMessage) -> Answer:
    """Return what a chat model's message says.

    The arguments of tools that it calls belong to its words. Reasoning beside an empty answer is
    the answer: servers that tell them apart by marks put all of it there if a mark is missing.
    """
    parts = [str(message.text), *_tools(message)]
    reasoning = "\n".join(_reasoning(message))
    text = "\n".join(part for part in parts if part.strip()) or reasoning or parts[0]
    metadata = message.response_metadata
    finish = next(
        (str(metadata[key]) for key in ("finish_reason", "stop_reason", "done_reason")
         if metadata.get(key)), "",
    )  # fmt: skip
    refusal = str(message.additional_kwargs.get("refusal") or "")
    if _refused(finish):
        refusal = refusal or text or finish
    usage: Mapping[str, Any] = message.usage_metadata or {}
    details: Mapping[str, Any] = usage.get("output_token_details") or {}
    call = Call(
        model=str(metadata.get("model_name") or metadata.get("model") or ""),
        tokens_in=_count(usage.get("input_tokens")),
        tokens_out=_count(usage.get("output_tokens")),
        reasoning_tokens=_count(details.get("reasoning")),
        finish=finish,
        refusal=refusal,
        reasoning=reasoning[:LONGEST_REASONING],
    )
    tokens = (metadata.get("logprobs") or {}).get("content") or ()
    told = tuple((token["token"], token["logprob"]) for token in tokens)
    hidden = HIDDEN if not text.strip() and _details(message) else ""
    return Answer(text, call, _wrong(finish, call) or hidden, told)


def answer_in(error: BaseException) -> Answer | None:
    """Return the answer that a client raised as an error, None where there is none.

    OpenAI's raises an answer that was cut off or filtered while it was held to a schema.
    """
    completion: Any = getattr(error, "completion", None)
    choices = getattr(completion, "choices", None)
    if not choices:
        return None
    usage, finish = completion.usage, str(choices[0].finish_reason)
    call = Call(
        model=str(completion.model),
        tokens_in=_count(getattr(usage, "prompt_tokens", None)),
        tokens_out=_count(getattr(usage, "completion_tokens", None)),
        finish=finish,
    )
    if _refused(finish):
        call = replace(call, refusal=str(choices[0].message.refusal or finish))
    return Answer(str(choices[0].message.content or ""), call, _wrong(finish, call))


def filtered(said: str) -> Answer:
    """Return the answer that a provider gave by an error: it refuses what was shown or asked."""
    call = Call(finish="content_filter", refusal=said)
    return Answer("", call, _wrong(call.finish, call))


def _refused(finish: str) -> bool:
    """Whether an answer ended so that it was refused; Google's says after a colon by which rule."""
    return finish.lower().partition(":")[0] in REFUSED


def _count(told: Any) -> int | None:
    """Return a number of tokens, None for what is no such number."""
    if isinstance(told, int | float) and 0 <= told <= MOST_TOKENS and told == int(told):
        return int(told)
    return None


def _wrong(finish: str, call: Call) -> str:
    if finish.lower() in CUT:
        tokens = f" after {call.tokens_out} tokens" if call.tokens_out else ""
        return f"the answer was cut off{tokens} ({finish}); answer in fewer words"
    return f"the answer was refused: {call.refusal}" if call.refusal else ""


def _details(message: AIMessage) -> list[Mapping[str, Any]]:
    """Return the parts in which OpenRouter tells reasoning; encrypted ones have no words."""
    told = message.additional_kwargs.get("reasoning_details")
    return [part for part in told if isinstance(part, Mapping)] if isinstance(told, list) else []


def _tools(message: AIMessage) -> Iterator[str]:
    """Yield the arguments of every tool call as text."""
    for call in message.tool_calls:
        yield json.dumps(call["args"])
    for broken in message.invalid_tool_calls:
        yield str(broken["args"] or "")


def _reasoning(message: AIMessage) -> Iterator[str]:
    """Yield what a provider keeps apart as reasoning."""
    told = message.additional_kwargs.get("reasoning_content")
    if isinstance(told, str) and told.strip():
        yield told
    else:
        for part in _details(message):
            words = part.get("text") or part.get("summary")
            if isinstance(words, str):
                yield words
    for block in message.content if isinstance(message.content, list) else ():
        if isinstance(block, dict) and block.get("type") in ("thinking", "reasoning"):
            words = block.get("thinking") or block.get("reasoning")
            if isinstance(words, str):
                yield words
