"""The three protocols that a fake provider speaks: OpenAI's chat completions, Anthropic's messages
and Ollama's chat.

Fields as in https://platform.openai.com/docs/api-reference/chat,
https://docs.anthropic.com/en/api/messages and https://github.com/ollama/ollama/blob/main/docs/api.md.
"""

from __future__ import annotations

import json
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from helmsight.contract.jsontext import parse_json
from helmsight.testing.rules import Request, Rule

Body = dict[str, Any]


@dataclass(frozen=True)
class Form:
    """A protocol: the root of its address, its whole answers, its errors, and its streams."""

    root: str
    whole: Callable[[Rule, str], Body]
    error: Callable[[Rule], Body]
    parts: Callable[[Rule, str], list[Body]]
    stream: str = "text/event-stream"


def answer(form: Form, rule: Rule, request: Request) -> Body:
    """Return the JSON of a whole answer."""
    return form.whole(rule, _model(rule, request))


def refused(form: Form, rule: Rule) -> Body:
    """Return the JSON of an error."""
    return form.error(rule)


def streamed(form: Form, rule: Rule, request: Request) -> str:
    """Return the text of a streamed answer."""
    parts = form.parts(rule, _model(rule, request))
    if form.stream == "application/x-ndjson":
        return "".join(json.dumps(part) + "\n" for part in parts)
    named = [f"event: {part['type']}\n" if "type" in part else "" for part in parts]
    text = "".join(
        f"{name}data: {json.dumps(part)}\n\n" for name, part in zip(named, parts, strict=True)
    )
    return text if any(named) else text + "data: [DONE]\n\n"


def _model(rule: Rule, request: Request) -> str:
    return rule.model or str(request.body.get("model", ""))


def _openai(rule: Rule, model: str) -> Body:
    message: Body = {"role": "assistant", "content": rule.text, "refusal": rule.refusal}
    if rule.reasoning is not None:
        message["reasoning_content"] = rule.reasoning
    if rule.tool is not None:
        function = {"name": "command", "arguments": rule.tool}
        message["tool_calls"] = [{"id": "call_1", "type": "function", "function": function}]
    if rule.message is not None:
        message = {"role": "assistant", **rule.message}
    finish = rule.finish or ("stop" if rule.tool is None else "tool_calls")
    body: Body = {
        "id": "chatcmpl-1", "object": "chat.completion", "created": 0, "model": model,
        "choices": [{"index": 0, "message": message, "finish_reason": finish}],
    }  # fmt: skip
    if rule.tokens is not None:
        into, out = rule.tokens
        body["usage"] = {
            "prompt_tokens": into, "completion_tokens": out, "total_tokens": into + out,
        }  # fmt: skip
    return body


def _openai_parts(rule: Rule, model: str) -> list[Body]:
    whole = _openai(rule, model)
    (choice,) = whole["choices"]
    text = choice["message"].get("content") or ""
    half = len(text) // 2
    deltas: list[tuple[Body, str | None]] = [
        ({**choice["message"], "content": text[:half]}, None),
        ({"content": text[half:]}, None),
        ({}, choice["finish_reason"]),
    ]
    head = {**whole, "object": "chat.completion.chunk", "usage": None}
    parts = [
        {**head, "choices": [{"index": 0, "delta": delta, "finish_reason": finish}]}
        for delta, finish in deltas
    ]
    return [*parts, {**head, "choices": [], "usage": whole.get("usage")}]


def _openai_error(rule: Rule) -> Body:
    error = {"message": rule.error or "error", "type": "error", "param": None, "code": rule.code}
    return {"error": error}


def _anthropic(rule: Rule, model: str) -> Body:
    blocks: list[Body] = []
    if rule.reasoning is not None:
        blocks.append({"type": "thinking", "thinking": rule.reasoning, "signature": "s"})
    if rule.text is not None:
        blocks.append({"type": "text", "text": rule.text})
    if rule.tool is not None:
        asked = parse_json(rule.tool)
        blocks.append({"type": "tool_use", "id": "toolu_1", "name": "command", "input": asked})
    into, out = rule.tokens or (0, 0)
    finish = rule.finish or ("end_turn" if rule.tool is None else "tool_use")
    return {
        "id": "msg_1", "type": "message", "role": "assistant", "model": model, "content": blocks,
        "stop_reason": finish, "stop_sequence": None,
        "usage": {"input_tokens": into, "output_tokens": out},
    }  # fmt: skip


def _anthropic_parts(rule: Rule, model: str) -> list[Body]:
    whole = _anthropic(rule, model)
    start = {**whole, "content": [], "stop_reason": None}
    parts: list[Body] = [{"type": "message_start", "message": start}]
    for index, block in enumerate(whole["content"]):
        empty = {"type": "text", "text": ""}
        parts += [
            {"type": "content_block_start", "index": index, "content_block": empty},
            {"type": "content_block_delta", "index": index,
             "delta": {"type": "text_delta", "text": block.get("text", "")}},
            {"type": "content_block_stop", "index": index},
        ]  # fmt: skip
    end = {"stop_reason": whole["stop_reason"], "stop_sequence": None}
    return [
        *parts,
        {"type": "message_delta", "delta": end, "usage": whole["usage"]},
        {"type": "message_stop"},
    ]


def _anthropic_error(rule: Rule) -> Body:
    return {"type": "error", "error": {"type": rule.code or "error", "message": rule.error or ""}}


def _ollama(rule: Rule, model: str) -> Body:
    message: Body = {"role": "assistant", "content": rule.text or ""}
    if rule.reasoning is not None:
        message["thinking"] = rule.reasoning
    if rule.tool is not None:
        asked = parse_json(rule.tool)
        message["tool_calls"] = [{"function": {"name": "command", "arguments": asked}}]
    into, out = rule.tokens or (0, 0)
    return {
        "model": model, "created_at": "2026-01-01T00:00:00Z", "message": message, "done": True,
        "done_reason": rule.finish or "stop", "total_duration": 1, "prompt_eval_count": into,
        "eval_count": out,
    }  # fmt: skip


def _ollama_parts(rule: Rule, model: str) -> list[Body]:
    whole = _ollama(rule, model)
    text = whole["message"]["content"]
    begun = {key: whole[key] for key in ("model", "created_at")}
    first = {**begun, "done": False, "message": {**whole["message"], "content": text[:-1]}}
    return [first, {**whole, "message": {"role": "assistant", "content": text[-1:]}}]


def _ollama_error(rule: Rule) -> Body:
    return {"error": rule.error or "error"}


FORMS = {
    "openai": Form("/v1", _openai, _openai_error, _openai_parts),
    "anthropic": Form("", _anthropic, _anthropic_error, _anthropic_parts),
    "ollama": Form("", _ollama, _ollama_error, _ollama_parts, "application/x-ndjson"),
}
