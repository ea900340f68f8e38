"""How a model is held to answering commands: whatever its provider offers for that."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from helmsight.contract.command import Command
from helmsight.contract.jsontext import parse_json

if TYPE_CHECKING:
    from langchain_core.language_models import BaseChatModel

LOCAL = "helmsight-local"


def constraint(model: BaseChatModel, command: type[Command]) -> dict[str, Any]:
    """Return the arguments that make `model` answer commands only; empty where none are known.

    A LocalVLM takes the finite set of the command's texts; OpenAI-compatible servers and Ollama
    take its JSON schema (https://platform.openai.com/docs/guides/structured-outputs).
    """
    kind = model._llm_type
    if kind == LOCAL:
        return {"allowed": tuple(choice.text() for choice in command.choices())}
    schema = strict_schema(command)
    if kind in ("openai-chat", "azure-openai-chat"):
        form = {"name": "command", "schema": schema, "strict": True}
        return {"response_format": {"type": "json_schema", "json_schema": form}}
    return {"format": schema} if kind == "chat-ollama" else {}


def strict_schema(command: type[Command]) -> dict[str, Any]:
    """Return the command's JSON schema as strict structured outputs want it: all required."""
    properties = command.model_json_schema()["properties"]
    # in the order of the canonical text, which may leave out what has its default
    names = dict.fromkeys((*parse_json(command.null().text()), *properties))
    fields = {
        name: {k: v for k, v in properties[name].items() if k not in ("default", "title")}
        for name in names
    }
    return {
        "type": "object",
        "properties": fields,
        "required": list(fields),
        "additionalProperties": False,
    }
